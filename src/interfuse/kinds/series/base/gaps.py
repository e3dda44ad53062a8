r"""Gaps of a series, from both sides and from other seasons, in closed form.

With the known values x_l and x_r on either side of a gap, the line between them, and u the share of
the gap that lies before a step, the answer is

    x = line + phi . beta,

where phi holds slopes on both sides, means of what is known beside the gap less its ends, and
*bridges*: copies k seasons before and after, each made to pass through both ends of the gap,

    x(t + kp) - (1 - u) x(l + kp) - u x(r + kp).

beta is a ridge of least absolute deviations, learned on holes that are cut into what is known, as
long and as dense as the gaps of its class of length. Where it does no better than the line on holes
that it was not fitted to, it is the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from interfuse.kinds.series.base.past import filled
from interfuse.kinds.series.base.ridge import PENALTIES, least_absolute

EDGES = (0.0, 2.5, 4.5, 8.5, 16.5, 48.5, np.inf)
LONE = 3
"""Gaps of at most so many steps are cut as single points, at random."""
ROUNDS, MOST_CELLS, FEWEST = 3, 4_000, 40
LEAST_SHARE, MOST_SHARE = 0.05, 0.5
BESIDE = (3, 12, 48)
SLOPES = 3
BRIDGES = (-1, 1, -2, 2)
NEAR = 50
JUDGED = 5
"""Every so many of the holes judges, the others fit."""


def complete(values: np.ndarray, periods: Sequence[int], seed: int) -> np.ndarray:
    """(T,) with all gaps filled.

    Args:
        values: (T,), NaN missing; what lies before the first value or after the last is held.
        periods: seasons in steps.
        seed: of the holes that are cut.
    """
    out = filled(values)
    missing = ~np.isfinite(values)
    if not missing.any() or (~missing).sum() < FEWEST:
        return out
    rng = np.random.default_rng(seed)
    left, right = _sides(values)
    inner = missing & (left >= 0) & (right < len(values))
    length = right - left
    for low, high in pairwise(EDGES):
        own = np.flatnonzero(inner & (length > low) & (length <= high))
        if len(own):
            beta = _learned(values, periods, own, length, (low, high), rng)
            if beta is not None:
                phi, line = _features(values, periods, own)
                out[own] = line + phi @ beta
    return out


def _learned(
    values: np.ndarray,
    periods: Sequence[int],
    own: np.ndarray,
    length: np.ndarray,
    lengths: tuple[float, float],
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Coefficients for gaps of a class of length; None where the line is as good."""
    missing = ~np.isfinite(values)
    around = missing[max(own.min() - NEAR, 0) : own.max() + NEAR]
    share = float(np.clip(around.mean(), LEAST_SHARE, MOST_SHARE))
    size = int(np.median(length[own])) - 1
    parts, targets = [], []
    for _ in range(ROUNDS):
        cut = values.copy()
        cut[_holes(len(values), size, share, rng)] = np.nan
        left, right = _sides(cut)
        gap = right - left
        some = np.isnan(cut) & ~missing & (left >= 0) & (right < len(values))
        at = np.flatnonzero(some & (gap > lengths[0]) & (gap <= lengths[1]))
        if len(at) > MOST_CELLS:
            at = np.sort(rng.choice(at, MOST_CELLS, replace=False))
        if len(at):
            phi, line = _features(cut, periods, at)
            parts.append(phi)
            targets.append(values[at] - line)
    if sum(map(len, targets)) < FEWEST:
        return None
    phi, y = np.concatenate(parts), np.concatenate(targets)
    judge = np.arange(len(y)) * JUDGED // len(y) == JUDGED - 1
    none = np.zeros(phi.shape[1])
    tried = least_absolute(phi[~judge], y[~judge], none, PENALTIES)
    losses = [float(np.abs(y[judge] - phi[judge] @ beta).mean()) for beta in tried]
    best = int(np.argmin(losses))
    if losses[best] >= float(np.abs(y[judge]).mean()):
        return None
    return least_absolute(phi, y, none, (PENALTIES[best],))[0]


def _holes(length: int, size: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """(T,) bool: single points, or blocks of `size`, about a `share` of all."""
    out = np.zeros(length, bool)
    if size <= LONE:
        out = rng.random(length) < share
    else:
        many = max(3, int(share * length / size))
        for start in rng.integers(1, max(length - size - 1, 2), many):
            out[start : start + size] = True
    out[0] = out[-1] = False
    return out


def _sides(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the nearest known values are; -1 and T where there is none. A known one is its own."""
    there, place = np.isfinite(values), np.arange(len(values))
    left = np.maximum.accumulate(np.where(there, place, -1))
    right = np.minimum.accumulate(np.where(there, place, len(values))[::-1])[::-1]
    return left, right


def _features(
    values: np.ndarray, periods: Sequence[int], at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(m, k) features of gaps' steps, and (m,) the line."""
    line = filled(values)
    known = np.flatnonzero(np.isfinite(values))
    sides = _sides(values)
    left, right = sides[0][at], sides[1][at]
    gap = (right - left).astype(float)
    u = (at - left) / gap
    x_l, x_r = line[left], line[right]
    before, after = np.searchsorted(known, left), np.searchsorted(known, right)
    out = []
    for j in range(1, SLOPES + 1):
        a = known[np.maximum(before - j, 0)]
        b = known[np.minimum(after + j, len(known) - 1)]
        rise = (x_l - line[a]) / np.maximum(left - a, 1) * gap
        fall = (line[b] - x_r) / np.maximum(b - right, 1) * gap
        out += [rise * u * (1 - u) ** 2, fall * u**2 * (1 - u), line[a] - x_l, line[b] - x_r]
    total = np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(values), values, 0.0))])
    count = np.concatenate([[0], np.cumsum(np.isfinite(values))])
    for width in BESIDE:
        for low, high, share, end in (
            (np.maximum(left - width + 1, 0), left + 1, 1 - u, x_l),
            (right, np.minimum(right + width, len(values)), u, x_r),
        ):
            mean = (total[high] - total[low]) / np.maximum(count[high] - count[low], 1)
            out.append(share * (mean - end))
    copies = [c for p in periods for c in _bridges(line, at, left, right, u, p)]
    if copies:
        stack = np.stack(copies, 1)
        there = np.isfinite(stack)
        # The middle one of those that exist; where none does, the line.
        ranked = np.sort(np.where(there, stack, np.inf), 1)
        middle = np.maximum(there.sum(1) - 1, 0) // 2
        usual = np.take_along_axis(ranked, middle[:, None], 1)[:, 0]
        usual = np.where(there.any(1), usual, 0.0)
        out += [*np.where(there, stack, usual[:, None]).T, usual]
    return np.stack(out, 1), line[at]


def _bridges(
    line: np.ndarray, at: np.ndarray, left: np.ndarray, right: np.ndarray, u: np.ndarray, p: int
) -> list[np.ndarray]:
    """Copies of other seasons through both ends, less the line; NaN where there are none."""
    out, last = [], len(line) - 1
    for k in BRIDGES:
        a, q, b = left + k * p, at + k * p, right + k * p
        inside = (a >= 0) & (b <= last)
        a, q, b = (np.clip(i, 0, last) for i in (a, q, b))
        ends = (1 - u) * line[a] + u * line[b]
        out.append(np.where(inside, line[q] - ends, np.nan))
        for d in (p // 96, p // 32) if abs(k) == 1 else ():
            if d:
                beside = (line[np.maximum(q - d, 0)] + line[np.minimum(q + d, last)]) / 2
                out.append(np.where(inside, beside - ends, np.nan))
    return out
