"""Which categories may be drawn together: those that tell nothing of each other, given the rest.

One cell at a time is exact for an exact network, and costs an evaluation each. Cells U that are
drawn at once from p(x_k | R), R all that is visible, are drawn as if they were independent given R.
What that costs is measured on rows that were held out of the training, in nats,

    P(U) = sum_{k in U} -log p(x_k | R)  -  ( -log p(x_U | R) ),

the last by the chain rule, one cell after the other: an estimate of the total correlation of U
given R (Watanabe 1960, doi 10.1147/rd.41.0066), with the network's own errors in it. Of a wide
table most cells are nearly told by the others, and P is small for many of them at once: parallel
steps at the places where they cost least (Hoogeboom et al. 2022, arXiv 2110.02037, section 3.3).

Units are made from the last one on. Cells come in order of what they leave open, those that the
others tell best first; each unit takes what it can have at `COST` nats, and is drawn before the
units that were made before it. A cell that no other joins is drawn by itself, before all units.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from interfuse.kinds.table.learn.objective import Rows
from interfuse.kinds.table.net.incremental import IncrementalNet
from interfuse.kinds.table.net.network import TableNet

MANY = 24
"""Tables of fewer category cells are drawn one cell at a time: that is fast, and exact."""
ROWS, FEWEST_ROWS = 2_048, 256
LOOKED_AT = 6
"""So many cells in a row may fail to join a unit before it is closed."""
COST = 0.002
SHARE = 0.2
"""Evaluations by records trained on: one of these costs about four, so that is 5 % of the time."""


@torch.no_grad()
def together(net: TableNet, held_out: Rows, examples: int) -> list[list[int]]:
    """The units of cells that are drawn last, in the order in which they are drawn.

    Args:
        net: the trained network; pair terms, if it has any, count.
        held_out: rows that it was not trained on.
        examples: records that training saw. It decides on how many rows this is measured; none are
            drawn together if too few can be afforded.
    """
    q = len(net.sizes)
    rows = min(ROWS, len(held_out), int(SHARE * examples / ((LOOKED_AT + 1) * max(q, 1))))
    if q < MANY or rows < FEWEST_ROWS:
        return []
    told = _Told(net, held_out.codes[:rows].long())
    alone = [told.nats([j])[0] for j in range(q)]
    left = sorted(range(q), key=alone.__getitem__)
    units: list[list[int]] = []
    while left:
        unit, left = _unit(told, left)
        if len(unit) > 1:
            units.append(unit)
            told.hide(unit)
    return units[::-1]


def _unit(told: _Told, left: Sequence[int]) -> tuple[list[int], list[int]]:
    """The first of the cells and those that can be drawn with it, and the others."""
    unit, rest = [left[0]], list(left[1:])
    chain = told.nats(unit)[0]
    at = failed = 0
    while at < len(rest) and failed < LOOKED_AT:
        nats = told.nats([*unit, rest[at]])
        # The newcomer comes first in the chain, so that the others are told of it as before.
        longer = chain + nats[-1]
        if sum(nats) - longer <= COST:
            unit.append(rest.pop(at))
            # Where the chain says worse than all at once, the network errs: that buys nothing.
            chain = min(longer, sum(nats))
        else:
            at, failed = at + 1, failed + 1
    return unit, rest


class _Told:
    """Rows in which all cells are visible but those of the units made so far."""

    def __init__(self, net: TableNet, codes: Tensor) -> None:
        self.net = IncrementalNet(net)
        self.codes = codes.to(net.starts.device)
        self.h = self.net.start(len(codes))
        for j in range(codes.shape[1]):
            self.net.reveal(self.h, self.codes[:, j], j)

    def hide(self, cells: Sequence[int]) -> None:
        """Hide cells for good."""
        self.h = self._without(cells)

    def _without(self, cells: Sequence[int]) -> Tensor:
        at = torch.as_tensor(cells, device=self.codes.device)
        places = self.codes[:, at] + self.net.starts[at]
        return self.h - self.net.columns[places].sum(1)

    def nats(self, cells: Sequence[int]) -> list[float]:
        """Mean -log p of each cell where all of them are hidden."""
        h = self._without(cells)
        features = self.net.features(h, 1.0)
        out = []
        for j in cells:
            says = self.net.logits(features, j, h).log_softmax(1)
            out.append(-float(says.gather(1, self.codes[:, j, None]).mean()))
        return out
