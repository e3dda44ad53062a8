"""Statics and covariates as numbers that a network can be told.

A number becomes (x - mean) / std, clipped at 5, and a flag that says whether it is there; a
category becomes one flag for each of its first `MOST_LEVELS` levels. What is missing is all
zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from interfuse.kinds.series.data.schema import Static

MOST_LEVELS = 32
CLIP = 5.0


@dataclass(frozen=True)
class Extras:
    """How columns become numbers.

    Attributes:
        levels: of each column how many levels it has; 0 for a number.
        mean: of each number; 0 for categories.
        std: of each number; 1 for categories.
    """

    levels: tuple[int, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    @classmethod
    def of(cls, columns: Sequence[Static], values: np.ndarray) -> Extras:
        """Measure columns.

        Args:
            columns: what they are.
            values: (n, columns), codes of categories, NaN where missing.
        """
        levels, mean, std = [], [], []
        for j, column in enumerate(columns):
            category = column.kind == "category"
            x = values[:, j][np.isfinite(values[:, j])]
            levels.append(min(len(column.levels), MOST_LEVELS) if category else 0)
            mean.append(float(x.mean()) if len(x) and not category else 0.0)
            spread = float(x.std()) if len(x) and not category else 1.0
            std.append(spread if spread > 0 else 1.0)
        return cls(tuple(levels), tuple(mean), tuple(std))

    @property
    def width(self) -> int:
        """How many numbers they become."""
        return sum(n if n else 2 for n in self.levels)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """(n, columns) to (n, width) float32."""
        parts = [np.zeros((len(values), 0))]
        for j, n in enumerate(self.levels):
            x = values[:, j : j + 1]
            if n:
                parts.append(x == np.arange(n))
            else:
                z = np.clip((x - self.mean[j]) / self.std[j], -CLIP, CLIP)
                parts += [np.nan_to_num(z), np.isfinite(x)]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"levels": list(self.levels), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_json(cls, d: dict[str, Any]) -> Extras:
        """The inverse of `to_json`."""
        return cls(tuple(d["levels"]), tuple(d["mean"]), tuple(d["std"]))
