"""How much wider than the network says: scales corrected by what was held out.

A network is surer of what it was trained on than of anything else. Its scale of a cell is therefore
multiplied by tau(g), g the length of the gap that the cell lies in, given at a few knots of log g
and linear between them: one curve for cells between known ones, one for those with known cells on
one side, as in a forecast, or on none. `questions.widths` measures them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from interfuse.kinds.series.learn.view import View


@dataclass(frozen=True)
class Temper:
    """Log tau at knots of log g.

    Attributes:
        place: (k,) ascending log g, in units of `View.gap`.
        between: (k,) log tau of cells between known ones.
        beyond: (k,) log tau of the others.
    """

    place: tuple[float, ...] = ()
    between: tuple[float, ...] = ()
    beyond: tuple[float, ...] = ()

    def __call__(self, view: View) -> Tensor | float:
        """Log tau of every cell."""
        if not self.place:
            return 0.0
        x = view.gap.log()
        return torch.where(is_between(view), self._at(x, self.between), self._at(x, self.beyond))

    def _at(self, x: Tensor, value: tuple[float, ...]) -> Tensor:
        out = torch.full_like(x, value[0])
        pairs = list(zip(self.place, value, strict=True))
        for (a, low), (b, high) in pairwise(pairs):
            out = out + (high - low) * ((x - a) / (b - a)).clamp(0, 1)
        return out

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {k: list(getattr(self, k)) for k in ("place", "between", "beyond")}

    @classmethod
    def from_json(cls, d: dict[str, Any]) -> Temper:
        """The inverse of `to_json`."""
        return cls(*(tuple(map(float, d[k])) for k in ("place", "between", "beyond")))


def is_between(view: View) -> Tensor:
    """(n, length, c) bool, which cells have known ones on both sides."""
    return (view.geometry[..., 2] > 0) & (view.geometry[..., 3] > 0)
