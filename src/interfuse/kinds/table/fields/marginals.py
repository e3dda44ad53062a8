"""Distributions of single cells, from the network's own probabilities.

A number's distribution given the known cells is sum_b p_b Q_b: p_b the probability of bin b, and
inside a bin the score standard normal, so that Q_b is the bin's quantile function. With
P_b = p_1 + ... + p_b, the quantile at a is the value of bin b at rank (a - P_{b-1}) / p_b, for the
first b with P_b >= a. Means and variances are those of `ATOMS` equal parts of every bin.

Infinities that the column has are values before the first bin and after the last, and have a rank
as any other. A mean cannot hold both them and finite values: it is infinite where an infinity has
half of the probability or more, else that of the finite part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.normal import ndtr, ndtri

ATOMS = 16
SURE = 0.99
Decode = Callable[[np.ndarray, np.ndarray, np.ndarray, int], pl.Series]
"""`Field.decode` of a column."""


class Marginal(Protocol):
    """The distribution of each of k cells of one column, on its own."""

    @property
    def ordered(self) -> bool:
        """Whether the values are in order; if not there are no quantiles."""
        ...

    def quantile(self, q: float) -> pl.Series:
        """(k,) values of the column's type."""
        ...

    def mode(self) -> pl.Series:
        """(k,) most likely values."""
        ...

    def mean(self) -> np.ndarray:
        """(k,) float64 means of ordered values, in the column's physical unit."""
        ...

    def uncertainty(self) -> np.ndarray:
        """(k,) standard deviations of ordered values, else chances that the mode is wrong."""
        ...

    def joined(self, others: Sequence[Self]) -> Self | None:
        """The cells of this and of others of its class, one after the other.

        None where they cannot be joined: the draws then stand for the distribution.
        """
        ...


