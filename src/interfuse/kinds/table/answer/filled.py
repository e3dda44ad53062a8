"""The cells of a column that were filled: their draws, and the distribution of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.marginals import Marginal


class Empirical:
    """Draws taken as the distribution.

    Args:
        draws: m columns of k values.
        ordered: whether the values are in order.
    """

    def __init__(self, draws: list[pl.Series], ordered: bool) -> None:
        self.draws = draws
        self._ordered = ordered

    @property
    def ordered(self) -> bool:
        """As given."""
        return self._ordered

    def _physical(self) -> np.ndarray:
        return np.stack([_numbers(d) for d in self.draws])

    def quantile(self, q: float) -> pl.Series:
        """Weibull's quantile, interpolated for real numbers only, and never with an infinity."""
        dtype = self.draws[0].dtype
        values = self._physical()
        m = len(values)
        if dtype.is_float():
            endless = np.isinf(values).any(0)
            out = np.quantile(np.where(endless, 0.0, values), q, axis=0, method="weibull")
            if endless.any():
                at = int(np.clip(round(q * (m + 1) - 1), 0, m - 1))
                out[endless] = np.sort(values[:, endless], axis=0)[at]
            return pl.Series(out).cast(dtype)
        at = int(np.clip(round(q * (m + 1) - 1), 0, m - 1))
        # By position, so that no type has to be computed with.
        which = np.argsort(values, axis=0, kind="stable")[at]
        return self._pick(which)

    def _pick(self, which: np.ndarray) -> pl.Series:
        k = len(which)
        return pl.concat(self.draws).gather(which * k + np.arange(k))

    def mode(self) -> pl.Series:
        """The value drawn most often; the first drawn of several."""
        k = len(self.draws[0])
        long = pl.DataFrame({"value": pl.concat(self.draws)}).with_row_index("at")
        long = long.with_columns(cell=pl.col("at") % k)
        counts = long.group_by("cell", "value").agg(pl.len(), pl.col("at").min())
        best = counts.sort("cell", "len", "at", descending=[False, True, False])
        return best.group_by("cell", maintain_order=True).first()["value"]

    def mean(self) -> np.ndarray:
        """The mean of the draws: infinite where half of them are, else that of the finite ones."""
        values = self._physical()
        endless = np.isinf(values)
        if not endless.any():
            return values.mean(0)
        out = _finite(values).mean(0)
        for end in (-np.inf, np.inf):
            out = np.where(2 * (values == end).sum(0) >= len(values), end, out)
        return np.asarray(out)

    def uncertainty(self) -> np.ndarray:
        """The spread of the draws: where the mean is infinite, 0 if all draws are the same."""
        if self._ordered:
            values = self._physical()
            if not np.isinf(values).any():
                return values.std(0, ddof=min(1, len(values) - 1))
            finite = _finite(values)
            spread = np.asarray(finite.std(0, ddof=min(1, len(values) - 1)).filled(0.0))
            same = (values == values[0]).all(0)
            return np.where(np.isinf(self.mean()), np.where(same, 0.0, np.inf), spread)
        mode = self.mode()
        same = [d.eq_missing(mode).to_numpy() for d in self.draws]
        return 1.0 - np.mean(same, axis=0)

    def joined(self, others: Sequence[Empirical]) -> Empirical:
        """All cells."""
        parts = [self, *others]
        draws = [pl.concat([p.draws[i] for p in parts]) for i in range(len(self.draws))]
        return Empirical(draws, self._ordered)


@dataclass(frozen=True)
class Filled:
    """The filled cells of one column.

    Attributes:
        rows: (k,) which rows.
        draws: m columns of k values.
        marginal: their distribution.
    """

    rows: np.ndarray
    draws: list[pl.Series]
    marginal: Marginal


def _finite(values: np.ndarray) -> np.ma.MaskedArray:
    """The values, infinities masked."""
    return np.ma.masked_array(values, np.isinf(values))


def _numbers(column: pl.Series) -> np.ndarray:
    physical = column.to_physical() if column.dtype.is_temporal() else column
    return physical.cast(pl.Float64).to_numpy()
