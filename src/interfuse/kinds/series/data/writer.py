"""Series back to frames and arrays, in the user's own layout, library and types.

`frame` makes a new frame of stamps and values, such as a forecast: the columns of time, of the
series, the statics of series that are known, and the channels, in the order of the data. Series of
a wide layout have no column of names: if there are several, one called `series` is put first.
`restore` puts values into the rows that the data had, where theirs are missing.

Whole numbers and booleans come back as such, and channels of whole numbers are rounded. What a
column of their type cannot say, fractions and missing values, makes it Float64, or null where the
library has nulls.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError
from interfuse.io.origin import Origin
from interfuse.io.unread import Unread
from interfuse.kinds.series.data.columns import decoded, typed
from interfuse.kinds.series.data.index import native, with_new_rows
from interfuse.kinds.series.data.schema import Channel, SeriesSchema
from interfuse.kinds.series.data.seriesset import SeriesSet
from interfuse.kinds.series.data.source import Arrays, find
from interfuse.kinds.series.data.stamps import write_stamps

Part = tuple[Any, np.ndarray, np.ndarray]


class FrameWriter:
    """Writes series as the data they were read from.

    Args:
        source: the series, or a schema alone, which knows no statics.
    """

    def __init__(self, source: SeriesSet | SeriesSchema) -> None:
        self.series = source if isinstance(source, SeriesSet) else None
        self.schema = source.schema if isinstance(source, SeriesSet) else source
        self._place = {n: i for i, n in enumerate(self.series.names)} if self.series else {}

    def frame(self, parts: Sequence[Part], *, whole: bool = True) -> Any:
        """A frame of several series, one below the other; of arrays, an array or a list of them.

        Args:
            parts: name, (T,) stamps and (T, C) values of each series; NaN is missing.
            whole: False to leave fractions in channels of whole numbers, as means need them.
        """
        if self.schema.layout == "array":
            return self._arrays(parts, whole)
        table = self._table(parts, whole)
        return native(table, self._origin(table, whole))

    def restore(
        self,
        data: Any,
        values: Sequence[np.ndarray],
        *,
        add_rows: bool = False,
        whole: bool = True,
        left: Unread | None = None,
    ) -> Any:
        """The data with its missing cells filled; what is not missing stays as it is.

        Args:
            data: what the series were read from.
            values: (T_i, C) of each series.
            add_rows: also add a row for every grid point without one; rows are then sorted by
                series and time. In pandas, see `data.index` for their labels.
            whole: see `frame`.
            left: cells of the data that are not filled.

        Raises:
            DataError: the data has another number of rows than what the series were read from.
        """
        if self.series is None:
            raise TypeError("restoring needs a SeriesSet")
        found = find(data, wanted=self.schema.columns)
        if isinstance(found, Arrays):
            return _restored_arrays(found, values, self.schema.channels, whole)
        frame, rows = found.frame, self.series.rows
        if rows is None or frame.height != len(rows):
            known = 0 if rows is None else len(rows)
            raise DataError(
                f"{found.where}: has {frame.height:,} rows; the series were read from {known:,}. "
                "Pass the same data."
            )
        which, place = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
        lengths = np.array([len(v) for v in values])
        good = (which >= 0) & (place < lengths[np.maximum(which, 0)])
        offset = np.concatenate([[0], np.cumsum(lengths)])
        flat = offset[which[good]] + place[good]
        stacked = np.concatenate(list(values))
        columns = []
        for c, channel in enumerate(self.schema.channels):
            filled = np.full(frame.height, np.nan)
            filled[good] = stacked[flat, c]
            columns.append(_filled(frame[channel.name], filled, channel, whole))
        out, origin = frame.with_columns(columns), found.origin
        out = out if left is None else left.emptied(out)
        if add_rows:
            out, order = self._with_rows(out, values, which, place, whole)
            origin = with_new_rows(origin, order, frame.height)
        origin = replace(origin, columns=_changed(origin.columns, frame, out))
        return native(out, origin)

    def _table(self, parts: Sequence[Part], whole: bool) -> pl.DataFrame:
        s = self.schema
        lengths = [len(p[1]) for p in parts]
        stamps = np.concatenate([np.asarray(p[1], np.int64) for p in parts] or [np.empty(0)])
        values = np.concatenate([p[2] for p in parts] or [np.empty((0, len(s.channels)))])
        names = [p[0] for p in parts]
        made: dict[str, pl.Series] = {}
        if s.time is not None:
            made[s.time] = write_stamps(stamps, s.time_dtype, s.zone, s.time)
        if s.series is not None:
            made[s.series] = _repeated(s.series, names, lengths, s.dtype(s.series))
        known = [self._place.get(n) for n in names]
        if self.series is not None and any(k is not None for k in known):
            for i, part in enumerate(s.statics):
                cells = [
                    None if k is None else decoded(part, self.series.statics[k, i]) for k in known
                ]
                made[part.name] = _repeated(part.name, cells, lengths, s.dtype(part.name))
        for i, channel in enumerate(s.channels):
            made[channel.name] = typed(values[:, i], channel, s.dtype(channel.name), whole)
        order = [n for n in s.columns if n in made] or list(made)
        frame = pl.DataFrame([made[n] for n in order])
        if s.series is None and len(parts) > 1:
            free = next(n for n in ("series", "series_", "series__") if n not in made)
            frame.insert_column(0, _repeated(free, names, lengths, None))
        return frame

    def _origin(self, table: pl.DataFrame, whole: bool) -> Origin:
        origin = self.schema.origin
        types = {n: self.schema.dtype(n) for n in self.schema.types}
        # A column that is of another type than it was comes back as the library likes it.
        kept = {
            n: v
            for n, v in origin.columns.items()
            if n == "" or types.get(n) == table.schema.get(n)
        }
        return replace(origin, columns=kept)

    def _arrays(self, parts: Sequence[Part], whole: bool) -> Any:
        made = [_cast(p[2], self.schema.channels, whole) for p in parts]
        form = self.schema.origin.columns.get("", {}).get("array", "TC")
        if form == "T":
            made = [m[:, 0] for m in made]
        if len(made) == 1 and form != "NTC":
            return made[0]
        return np.stack(made) if len({len(m) for m in made}) == 1 and form != "list" else made

    def _with_rows(
        self, frame: pl.DataFrame, values: Sequence[np.ndarray], which: np.ndarray,
        place: np.ndarray, whole: bool,
    ) -> tuple[pl.DataFrame, np.ndarray]:  # fmt: skip
        """With rows for the points of the grid that have none, and which row is where."""
        assert self.series is not None
        parts, keys = [], [np.column_stack([which, place])]
        for i, v in enumerate(values):
            there = np.zeros(len(v), bool)
            there[place[(which == i) & (place < len(v))]] = True
            new = np.flatnonzero(~there)
            parts.append((self.series.names[i], self.series.times(i)[new], v[new]))
            keys.append(np.column_stack([np.full(len(new), i), new]))
        extra = self._table(parts, whole).select(
            pl.col(n) for n in frame.columns if n in self._made
        )
        both = pl.concat([frame, extra], how="diagonal_relaxed")
        series, at = np.concatenate(keys).T
        order = np.lexsort((at, np.where(series < 0, len(values), series)))
        return both[order], order

    @property
    def _made(self) -> set[str]:
        """The columns that `_table` makes."""
        s = self.schema
        names = {c.name for c in (*s.channels, *s.statics)}
        return names | {n for n in (s.time, s.series) if n is not None}


def _repeated(
    name: str, cells: list[Any], lengths: list[int], dtype: pl.DataType | None
) -> pl.Series:
    """Each cell as often as its series is long; as text where the type cannot hold one."""
    short = None
    if dtype is not None:
        with contextlib.suppress(TypeError, OverflowError, pl.exceptions.PolarsError):
            if dtype == pl.Boolean:
                cells = [None if c is None else str(c).lower() == "true" for c in cells]
            if dtype.is_integer():
                cells = [int(c) if isinstance(c, float) else c for c in cells]
            short = pl.Series(name, cells).cast(dtype)
    if short is None:
        text = any(isinstance(c, str) for c in cells) or dtype is not None
        short = pl.Series(name, [None if c is None else str(c) for c in cells] if text else cells)
    return short.gather(np.repeat(np.arange(len(cells)), lengths))


def _filled(column: pl.Series, filled: np.ndarray, channel: Channel, whole: bool) -> pl.Series:
    """A column with values where it has none."""
    gone = column.is_null()
    if column.dtype.is_float():
        gone = gone | ~column.is_finite().fill_null(False)
    mask = gone.to_numpy() & ~np.isnan(filled)
    if not mask.any():
        return column
    new = typed(filled[mask], channel, column.dtype, whole)
    if new.dtype != column.dtype:
        column = column.cast(new.dtype)
    return column.scatter(np.flatnonzero(mask), new)


def _changed(columns: dict[str, Any], before: pl.DataFrame, after: pl.DataFrame) -> dict[str, Any]:
    """The types in the user's library, of the columns whose polars type is as before."""
    same = {n for n in before.columns if after.schema[n] == before.schema[n]}
    return {n: v for n, v in columns.items() if n == "" or n in same}


