"""A series less its slow level, and less a season that is known already.

The level is the centred moving average over one season, so that a season of that length passes
whole and everything slower is taken away: a trend, a drift, a growing audience.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from interfuse.kinds.series.data.quiet import mean_over

MOST_SPREADS = 5.0
"""Residuals end here, in spreads by median absolute deviation: a burst must not make a season."""
CYCLES = 9
"""Over so many cycles the profile of a season may change."""


def moving_average(x: np.ndarray, width: int) -> np.ndarray:
    """Centred means over `width` steps of what is there; NaN at the ends, where a side is missing.

    An even width takes half of the two outermost values, so that it is centred as well.

    Args:
        x: (T,) or (T, k), means go along the first axis.
        width: at least 1.
    """
    weight = np.ones(width) if width % 2 else np.r_[0.5, np.ones(width - 1), 0.5]
    half = len(weight) // 2
    there = ~np.isnan(x)
    total, count = (_summed(a, width) for a in (np.where(there, x, 0.0), there.astype(float)))
    out = np.where(count > 1e-9, total / np.maximum(count, 1e-9), np.nan)
    out[:half], out[len(x) - half :] = np.nan, np.nan
    return out


def _summed(x: np.ndarray, width: int) -> np.ndarray:
    """Sums of the window around each step; zeros beyond the ends."""
    size = width | 1
    half = size // 2
    blank = np.zeros((half, *x.shape[1:]))
    wide = np.concatenate([blank, x, blank])
    running = np.concatenate([np.zeros((1, *x.shape[1:])), np.cumsum(wide, 0)])
    out = running[size:] - running[:-size]
    return out if width % 2 else out - 0.5 * (wide[: len(x)] + wide[size - 1 :])


def clipped(x: np.ndarray) -> np.ndarray:
    """Values within `MOST_SPREADS` of zero; NaN stays."""
    there = x[~np.isnan(x)]
    if not len(there):
        return x
    spread = 1.4826 * float(np.median(np.abs(there - np.median(there)))) or float(there.std())
    return np.clip(x, -MOST_SPREADS * spread, MOST_SPREADS * spread) if spread > 0 else x


def without_level(x: np.ndarray, width: int) -> np.ndarray:
    """A series less its moving average, outliers clipped."""
    return clipped(x - moving_average(x, width))


def without_season(x: np.ndarray, period: int) -> np.ndarray:
    """A series less the profile of a season, which may change over `CYCLES` cycles."""
    cycles = len(x) // period
    if cycles < 2:
        return x
    begin = len(x) - cycles * period
    above = (x - moving_average(x, period))[begin:].reshape(cycles, period)
    wide = min(CYCLES, cycles) | 1
    there = ~np.isnan(above)
    total, count = (_summed(a, wide) for a in (np.where(there, above, 0.0), there.astype(float)))
    profile = np.where(count > 0.5, total / np.maximum(count, 1), 0.0)
    profile -= profile.mean(1, keepdims=True)
    out = x.copy()
    out[begin:] -= profile.ravel()
    out[:begin] -= profile[0, period - begin :]
    return out


def blocks(x: np.ndarray, size: int) -> np.ndarray:
    """(T // size,) means of blocks, counted from the end; NaN where nothing is there."""
    if size == 1:
        return x
    return mean_over(x[len(x) % size :].reshape(-1, size), 1)


def autocorrelation(x: np.ndarray, most: int) -> np.ndarray:
    """Of lags 0 ... most - 1, over the pairs of which both are there (NaN is missing)."""
    there = ~np.isnan(x)
    size = fft.next_fast_len(2 * len(x), real=True)

    def lagged(a: np.ndarray) -> np.ndarray:
        power = np.abs(np.fft.rfft(a, size)) ** 2
        return np.fft.irfft(power, size)[:most]

    pairs = np.maximum(np.rint(lagged(there.astype(float))), 1)
    out = lagged(np.where(there, x, 0.0)) / pairs
    return out / out[0] if out[0] > 0 else out
