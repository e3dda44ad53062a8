"""Means and medians of what is there, without warnings where nothing is."""

from __future__ import annotations

import numpy as np


def mean_over(x: np.ndarray, axis: int) -> np.ndarray:
    """Means along an axis; NaN where nothing is there."""
    there = ~np.isnan(x)
    count = there.sum(axis)
    total = np.where(there, x, 0.0).sum(axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def running_mean(x: np.ndarray, width: int) -> np.ndarray:
    """Means over `width` neighbours, missing ones left out, fewer at the ends."""
    there = np.isfinite(x)
    total = np.concatenate([[0.0], np.cumsum(np.where(there, x, 0.0))])
    count = np.concatenate([[0], np.cumsum(there)])
    low = np.maximum(np.arange(len(x)) - width // 2, 0)
    high = np.minimum(np.arange(len(x)) + (width + 1) // 2, len(x))
    return (total[high] - total[low]) / np.maximum(count[high] - count[low], 1)