def _cast(values: np.ndarray, channels: tuple[Channel, ...], whole: bool) -> np.ndarray:
    dtype = np.dtype(channels[0].dtype)
    if whole:
        values = np.where([c.integer for c in channels], np.rint(values), values)
    if dtype.kind == "f":
        return values.astype(dtype)
    if not whole or np.isnan(values).any():
        return values
    if dtype.kind == "b":
        return values >= 0.5
    info = np.iinfo(dtype)
    return np.clip(np.rint(values), info.min, min(float(info.max), 2.0**63 - 1024)).astype(dtype)


def _restored_arrays(
    found: Arrays, values: Sequence[np.ndarray], channels: tuple[Channel, ...], whole: bool
) -> Any:
    if [len(p) for p in found.parts] != [len(v) for v in values]:
        raise DataError(
            f"{found.where}: has series of other lengths than those that were read. Pass the same "
            "data."
        )
    made = []
    for part, value in zip(found.parts, values, strict=True):
        if part.dtype.kind != "f":
            made.append(part.copy())
            continue
        value = np.where([c.integer and whole for c in channels], np.rint(value), value)
        made.append(np.where(np.isfinite(part), part, value).astype(part.dtype))
    if found.form == "NTC":
        return np.stack(made)
    if found.form == "list":
        return made
    return made[0][:, 0] if found.form == "T" else made[0]
