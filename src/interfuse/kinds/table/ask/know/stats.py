"""Means of rows with their errors, and tests of many of them at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

LEVEL = 0.05


class Mean(NamedTuple):
    """A mean, its standard error, and how many independent pieces it is of."""

    value: float
    error: float
    pieces: int

    @property
    def above_zero(self) -> float:
        """p-value of "the mean is not above 0": Student's t, one-sided."""
        if self.pieces < 2 or not np.isfinite(self.error):
            return 1.0
        if self.error == 0:
            return float(self.value <= 0)
        return float(student.sf(self.value / self.error, self.pieces - 1))


def mean_of(x: np.ndarray, blocks: np.ndarray | None = None) -> Mean:
    """The mean of what is known of x, with the standard error of rows or of whole blocks.

    Rows of one block are not independent, so the error of blocks is that of a ratio: with e_i =
    x_i - mean, sqrt(G / (G - 1) sum_g (sum_{i in g} e_i)^2) / n (Liang & Zeger 1986,
    doi 10.1093/biomet/73.1.13).

    Args:
        x: (n,), NaN where unknown.
        blocks: (n,) whole numbers; None for rows that are independent.
    """
    known = np.isfinite(x)
    n = int(known.sum())
    if not n:
        return Mean(np.nan, np.nan, 0)
    value = float(x[known].mean())
    away = x[known] - value
    if blocks is None:
        return Mean(value, float(np.sqrt((away**2).sum() / max(n - 1, 1) / n)), n)
    _, at = np.unique(blocks[known], return_inverse=True)
    sums = np.bincount(at, away)
    many = len(sums)
    return Mean(value, float(np.sqrt(many / max(many - 1, 1) * (sums**2).sum()) / n), many)


def means(x: np.ndarray, axis: int) -> np.ndarray:
    """Means of what is known; 0 where nothing is."""
    known = np.isfinite(x)
    total = np.where(known, x, 0.0).sum(axis, dtype=float)
    return total / np.maximum(known.sum(axis), 1)


def holm(p: np.ndarray) -> np.ndarray:
    """p-values adjusted so that any false alarm among all is as rare as one alone.

    Holm 1979, doi 10.2307/4615733: the k-th smallest of m counts (m - k + 1) times, and no more
    than a larger one.
    """
    order = np.argsort(p, kind="stable")
    times = np.arange(len(p), 0, -1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.maximum.accumulate(p[order] * times), 1.0)
    return out


def permuted(
    labels: np.ndarray,
    times: int,
    rng: np.random.Generator,
    blocks: np.ndarray | None,
    parts: np.ndarray | None = None,
) -> np.ndarray:
    """(times + 1, n) labels: as they are, then permuted over rows, or over blocks of one label.

    Args:
        labels: (n,) 0 or 1.
        times: how many permutations.
        rng: of them.
        blocks: (n,); None for rows that are exchangeable.
        parts: (n,) labels are permuted within rows of one number; None for one part.
    """
    if parts is not None:
        out = np.empty((times + 1, len(labels)), labels.dtype)
        for part in np.unique(parts):
            at = np.flatnonzero(parts == part)
            own = None if blocks is None else blocks[at]
            out[:, at] = permuted(labels[at], times, rng, own)
        return out
    if blocks is None:
        return np.vstack([labels, rng.permuted(np.tile(labels, (times, 1)), axis=1)])
    # A block that is in both is two: each part keeps together.
    _, at = np.unique(2 * np.unique(blocks, return_inverse=True)[1] + labels, return_inverse=True)
    own = np.zeros(at.max() + 1, labels.dtype)
    own[at] = labels
    return np.vstack([labels, rng.permuted(np.tile(own, (times, 1)), axis=1)[:, at]])


def rank_of_first(statistics: np.ndarray) -> float:
    """(1 + k) / (1 + K): the share of labellings whose statistic is at least that of the first.

    Exact whatever the statistic, if labels are exchangeable (Phipson & Smyth 2010,
    arXiv 1603.05766).
    """
    return float((statistics >= statistics[0] - 1e-12 * abs(statistics[0])).mean())


def standardised(statistics: np.ndarray) -> np.ndarray:
    """Statistics (K + 1, m) in units of their own spread over the labellings.

    The spread is that of all labellings, the true one among them, so that a maximum of them is as
    exchangeable as each is.
    """
    spread = statistics.std(0)
    away = statistics - statistics.mean(0)
    return np.divide(away, spread, out=np.zeros_like(away), where=spread > 1e-12)
