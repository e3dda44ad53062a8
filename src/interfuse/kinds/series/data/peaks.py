"""Candidates for a period that no calendar names: one peak of the autocorrelation an octave."""

from __future__ import annotations

import numpy as np

from interfuse.kinds.series.data.level import autocorrelation, without_level

FIRST = 8
SHARPEN = 9
"""Peaks at so many multiples, less one, say where the period lies to a part of a step."""
STILL = 0.4
"""Of the first peak's height: a multiple that is lower says nothing."""
OF_LENGTH = 1.5
LEAST = 1e-9
"""Of a spread: what is left of a line is rounding noise."""


def octave_peaks(x: np.ndarray) -> list[float]:
    """The highest local peak of each octave, in steps, ascending.

    For w = 8, 16, 32, ... the autocorrelation of x less its moving average over w is searched
    between w / 3 and w.

    Args:
        x: (T,), NaN missing.
    """
    found: list[float] = []
    spread = float(np.nanstd(x))
    width = FIRST
    while OF_LENGTH * width <= len(x):
        rest = without_level(x, width)
        rest = rest[width // 2 : len(rest) - width // 2]
        if (~np.isnan(rest)).sum() > width and np.nanstd(rest) > LEAST * spread:
            r = autocorrelation(rest, len(rest) * 2 // 3)
            top = _top(r, max(2, width // 3), min(width, len(r) - 2))
            if top:
                found.append(max(_sharpened(r, top), 2.0))
        width *= 2
    return sorted(set(found))


def _top(r: np.ndarray, low: int, high: int) -> int:
    """The lag of the highest local peak from `low` to `high`; 0 if there is none."""
    lags = np.arange(low, high + 1)
    if not len(lags):
        return 0
    lags = lags[(r[lags] >= r[lags - 1]) & (r[lags] > r[lags + 1])]
    return int(lags[r[lags].argmax()]) if len(lags) else 0


def _sharpened(r: np.ndarray, top: int) -> float:
    """The period by the peaks at its multiples."""
    exact = float(top)
    for m in range(2, SHARPEN):
        at = round(m * exact)
        room = max(1, int(exact / 6 / m) + 1)
        if at + room >= len(r):
            break
        near = at - room + int(r[at - room : at + room + 1].argmax())
        if r[near] < STILL * r[top]:
            break
        exact = near / m
    return exact