class NumberMarginal:
    """Numbers whose bins have known probabilities.

    Args:
        decode: of the column's transform.
        p: (k, values) float64 probabilities of its bins, in order; rows sum to 1.
        codes: (values,) the code of each, where infinities stand before and after the bins; None
            where there are bins alone.
        bins: how many of the codes are bins; None for all.
    """

    ordered = True

    def __init__(
        self,
        decode: Decode,
        p: np.ndarray,
        codes: np.ndarray | None = None,
        bins: int | None = None,
    ) -> None:
        self._decode = decode
        self.p = p
        self._codes = codes
        self._bins = p.shape[1] if bins is None else bins

    @classmethod
    def of(
        cls,
        decode: Decode,
        bins: int,
        shares: np.ndarray,
        ends: tuple[int | None, int | None] = (None, None),
    ) -> NumberMarginal:
        """From the probabilities of all codes, the bins first.

        Args:
            decode: of the column's transform.
            bins: how many there are, 1 or more.
            shares: (k, codes) probabilities.
            ends: the codes of minus infinity and of infinity; None for one the column has not.
        """
        low, high = ends
        codes = np.array([*filter(_is_code, [low]), *range(bins), *filter(_is_code, [high])])
        # A slice where it serves: the order in memory moves the last bits of sums.
        part = (shares[:, :bins] if len(codes) == bins else shares[:, codes]).astype(np.float64)
        total = part.sum(1, keepdims=True)
        # All that is left is a value without a place in the order.
        uniform = np.where(codes < bins, np.full_like(part, 1 / bins), 0.0)
        p = np.divide(part, total, out=uniform, where=total > 0)
        return cls(decode, p, None if len(codes) == bins else codes, bins)

    def quantile(self, q: float | np.ndarray) -> pl.Series:
        """The value at rank q, or at a rank (k,) of each its own."""
        above = self.p.cumsum(1)
        b = (above < np.asarray(q)[..., None] * above[:, -1:]).sum(1)
        if self._codes is not None:  # an infinity without probability is no value
            b = np.maximum(b, (above <= 0).sum(1))
        b = np.minimum(b, self.p.shape[1] - 1)
        i = np.arange(len(b))
        share = self.p[i, b]
        inside = q * above[:, -1] - (above[i, b] - share)
        rank = np.clip(np.divide(inside, share, out=np.full(len(b), 0.5), where=share > 0), 0, 1)
        return self._values(b, np.clip(ndtri(rank), -8, 8))

    def below(self, bins: np.ndarray, z: np.ndarray) -> np.ndarray:
        """(k,) probability of what is less than the value at a score of a bin."""
        if self._codes is not None:
            bins = np.searchsorted(self._codes, bins) if self._codes[0] == 0 else bins + 1
        i = np.arange(len(bins))
        above = self.p.cumsum(1)
        share = self.p[i, bins]
        return (above[i, bins] - share + share * ndtr(z)) / np.maximum(above[:, -1], 1e-300)

    def mode(self) -> pl.Series:
        """The median of the most likely bin, or an infinity that is more likely than any bin."""
        return self._values(self.p.argmax(1), np.zeros(len(self.p)))

    def mean(self) -> np.ndarray:
        """The mean."""
        p, atoms, infinite = self._finite()
        return np.where(np.isinf(infinite), infinite, p @ atoms.mean(1))

    def uncertainty(self) -> np.ndarray:
        """The standard deviation: where the mean is infinite, 0 if that is all but sure."""
        p, atoms, infinite = self._finite()
        centre = float(atoms.mean())
        second = p @ ((atoms - centre) ** 2).mean(1)
        spread = np.sqrt(np.maximum(second - (p @ atoms.mean(1) - centre) ** 2, 0))
        if self._codes is None:
            return spread
        sure = self.p.max(1) >= SURE
        return np.where(np.isinf(infinite), np.where(sure, 0.0, np.inf), spread)

    def joined(self, others: Sequence[NumberMarginal]) -> NumberMarginal:
        """All cells."""
        p = np.concatenate([self.p, *(m.p for m in others)])
        return NumberMarginal(self._decode, p, self._codes, self._bins)

    def _values(self, bins: np.ndarray, z: np.ndarray) -> pl.Series:
        codes = bins if self._codes is None else self._codes[bins]
        return self._decode(codes[:, None], z[:, None], np.zeros(len(bins), int), 0)

    def _finite(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Probabilities of the bins, their atoms, and the infinity that is as likely as not."""
        none = np.zeros(len(self.p))
        if self._codes is None:
            return self.p, self._atoms(), none
        inside = self._codes < self._bins
        p = self.p[:, inside]
        total = p.sum(1, keepdims=True)
        p = np.divide(p, total, out=np.full_like(p, 1 / self._bins), where=total > 0)
        for i in np.flatnonzero(~inside):
            none = np.where(self.p[:, i] >= 0.5, np.inf if i else -np.inf, none)
        return p, self._atoms(), none

    def _atoms(self) -> np.ndarray:
        z = ndtri((np.arange(ATOMS) + 0.5) / ATOMS)
        bins = np.repeat(np.arange(self._bins), ATOMS)
        values = self._decode(
            bins[:, None], np.tile(z, self._bins)[:, None], np.zeros(len(bins), int), 0
        )
        physical = values.to_physical() if values.dtype.is_temporal() else values
        return physical.cast(pl.Float64).to_numpy().reshape(-1, ATOMS)


def _is_code(code: int | None) -> bool:
    return code is not None


class CategoryMarginal:
    """Categories of one cell, whose values have known probabilities.

    Args:
        decode: of the column's transform.
        shares: (k, codes) probabilities of its codes.
    """

    ordered = False

    def __init__(self, decode: Decode, shares: np.ndarray) -> None:
        self._decode = decode
        self.p = shares

    def quantile(self, q: float) -> pl.Series:
        """The mode: categories are in no order."""
        return self.mode()

    def mode(self) -> pl.Series:
        """The most likely values."""
        codes = self.p.argmax(1)
        none = np.zeros((len(codes), 0))
        return self._decode(codes[:, None], none, np.zeros(len(codes), int), 0)

    def mean(self) -> np.ndarray:
        """Not a number."""
        return np.full(len(self.p), np.nan)

    def uncertainty(self) -> np.ndarray:
        """The chance that the mode is wrong."""
        return 1.0 - self.p.max(1) if len(self.p) else np.zeros(0)

    def joined(self, others: Sequence[CategoryMarginal]) -> CategoryMarginal:
        """All cells."""
        return CategoryMarginal(self._decode, np.concatenate([self.p, *(m.p for m in others)]))
