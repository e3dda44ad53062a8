"""Marginals and pair marginals of the categories, put right after training.

The network is trained to predict each category from any others; nothing holds the marginals of
whole drawn records to those of the data, and small errors of the many conditionals in a row add up.
After training, records are drawn, and the logits are corrected by the ratio of shares in the data
and in the drawn records, round after round (`interfuse.kinds.table.learn.rounds`):

    bias of value i       += log (S_i + s) / (D_i + s)
    pair term of a and b  += RATE * ( log (S_ab + S) / (D_ab + S) - the same of a - the same of b )

S_i are shares of values and S_ab shares of pairs of groups of values (`learn.groups`;
most values are a group of their own) in the training rows, D those in the drawn records.
This is iterative proportional fitting (Deming & Stephan 1940, doi 10.1214/aoms/1177731829) of
factors of one and of two values. Of two cells of a record the later one sees the earlier one, in
whatever order they appear, so that each pair's factor enters exactly once. All that the network
knows of three and more cells stays as it was learned.

The shares D_i are means of the probabilities that were drawn from, which vary far less than counts
do. S stands for `PAIR_ROWS` rows: a rare pair, whose share in the data is mostly chance, is hardly
corrected, so that no single row is copied through its pairs; classes of values, and pairs that no
row can have, have steps of their own (`learn.pairs`). The correlations of numbers, which
live in such rare pairs, are put right by one parameter each (`learn.moments`), and how near numbers
lie that follow each other by seven (`learn.nearness`). The last rounds mend marginals only.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import torch
from torch import Tensor

from interfuse.kinds.table.ask.generate import BLOCK, TableSampler
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.groups import pair_groups
from interfuse.kinds.table.learn.objective import Rows
from interfuse.kinds.table.learn.pairs import ROWS, Pairs, log_ratio, pair_shares_of, shares_of
from interfuse.kinds.table.learn.rounds import LAST_BLOCKS, NOTHING, Clock, Plan, fewest, plan
from interfuse.kinds.table.net.network import TableNet

MOST_CELLS = 1_000_000  # cells drawn in a round: a wide table gets fewer blocks
MOST_VALUES = 1_024
"""With more, a matrix of pairs costs more than it is worth: the cells that tell most have terms."""
MOST_LOOKED_AT = 4_096
"""With more values, which cells tell most is not looked into, and none has terms."""
DRAWS = 6
_CHUNK = 1 << 14


class Whole(NamedTuple):
    """What all rows say, where only some of them are in memory.

    Attributes:
        rows: how many there are.
        shares: of their values, as `shares_of` gives them.
    """

    rows: int
    shares: Tensor


class Calibrated(NamedTuple):
    """What calibration did.

    Attributes:
        plan: the rounds it made.
        before: mean total variation distance of the marginals before it, in [0, 1]; None if nothing
            was done.
        plain: category cells whose pairs are left as they were learned.
    """

    plan: Plan
    before: float | None
    plain: tuple[int, ...] = ()


class _Drawn:
    """Shares in records drawn from the network as it stands."""

    def __init__(self, sampler: TableSampler, first: int, blocks: int) -> None:
        self.sizes = sampler.layout.sizes
        shape = (len(self.sizes), max(self.sizes))
        self._sum = torch.zeros(shape, dtype=torch.float64, device=sampler.device)
        drawn = [sampler.categories(first + i, watch=self._add)[0] for i in range(blocks)]
        self.codes = torch.cat(drawn)
        parts = [self._sum[j, :k] for j, k in enumerate(self.sizes)]
        self.share = torch.cat(parts) / len(self.codes)

    def _add(self, cell: Tensor, share: Tensor) -> None:
        self._sum[:, : share.shape[1]].index_add_(0, cell, share.double())


@torch.no_grad()
def calibrate(
    net: TableNet,
    layout: Layout,
    codec: TableCodec,
    rows: Rows,
    examples: int,
    seed: int,
    device: torch.device,
    *,
    seconds: float | None = None,
    again: Plan | None = None,
    whole: Whole | None = None,
) -> Calibrated:
    """Correct the logits until drawn marginals and pair marginals are those of the data.

    Args:
        net: the trained network; its head's bias and its pair terms are changed in place.
        layout: the cells.
        codec: of the table.
        rows: its encoded rows.
        examples: records that training saw. At most `DRAWS` / q as many are drawn here: a record
            drawn costs q evaluations of the network, about q / 13 of a record trained on, so that
            calibration takes at most about half of the time that training took. On a table of a
            thousand columns fitted for some seconds that is not one block, and nothing is done.
        seed: of the draws.
        device: where to draw.
        seconds: end within so long, by the time that one block takes, but draw at least
            `rounds.fewest` blocks. As many as there are examples for if None.
        again: the rounds of an earlier calibration; it then depends on no clock.
        whole: what single values are held to where `rows` are a sample; pairs are to these.
    """
    if not layout.categories:
        return Calibrated(NOTHING, None)
    begun = time.monotonic()
    n = len(rows) if whole is None else whole.rows
    most = min(LAST_BLOCKS, MOST_CELLS // (BLOCK * layout.categories), -(-2 * n // BLOCK))
    most, affordable = max(1, most), DRAWS * examples // layout.categories / BLOCK
    if affordable < 1:
        return Calibrated(NOTHING, None)
    codes = rows.codes.to(device)
    target = shares_of(codes, layout) if whole is None else whole.shares.to(device)
    pairs = None
    cells = paired_cells(codes, layout, target) if layout.categories > 1 else ()
    if cells:
        if net.pairs is None:
            net.pair_with(cells)
        pairs = Pairs(net, rows, codec, layout, device)
    clock = None
    if seconds is not None and again is None:
        clock = Clock(begun + seconds, lambda: _trial(layout, net, seed, device, pairs))
        affordable = min(affordable, max(clock.affordable(), fewest(most)))
    todo = again or plan(affordable, most, pairs=pairs is not None)
    before, made, drawn_blocks = None, 0, 0
    for r in range(todo.pair_rounds + todo.last_rounds):
        correcting = r < todo.pair_rounds
        if correcting and r and clock is not None and clock.over(todo):
            continue
        blocks = todo.pair_blocks if correcting else todo.last_blocks
        drawn = _Drawn(TableSampler(layout, net, seed, None, device), drawn_blocks, blocks)
        drawn_blocks += blocks
        if before is None:
            before = float((drawn.share - target).abs().sum()) / (2 * layout.categories)
        net.head.bias[: net.values] += log_ratio(target, drawn.share, ROWS / n).float()
        if correcting and pairs is not None:
            pairs.correct(r, drawn.codes, target, drawn.share)
            made += 1
    large = sum(layout.sizes) > MOST_VALUES
    plain = tuple(j for j in range(layout.categories) if large and j not in cells)
    return Calibrated(todo._replace(pair_rounds=made), before, plain)


def paired_cells(codes: Tensor, layout: Layout, share: Tensor) -> tuple[int, ...]:
    """The cells that get pair terms: those that tell most of others for the values they have.

    What a cell tells is the sum of its mutual information with each other one, of groups of values
    and above what chance gives, sum (k_a - 1) (k_b - 1) / 2n.

    Args:
        codes: (n, q) codes of the training rows.
        layout: the cells.
        share: (D,) shares of the values.
    """
    everything = tuple(range(layout.categories))
    if sum(layout.sizes) <= MOST_VALUES:
        return everything
    if sum(layout.sizes) > MOST_LOOKED_AT:
        return ()
    groups = pair_groups(share, layout).to(codes.device)
    some = codes[:: -(-len(codes) // _CHUNK)]
    joint = pair_shares_of(some, layout, groups).double()
    single = joint.diagonal()
    terms = joint * torch.log((joint / (single[:, None] * single)).clamp_min(1e-30))
    cell = torch.repeat_interleave(torch.tensor(layout.sizes)).to(codes.device)
    own = torch.zeros(len(single), dtype=torch.long, device=codes.device)
    own[groups] = cell
    member = torch.nn.functional.one_hot(own, layout.categories).double()
    free = member.sum(0) - 1
    told = member.T @ terms.nan_to_num() @ member - free[:, None] * free / (2 * len(some))
    told = told.fill_diagonal_(0).clamp_min(0).sum(1).cpu() / torch.tensor(layout.sizes)
    left, chosen = MOST_VALUES, []
    for j in told.argsort(descending=True, stable=True).tolist():
        if layout.sizes[j] <= left:
            chosen.append(j)
            left -= layout.sizes[j]
    return tuple(sorted(chosen))


def _trial(
    layout: Layout, net: TableNet, seed: int, device: torch.device, pairs: Pairs | None
) -> None:
    """What each block of a round costs."""
    drawn = _Drawn(TableSampler(layout, net, seed, None, device), 0, 1)
    if pairs is not None:
        pairs.shares(drawn.codes)
