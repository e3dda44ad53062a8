"""The distribution of a number that may be a value known beforehand: another column's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.base import Field
from interfuse.kinds.table.fields.cells import Encoded
from interfuse.kinds.table.fields.marginals import NumberMarginal


class AtomMarginal:
    """k numbers, each a known value with probability m and else of known bins.

    F(x) = (1 - m) F_bins(x) + m [x >= v].

    Args:
        bins: F_bins of each.
        mass: (k,) m; 0 where no value is known.
        values: (k,) v; of no meaning where m is 0.
        below: (k,) F_bins(v).
    """

    ordered = True

    def __init__(
        self, bins: NumberMarginal, mass: np.ndarray, values: pl.Series, below: np.ndarray
    ) -> None:
        self.bins, self.mass, self.values, self.below = bins, mass, values, below

    @classmethod
    def of(cls, field: Field, shares: np.ndarray, known: Sequence[pl.Series]) -> AtomMarginal:
        """From the probabilities of all codes.

        Args:
            field: a number with links.
            shares: (k, codes).
            known: for each of its links the value (k,) that it gives; missing where not known, and
                then its probability is that of the bins.
        """
        first = shares.shape[1] - len(known)
        link = shares[:, first:] * np.stack([v.is_not_null().to_numpy() for v in known], 1)
        best, row = link.argmax(1), np.arange(len(link))
        at = [field.encode(v) for v in known]
        p = shares.astype(np.float64).copy()
        for k, cells in enumerate(at):  # the lesser of two values stands for its bin
            lesser = (best != k) & (link[:, k] > 0)
            p[row[lesser], cells.codes[lesser, 0]] += link[lesser, k]
        marginal = field.marginal(p[:, : first + len(known)])
        assert isinstance(marginal, NumberMarginal)
        columns = pl.concat(known)
        values = columns.gather(best * len(row) + row)
        mass = link[row, best]
        total = mass + p[:, :first].sum(1)
        mass = np.divide(mass, total, out=np.zeros(len(row)), where=total > 0)
        below = marginal.below(*_place(at, best, row))
        return cls(marginal, mass, values, below)

    def quantile(self, q: float) -> pl.Series:
        """The value at rank q."""
        start = (1 - self.mass) * self.below
        rest = np.maximum(1 - self.mass, 1e-12)
        rank = np.where(q < start, q, q - self.mass) / rest
        out = self.bins.quantile(np.clip(rank, 0, 1))
        return self._put(out, (q >= start) & (q <= start + self.mass) & (self.mass > 0))

    def mode(self) -> pl.Series:
        """The known value, or the median of the most likely bin."""
        return self._put(self.bins.mode(), self.mass > (1 - self.mass) * self.bins.p.max(1))

    def mean(self) -> np.ndarray:
        """The mean."""
        v = self._physical()
        return np.where(self.mass > 0, (1 - self.mass) * self.bins.mean() + self.mass * v, 0) + (
            np.where(self.mass > 0, 0, self.bins.mean())
        )

    def uncertainty(self) -> np.ndarray:
        """The standard deviation."""
        m, v, centre, mean = self.mass, self._physical(), self.bins.mean(), self.mean()
        inside = self.bins.uncertainty() ** 2 + (centre - mean) ** 2
        return np.sqrt((1 - m) * inside + m * (v - mean) ** 2)

    def joined(self, others: Sequence[AtomMarginal]) -> AtomMarginal:
        """All cells."""
        parts = [self, *others]
        return AtomMarginal(
            self.bins.joined([o.bins for o in others]),
            np.concatenate([p.mass for p in parts]),
            pl.concat([p.values for p in parts]),
            np.concatenate([p.below for p in parts]),
        )

    def _put(self, column: pl.Series, where: np.ndarray) -> pl.Series:
        return self.values.cast(column.dtype).zip_with(pl.Series(where), column)

    def _physical(self) -> np.ndarray:
        values = self.values.to_physical() if self.values.dtype.is_temporal() else self.values
        return values.cast(pl.Float64).fill_null(0.0).to_numpy()


def _place(at: Sequence[Encoded], best: np.ndarray, row: np.ndarray) -> tuple:
    """Bin and score of the chosen value of each row."""
    codes = np.stack([cells.codes[:, 0] for cells in at])[best, row]
    scores = [c.scores[:, 0] if c.scores.shape[1] else np.zeros(len(row)) for c in at]
    return np.maximum(codes, 0), np.nan_to_num(np.stack(scores)[best, row])
