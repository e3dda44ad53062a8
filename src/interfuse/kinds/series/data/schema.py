"""What a set of time series is fitted as: time, step, channels and periods. People may edit it.

**Layouts.** `wide`: a row is a point in time, columns are channels of one series. `long`: a column
names the series of each row. `array`: numbers without names, (T,), (T, C) or (N, T, C).

**Time** is counted in int64: nanoseconds since 1970 in UTC where there are dates, else the numbers
of the column itself, or the numbers of the rows. The grid on which the series lie is `grid` with
`step`; see `interfuse.kinds.series.data.grid`.

**Bounds** of a channel are what draws are clipped to. The lower one is 0 where no value is
negative; else the least value, if it is a floor, which is so if at least three values and 1 % of
them equal it. The upper one is the greatest value, if it is a ceiling by the same rule. Else there
is none, because a series may well go beyond what was seen.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

import polars as pl

from interfuse.errors import SchemaError
from interfuse.io.dtypes import dtype_from_json
from interfuse.io.origin import Origin
from interfuse.io.schemafile import SchemaFile
from interfuse.kinds.series.data.checks import (
    check_choice,
    check_types,
    check_zone,
    part_from_json,
    whole,
)

VERSION = 1
LAYOUTS = ("wide", "long", "array")
GRIDS = ("even", "rows", "business day", "month", "month end")
MOST_PERIODS = 3


@dataclass(frozen=True)
class Channel:
    """What is measured at every point.

    Attributes:
        name: of the column; of arrays, "0", "1", ...
        integer: whether all values seen are whole.
        minimum: draws are not below it; None for no bound.
        maximum: draws are not above it; None for no bound.
        dtype: the polars or numpy type, as text.
        decimals: that the values seen have at most, if these are few; draws have as many.
    """

    name: str
    integer: bool = False
    minimum: float | None = None
    maximum: float | None = None
    dtype: str = "Float64"
    decimals: int | None = None

    @property
    def unit(self) -> float:
        """What values are multiples of; 0 if of nothing."""
        if self.integer:
            return 1.0
        return 0.0 if self.decimals is None else 10.0**-self.decimals


@dataclass(frozen=True)
class Static:
    """A column that is constant within every series.

    Attributes:
        name: of the column.
        kind: "number" or "category".
        levels: the categories as text, in order; a code is a place in it.
    """

    name: str
    kind: str = "number"
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Covariate(Static):
    """A column that is known for the future too, such as a holiday or a price. See `Static`."""


_PARTS: dict[str, type] = {"channels": Channel, "statics": Static, "covariates": Covariate}


@dataclass(frozen=True)
class SeriesSchema(SchemaFile):
    """How series are read and written.

    Attributes:
        layout: one of `LAYOUTS`.
        time: the column of time; None where the number of the row is the time.
        zone: calendar zone of the stamps, such as "Europe/Vienna"; None for UTC or naive stamps.
        time_dtype: how stamps are written; see `interfuse.kinds.series.data.stamps`.
        step: from one grid point to the next: nanoseconds; for time that is a number, in its unit.
        calendar: whether time is dates, so that day, week and year mean something.
        step_name: the step for people: "5 min", "1 business day".
        series: the column that names the series of a row, in the long layout.
        channels: what is measured.
        statics: columns constant within every series.
        covariates: columns known for the future, as the user named them.
        periods: seasonal periods in steps, ascending; see `interfuse.kinds.series.data.periods`.
        grid: one of `GRIDS`.
        span: of the longest series, in the unit of `step`.
        ignored: columns of the data that are not used.
        types: all columns in their order, with their polars types as JSON.
        origin: the kind of frame or file, so that answers come back as the same.
    """

    layout: str
    time: str | None
    zone: str | None
    time_dtype: str
    step: int
    calendar: bool
    step_name: str
    series: str | None
    channels: tuple[Channel, ...]
    statics: tuple[Static, ...] = ()
    covariates: tuple[Covariate, ...] = ()
    periods: tuple[int, ...] = ()
    grid: str = "even"
    span: int = 0
    ignored: tuple[str, ...] = ()
    types: dict[str, Any] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)
    kind: str = "series"

    def __post_init__(self) -> None:
        check_choice("layout", self.layout, LAYOUTS)
        check_choice("grid", self.grid, GRIDS)
        if not whole(self.step) or self.step < 1:
            raise SchemaError(
                f"schema: step is {self.step!r}; expected a whole number of at least 1."
            )
        if not self.channels:
            raise SchemaError("schema: there are no channels. List at least one.")
        names = [c.name for c in (*self.channels, *self.statics, *self.covariates)]
        names += [n for n in (self.time, self.series) if n is not None]
        for name in names:
            if names.count(name) > 1:
                raise SchemaError(f"schema: column {name!r} is listed twice; list each once.")
        low = [p for p in self.periods if not whole(p) or p < 2]
        ordered = not low and all(a < b for a, b in pairwise(self.periods))
        if not ordered or len(self.periods) > MOST_PERIODS:
            raise SchemaError(
                f"schema: periods are {list(self.periods)}; expected at most {MOST_PERIODS} whole "
                "numbers of at least 2 steps, ascending."
            )
        check_zone(self.zone)
        for c in self.channels:
            if c.minimum is not None and c.maximum is not None and c.minimum > c.maximum:
                raise SchemaError(
                    f"schema: channel {c.name!r} has minimum {c.minimum:g} above maximum "
                    f"{c.maximum:g}. Exchange them, or set either to null."
                )
        for s in (*self.statics, *self.covariates):
            check_choice(f"kind of column {s.name!r}", s.kind, ("number", "category"))

    @property
    def columns(self) -> list[str]:
        """All columns of the data, in their order."""
        return list(self.types)

    def dtype(self, name: str) -> pl.DataType:
        """The polars type of a column; Float64 if it is not known."""
        return dtype_from_json(self.types[name]) if name in self.types else pl.Float64()

    @property
    def names(self) -> list[str]:
        """Those of the channels."""
        return [c.name for c in self.channels]

    def with_periods(self, *periods: int) -> SeriesSchema:
        """The same with other seasonal periods, in steps."""
        return replace(self, periods=tuple(sorted(periods)))

    def with_bounds(
        self, name: str, minimum: float | None = None, maximum: float | None = None
    ) -> SeriesSchema:
        """The same with other bounds of one channel.

        Raises:
            SchemaError: there is no such channel, or the bounds are the wrong way round.
        """
        if name not in self.names:
            known = ", ".join(map(repr, self.names[:8]))
            raise SchemaError(f"schema: there is no channel {name!r}; it has {known}.")
        changed = tuple(
            replace(c, minimum=minimum, maximum=maximum) if c.name == name else c
            for c in self.channels
        )
        return replace(self, channels=changed)

    def describe(self) -> str:
        """Lines for people."""
        from interfuse.kinds.series.data.describe import describe

        return "\n".join(f"{name:<10} {value}" for name, value in describe(self))

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        out: dict[str, Any] = {"version": VERSION, "kind": self.kind}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "origin":
                value = value.to_json()
            elif f.name in _PARTS:
                value = [asdict(part) for part in value]
            out[f.name] = list(value) if isinstance(value, tuple) else value
        return out

    @classmethod
    def from_json(cls, d: Any) -> SeriesSchema:
        """The inverse of `to_json`.

        Raises:
            SchemaError: malformed; the message names the entry.
        """
        if not isinstance(d, dict) or d.get("kind") != "series":
            raise SchemaError("schema: expected a JSON object with 'kind': 'series'.")
        if d.get("version", VERSION) != VERSION:
            raise SchemaError(
                f"schema: version {d.get('version')!r}; this interfuse reads version {VERSION}."
            )
        needed = ("layout", "time", "zone", "time_dtype", "step", "calendar", "step_name")
        for key in (*needed, "series", "channels"):
            if key not in d:
                raise SchemaError(f"schema: has no {key!r}. Add it, or infer the schema again.")
        known = {f.name for f in fields(cls)} | {"version"}
        for key in d:
            if key not in known:
                raise SchemaError(
                    f"schema: has an unknown entry {key!r}; it knows {', '.join(sorted(known))}."
                )
        given = {key: value for key, value in d.items() if key != "version"}
        check_types(given)
        for key, part in _PARTS.items():
            listed = enumerate(given.get(key, []))
            given[key] = tuple(part_from_json(part, key, i, value) for i, value in listed)
        for key in ("periods", "ignored"):
            given[key] = tuple(given.get(key, []))
        given["origin"] = Origin.from_json(given.get("origin", {}))
        return cls(**given)
