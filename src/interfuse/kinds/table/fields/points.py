"""Columns of points in time, times of day and durations.

A condition may name a part of the day, "22:00..02:00": from the first moment, before the second, on
every day; where the second is not after the first it is of the next day. Times of a zone are read
in it.
"""

from __future__ import annotations

import datetime as dt
import re

import polars as pl

from interfuse.errors import ConditionError
from interfuse.kinds.table.fields.limit import Limit, Range
from interfuse.kinds.table.fields.number import NumberField
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.union import joined

MOST_DAYS = 4_000
_MOMENT = r"(\d{1,2}):(\d\d)(?::(\d\d))?"
_PART = re.compile(rf"{_MOMENT}\s*\.\.\s*{_MOMENT}")


@register_field
class TimeField(NumberField):
    """Dates, times and durations: numbers inside."""

    kind = "datetime"
    words = "dates, times and durations; as numbers, on the data's own grid"
    role = "time"

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Times of any sort."""
        return dtype.is_temporal()

    def word(self, text: str) -> Limit | None:
        """A part of the day.

        Raises:
            ConditionError: the column spans too many days, or no time seen lies in it.
        """
        match = _PART.fullmatch(text)
        if match is None or not (self.dtype == pl.Time or isinstance(self.dtype, pl.Datetime)):
            return None
        begin, end = (_seconds(self.name, match.groups()[i : i + 3]) for i in (0, 3))
        return self._parts(begin, end, text)

    def word_except(self, text: str) -> Limit | None:
        """The rest of the day."""
        match = _PART.fullmatch(text)
        return None if match is None else self.word("..".join(text.split("..")[::-1]))

    def _parts(self, begin: int, end: int, text: str) -> Limit:
        if self.quantiles is None:
            raise ConditionError(f"column {self.name!r}: no time was seen.")
        parts = []
        for low, high in self._moments(begin, end):
            limit, _ = self.limit_between(Range(low, high, open_high=True), low, high)
            parts += [] if limit is None else [limit]
        if not parts:
            raise ConditionError(f"column {self.name!r}: no time seen lies in {text}.")
        return joined(self.name, parts)

    def _moments(self, begin: int, end: int) -> list[tuple[int, int]]:
        """Physical values of the beginning and the end on every day seen."""
        if self.dtype == pl.Time:
            unit, day = 10**9, 86_400
            whole = [(begin, end)] if begin < end else [(0, end), (begin, day)]
            return [(a * unit, b * unit) for a, b in whole if a < b]
        assert self.quantiles is not None
        ends = pl.Series(list(self.quantiles.range)).cast(pl.Int64).cast(self.dtype)
        first, last = (d - dt.timedelta(days=1) for d in ends.dt.date())
        days = (last - first).days + 3
        if days > MOST_DAYS:
            raise ConditionError(
                f"column {self.name!r}: it spans {days:,} days; a part of the day can be asked for "
                f"of at most {MOST_DAYS:,}. Hold it in a shorter range."
            )
        dates = pl.date_range(first, first + dt.timedelta(days=days), eager=True)
        after = end if end > begin else end + 86_400
        starts, stops = (self._at(dates, seconds) for seconds in (begin, after))
        pairs = zip(starts, stops, strict=True)
        return [(a, b) for a, b in pairs if a is not None and b is not None and a < b]

    def _at(self, dates: pl.Series, seconds: int) -> list[int | None]:
        """Physical values of a moment of each day; None where the zone's clocks skip it."""
        unit, zone = self.dtype.time_unit, self.dtype.time_zone  # type: ignore[attr-defined]
        moment = dates.cast(pl.Datetime(unit)) + dt.timedelta(seconds=seconds)
        if zone is not None:
            moment = moment.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return moment.to_physical().to_list()


def _seconds(name: str, parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds = (int(p or 0) for p in parts)
    if hours > 24 or minutes > 59 or seconds > 59 or (hours == 24 and minutes + seconds):
        raise ConditionError(f"column {name!r}: {hours}:{minutes:02d} is no time of day.")
    return 3600 * hours + 60 * minutes + seconds
