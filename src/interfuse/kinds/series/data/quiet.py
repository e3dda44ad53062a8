"""Means and medians of what is there, without warnings where nothing is."""

from __future__ import annotations

import numpy as np


def mean_over(x: np.ndarray, axis: int) -> np.ndarray:
    """Means along an axis; NaN where nothing is there."""
    there = ~np.isnan(x)
    count = there.sum(axis)
    total = np.where(there, x, 0.0).sum(axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
