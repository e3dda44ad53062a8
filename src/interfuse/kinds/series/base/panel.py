r"""Gaps of many channels at once: each from its own neighbours in time, all from one another.

Values that are not negative are seen as logarithms, so that a product of a sender, a receiver and a
time of day is a sum. Each channel, standardised, is an Ornstein-Uhlenbeck process and noise,

    corr(y_s, y_t) = (1 - v) r^|s - t| + v [s = t],

with (r, v) of the least leave-one-out error. As the process is Markov, the mean at t given all but
t is that of what the past says, N(a, A), and what the future says, N(b, B), over the prior:

    m = (a / A + b / B) / (1 / A + 1 / B - 1 / (1 - v)).

Across channels y_t = L f_t, L the loadings of leading singular vectors, f_t by a ridge. Channels
that share a curve are factors first, and processes of what is left; channels that share shocks are
processes first, and factors of (y - m) / sd. Which of both, how many factors, and where the line is
better, is told by cells that were hidden for that. All is linear in channels and steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interfuse.kinds.series.base.past import OFFSET, filled

FEWEST_CHANNELS = 6
MEMORIES = (0.0, 0.5, 0.8, 0.93, 0.98)
NOISES = (0.02, 0.1, 0.3, 0.6)
RANKS = (0, 1, 2, 4, 7)
HIDDEN = 0.1
ROUNDS = 8
WORSE, ENOUGH = 1.1, 10
RIDGE = 1.0
"""Of a factor, in units of the spread of what is left over: its prior."""
SMALLEST = 1e-3


@dataclass(frozen=True)
class _View:
    """Standardised values, NaN missing, and the way back."""

    y: np.ndarray
    middle: np.ndarray
    unit: np.ndarray
    offset: np.ndarray | None

    @classmethod
    def of(cls, values: np.ndarray) -> _View:
        there = np.isfinite(values)
        offset = None
        some = np.where(there, values, np.nan)
        if (values[there] >= 0).all():
            above = np.where(values > 0, values, np.nan)
            offset = OFFSET * np.array([_median(x) for x in above.T])
            some = np.log(some + np.where(offset > 0, offset, 1.0))
            offset = np.where(offset > 0, offset, 1.0)
        middle = np.array([_median(x) for x in some.T])
        count = np.maximum(there.sum(0), 1)
        unit = np.sqrt(np.where(there, (some - middle) ** 2, 0.0).sum(0) / count)
        unit = np.where(unit > 0, unit, 1.0)
        return cls((some - middle) / unit, middle, unit, offset)

    def back(self, y: np.ndarray) -> np.ndarray:
        out = y * self.unit + self.middle
        return out if self.offset is None else np.exp(np.minimum(out, 700.0)) - self.offset


def _median(x: np.ndarray) -> float:
    there = x[np.isfinite(x)]
    return float(np.median(there)) if len(there) else 0.0


def complete_panel(values: np.ndarray, seed: int) -> np.ndarray:
    """(T, c) with all gaps filled.

    Args:
        values: (T, c), NaN missing.
        seed: of the cells that are hidden to choose by.
    """
    there = np.isfinite(values)
    line = np.stack([filled(x) for x in values.T], 1)
    if there.all():
        return line
    rng = np.random.default_rng(seed)
    hidden = there & (rng.random(values.shape) < HIDDEN)
    plans = [(rank, first) for rank in RANKS for first in ((True, False) if rank else (False,))]
    tried = _answers(np.where(hidden, np.nan, values), plans)
    shown = np.stack([filled(x) for x in np.where(hidden, np.nan, values).T], 1)
    size = np.maximum(np.abs(np.where(hidden, values - shown, 0.0)).sum(0), 1e-300)
    losses = [(np.abs(np.where(hidden, values - z, 0.0)).sum(0) / size) for z in tried]
    best = int(np.argmin([x.mean() for x in losses]))
    (own,) = _answers(values, plans[best : best + 1])
    if losses[best].mean() >= 1:
        return line
    # A channel goes by the line where that was clearly better on enough of its own cells.
    worse = (losses[best] > WORSE) & (hidden.sum(0) >= ENOUGH)
    return np.where(there, values, np.where(worse, line, own))


def _answers(values: np.ndarray, plans: Sequence[tuple[int, bool]]) -> list[np.ndarray]:
    """(T, c) fillings, one for each number of factors and whether these come first."""
    view = _View.of(values)
    there = np.isfinite(view.y)
    shown = np.where(there, view.y, 0.0)
    mean, spread = _left_out(view.y) if not all(first for _, first in plans) else (shown, shown)
    out = []
    for rank, first in plans:
        if first:
            shared = _common(shown, there, rank)
            own, _ = _left_out(np.where(there, view.y - shared, np.nan))
            out.append(view.back(shared + own))
        else:
            rest = np.where(there, (view.y - mean) / spread, 0.0)
            out.append(view.back(mean + spread * _common(rest, there, rank)))
    return out


def _left_out(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, c) mean and spread of each cell given all others of its channel."""
    there = np.isfinite(y)
    x = np.where(there, y, 0.0)
    # What is left over has a size of its own.
    size = np.sqrt((x**2).sum(0) / np.maximum(there.sum(0), 1))
    size = np.where(size > SMALLEST, size, 1.0)
    x = x / size
    best = np.full(y.shape[1], np.inf)
    mean, spread = np.zeros_like(x), np.ones_like(x)
    for memory in MEMORIES:
        for noise in NOISES:
            a, wide_a = _one_sided(x, there, memory, noise)
            b, wide_b = (z[::-1] for z in _one_sided(x[::-1], there[::-1], memory, noise))
            prior = 1 - noise
            precision = np.maximum(1 / wide_a + 1 / wide_b - 1 / prior, 1e-9)
            own = (a / wide_a + b / wide_b) / precision
            loss = np.abs(np.where(there, x - own, 0.0)).sum(0)
            better = loss < best
            best = np.where(better, loss, best)
            mean = np.where(better, own, mean)
            spread = np.where(better, np.sqrt(1 / precision + noise), spread)
    return mean * size, spread * size


