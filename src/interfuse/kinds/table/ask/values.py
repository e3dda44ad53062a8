"""A value as people give it, as a column of one row in the column's own type."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import ConditionError
from interfuse.io.texttypes import typed
from interfuse.kinds.table.fields.physical import within_calendar
from interfuse.visible import cut

_UNREADABLE = (pl.exceptions.PolarsError, KeyError, TypeError, ValueError, OverflowError)


def one_value(name: str, value: Any, dtype: pl.DataType) -> pl.Series:
    """The value as a column of one row.

    Args:
        name: of the column.
        value: text is read as the column's type; None is missing.
        dtype: of the column.

    Raises:
        ConditionError: it cannot be read as such a value.
    """
    try:
        column = _typed(name, value, dtype)
        if column.dtype != dtype:  # lists and objects stay what they are in a cast
            raise TypeError
        if not within_calendar(column).all():
            raise ValueError
        return column
    except _UNREADABLE:
        raise ConditionError(
            f"column {name!r}: {shown(value)} cannot be read as {dtype}. Give a value of that type."
        ) from None


def shown(value: object) -> str:
    """The value as code has it, cut if it is long."""
    return cut(repr(value))


def _typed(name: str, value: Any, dtype: pl.DataType) -> pl.Series:
    if value is None:
        return pl.Series(name, [None], dtype=dtype)
    if isinstance(value, str):
        return _read(name, value, dtype)
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        raise TypeError
    if dtype.is_integer() and isinstance(value, float) and value != int(value):
        raise ValueError
    # An array keeps the unit of numpy's times; a list makes numbers of them.
    times = isinstance(value, np.timedelta64 | np.datetime64)
    return pl.Series(name, np.array([value]) if times else [value]).cast(dtype)


def _read(name: str, value: str, dtype: pl.DataType) -> pl.Series:
    """Text as a value of the type, in the forms that files have."""
    if dtype == pl.Boolean:
        return pl.Series(name, [{"true": True, "false": False}[value.lower()]])
    if not dtype.is_temporal():
        return pl.Series(name, [value]).cast(dtype)
    column = typed(pl.LazyFrame({name: [value]}), [name], only_times=True).collect()[name]
    if column.dtype == pl.String and isinstance(dtype, pl.Datetime):
        column = pl.Series(name, [dt.datetime.fromisoformat(value.strip())])
        if column.dtype.time_zone is None and dtype.time_zone is not None:  # type: ignore[attr-defined]
            return column.dt.replace_time_zone(dtype.time_zone).cast(dtype)
    if column.dtype == pl.String:
        raise ValueError
    return _as(column, dtype)


def _as(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    """A time in another type of times, where nothing of it is lost."""
    found = column.dtype
    if found == pl.Date and isinstance(dtype, pl.Datetime):
        column, found = column.cast(pl.Datetime("us")), pl.Datetime("us")
    if isinstance(found, pl.Datetime) and isinstance(dtype, pl.Datetime):
        if found.time_zone is None and dtype.time_zone is not None:
            column = column.dt.replace_time_zone(dtype.time_zone)
        elif found.time_zone is not None and dtype.time_zone is None:
            raise TypeError
    cast = column.cast(dtype)
    if not found.base_type() == dtype.base_type() and not cast.cast(found).equals(column):
        raise TypeError
    return cast
