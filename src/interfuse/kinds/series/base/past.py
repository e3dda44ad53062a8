"""Series one after another, with the running sums from which levels are read.

Each is divided by its own scale, the mean distance to the same phase of the last season, so that a
link of 1 kbit/s and one of 1 Gbit/s are alike. Values that are not negative are seen as
log(x + o), too, o a twentieth of their median: in that view a season multiplies.
Missing values are interpolated by lines; they are no targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

OFFSET = 0.05
"""Of the median: what is added before a logarithm is taken, so that a zero has one."""
ROOM = 1.0
"""Of a series' range: how far above its largest value an answer in logarithms may lie. They grow
without an end: of 1,944 hours of seven metrics the outermost quantile of a month ahead was 10^17
where the largest value was 10^2, and a weight of .01 is enough for that to be the answer."""
FLAT = 0.05
"""Of the mean step: what is added to a roughness before its logarithm is taken."""
FURTHEST = 20.0
VIEWS = ("raw", "log")


@dataclass(frozen=True)
class Past:
    """Scaled series.

    Attributes:
        x: (T,) all series one after another, missing values filled.
        seen: (T,) bool, which were there.
        first: (n,) where each begins.
        last: (n,) one beyond its end.
        scale: (n,) what each was divided by.
        offset: (n,) what is added before a logarithm, in units of the scale.
    """

    x: np.ndarray
    seen: np.ndarray
    first: np.ndarray
    last: np.ndarray
    scale: np.ndarray
    offset: np.ndarray

    @classmethod
    def of(cls, series: Sequence[np.ndarray], periods: Sequence[int]) -> Past:
        """Scale series.

        Args:
            series: (T_i,) each, NaN missing.
            periods: seasons in steps; the longest that fits gives the scale.
        """
        parts, seen, scales, offsets = [], [], [], []
        for values in series:
            there = np.isfinite(values)
            x = within(filled(values))
            scale = _scale(x, periods)
            above = x[x > 0] / scale
            parts.append(x / scale)
            seen.append(there)
            scales.append(scale)
            offsets.append(OFFSET * float(np.median(above)) if len(above) else OFFSET)
        lengths = np.array([len(p) for p in parts], np.int64)
        last = np.cumsum(lengths)
        flat = [np.concatenate(p) if p else np.zeros(0) for p in (parts, seen)]
        return cls(
            flat[0], flat[1].astype(bool), last - lengths, last, np.array(scales), np.array(offsets)
        )

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def positive(self) -> bool:
        """Whether the logarithm is a view: nothing is negative, and most is above zero."""
        if not len(self.x) or self.x.min() < 0:
            return False
        pairs = zip(self.first, self.last, strict=True)
        return all(np.median(self.x[a:b]) > 0 for a, b in pairs)

    def seen_as(self, view: str) -> np.ndarray:
        """All values in one of `VIEWS`."""
        return self.to(view, self.x, np.repeat(np.arange(len(self)), self.last - self.first))

    def to(self, view: str, x: np.ndarray, owner: np.ndarray) -> np.ndarray:
        """Values of some series in a view."""
        return x if view == "raw" else np.log(np.maximum(x, 0.0) + self.offset[owner])

    def back(self, view: str, y: np.ndarray, owner: np.ndarray) -> np.ndarray:
        """The inverse of `to`; y may have more dimensions than owner."""
        if view == "raw":
            return y
        shape = (-1, *([1] * (y.ndim - 1)))
        offset, most = (a[owner].reshape(shape) for a in (self.offset, self.most))
        return np.exp(np.minimum(y, np.log(most + offset))) - offset

    @cached_property
    def most(self) -> np.ndarray:
        """(n,) the largest answer in logarithms: `ROOM` times the range above the largest value."""
        out = np.zeros(len(self))
        for i, (a, b) in enumerate(zip(self.first, self.last, strict=True)):
            if b > a:
                low, high = self.x[a:b].min(), self.x[a:b].max()
                out[i] = high + ROOM * (high - low)
        return out


def within(x: np.ndarray) -> np.ndarray:
    """(T,) values that end `FURTHEST` times the distance of the 5 % and 95 % quantiles away.

    One absurd value must not be copied into every level that is read of it.
    """
    if len(x) < 2:
        return x
    low, middle, high = np.quantile(x, (0.05, 0.5, 0.95))
    room = FURTHEST * (high - low)
    return np.clip(x, middle - room, middle + room) if room > 0 else x


def filled(values: np.ndarray) -> np.ndarray:
    """(T,) with lines across what is missing; 0 where nothing is there."""
    there = np.isfinite(values)
    if there.all():
        return values.astype(float)
    if not there.any():
        return np.zeros(len(values))
    place = np.arange(len(values))
    return np.interp(place, place[there], values[there])


def _scale(x: np.ndarray, periods: Sequence[int]) -> float:
    fitting = [p for p in periods if 2 * p <= len(x)]
    lag = max(fitting, default=1)
    moves = np.abs(x[lag:] - x[:-lag])
    size = float(moves.mean()) if len(moves) else 0.0
    # Rounding noise of a constant is no scale.
    return size if size > 1e-12 * max(float(np.abs(x).max(initial=0.0)), 1e-300) else 1.0


class Sums:
    """Running sums of one view: means over any window in one step.

    Args:
        past: the series.
        view: one of `VIEWS`.
        periods: seasons in steps.
    """

    def __init__(self, past: Past, view: str, periods: Sequence[int]) -> None:
        self.past, self.x = past, past.seen_as(view)
        self.first, self.last = past.first, past.last
        self._running = _running(self.x)
        self._moves = [_running(self._apart(1))]
        self._moves += [_running(self._apart(p)) for p in periods]

    def _apart(self, lag: int) -> np.ndarray:
        """Distance to the value `lag` steps before; 0 at the beginnings."""
        out = np.zeros(len(self.x))
        out[lag:] = np.abs(self.x[lag:] - self.x[:-lag])
        for a, b in zip(self.first, self.last, strict=True):
            out[a : min(a + lag, b)] = 0.0
        return out

    def value(self, owner: np.ndarray, at: np.ndarray) -> np.ndarray:
        """The value at `at`, or at the nearest end of its series."""
        return self.x[np.clip(at, self.first[owner], self.last[owner] - 1)]

    def mean(self, owner: np.ndarray, end: np.ndarray, width: int) -> np.ndarray:
        """Means of the `width` values that end with `end`, fewer at the beginning of a series."""
        return self._mean(self._running, owner, end, width)

    def moves(self, number: int, owner: np.ndarray, end: np.ndarray, width: int) -> np.ndarray:
        """Log of the mean step (number 0), or distance to the last season (number 1, ...)."""
        running = self._moves[number]
        begin, beyond = self.first[owner], self.last[owner]
        usual = (running[beyond] - running[begin]) / (beyond - begin)
        return np.log(self._mean(running, owner, end, width) + FLAT * usual + 1e-12)

    def _mean(
        self, running: np.ndarray, owner: np.ndarray, end: np.ndarray, width: int
    ) -> np.ndarray:
        begin, beyond = self.first[owner], self.last[owner]
        end = np.clip(end, begin, beyond - 1)
        start = np.maximum(end + 1 - width, begin)
        return (running[end + 1] - running[start]) / (end + 1 - start)


def _running(x: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(x)])