def _one_sided(
    x: np.ndarray, there: np.ndarray, memory: float, noise: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the process at each step given all before it: a Kalman filter."""
    prior = 1 - noise
    mean, wide = np.zeros_like(x), np.full_like(x, prior)
    m, p = np.zeros(x.shape[1]), np.full(x.shape[1], prior)
    for t in range(len(x)):
        mean[t], wide[t] = m, p
        gain = np.where(there[t], p / (p + noise), 0.0)
        m = memory * (m + gain * (x[t] - m))
        p = memory**2 * (1 - gain) * p + (1 - memory**2) * prior
    return mean, wide


def _common(rest: np.ndarray, there: np.ndarray, rank: int) -> np.ndarray:
    """(T, c) what other channels say of each cell at its time; 0 without factors."""
    if not rank or rank >= min(rest.shape):
        return np.zeros_like(rest)
    whole = rest.copy()
    said = np.zeros_like(rest)
    for _ in range(ROUNDS):
        _, values, vectors = np.linalg.svd(whole, full_matrices=False)
        # (c, rank), in units in which factors have variance 1.
        loading = vectors[:rank].T * values[:rank] / np.sqrt(len(rest))
        said = _projected(rest, there, loading)
        whole = np.where(there, rest, said)
    return said


def _projected(rest: np.ndarray, there: np.ndarray, loading: np.ndarray) -> np.ndarray:
    """L f_t, f_t a ridge on the cells that are there at t; of several steps at a time."""
    rank = loading.shape[1]
    weight = there.astype(float)
    outer = (loading[:, :, None] * loading[:, None, :]).reshape(len(loading), -1)
    gram = (weight @ outer).reshape(-1, rank, rank) + RIDGE * np.eye(rank)
    factor = np.linalg.solve(gram, ((rest * weight) @ loading)[..., None])[..., 0]
    return factor @ loading.T
