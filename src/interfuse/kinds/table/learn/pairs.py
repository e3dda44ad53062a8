"""The pair terms of calibration, and what they are fitted to.

    pair term of a and b  += RATE * ( log (S_ab + S) / (D_ab + S) - the same of a - the same of b )

of groups of values (`learn.groups`), S_ab being shares in the training rows, D_ab in drawn ones,
and S `PAIR_ROWS` rows. Two things are asked of the same terms besides:

* **Classes.** Where a field says of its codes which class they are of (`Field.classes`: an
  address's network is private, public, a group of hosts ...), the pairs of its classes with what
  every other cell holds get a step too, each class as one value. A hundred networks of few rows
  each have pairs that are mostly chance, and S leaves those alone; their classes have many rows,
  and nobody can be told from them, so that these steps are larger.
* **Never seen.** Of the rows that have a value a, other values b of a cell that were never seen
  with a have a share of about n_1 / n_a, n_1 of them having been seen with a once and elsewhere too
  (Good 1953, doi 10.1093/biomet/40.3-4.237, each row being left out in turn): nothing where each
  value was seen often, as no message of ICMP has a port. Where drawn rows hold such pairs more
  often, their terms get

    log (n_1 / n + s) / (D_a,unseen + s),     at most 0 in all, s = `ROWS` rows, a of `SEEN` rows,

  one step for all of them, which smoothing by PAIR_ROWS rows for each would not make.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.groups import by_group, pair_groups
from interfuse.kinds.table.learn.moments import SLOWER, Moments
from interfuse.kinds.table.learn.nearness import nearness_of
from interfuse.kinds.table.learn.objective import Rows
from interfuse.kinds.table.net.network import TableNet

LARGEST_STEP = 1.0
ROWS = 0.1
PAIR_ROWS = 5.0
"""With 25, trees tell drawn rows of Shoppers at .532 instead of .516; on halves of it .5177 instead
of .5213 of the drawn rows are nearer to that half than to the other."""
RATE = 0.05
"""With .08 as many rounds leave trends at 1.48 % and take trees from .506 to .496, and .513 of the
rows drawn for half of Shoppers are nearer to that half, for .511."""
CLASS_RATE = 0.3
SEEN = 20
"""Rows. What fewer rows have together is theirs, and nobody's rule."""
_CHUNK = 1 << 14


def shares_of(codes: Tensor, layout: Layout) -> Tensor:
    """Share of each value of each cell, the cells side by side: (D,) float64.

    Args:
        codes: (n, q) codes of the training rows.
        layout: the cells.
    """
    parts = [
        torch.bincount(codes[:, j].long(), minlength=k).double() / max(len(codes), 1)
        for j, k in enumerate(layout.sizes)
    ]
    return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64)


def pair_shares_of(codes: Tensor, layout: Layout, groups: Tensor) -> Tensor:
    """Share of each pair of groups of values: (G, G) float32.

    Args:
        codes: (n, q) codes.
        layout: the cells.
        groups: (D,) the group of each value, from `pair_groups`.
    """
    g = int(groups.max()) + 1
    starts = torch.from_numpy(np.cumsum([0, *layout.sizes])[:-1]).to(codes.device)
    out = torch.zeros(g, g, device=codes.device)
    for part in codes.split(_CHUNK):
        onehot = torch.zeros(len(part), g, device=codes.device)
        onehot.scatter_(1, groups[part.long() + starts], 1.0)
        out += onehot.T @ onehot
    return out / max(len(codes), 1)


def log_ratio(wanted: Tensor, found: Tensor, small: float) -> Tensor:
    """Steps that take shares to others, `LARGEST_STEP` at most; `small` is added to both."""
    return torch.log((wanted + small) / (found + small)).clamp(-LARGEST_STEP, LARGEST_STEP)


