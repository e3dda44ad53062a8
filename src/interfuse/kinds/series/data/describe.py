"""A schema of series for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from interfuse.kinds.series.data.grid import Grid, about
from interfuse.kinds.series.data.zones import DAY

_KNOWN = {"hour": DAY // 24, "day": DAY, "week": 7 * DAY, "year": 31_556_952_000_000_000}


class _Measured(Protocol):
    """What is told of a `Channel`."""

    @property
    def name(self) -> str: ...
    @property
    def integer(self) -> bool: ...
    @property
    def minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...
    @property
    def decimals(self) -> int | None: ...
    @property
    def levels(self) -> Sequence[str]: ...


class _Part(Protocol):
    """What is told of a `Static` or a `Covariate`."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def levels(self) -> Sequence[str]: ...


class _Described(Protocol):
    """What is told of a `SeriesSchema`."""

    @property
    def time(self) -> str | None: ...
    @property
    def zone(self) -> str | None: ...
    @property
    def grid(self) -> str: ...
    @property
    def step(self) -> int: ...
    @property
    def step_name(self) -> str: ...
    @property
    def calendar(self) -> bool: ...
    @property
    def span(self) -> int: ...
    @property
    def series(self) -> str | None: ...
    @property
    def channels(self) -> Sequence[_Measured]: ...
    @property
    def statics(self) -> Sequence[_Part]: ...
    @property
    def covariates(self) -> Sequence[_Part]: ...
    @property
    def periods(self) -> Sequence[int]: ...
    @property
    def ignored(self) -> Sequence[str]: ...


def describe(schema: _Described) -> list[tuple[str, str]]:
    """Rows (name, value) for printing."""
    s = schema
    time = repr(s.time) if s.time is not None else "the number of the row"
    rows = [("Time", f"{time}, {s.step_name} apart" + (f", zone {s.zone}" if s.zone else ""))]
    if s.calendar and s.span:
        rows.append(("Span", f"{about(s.span)} at most"))
    if s.series is not None:
        rows.append(("Series", f"by column {s.series!r}"))
    some = "; ".join(_channel(c) for c in s.channels[:12])
    more = f" and {len(s.channels) - 12:,} more" if len(s.channels) > 12 else ""
    rows.append(("Channels", f"{len(s.channels):,}: {some}{more}"))
    if s.statics:
        rows.append(("Constant", "; ".join(map(_part, s.statics))))
    if s.covariates:
        rows.append(("Known", "; ".join(map(_part, s.covariates)) + " (for the future too)"))
    rows.append(("Periods", ", ".join(period_name(s, p) for p in s.periods) or "none found"))
    if s.ignored:
        rows.append(("Not used", ", ".join(map(repr, s.ignored[:12]))))
    return rows


def period_name(schema: _Described, period: int) -> str:
    """A period for people: "288 steps (1 day)"."""
    grid = Grid(schema.grid, schema.step, schema.zone)
    text = f"{period:,} steps"
    if not schema.calendar:
        return text
    if grid.kind == "business day":
        return text + {5: " (1 week)", 261: " (1 year)"}.get(period, "")
    length = period * schema.step
    for name, known in _KNOWN.items():
        if abs(length - known) < min(schema.step, known / 100):
            return f"{text} (1 {name})"
    return f"{text} ({about(length)})"


def _channel(c: _Measured) -> str:
    if c.levels:
        some = ", ".join(c.levels[:6]) + (", ..." if len(c.levels) > 6 else "")
        return f"{c.name} ({len(c.levels):,} states: {some})"
    low = "-inf" if c.minimum is None else f"{c.minimum:g}"
    high = "inf" if c.maximum is None else f"{c.maximum:g}"
    few = "" if c.decimals is None else f" of {c.decimals} decimal{'s' * (c.decimals != 1)}"
    return f"{c.name} ({'whole numbers' if c.integer else 'numbers' + few}, {low} to {high})"


def _part(s: _Part) -> str:
    return s.name + (f" ({len(s.levels):,} categories)" if s.kind == "category" else "")
