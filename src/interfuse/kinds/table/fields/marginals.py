"""Distributions of single cells, from the network's own probabilities.

A number's distribution given the known cells is sum_b p_b Q_b: p_b the probability of bin b, and
inside a bin the score standard normal, so that Q_b is the bin's quantile function. With
P_b = p_1 + ... + p_b, the quantile at a is the value of bin b at rank (a - P_{b-1}) / p_b, for the
first b with P_b >= a. Means and variances are those of `ATOMS` equal parts of every bin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.normal import ndtri

ATOMS = 16
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
        p: (k, bins) float64 probabilities of its bins; rows sum to 1.
    """

    ordered = True

    def __init__(self, decode: Decode, p: np.ndarray) -> None:
        self._decode = decode
        self.p = p

    @classmethod
    def of(cls, decode: Decode, bins: int, shares: np.ndarray) -> NumberMarginal:
        """From the probabilities of all codes, the bins first.

        Args:
            decode: of the column's transform.
            bins: how many there are, 1 or more.
            shares: (k, codes) probabilities.
        """
        part = shares[:, :bins].astype(np.float64)
        total = part.sum(1, keepdims=True)
        # A value that is neither missing nor in a bin (an infinity) has no place in the order.
        uniform = np.full_like(part, 1 / bins)
        return cls(decode, np.divide(part, total, out=uniform, where=total > 0))

    def quantile(self, q: float) -> pl.Series:
        """The value at rank q."""
        above = self.p.cumsum(1)
        b = np.minimum((above < q * above[:, -1:]).sum(1), self.p.shape[1] - 1)
        i = np.arange(len(b))
        share = self.p[i, b]
        inside = q * above[:, -1] - (above[i, b] - share)
        rank = np.clip(np.divide(inside, share, out=np.full(len(b), 0.5), where=share > 0), 0, 1)
        return self._values(b, np.clip(ndtri(rank), -8, 8))

    def mode(self) -> pl.Series:
        """The median of the most likely bin."""
        return self._values(self.p.argmax(1), np.zeros(len(self.p)))

    def mean(self) -> np.ndarray:
        """The mean."""
        return self.p @ self._atoms().mean(1)

    def uncertainty(self) -> np.ndarray:
        """The standard deviation."""
        atoms = self._atoms()
        centre = float(atoms.mean())
        second = self.p @ ((atoms - centre) ** 2).mean(1)
        return np.sqrt(np.maximum(second - (self.mean() - centre) ** 2, 0))

    def joined(self, others: Sequence[NumberMarginal]) -> NumberMarginal:
        """All cells."""
        return NumberMarginal(self._decode, np.concatenate([self.p, *(m.p for m in others)]))

    def _values(self, bins: np.ndarray, z: np.ndarray) -> pl.Series:
        return self._decode(bins[:, None], z[:, None], np.zeros(len(bins), int), 0)

    def _atoms(self) -> np.ndarray:
        z = ndtri((np.arange(ATOMS) + 0.5) / ATOMS)
        bins = np.repeat(np.arange(self.p.shape[1]), ATOMS)
        values = self._values(bins, np.tile(z, self.p.shape[1]))
        physical = values.to_physical() if values.dtype.is_temporal() else values
        return physical.cast(pl.Float64).to_numpy().reshape(-1, ATOMS)


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
