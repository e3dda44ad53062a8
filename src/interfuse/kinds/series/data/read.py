"""Series of any origin to a `SeriesSet`.

`data.source` says what the data may be, `roles` which column is what, `stamps` and
`zones` how time is read, `layout` and `build` how rows come onto a grid.

A model that is asked passes its schema: the columns must be those it was fitted to, the step and
the zone stay, the series may be others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError, OptionError
from interfuse.io.dtypes import dtype_to_json
from interfuse.io.origin import Origin
from interfuse.kinds.series.data.build import Placed, place_rows
from interfuse.kinds.series.data.columns import (
    channel_of,
    channel_values,
    levels_of,
    part_of,
    without_infinite,
)
from interfuse.kinds.series.data.gather import Gathering, gathered, hinted, planned
from interfuse.kinds.series.data.grid import Grid
from interfuse.kinds.series.data.match import match_roles
from interfuse.kinds.series.data.periods import find_periods
from interfuse.kinds.series.data.repeats import refuse_repeats
from interfuse.kinds.series.data.roles import Roles, find_roles
from interfuse.kinds.series.data.schema import Channel, Covariate, SeriesSchema, Static
from interfuse.kinds.series.data.seriesset import SeriesSet, grid_of
from interfuse.kinds.series.data.source import Arrays, Table, find, origin_of
from interfuse.kinds.series.data.stamps import is_calendar
from interfuse.kinds.series.data.steps import refuse_steps
from interfuse.kinds.series.data.tableparts import (
    series_of,
    split_ahead,
    stamps_of,
    statics_of,
    values_of,
)
from interfuse.kinds.series.data.zones import is_zone

__all__ = ["read_series"]


def read_series(
    data: Any,
    *,
    schema: SeriesSchema | None = None,
    time: str | None = None,
    series: str | None = None,
    channels: Sequence[str] | None = None,
    known_future: Sequence[str] = (),
    zone: str | None = None,
    events: bool = False,
    every: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> SeriesSet:
    """Read series.

    Args:
        data: a path, `-`, a frame or arrays; see `interfuse.kinds.series.data.source`.
        schema: of a fitted model; the data must have its columns.
        time: the column of time; found unless named.
        series: the column that names the series; found unless named.
        channels: the columns to model; all columns of numbers unless named.
        known_future: columns that are known for the future too.
        zone: of local stamps; of the calendar where stamps are instants.
        events: count rows, each of which is an event at a time of its own.
        every: the step that rows are counted in or averaged over, such as "5min".
        tell: called with each note on what was done.

    Raises:
        DataError: the data cannot be read as series; the message says why and what to do.
        OptionError: the zone is unknown.
    """
    if zone is not None and not is_zone(zone):
        raise OptionError(f"zone {zone!r}: is no known time zone. Use a name like 'Europe/Vienna'.")
    found = find(data, series, schema.columns if schema is not None else ())
    notes: list[str] = []
    if isinstance(found, Arrays):
        if events or every is not None:
            raise OptionError("every, events: are for tables with a column of time.")
        out = _read_arrays(found, schema)
    else:
        how = None
        if schema is None:
            how = planned(
                found, found.where, time=time, series=series, every=every, events=events,
                notes=notes,
            )  # fmt: skip
            if how is not None:
                found = gathered(found, how, notes)
                time, series = how.time, how.series
            roles = find_roles(
                found.frame, found.where,
                time=time, series=series, channels=channels, known_future=known_future,
            )  # fmt: skip
        else:
            found = gather_for(schema, found, notes)
            roles = match_roles(found.frame, schema, found.where)
        out = _read_table(found, roles, schema, zone, notes, how)
    for note in out.notes if tell is not None else []:
        tell(note)  # type: ignore[misc]
    return out


def _read_arrays(found: Arrays, schema: SeriesSchema | None) -> SeriesSet:
    parts, infinite, dtype = [], 0, found.dtype
    for part in found.parts:
        clean, many = without_infinite(part.astype(np.float64))
        parts.append(clean)
        infinite += many
    notes = [found.note] * bool(found.note) + _infinite(infinite)
    width = parts[0].shape[1]
    origin = Origin("other", {"": {"array": found.form}})
    if schema is None:
        _refuse_nothing(parts, found.where)
        if max(map(len, parts)) < 2:
            raise DataError(f"{found.where}: has one point in time. Expected at least two.")
        flat = [np.concatenate([p[:, c] for p in parts]) for c in range(width)]
        made = tuple(channel_of(str(c), flat[c], dtype) for c in range(width))
        schema = SeriesSchema(
            "array", None, None, "rows", 1, False, "1 row", None, made,
            grid="rows", span=max(map(len, parts)) - 1, origin=origin,
        )  # fmt: skip
        schema = replace(schema, periods=find_periods(parts, grid_of(schema), False))
    elif len(schema.channels) != width or schema.time is not None or schema.covariates:
        raise DataError(
            f"{found.where}: has {width} channels without names; the model was fitted to "
            f"{len(schema.channels)}"
            + (f" and a time, {schema.time!r}. Pass a frame." if schema.time else ".")
        )
    else:
        schema = replace(schema, layout="array", origin=origin)
    many = len(parts)
    nothing = [np.empty((len(p), 0)) for p in parts]
    return SeriesSet(
        schema, found.names, np.zeros(many, np.int64), parts, nothing,
        [np.empty((0, 0))] * many, np.full((many, len(schema.statics)), np.nan), notes,
    )  # fmt: skip


def _read_table(
    found: Table, roles: Roles, schema: SeriesSchema | None, zone: str | None,
    notes: list[str], how: Gathering | None,
) -> SeriesSet:  # fmt: skip
    frame, where = found.frame, found.where
    notes += roles.notes
    codes, names, used = series_of(frame, roles, notes)
    stamps, used, zone = stamps_of(frame, roles, codes, used, schema, zone, where, notes)
    rows = np.flatnonzero(used)
    if not len(rows):
        raise DataError(f"{where}: no row has both a time and a series. Expected at least one.")
    if len(rows) < frame.height:
        frame, codes = frame[rows], codes[rows]
        stamps = None if stamps is None else stamps[rows]
        present, codes = np.unique(codes, return_inverse=True)
        names = tuple(names[i] for i in present)
    dates = roles.form != "rows" and is_calendar(roles.form)
    placed = place_rows(
        stamps, codes, names, where, zone=zone, grid=None if schema is None else grid_of(schema),
        dates=dates or roles.form.startswith("duration"),
    )  # fmt: skip
    if stamps is not None:
        refuse_repeats(frame, roles, stamps, codes, placed.repeated, where)
    notes += placed.notes
    if stamps is not None and dates and schema is None and how is None:
        notes += hinted(stamps, codes)
        refuse_steps(placed.grid, stamps, codes, names, where)
    if schema is None:
        levels = [levels_of(frame[n]) for n in roles.channels]
    else:
        levels = [c.levels for c in schema.channels]
    parts = [
        channel_values(frame[n], own, where, notes)
        for n, own in zip(roles.channels, levels, strict=True)
    ]
    matrix, infinite = without_infinite(np.column_stack(parts))
    states = [j for j, own in enumerate(levels) if own]
    notes += _infinite(infinite)
    if schema is None:
        schema = _schema(found, frame, roles, zone, placed, matrix, levels)
        _refuse_nothing([matrix], where)
        if how is not None:
            schema = replace(schema, every=how.every, events=how.events)
    else:
        schema = replace(
            schema, time_dtype=roles.form, origin=origin_of(found, roles.time), types=_types(frame)
        )
    values = placed.fill(matrix, [c.integer for c in schema.channels], states)
    del matrix
    ahead, covariates = [np.empty((0, 0))] * len(names), [np.empty((len(v), 0)) for v in values]
    if schema.covariates:
        extra = np.column_stack([values_of(p, frame, where, notes) for p in schema.covariates])
        whole = [p.kind == "category" for p in schema.covariates]
        values, covariates, ahead = split_ahead(values, placed.fill(extra, whole))
    statics = statics_of(schema.statics, frame, codes, len(names), where, notes)
    place = np.full((found.frame.height, 2), -1, np.int32)
    place[rows, 0], place[rows, 1] = placed.series, placed.place
    return SeriesSet(schema, names, placed.starts, values, covariates, ahead, statics, notes, place)


def gather_for(schema: SeriesSchema, found: Table, notes: list[str]) -> Table:
    """The rows of a table as those of a fit were gathered; as they are if these were steps."""
    if not schema.every or schema.events in found.frame.columns:
        return found
    how = Gathering(schema.every, schema.events, schema.time, schema.series)
    return gathered(found, how, notes, schema.columns)


def gathered_frame(schema: SeriesSchema, data: Any) -> Any:
    """Data as those of a fit were gathered, a frame; the data itself if nothing was."""
    if not schema.every or isinstance(data, SeriesSet):
        return data
    found = find(data)
    return gather_for(schema, found, []).frame if isinstance(found, Table) else data


def _schema(
    found: Table, frame: pl.DataFrame, roles: Roles, zone: str | None, placed: Placed,
    matrix: np.ndarray, levels: list[tuple[str, ...]],
) -> SeriesSchema:  # fmt: skip
    dtypes = dict(frame.schema)
    channels: list[Channel] = []
    for i, name in enumerate(roles.channels):
        channels.append(channel_of(name, matrix[:, i], str(dtypes[name]), levels[i]))
    grid = placed.grid
    made = SeriesSchema(
        layout="wide" if roles.series is None else "long",
        time=roles.time,
        zone=zone,
        time_dtype=roles.form,
        step=grid.step,
        calendar=is_calendar(roles.form),
        step_name=_step_name(grid, roles),
        series=roles.series,
        channels=tuple(channels),
        statics=tuple(part_of(Static, frame[n]) for n in roles.statics),
        covariates=tuple(part_of(Covariate, frame[n]) for n in roles.covariates),
        grid=grid.kind,
        span=placed.span,
        ignored=tuple(roles.ignored),
        types=_types(frame),
        origin=origin_of(found, roles.time),
    )
    inner = set(made.numbers.names)
    seasonal = [j for j, c in enumerate(channels) if c.name in inner]
    values = placed.fill(matrix[:, seasonal], [channels[j].integer for j in seasonal])
    return replace(made, periods=find_periods(values, grid, made.calendar))


def _step_name(grid: Grid, roles: Roles) -> str:
    if grid.kind != "rows":
        return grid.name
    if roles.time is None:
        return "1 row"
    return f"{grid.step / 1e9:g}" if roles.form.startswith("float") else f"{grid.step}"


def _types(frame: pl.DataFrame) -> dict[str, Any]:
    return {name: dtype_to_json(dtype) for name, dtype in frame.schema.items()}


def _infinite(many: int) -> list[str]:
    return [f"{many:,} infinite value{'s count' if many > 1 else ' counts'} as missing"] * bool(
        many
    )


def _refuse_nothing(parts: list[np.ndarray], where: str) -> None:
    if all(np.isnan(p).all() for p in parts):
        raise DataError(f"{where}: no channel holds a value. Expected some that are not missing.")
