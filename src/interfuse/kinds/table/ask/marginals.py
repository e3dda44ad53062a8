"""Distributions of single cells, from the network's own probabilities.

A number's distribution given the known cells is sum_b p_b Q_b: p_b the probability of bin b, and
inside a bin the score standard normal, so that Q_b is the bin's quantile function. With
P_b = p_1 + ... + p_b, the quantile at a is the value of bin b at rank (a - P_{b-1}) / p_b, for the
first b with P_b >= a. Means and variances are those of `ATOMS` equal parts of every bin.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import ndtri

from interfuse.kinds.table.fields.category import CategoryField
from interfuse.kinds.table.fields.number import NumberField

ATOMS = 16


class NumberMarginal:
    """Numbers whose bins have known probabilities.

    Args:
        field: the column's transform.
        shares: (k, codes) probabilities of its codes.
    """

    ordered = True

    def __init__(self, field: NumberField, shares: np.ndarray) -> None:
        bins = shares[:, : field.bins].astype(np.float64)
        total = bins.sum(1, keepdims=True)
        # A value that is neither missing nor in a bin (an infinity) has no place in the order.
        uniform = np.full_like(bins, 1 / max(field.bins, 1))
        self.field = field
        self.p = np.divide(bins, total, out=uniform, where=total > 0)

    def quantile(self, q: float) -> pl.Series:
        """The value at rank q."""
        above = self.p.cumsum(1)
        b = np.minimum((above < q * above[:, -1:]).sum(1), self.field.bins - 1)
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

    def _values(self, bins: np.ndarray, z: np.ndarray) -> pl.Series:
        return self.field.decode(bins[:, None], z[:, None], np.zeros(len(bins), int), 0)

    def _atoms(self) -> np.ndarray:
        z = ndtri((np.arange(ATOMS) + 0.5) / ATOMS)
        bins = np.repeat(np.arange(self.field.bins), ATOMS)
        values = self._values(bins, np.tile(z, self.field.bins))
        physical = values.to_physical() if values.dtype.is_temporal() else values
        return physical.cast(pl.Float64).to_numpy().reshape(-1, ATOMS)


class CategoryMarginal:
    """Categories of one cell, whose values have known probabilities.

    Args:
        field: the column's transform.
        shares: (k, codes) probabilities of its codes.
    """

    ordered = False

    def __init__(self, field: CategoryField, shares: np.ndarray) -> None:
        self.field = field
        self.p = shares

    def quantile(self, q: float) -> pl.Series:
        """The mode: categories are in no order."""
        return self.mode()

    def mode(self) -> pl.Series:
        """The most likely values."""
        codes = self.p.argmax(1)
        none = np.zeros((len(codes), 0))
        return self.field.decode(codes[:, None], none, np.zeros(len(codes), int), 0)

    def mean(self) -> np.ndarray:
        """Not a number."""
        return np.full(len(self.p), np.nan)

    def uncertainty(self) -> np.ndarray:
        """The chance that the mode is wrong."""
        return 1.0 - self.p.max(1) if len(self.p) else np.zeros(0)