class Pairs:
    """The pair terms of a network, and what they are fitted to.

    Args:
        net: its terms are changed in place.
        rows: the training rows, encoded.
        codec: of the table.
        layout: the cells.
        device: where to compute.
    """

    def __init__(
        self, net: TableNet, rows: Rows, codec: TableCodec, layout: Layout, device: torch.device
    ) -> None:
        self.net = net
        self.moments = Moments.of(rows, codec, layout).to(device)
        classes = classes_of(codec, layout)
        if net.pairing:
            self.moments = self.moments.within(net.pairing, net.paired_values.to(device))
            classes = {i: classes[j] for i, j in enumerate(net.pairing) if j in classes}
            layout = layout.within(net.pairing)
        self.layout = layout
        self.starts = torch.tensor([0, *layout.sizes[:-1]], device=device).cumsum(0)
        self.small = PAIR_ROWS / len(rows)
        codes = self._own(rows.codes.to(device))
        single = shares_of(codes, layout)
        self.groups = pair_groups(single, layout).to(device)
        self.target = pair_shares_of(codes, layout, self.groups)
        cells = torch.arange(layout.categories, device=device)
        cells = cells.repeat_interleave(torch.tensor(layout.sizes, device=device))
        self.across = cells[:, None] != cells
        self.unseen = Unseen(self.target, by_value(cells, self.groups), len(rows))
        self.classes = _Classes(classes, layout, cells, self.groups, codes) if classes else None
        near = nearness_of(codec, net.pairing or range(layout.categories), device)
        self.near = [(one, one.shares(codes)) for one in near]

    def correct(self, turn: int, codes: Tensor, wanted: Tensor, found: Tensor) -> None:
        """Take one step.

        Args:
            turn: how many were made before.
            codes: (n, q) drawn codes.
            wanted: (D,) shares of single values in the training rows.
            found: the same in drawn ones.
        """
        at = self.net.paired_values
        wanted, found = (by_group(x[at], self.groups) for x in (wanted, found))
        single = log_ratio(wanted, found, self.small).float()
        drawn = self.shares(codes)
        both = RATE * (log_ratio(self.target, drawn, self.small) - single[:, None] - single)
        step = (both + self.unseen.step(drawn))[self.groups][:, self.groups]
        step += self.moments.step(turn, self._own(codes), self.starts)
        if self.classes is not None:
            step += self.classes.step(turn, self._own(codes), self.small)
        for one, share in self.near:
            more = one.step(turn, share, one.shares(self._own(codes)), self.small)
            a, b = (
                slice(int(self.starts[j]), int(self.starts[j]) + self.layout.sizes[j])
                for j in one.cells
            )
            step[a, b] += more
            step[b, a] += more.T
        self.net.add_pairs().add_(step * self.across)

    def shares(self, codes: Tensor) -> Tensor:
        """Share of each pair of groups of values in records of all cells."""
        return pair_shares_of(self._own(codes), self.layout, self.groups)

    def _own(self, codes: Tensor) -> Tensor:
        return codes[:, self.net.pairing] if self.net.pairing else codes


class Unseen:
    """Values that were never seen together, and how many of them there may be.

    Args:
        share: (G, G) shares of pairs of groups in the training rows.
        cell: (G,) the cell of each group.
        rows: how many training rows there are.
    """

    def __init__(self, share: Tensor, cell: Tensor, rows: int) -> None:
        count = (share * rows).round()
        across = cell[:, None] != cell
        all_of = count.diagonal()
        across &= all_of > 1  # a value of one row was seen with no other: that says nothing
        self.cell, self.small = cell, ROWS / rows
        self.member = torch.nn.functional.one_hot(cell).float()
        self.pairs = (count == 0) & across & (all_of >= SEEN)[:, None]
        self.wanted = ((count == 1) & across).float() @ self.member / rows
        self.total = torch.zeros_like(self.wanted)

    def step(self, found: Tensor) -> Tensor:
        """(G, G) terms to add, given the shares of pairs in drawn rows.

        It is all steps together that are at most 0: were each, what is drawn too often by chance
        would be taken away round after round and never given back.
        """
        drawn = (found * self.pairs) @ self.member
        total = (self.total + log_ratio(self.wanted, drawn, self.small)).clamp_max(0.0)
        step = (total - self.total)[:, self.cell] * self.pairs
        self.total = total
        return step + step.T


class _Classes:
    """Pairs of classes, and of classes with the groups of other cells' values.

    Args:
        classes: by cell the class (k,) of each of its codes.
        layout: the cells.
        cells: (D,) the cell of each value.
        groups: (D,) the group of each value.
        codes: (n, q) of the training rows.
    """

    def __init__(
        self,
        classes: dict[int, np.ndarray],
        layout: Layout,
        cells: Tensor,
        groups: Tensor,
        codes: Tensor,
    ) -> None:
        self.layout = layout
        place = groups.clone()
        for j, own in classes.items():
            place[cells == j] = int(place.max()) + 1 + torch.from_numpy(own).to(groups.device)
        _, self.place = place.unique(return_inverse=True)
        cell = by_value(cells, self.place)
        some = torch.isin(cell, torch.tensor(list(classes), device=cell.device))
        self.some = some[:, None] | some  # other pairs have their steps already
        self.target = pair_shares_of(codes, layout, self.place)
        self.unseen = Unseen(self.target, cell, len(codes))

    def step(self, turn: int, codes: Tensor, small: float) -> Tensor:
        """(D, D) pair terms to add, given drawn codes (n, q)."""
        found = pair_shares_of(codes, self.layout, self.place)
        both = log_ratio(self.target, found, small)
        single = both.diagonal()
        rate = CLASS_RATE / (1 + turn / SLOWER)
        step = rate * (both - single[:, None] - single) + self.unseen.step(found)
        return (step * self.some)[self.place][:, self.place]


def by_value(of: Tensor, groups: Tensor) -> Tensor:
    """(G,) what is the same (D,) for all values of a group."""
    out = torch.zeros(int(groups.max()) + 1, dtype=of.dtype, device=of.device)
    return out.index_put((groups,), of)


def classes_of(codec: TableCodec, layout: Layout) -> dict[int, np.ndarray]:
    """By category cell the class of each code, of the columns whose fields say it."""
    out = {}
    for name, field in codec.fields.items():
        cell = codec.places[name].codes.start
        if field.classes and len(field.classes) == layout.sizes[cell]:
            out[cell] = np.array(field.classes, np.int64)
    return out
