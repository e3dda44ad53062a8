"""The grid of some series, told from their stamps.

**Step.** The most common difference between neighbours, if at least 95 % of the differences are
within a tenth of it of a multiple; the most common of those for which that holds. Else the data is
irregular, and the step is the median difference, brought to a round number of seconds, minutes or
hours where one is within 5 %. Stamps that come late make odd differences: if a round step within a
tenth leaves residuals that are small and no larger, it is the step. Residuals are measured around
the circle of one step, 1 - |mean of exp(2 pi i t / step)| of each series: an odd step drifts away.

**Months, working days.** Stamps that lie on one day of the month, or on its last, a month or more
apart, at times of day less than half a day apart, lie on a grid of months. Daily stamps of which
none is on a weekend, over two weeks or more, lie on a grid of working days.

**Start.** If at least half of the stamps of a series leave the same remainder by the step, its grid
goes through these; else through the multiples of the step, unless most stamps lie far from those
and near to each other: then through a round fraction of the step near their middle.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from interfuse.kinds.series.data.grid import MONTH, Grid
from interfuse.kinds.series.data.zones import DAY

_NEAR, _ENOUGH, _TRIED = 0.1, 0.95, 8
_SMALL, _ALIKE = 0.25, 0.01
ROUND = [
    many * unit
    for unit, counts in (
        (1_000_000, (1, 2, 5, 10, 20, 50, 100, 200, 500)),
        (1_000_000_000, (1, 2, 5, 10, 15, 20, 30)),
        (60_000_000_000, (1, 2, 3, 5, 6, 10, 12, 15, 20, 30)),
        (3_600_000_000_000, (1, 2, 3, 4, 6, 8, 12)),
        (DAY, (1, 2, 7, 14)),
    )
    for many in counts
]
"""Lengths that people choose for steps, in nanoseconds."""

_SECOND = 1_000_000_000


def find_grid(stamps: np.ndarray, groups: np.ndarray, zone: str | None, dates: bool) -> Grid | None:
    """The grid on which most stamps lie; None if no series has two.

    Args:
        stamps: (n,) sorted within each series, without repeats.
        groups: (n,) ascending: which series each is of.
        zone: of the wall clock.
        dates: whether stamps are nanoseconds.
    """
    same = np.diff(groups) == 0
    moves = np.diff(stamps)[same]
    if not len(moves):
        return None
    if not dates:
        return Grid("rows", _rounded(_step(moves, False), stamps, groups, False), zone)
    if np.median(moves) >= DAY * 27 / 28:  # a day of 23 hours is a day
        day = Grid("even", DAY, zone)
        wall = day.wall(stamps)
        moves = np.diff(wall)[same]
        found = _months(wall, moves, zone)
        if found is not None:
            return found
        step = _rounded(_step(moves, True), wall, groups, True)
        if step == DAY and _working(wall, groups):
            return Grid("business day", DAY, zone)
        return Grid("even", step, zone)
    return Grid("even", _rounded(_step(moves, True), stamps, groups, True), zone)


def starts_of(grid: Grid, stamps: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The start of each series' grid: the grid point nearest to its first stamp.

    Args:
        grid: the grid.
        stamps: (n,) sorted within each series.
        first: (N + 1,) where each series begins, and the end.
    """
    starts = stamps[first[:-1]].copy()
    if grid.kind not in ("even", "rows"):
        return starts
    wall = grid.wall(stamps)
    for i, (a, b) in enumerate(pairwise(first)):
        rest = wall[a:b] % grid.step
        if (rest == rest[0]).all():
            continue
        values, counts = np.unique(rest, return_counts=True)
        best = counts.argmax()
        phase = int(values[best]) if 2 * counts[best] >= b - a else _phase(rest, grid.step)
        k = (int(wall[a]) - phase + grid.step // 2) // grid.step
        shift = k * grid.step + phase - int(wall[a])
        starts[i] += shift
    return starts


def _step(moves: np.ndarray, dates: bool) -> int:
    values, counts = np.unique(moves, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_TRIED]
    for step in values[order]:
        if counts[values == step][0] < 0.01 * len(moves):
            break
        k = np.maximum((values + step // 2) // step, 1)
        near = np.abs(values - k * step) <= _NEAR * step
        if counts[near].sum() >= _ENOUGH * len(moves):
            return int(step)
    step = float(np.median(moves))
    if dates:
        closest = min(ROUND, key=lambda r: abs(np.log(r / step)))
        if abs(closest / step - 1) <= 0.05:
            return closest
        if step >= 2e9:
            return round(step / 1e9) * 1_000_000_000
    return max(1, round(step))


def _rounded(step: int, stamps: np.ndarray, groups: np.ndarray, dates: bool) -> int:
    """A round step near to this one, if stamps keep closer to it."""
    first = np.flatnonzero(np.concatenate([[True], np.diff(groups) != 0]))
    since = stamps - np.repeat(stamps[first], np.diff(np.append(first, len(stamps))))
    here = _residual(since, first, step)
    if here == 0:
        return step
    for rounds in _near(step, dates):
        found = [(_residual(since, first, r), r) for r in rounds]
        best, value = min(found, default=(1.0, step))
        if best < min(here + _ALIKE, _SMALL):
            return value
    return step


def _residual(since: np.ndarray, first: np.ndarray, step: int) -> float:
    """How far stamps stray around the circle of a step, 0 to 1; see the module."""
    turn = np.exp(2j * np.pi * ((since % step) / step))
    length = np.diff(np.append(first, len(since)))
    resultant = np.abs(np.add.reduceat(turn, first))
    off = 1 - float(resultant.sum() / length.sum())
    return off if off > 1e-9 else 0.0


def _near(step: int, dates: bool) -> list[list[int]]:
    """Round steps within a tenth, the roundest first."""
    if dates:
        finer = next(
            (u for limit, u in ((60 * _SECOND, _SECOND), (DAY // 24, 30 * _SECOND),
                                (DAY, DAY // 96)) if _SECOND <= step < limit),
            DAY if step >= DAY else 0,
        )  # fmt: skip
        many = step // finer if finer else 0
        some = [finer * k for k in range(int(many * 0.9), int(many * 1.1) + 2) if k]
        lists = [ROUND, some]
    else:
        tens = [int(m * 10**k) for k in range(1, 19) for m in (0.1, 0.2, 0.25, 0.5)]
        clock = (15, 30, 60, 300, 600, 900, 1800, 3600, 86400)
        lists = [tens, [c * 1000**k for k in range(4) for c in clock]]
    return [[r for r in rounds if abs(r / step - 1) <= _NEAR] for rounds in lists]


def _phase(rest: np.ndarray, step: int) -> int:
    """Where a grid lies of whose stamps few have one remainder by the step."""
    mean = np.exp(2j * np.pi * (rest / step)).mean()
    middle = float(np.angle(mean) / (2 * np.pi) % 1)
    if abs(mean) < 1 - _SMALL or min(middle, 1 - middle) <= _SMALL:
        return 0
    for parts in (2, 4, 12, 60):
        near = round(middle * parts) / parts
        if abs(near - middle) <= 0.05:
            return round(near * step) % step
    return round(middle * step)


def _months(wall: np.ndarray, moves: np.ndarray, zone: str | None) -> Grid | None:
    if np.median(moves) < 28 * DAY:
        return None
    day = (wall // DAY).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    place = (day - month.astype("datetime64[D]")).astype(np.int64)
    last = day + 1 == (month + 1).astype("datetime64[D]")
    apart = np.unique(np.rint(moves / MONTH).astype(np.int64))
    apart = apart[apart > 0]
    if np.ptp(wall % DAY) >= DAY // 2 or not len(apart):
        return None
    many = int(np.gcd.reduce(apart))
    latest = place.max()
    if last.all():
        return Grid("month end", many * MONTH, zone)
    if ((place == latest) | (last & (place < latest))).all():
        return Grid("month", many * MONTH, zone)
    return None


def _working(wall: np.ndarray, groups: np.ndarray) -> bool:
    weekday = (wall // DAY + 3) % 7
    long = (wall.max() - wall.min() >= 14 * DAY) and len(wall) > len(np.unique(groups)) * 5
    return bool(long and (weekday < 5).all())
