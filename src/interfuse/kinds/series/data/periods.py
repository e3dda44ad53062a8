r"""Seasonal periods, told from the calendar and confirmed by the coherence of their cycles.

`coherence` says of one series and one period how sure it is, p, and which share of the variance
above the slow level repeats, rho. Of m series and channels, which may depend on each other in any
way, with their p-values in order,

$$ p = p_{(k)} m / k, \qquad k = \lceil m / 10 \rceil $$

is a p-value again (Rueger 1978): a tenth of them must have the period. It is confirmed if it is
seen twice, if p is below `SURE`, and if the mean rho of those k is above `LEAST`. What repeats
with it is subtracted before longer ones are looked at.

Candidates are the hour, the day, the week and the year, where they are whole numbers of steps. If
none is confirmed, or time has no dates, they are the peaks of the autocorrelation, one an octave
(`peaks`), and then the multiples of the one that is found (2 to 14). As these are chosen from what
was seen, they must be surer (`CHOSEN`) and repeat more (`LEAST_CHOSEN`), and a drift of the phase
is allowed for in multiples that are such peaks themselves, and in nothing else.

Of many channels and series some are looked at, at most 200, and 1,000,000 points of them.
"""

from __future__ import annotations

import numpy as np

from interfuse.kinds.series.data.coherence import NOTHING, Verdict, repeats
from interfuse.kinds.series.data.grid import Grid
from interfuse.kinds.series.data.level import blocks, without_season
from interfuse.kinds.series.data.peaks import octave_peaks
from interfuse.kinds.series.data.schema import MOST_PERIODS
from interfuse.kinds.series.data.zones import DAY

SURE, CHOSEN = 1e-3, 1e-4
LEAST, LEAST_CHOSEN, LEAST_NEAR = 0.02, 0.1, 0.4
SOME = 0.1
FEWEST_POINTS = 12
SEEN = 2.5
"""Cycles of a period that the calendar does not name, at least."""
MULTIPLES = range(2, 15)
SAME = 0.05
"""Of a period: those that lie nearer are told apart by nothing."""
_HOUR, _WEEK, _YEAR = DAY // 24, 7 * DAY, 31_556_952_000_000_000
_POINTS = 1_000_000
_COARSE = 50_000
_SERIES, _LOOKED = 200, 20
"""Series, at most, that are held against the calendar, and that are searched for other periods."""


def find_periods(values: list[np.ndarray], grid: Grid, calendar: bool) -> tuple[int, ...]:
    """Periods in steps, ascending, at most 3; none where none is confirmed.

    Args:
        values: (T_i, C) each, NaN missing.
        grid: they lie on.
        calendar: whether it counts dates.
    """
    some = _some(values)
    if not some:
        return ()
    found = _of_calendar(some, calendar_periods(grid)) if calendar else []
    return tuple((found or _of_data(some))[-MOST_PERIODS:])


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


def _some(values: list[np.ndarray]) -> list[np.ndarray]:
    """Single channels that vary, in units of their size, until there are `_POINTS` points."""
    out, left = [], _POINTS
    width = values[0].shape[1] if values else 0
    for pair in np.random.default_rng(0).permutation(len(values) * width):
        x = values[pair // width][:, pair % width]
        seen = x[~np.isnan(x)]
        if len(seen) < FEWEST_POINTS or seen.min() == seen.max():
            continue
        # Scaled before anything is squared, so that no value is too large or too small for it.
        middle, size = np.median(seen), np.abs(seen).max()
        scaled = (x - middle) / size
        if np.nanstd(scaled) > 1e-12:
            out.append(scaled)
            left -= len(x)
        if left <= 0 or len(out) == _SERIES:
            break
    return out


def _of_calendar(series: list[np.ndarray], candidates: list[int]) -> list[int]:
    """Those of the calendar that are confirmed."""
    found: list[int] = []
    rest, longest = series, max(map(len, series))
    for period in candidates:
        if 2 * period > longest:
            break
        part = max((f for f in found if period % f == 0), default=1)
        verdict = _together([repeats(x, period, part) for x in (series if part > 1 else rest)])
        if verdict.p_value < SURE and verdict.rho > LEAST:
            found.append(period)
            rest = [without_season(x, period) if 4 * period < len(x) else x for x in rest]
    return found


def _of_data(series: list[np.ndarray]) -> list[int]:
    """A period that the series show by themselves, and one that is a multiple of it."""
    size = max(1, -(-max(map(len, series)) // _COARSE))
    coarse = [blocks(x, size) for x in series[:_LOOKED]]
    candidates = _apart([p for x in coarse[: _LOOKED // 4] for p in octave_peaks(x)])
    sure: dict[float, float] = {}
    for exact in candidates:
        seen = [x for x in coarse if len(x) >= SEEN * round(exact)]
        verdict = _together([repeats(x, round(exact), near=False) for x in seen])
        if verdict.p_value < CHOSEN / len(candidates) and verdict.rho > LEAST_CHOSEN:
            sure[exact] = verdict.rho
    if not sure:
        return []
    best = max(sure, key=lambda p: sure[p])
    first = min(p for p in sure if _divides(p, best))
    times = _multiple(coarse, round(first), candidates)
    return [round(p * size) for p in ([first, times * first] if times else [first])]


def _apart(periods: list[float]) -> list[float]:
    """Those that differ by more than `SAME` of themselves; the first of those that do not."""
    out: list[float] = []
    for period in periods:
        if all(abs(period - other) > SAME * other for other in out):
            out.append(period)
    return sorted(out)


def _divides(part: float, whole: float) -> bool:
    """Whether a whole number of parts make it up, as well as one can see."""
    times = round(whole / part)
    return 1 <= times < MULTIPLES.stop and abs(whole - times * part) <= SAME * part


def _multiple(series: list[np.ndarray], period: int, peaks: list[float]) -> int:
    """How many periods make up a longer one; 0 if none does.

    A week of six cycles is too short for all pairs of them to be sure. Where the autocorrelation
    has the peak of its octave, neighbours may decide, as for a week that the calendar names, if
    they repeat `LEAST_NEAR` of the variance.
    """
    best, repeated = 0, LEAST_CHOSEN
    for times in MULTIPLES:
        if 3 * times * period > max(map(len, series)):
            break
        peak = any(abs(times * period - p) <= SAME * p for p in peaks)
        for near in (False, True) if peak else (False,):
            long = [repeats(x, times * period, period, near=near) for x in series]
            verdict = _together(long)
            least = max(repeated, LEAST_NEAR) if near else repeated
            if verdict.p_value < CHOSEN / len(MULTIPLES) and verdict.rho > least:
                best, repeated = times, verdict.rho
    return best


def _together(verdicts: list[Verdict]) -> Verdict:
    """Of many series together: see the module."""
    many = len(verdicts)
    if not many:
        return NOTHING
    k = -int(-SOME * many // 1)
    surest = sorted(verdicts)[:k]
    rho = float(np.mean([v.rho for v in surest]))
    return Verdict(min(1.0, surest[-1].p_value * many / k), rho)
