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

from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Annotated, Any

import polars as pl
from msgspec import Meta, Struct, structs

from interfuse.errors import SchemaError
from interfuse.io.dtypes import dtype_from_json, dtype_schema
from interfuse.io.jsonschema import json_schema, one_of
from interfuse.io.origin import Origin
from interfuse.io.records import checked
from interfuse.io.schemafile import COMPLETES, SchemaFile
from interfuse.kinds.series.data.checks import check_choice, check_zone, whole

VERSION = 1
COLUMN_KINDS = ("number", "category")
MOST_DECIMALS = 300
LAYOUTS = ("wide", "long", "array")
GRIDS = ("even", "rows", "business day", "month", "month end")
MOST_PERIODS = 3
Period = Annotated[int, Meta(ge=2, le=2**31 - 1)]
PERIODS = {"words": f"at most {MOST_PERIODS} whole numbers of at least 2 steps, ascending"}


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """What is measured at every point.

    Attributes:
        name: of the column; of arrays, "0", "1", ...
        integer: whether all values seen are whole.
        minimum: draws are not below it; None for no bound.
        maximum: draws are not above it; None for no bound.
        dtype: the polars or numpy type, as text.
        decimals: that the values seen have at most, if these are few; draws have as many.
        levels: the states, of a channel that has no numbers; its values are places in it.
    """

    name: str
    integer: bool = False
    minimum: float | None = None
    maximum: float | None = None
    dtype: str = "Float64"
    decimals: Annotated[int, Meta(ge=0, le=MOST_DECIMALS)] | None = None
    levels: tuple[str, ...] = ()

    @property
    def unit(self) -> float:
        """What values are multiples of; 0 if of nothing."""
        if self.integer:
            return 1.0
        return 0.0 if self.decimals is None else 10.0**-self.decimals


class Static(Struct, frozen=True, forbid_unknown_fields=True):
    """A column that is constant within every series.

    Attributes:
        name: of the column.
        kind: "number" or "category".
        levels: the categories as text, in order; a code is a place in it.
    """

    name: str
    kind: Annotated[str, one_of(COLUMN_KINDS)] = "number"
    levels: tuple[str, ...] = ()


class Covariate(Static, frozen=True, forbid_unknown_fields=True):
    """A column that is known for the future too, such as a holiday or a price. See `Static`."""


_LATER = ("every", "events")
_PARTS = ("channels", "statics", "covariates")


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
        every: nanoseconds over which rows are gathered first (`gather`); 0 where each is a step.
        events: the channel that counts rows, where these are events.
        ignored: columns of the data that are not used.
        types: all columns in their order, with their polars types as JSON.
        origin: the kind of frame or file, so that answers come back as the same.
    """

    layout: Annotated[str, one_of(LAYOUTS)]
    time: str | None
    zone: str | None
    time_dtype: str
    step: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    calendar: bool
    step_name: str
    series: str | None
    channels: tuple[Channel, ...]
    statics: tuple[Static, ...] = ()
    covariates: tuple[Covariate, ...] = ()
    periods: Annotated[tuple[Period, ...], Meta(max_length=MOST_PERIODS, extra=PERIODS)] = ()
    grid: Annotated[str, one_of(GRIDS)] = "even"
    span: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    every: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    events: str | None = None
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
            check_choice(f"kind of column {s.name!r}", s.kind, COLUMN_KINDS)
        for c in self.channels:
            if len(set(c.levels)) < len(c.levels):
                raise SchemaError(f"schema: channel {c.name!r} has a level twice; list each once.")

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

    @property
    def states(self) -> list[int]:
        """Places of the channels that have levels."""
        return [j for j, c in enumerate(self.channels) if c.levels]

    @property
    def numbers(self) -> SeriesSchema:
        """The same without states, for a network of numbers; of states alone their codes."""
        kept = tuple(c for c in self.channels if not c.levels)
        if len(kept) == len(self.channels):
            return self
        coded = tuple(structs.replace(c, levels=(), integer=True) for c in self.channels)
        return replace(self, channels=kept or coded)

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
            structs.replace(c, minimum=minimum, maximum=maximum) if c.name == name else c
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
                value = [_part(part) for part in value]
            if f.name in _LATER and not value:  # so that older schemas are what they were
                continue
            out[f.name] = list(value) if isinstance(value, tuple) else value
        return out

    @classmethod
    def from_json(cls, d: Any) -> SeriesSchema:
        """The inverse of `to_json`.

        Raises:
            SchemaError: malformed; the message names the entry.
        """
        given = cls.entries(d, "series", VERSION, (f.name for f in fields(cls)))
        origin = given.pop("origin", {})
        read = checked(given, cls, "schema", SchemaError)
        for dtype in read.types.values():
            dtype_from_json(dtype)
        return replace(read, origin=Origin.from_json(origin))

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """What editors complete from."""
        out = json_schema(cls)
        properties = out["properties"]
        words = properties["origin"]["description"]
        properties |= {
            COMPLETES: {"type": "string"},
            "version": {"const": VERSION},
            "kind": {"const": "series"},
            "origin": {"type": "object", "description": words},
        }
        properties["types"]["additionalProperties"] = dtype_schema()
        out["required"] = ["kind", *out["required"]]
        out["additionalProperties"] = False
        out["$defs"].pop("Origin", None)
        return out


def _part(part: Struct) -> dict[str, Any]:
    """A part as JSON; channels without levels are as they always were."""
    out = structs.asdict(part)
    if isinstance(part, Channel) and not part.levels:
        del out["levels"]
    return out
