"""What is given of a column, as a value in the column's type, or an end of a range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import ConditionError
from interfuse.io.forms import form_from_json
from interfuse.kinds.table.ask.limits import physical_bound
from interfuse.kinds.table.ask.values import one_value
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields.limit import Range
from interfuse.kinds.table.schema import ColumnSpec, unknown_column
from interfuse.visible import cut

_UNASKABLE = {"drop": "left out of the model", "derived": ""}


def ends_of(name: str, asked: Range, codec: TableCodec) -> list[float | int | None]:
    """Both ends of a range in the column's physical unit; None without one."""
    dtype = codec.schema[name].dtype
    return [
        None
        if end is None
        else physical_bound(name, _number_in(name, end, codec), dtype, _column_of(name, codec))
        for end in (asked.low, asked.high)
    ]


def _number_in(name: str, end: object, codec: TableCodec) -> object:
    """An end of a range as a number where it is written as the column of a file is."""
    if codec.schema[name].dtype.is_numeric():
        column = _written(name, end, codec)
        return end if column is None else column[0]
    return end


def _column_of(name: str, codec: TableCodec) -> Callable[[object], pl.Series]:
    return lambda value: as_column(name, value, codec)


def as_column(name: str, value: object, codec: TableCodec) -> pl.Series:
    """The value as a column of one row, in the column's type."""
    spec = askable(name, codec)
    if codec.schema.origin.library == "pandas" and _missing_in_pandas(value):
        value = None
    written = _written(name, value, codec)
    if written is not None:
        return written
    return one_value(name, value, spec.dtype)


def _written(name: str, value: object, codec: TableCodec) -> pl.Series | None:
    """A text in the form that the column of a file is written in; None if it is not in it."""
    form = form_from_json(name, codec.schema.origin.columns.get(name))
    dtype = codec.schema[name].dtype
    if form is None or not isinstance(value, str):
        return None
    column = pl.select(form.value(pl.lit(value.strip())).alias(name)).to_series()
    if column.null_count() or (dtype.is_integer() and column.dtype.is_float()):
        return None
    return column.cast(dtype)


def askable(name: str, codec: TableCodec) -> ColumnSpec:
    """The column, if a condition may name it.

    Raises:
        ConditionError: it is unknown, or nothing can be said of it.
    """
    schema = codec.schema
    if name not in schema.names:
        raise ConditionError(unknown_column(cut(name), schema.names))
    spec = schema[name]
    field = codec.fields.get(name)
    why = field.unaskable if field is not None else _UNASKABLE[spec.kind]
    if why:
        raise ConditionError(f"column {name!r} cannot be given: it is {why}.")
    return spec


def _missing_in_pandas(value: Any) -> bool:
    """Whether it is NaN, NaT or NA."""
    nan = isinstance(value, float | np.floating) and value != value
    return bool(nan) or type(value).__name__ in ("NAType", "NaTType")
