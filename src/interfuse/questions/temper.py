"""How much wider than the network says: scales corrected by what was held out.

A network is surer of what it was trained on than of anything else. Its scale of a cell is therefore
multiplied by tau(g), g the length of the gap that the cell lies in, given at a few knots of log g
and linear between them. `questions.widths` measures it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from interfuse.training.windows import View


@dataclass(frozen=True)
class Temper:
    """Log tau at knots of log g.

    Attributes:
        place: (k,) ascending log g, in units of `View.gap`.
        value: (k,) log tau.
    """

    place: tuple[float, ...] = ()
    value: tuple[float, ...] = ()

    def __call__(self, view: View) -> Tensor | float:
        """Log tau of every cell."""
        if not self.place:
            return 0.0
        x = view.gap.log()
        out = torch.full_like(x, self.value[0])
        pairs = list(zip(self.place, self.value, strict=True))
        for (a, low), (b, high) in pairwise(pairs):
            out = out + (high - low) * ((x - a) / (b - a)).clamp(0, 1)
        return out

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"place": list(self.place), "value": list(self.value)}

    @classmethod
    def from_json(cls, d: dict[str, Any]) -> Temper:
        """The inverse of `to_json`."""
        return cls(tuple(map(float, d["place"])), tuple(map(float, d["value"])))
