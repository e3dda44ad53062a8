"""The regular grids on which series lie.

A grid is walked from a start: `at(start, k)` is the stamp k steps after it.

    even          k times a step of nanoseconds. Steps of whole days are walked on the wall clock of
                  the zone, so that midnight stays midnight when the clock is changed; shorter
                  steps are walked in UTC.
    rows          the same for time that is a number.
    business day  Monday to Friday, at the time of day of the start.
    month         k times a number of months, on the day of the start or the last of the month.
    month end     the same, always on the last day of the month.

`nearest(start, stamps)` is the inverse: for every stamp the k whose grid point is nearest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from interfuse.kinds.series.data.zones import DAY, from_wall, to_wall

# Mean length of a month of the Gregorian calendar: 146,097 days in 4,800 months.
MONTH = 146_097 * DAY // 4_800
_UNITS = (
    (7 * DAY, "week"), (DAY, "day"), (DAY // 24, "hour"), (DAY // 1_440, "min"),
    (DAY // 86_400, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns"),
)  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """A grid; see the module.

    Attributes:
        kind: one of `schema.GRIDS`.
        step: nanoseconds, or the unit of a time that is a number; the mean length for months.
        zone: of the wall clock.
    """

    kind: str
    step: int
    zone: str | None = None

    @property
    def months(self) -> int:
        """How many months a step is."""
        return max(1, round(self.step / MONTH))

    @property
    def on_the_wall(self) -> bool:
        """Whether steps are walked on the wall clock."""
        return self.kind not in ("even", "rows") or (self.kind == "even" and self.step % DAY == 0)

    def wall(self, stamps: Any) -> np.ndarray:
        """Stamps as the clock shows them that the grid is walked on."""
        stamps = np.asarray(stamps, np.int64)
        if not self.on_the_wall:
            return stamps
        return to_wall(np.atleast_1d(stamps), self.zone).reshape(stamps.shape)

    def at(self, start: Any, k: Any) -> np.ndarray:
        """The stamps `k` steps after `start`; both may be arrays."""
        start, k = np.broadcast_arrays(np.asarray(start, np.int64), np.asarray(k, np.int64))
        if not self.on_the_wall:
            return start + k * self.step
        walked = self._walk(self.wall(start), k)
        return from_wall(np.atleast_1d(walked), self.zone)[0].reshape(k.shape)

    def nearest(self, start: Any, stamps: Any) -> tuple[np.ndarray, np.ndarray]:
        """The steps from `start` to the grid point nearest to each stamp, and how far that is.

        Returns:
            Steps, and by how much each stamp lies after its grid point, in the unit of `step`.
        """
        start, stamps = self.wall(start), self.wall(stamps)
        if self.kind in ("even", "rows"):
            after = stamps - start
            k = (after + self.step // 2) // self.step
            return k, after - k * self.step
        if self.kind == "business day":
            k = _weekdays(stamps // DAY) - _weekdays(start // DAY)
        else:
            k = np.rint((_months(stamps) - _months(start)) / self.months).astype(np.int64)
        k, start = np.broadcast_arrays(k, start)
        # The time of day, or the day of the month, may make a neighbour nearer.
        near = np.stack([stamps - self._walk(start, k + d) for d in (-1, 0, 1)])
        best = np.abs(near).argmin(0)
        return k + best - 1, np.take_along_axis(near, best[None], 0)[0]

    def _walk(self, wall: np.ndarray, k: np.ndarray) -> np.ndarray:
        """`at` on the wall clock."""
        if self.kind == "even":
            return wall + k * self.step
        day, clock = wall // DAY, wall % DAY
        if self.kind == "business day":
            return _day_of(_weekdays(day) + k) * DAY + clock
        month = day.astype("datetime64[D]").astype("datetime64[M]")
        first = (month + k * self.months).astype("datetime64[D]").astype(np.int64)
        last = (month + k * self.months + 1).astype("datetime64[D]").astype(np.int64) - 1
        if self.kind == "month end":
            return last * DAY + clock
        return (
            np.minimum(first + day - month.astype("datetime64[D]").astype(np.int64), last) * (DAY)
            + clock
        )

    @property
    def name(self) -> str:
        """The step for people."""
        if self.kind == "rows":
            return f"{self.step}" if self.step != 1 else "1 row"
        if self.kind == "business day":
            return "1 business day"
        if self.kind in ("month", "month end"):
            many = self.months
            years = many % 12 == 0
            return _plural(many // 12, "year") if years else _plural(many, "month")
        return duration(self.step)


def duration(ns: int) -> str:
    """A number of nanoseconds for people, in one unit: "5 min"."""
    for unit, name in _UNITS:
        if ns and ns % unit == 0:
            return _plural(ns // unit, name)
    return "0 s"


def about(ns: float) -> str:
    """A number of nanoseconds for people, to three digits: "3.27 hours"."""
    for unit, name in _UNITS[1:]:
        if abs(ns) >= unit:
            many = float(f"{ns / unit:.3g}")
            return f"{many:g} {name}" + "s" * (name in ("day", "hour") and many != 1)
    return "0 s"


def _plural(many: int, name: str) -> str:
    return f"{many:,} {name}" + "s" * (
        many != 1 and name in ("year", "month", "week", "day", "hour")
    )


def _weekdays(day: np.ndarray) -> np.ndarray:
    """Working days from Monday 1969-12-29 to a day; Saturday and Sunday count as Friday."""
    since = np.asarray(day) + 3
    return since // 7 * 5 + np.minimum(since % 7, 4)


def _day_of(weekdays: np.ndarray) -> np.ndarray:
    """The inverse of `_weekdays` for working days."""
    return weekdays // 5 * 7 + weekdays % 5 - 3


def _months(wall: np.ndarray) -> np.ndarray:
    """Months since 1970-01."""
    return (wall // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
