"""Sensible defaults: from an encoded table to a network, its settings, and the held-out rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy.special import ndtri

from interfuse.core.seeds import Purpose, seed_of
from interfuse.core.solvers import Sampling
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.layout import Gate, Layout
from interfuse.kinds.table.net.cross import Cross
from interfuse.kinds.table.net.cross import width as crossings
from interfuse.kinds.table.net.network import TableNet
from interfuse.train.settings import RATE, Settings
from interfuse.train.trainer import FEWEST_DRAWS, HELD_OUT_DRAWS

CELLS_SCORED = 1 << 18
FEWEST_STEPS = 100
SAMPLING = Sampling("angular", 5, 4)
"""Scores inside bins are N(0, 1) of which little is known. On fitted networks of UNSW-NB15 and of a
table of numbers that follow each other, drawn scores lie .0005 and .009 (root mean square) from
those of 200 steps; those of ten steps of DPM-Solver++, which drew them before, .021 from both."""
WIDTH, DEPTH = 256, 3
"""They do as well as anything larger on public tables of 10^4 to 5 * 10^4 rows in the minutes
people have."""
FEWEST_WAVES = 64
MANY_ROWS = 16_384
"""From there on matrices are moved by `Muon`, in batches of `MANY_BATCH`: fewer of Muon's own
products, so that a fit gets further in as many seconds, and less far in as many examples. In
smaller tables, which are learned in minutes, it gained nothing: Shoppers 2.191 nats after 7 s by
AdamW in batches of 256, 2.194 after 14 s by Muon in batches of 2,048."""
MANY_BATCH, USUAL_BATCH = 2048, 512
"""Their rate is that of `USUAL_BATCH` times the root of how many times larger they are. Held-out
nats, width 128, after as many seconds of one core with bf16: NSL-KDD, 6 s, batches of 512, 1,024
and 2,048: 1.512, 1.492, 1.484; 20 to 23 s: 1.428, 1.403, 1.401, and of 4,096 1.411; with twice and
half the rate at 2,048 1.403 and 1.410. UNSW-NB15, 12 s: 1.612 of 512 and 1.581 of 2,048."""


def gates_of(
    codes: np.ndarray, low: np.ndarray, sizes: list[int], companion: list[int | None]
) -> tuple[Gate | None, ...]:
    """When each number is in the record, read off the training rows.

    Args:
        codes: (n, q) codes.
        low: (n, p) interval ends, NaN where the number is absent.
        sizes: values of each category cell.
        companion: for each number cell, the category cell of its column that decides; None if the
            column has none.
    """
    gates: list[Gate | None] = []
    for r, cell in enumerate(companion):
        if cell is None:
            gates.append(None)
            continue
        there = ~np.isnan(low[:, r])
        seen = np.bincount(codes[there, cell], minlength=sizes[cell]) > 0
        gates.append(Gate(cell, tuple(bool(s) for s in seen)))
    return tuple(gates)


def layout_of(codec: TableCodec, codes: np.ndarray, low: np.ndarray) -> Layout:
    """The cells of a table.

    Args:
        codec: the transforms of its columns.
        codes: (n, q) codes of the training rows.
        low: (n, p) interval ends, NaN where a number is absent.
    """
    names: list[str] = []
    number_names: list[str] = []
    sizes: list[int] = []
    ordered: list[int] = []
    category_column: list[int] = []
    number_column: list[int] = []
    companion: list[int | None] = []
    for i, (name, field) in enumerate(codec.fields.items()):
        own = codec.places[name].codes
        for cell in field.cells:
            if cell.size:
                names.append(cell.name)
                sizes.append(cell.size)
                ordered.append(cell.ordered)
                category_column.append(i)
            else:
                number_names.append(cell.name)
                number_column.append(i)
                companion.append(own.start if own.stop > own.start else None)
    return Layout(
        names=(*names, *number_names),
        sizes=tuple(sizes),
        ordered=tuple(ordered),
        category_column=tuple(category_column),
        number_column=tuple(number_column),
        gates=gates_of(codes, low, sizes, companion),
        laws=codec.laws,
    )


def bin_scores(layout: Layout, codes: np.ndarray) -> list[list[float]]:
    """Normal scores of the bins' middles: Phi^-1(share of rows below + half of the bin's share).

    Args:
        layout: the cells.
        codes: (n, q) codes of the training rows.

    Returns:
        For each category cell the scores of its values in order, empty where none are.
    """
    return scores_of(layout, counts_of(layout, codes))


def counts_of(layout: Layout, codes: np.ndarray) -> list[np.ndarray]:
    """For each category cell, the rows of each of its values."""
    return [np.bincount(codes[:, j], minlength=k) for j, k in enumerate(layout.sizes)]


def scores_of(layout: Layout, counts: Sequence[np.ndarray]) -> list[list[float]]:
    """`bin_scores` of rows that were counted by `counts_of`."""
    out = []
    for k, rows in zip(layout.ordered, counts, strict=True):
        # Half a row more in each bin: one that is empty still has a place of its own.
        count = rows[:k] + 0.5
        middle = (count.cumsum() - count / 2) / count.sum()
        out.append(ndtri(middle).tolist())
    return out


def network_for(
    layout: Layout,
    rows: int,
    seed: int,
    scores: Sequence[Sequence[float]] = (),
    cross: Cross | None = None,
    width: int | None = None,
) -> TableNet:
    """The default network for a table of `rows` rows and, if any, these `bin_scores` and `cross`.

    Its width is `WIDTH` unless said, its depth `DEPTH`; dropout falls with the number of rows,
    since it is there against memorising them.
    """
    dropout = 0.2 if rows < 20_000 else 0.1 if rows < 200_000 else 0.0
    rng = torch.random.get_rng_state()
    try:
        torch.manual_seed(seed_of(seed, Purpose.WEIGHTS))
        net = TableNet(
            layout.sizes,
            layout.numbers,
            layout.ordered,
            width=width or WIDTH,
            depth=DEPTH,
            dropout=dropout,
            scores=scores,
            crossing=crossings(cross),
        )
        net.cross, net.sampling = cross, SAMPLING
        net.inside = _inside(net) if rows > MANY_ROWS else ()
        return net
    finally:
        torch.random.set_rng_state(rng)


def _inside(net: TableNet) -> list[str]:
    """The matrices of the blocks, and the factors of the waves, if they are matrices at all."""
    parts = ("blocks.", "stem_waves", "head_waves")
    named = [(n, p) for n, p in net.named_parameters() if n.startswith(parts) and p.ndim == 2]
    return [name for name, p in named if min(p.shape) >= FEWEST_WAVES]


def settings_for(
    rows: int,
    seed: int,
    precision: str,
    cells: int = 1,
    examples: float = math.inf,
    batch: int | None = None,
) -> Settings:
    """What a fit to a table is made with.

    A held-out evaluation scores at most 8,192 records, fewer where they have more than 32 category
    cells: in a short fit of 1,000 columns evaluations would take longer than all the steps.

    Args:
        rows: to train on.
        seed: of every random draw.
        precision: "bf16" or "fp32".
        cells: category cells of a record.
        examples: that are expected to be seen.
        batch: that an earlier fit had, which is repeated; that of `batch_for` if None.
    """
    batch = batch or batch_for(rows, examples)
    rate = RATE * (math.sqrt(batch / USUAL_BATCH) if rows > MANY_ROWS else 1.0)
    draws = HELD_OUT_DRAWS
    while draws > FEWEST_DRAWS and draws * cells > CELLS_SCORED:
        draws //= 2
    return Settings(seed, batch, rate, precision=precision, held_out_draws=draws)


def batch_for(rows: int, examples: float) -> int:
    """Records a step, by the size of the table.

    Up to `MANY_ROWS` rows, which AdamW learns, a power of two at or above a 64th of the rows, 256
    at least: on tables of 10^4 rows 256 gave the lower held-out loss (2.193 against 2.200 for 1,024
    on Shoppers), as it takes more steps before rows are memorised. Tiny tables use a quarter of
    their rows. Above, where matrices are moved by `Muon`, `MANY_BATCH`, or fewer where the budget
    has fewer than `FEWEST_STEPS` of them.

    Args:
        rows: to train on.
        examples: that are expected to be seen.
    """
    batch = 256
    if rows > MANY_ROWS:
        batch = MANY_BATCH
        while batch > USUAL_BATCH and batch * 2**-0.5 > examples / FEWEST_STEPS:
            batch //= 2
    while batch > 32 and batch > rows // 4:
        batch //= 2
    return batch
