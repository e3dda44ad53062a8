r"""Seasonal periods, told from the calendar and confirmed by the autocorrelation.

For one channel of one series, standardised, over the n_k pairs of which both values are there:

$$ r_k = \sum_t x_t x_{t+k} / n_k . $$

A period p stands out by $c = r_p - (r_{p-q} + r_{p+q}) / 2$, where q is p / 2, or the longest
period confirmed before that divides p: a week has to differ from the days beside it. By Bartlett's
formula for a memory of q, its variance is

$$ (1 + 2 \sum_{0<k \le q} r_k^2) (1 / n_p + 1 / 4 n_{p-q} + 1 / 4 n_{p+q}) . $$

The ratios z of c and its error are added over all channels and series with weights $\sqrt n$. A
period is confirmed if it is seen twice, if that sum is over 3 of its standard errors, if a tenth of
the z are over 3, and if the mean of c is over .02. What repeats with it, the mean at every phase,
is subtracted before longer ones are looked at.

Of many channels and series some are looked at, 2,000,000 points of them.

Candidates are the hour, the day, the week and the year, where they are whole numbers of steps. If
none is confirmed, or time has no dates, the candidate is the first high peak of the mean
autocorrelation, its place told by the peaks at its multiples as well, and then the multiple of it
(2 to 14, seen three times) that stands out most. As these are chosen, 5 takes the place of 3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import fft

from interfuse.kinds.series.data.grid import Grid
from interfuse.kinds.series.data.schema import MOST_PERIODS
from interfuse.kinds.series.data.zones import DAY

_HOUR, _WEEK, _YEAR = DAY // 24, 7 * DAY, 31_556_952_000_000_000
_SURE, _CHOSEN, _LEAST, _SOME = 3.0, 5.0, 0.02, 0.1
_POINTS = 2_000_000
_COARSE = 50_000


def find_periods(values: list[np.ndarray], grid: Grid, calendar: bool) -> tuple[int, ...]:
    """Periods in steps, ascending, at most 3; none where none is confirmed.

    Args:
        values: (T_i, C) each, NaN missing.
        grid: they lie on.
        calendar: whether it counts dates.
    """
    found: list[int] = []
    values = _some(values)
    if not values:
        return ()
    if calendar:
        longest = max(map(len, values))
        rest = values
        for p in calendar_periods(grid):
            if 2 * p > longest:
                break
            below = [f for f in found if p % f == 0]
            q = below[-1] if below else _half(p)
            if _sure(list(shapes_of(rest, p + q)), p, q) > _SURE:
                found.append(p)
                rest = [_without(v, p) for v in rest]
    return tuple((found or _peaks(values))[-MOST_PERIODS:])


def _some(values: list[np.ndarray]) -> list[np.ndarray]:
    """Single channels of single series that vary, drawn until there are `_POINTS` points."""
    out, left = [], _POINTS
    width = values[0].shape[1]
    for pair in np.random.default_rng(0).permutation(len(values) * width):
        x = values[pair // width][:, pair % width]
        low, high = np.fmin.reduce(x), np.fmax.reduce(x)
        if low < high:
            out.append(x[:, None])
            left -= len(x)
        if left <= 0:
            break
    return out


def calendar_periods(grid: Grid) -> list[int]:
    """The hour, day, week and year in steps, where they are whole numbers of at least 2."""
    if grid.kind == "business day":
        return [5, 261]
    if grid.kind in ("month", "month end"):
        return [12 // grid.months] if 12 % grid.months == 0 and grid.months < 12 else []
    out = []
    for length, loose in ((_HOUR, False), (DAY, False), (_WEEK, False), (_YEAR, True)):
        steps = length / grid.step
        if steps >= 2 and (loose or length % grid.step == 0):
            out.append(round(steps))
    return out


class Shape:
    """The autocorrelation of one channel.

    Attributes:
        r: of lags 0 ... m.
        pairs: that each rests on.
        points: that are not missing.
        length: of the series.
    """

    def __init__(self, r: np.ndarray, pairs: np.ndarray, points: int, length: int) -> None:
        self.r, self.pairs, self.points, self.length = r, pairs, points, length
        self.energy = np.cumsum(r[1:] ** 2)

    def contrast(self, p: int, q: int) -> tuple[float, float] | None:
        """How far p stands out from p - q and p + q, and its error; None where that is not seen."""
        lags = [p - q, p, p + q]
        if lags[2] >= len(self.r) or 2 * p > self.length or self.pairs[lags].min() < 3:
            return None
        shares = np.array([0.25, 1.0, 0.25]) / self.pairs[lags]
        memory = 1 + 2 * self.energy[min(q, len(self.energy)) - 1]
        c = self.r[p] - (self.r[lags[0]] + self.r[lags[2]]) / 2
        return float(c), float(np.sqrt(memory * shares.sum()))


def shapes_of(values: list[np.ndarray], most: int) -> Iterator[Shape]:
    """The autocorrelation of every channel that varies.

    Args:
        values: (T_i, C) each.
        most: the longest lag that is needed; no more than three quarters of a series are given.
    """
    for part in values:
        for x in part.T:
            seen = ~np.isnan(x)
            points = int(seen.sum())
            if points < 6:
                continue
            # Scaled before squaring, so that no value is too large or too small for it.
            x = x / (np.abs(x[seen]).max() or 1.0)
            if (spread := x[seen].std()) <= 1e-12:
                continue
            z = np.where(seen, (x - x[seen].mean()) / spread, 0.0)
            k = max(2, min(most, len(x) * 3 // 4))
            full = points == len(x)
            pairs = np.arange(len(x), len(x) - k - 1, -1.0) if full else _lagged(seen * 1.0, k)
            pairs = np.maximum(np.rint(pairs), 0)
            r = np.where(pairs > 0, _lagged(z, k) / np.maximum(pairs, 1), 0.0)
            yield Shape(r, pairs, points, len(x))


def _lagged(x: np.ndarray, most: int) -> np.ndarray:
    """Sums of x_t x_{t+k}, k = 0 ... most."""
    size = fft.next_fast_len(len(x) + most, real=True)
    spectrum = np.asarray(fft.rfft(x, size))
    power = np.real(spectrum) ** 2 + np.imag(spectrum) ** 2
    return np.asarray(fft.irfft(power, size))[: most + 1]


def _half(p: int) -> int:
    return max(1, p // 2) if p > 7 else 1


def _sure(shapes: list[Shape], p: int, q: int) -> float:
    """How many standard errors a period stands out by; 0 where that is too little to matter."""
    found = [(*c, s.points) for s in shapes if (c := s.contrast(p, q)) is not None]
    if not found:
        return 0.0
    c, error, points = np.array(found).T
    if (c * points).sum() / points.sum() < _LEAST:
        return 0.0
    z, weight = c / error, np.sqrt(points)
    together = float((z * weight).sum() / np.sqrt((weight**2).sum()))
    return min(together, float(np.quantile(z, 1 - _SOME)))


def _without(x: np.ndarray, p: int) -> np.ndarray:
    """(T, C) less the mean at every phase of a period."""
    if len(x) < 2 * p:
        return x
    cycles = np.full((-(-len(x) // p), p, x.shape[1]), np.nan)
    cycles.reshape(-1, x.shape[1])[: len(x)] = x
    count = (~np.isnan(cycles)).sum(0)
    mean = np.nansum(cycles, 0) / np.maximum(count, 1)
    return (cycles - mean).reshape(-1, x.shape[1])[: len(x)]


def _peaks(values: list[np.ndarray]) -> list[int]:
    """The first high peak of the autocorrelation, and a multiple that stands out."""
    longest = max(map(len, values))
    block = max(1, -(-longest // _COARSE))
    coarse = [_averaged(v, block) for v in values] if block > 1 else values
    most = max(map(len, coarse)) // 2
    shapes = [s for s in shapes_of(coarse, most * 3 // 2 + 1) if len(s.r) > 4]
    if not shapes:
        return []
    r = _mean(shapes)
    top = _first_top(r, min(most, len(r) * 2 // 3))
    if top is None or _sure(shapes, top, _half(top)) < _CHOSEN:
        return []
    exact = _by_multiples(r, top)
    p = round(exact)
    found = [exact]
    rest = [_without(v, p) for v in coarse]
    multiples = [m for m in range(2, 15) if 3 * m * exact <= 2 * most]
    if multiples:
        shapes = list(shapes_of(rest, round((multiples[-1] + 1) * exact) + 1))
        sure = {m: _sure(shapes, round(m * exact), p) for m in multiples}
        best = max(sure, key=lambda m: sure[m])
        if sure[best] > _CHOSEN:
            found.append(best * exact)
    return [round(f * block) for f in found]


def _by_multiples(r: np.ndarray, top: int) -> float:
    """The period whose multiples lie nearest to the peaks at those of `top`; least squares."""
    if top <= 7:
        return float(top)
    exact, places = float(top), {1: top}
    for m in range(2, 15):
        at = round(m * exact)
        if at + top // 6 >= len(r) * 2 // 3:
            break
        near = _near(r, at, top // 6)
        if r[near] < 0.5 * r[top]:
            break
        places[m] = near
        exact = sum(m * place for m, place in places.items()) / sum(m * m for m in places)
    return exact


def _mean(shapes: list[Shape]) -> np.ndarray:
    """The mean autocorrelation, up to the lag that half of the points reach."""
    most = max(len(s.r) for s in shapes)
    total, weight = np.zeros(most), np.zeros(most)
    for s in shapes:
        total[: len(s.r)] += s.r * s.points
        weight[: len(s.r)] += s.points
    keep = weight >= weight[0] / 2
    return total[keep] / weight[keep]


def _first_top(r: np.ndarray, most: int) -> int | None:
    """The first peak that stands out at least .6 as far as any, up to the lag `most`."""
    inner = np.arange(2, min(most, len(r) - 2) + 1)
    inner = inner[inner + np.maximum(inner // 2, 1) < len(r)]
    if not len(inner):
        return None
    half = np.where(inner > 7, inner // 2, 1)
    contrast = r[inner] - (r[inner - half] + r[inner + half]) / 2
    top = (r[inner] >= r[inner - 1]) & (r[inner] > r[inner + 1])
    contrast = np.where(top, contrast, -np.inf)
    if not np.isfinite(contrast.max()) or contrast.max() <= 0:
        return None
    first = int(inner[np.flatnonzero(contrast >= 0.6 * contrast.max())[0]])
    return _near(r, first, first // 6) if first > 7 else first


def _near(r: np.ndarray, p: int, away: int) -> int:
    """The lag of greatest autocorrelation at most `away` from p."""
    low = max(2, p - away)
    return low + int(r[low : p + away + 1].argmax())


def _averaged(x: np.ndarray, block: int) -> np.ndarray:
    cut = x[: len(x) // block * block].reshape(-1, block, x.shape[1])
    count = (~np.isnan(cut)).sum(1)
    return np.where(count > 0, np.nansum(cut, 1) / np.maximum(count, 1), np.nan)
