"""Arrow tables and columns to polars and back, by the rules of `interfuse.io.frames`."""

from __future__ import annotations

import base64

import polars as pl
import pyarrow as pa

from interfuse.io.framechecks import check_names, unusable
from interfuse.io.origin import Origin


def type_to_json(arrow: pa.DataType) -> str:
    """An Arrow type as text for JSON."""
    return base64.b64encode(pa.schema([("", arrow)]).serialize().to_pybytes()).decode()


def type_from_json(value: str) -> pa.DataType:
    """The inverse of `type_to_json`."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(value))).field(0).type


def from_arrow(table: pa.Table) -> tuple[pl.DataFrame, Origin]:
    """The table as polars, and the types that its columns had."""
    check_names(table.column_names)
    columns = [series_of(n, c) for n, c in zip(table.column_names, table.columns, strict=True)]
    types = {f.name: type_to_json(f.type) for f in table.schema}
    return pl.DataFrame(columns), Origin("pyarrow", types)


def to_arrow(frame: pl.DataFrame, origin: Origin) -> pa.Table:
    """The frame as an Arrow table, its columns in the types they had."""
    columns = [
        array_of(c, type_from_json(origin.columns[c.name]))
        if c.name in origin.columns
        else c.to_arrow()
        for c in frame.iter_columns()
    ]
    return pa.table(columns, names=frame.columns)


def series_of(name: str, column: pa.ChunkedArray | pa.Array) -> pl.Series:
    """An Arrow column as a polars series; a dictionary of text is an Enum."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _series_of_dictionary(name, column)
    if pa.types.is_float16(kind):
        column = column.cast(pa.float32())
    if pa.types.is_timestamp(kind) and (kind.tz or "")[:1] in ("+", "-"):
        column = column.cast(pa.timestamp(kind.unit, "UTC"))
    if pa.types.is_decimal(kind) and not pa.types.is_decimal128(kind):
        try:
            column = column.cast(pa.decimal128(38, kind.scale))
        except pa.ArrowInvalid as error:
            raise unusable(name, f"{kind} of more than 38 digits") from error
    if pa.types.is_nested(kind) or _is_binary(kind):
        raise unusable(name, str(kind))
    try:
        series = pl.Series(name, pl.from_arrow(column))
    except (pl.exceptions.PolarsError, pa.ArrowException, TypeError, ValueError) as error:
        raise unusable(name, str(kind)) from error
    return series.rename(name)


def _is_binary(kind: pa.DataType) -> bool:
    return (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _series_of_dictionary(name: str, column: pa.ChunkedArray | pa.Array) -> pl.Series:
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries()
        names = column.chunk(0).dictionary if column.num_chunks else None
    else:
        names = column.dictionary
    values = series_of(name, column.cast(column.type.value_type))
    if values.dtype != pl.String or names is None:
        return values
    listed = names.to_pylist()
    if None in listed or len(set(listed)) < len(listed):
        return values.cast(pl.Categorical)
    return values.cast(pl.Enum(listed))


def array_of(column: pl.Series, kind: pa.DataType) -> pa.Array:
    """A polars series as an Arrow array of type `kind`."""
    if pa.types.is_dictionary(kind):
        if isinstance(column.dtype, pl.Enum):
            codes = column.to_physical().to_arrow().cast(kind.index_type)
            names = column.dtype.categories.to_arrow().cast(kind.value_type)
        else:
            text = column.cast(pl.String) if column.dtype == pl.Categorical else column
            coded = text.to_arrow().cast(kind.value_type).dictionary_encode()
            codes, names = coded.indices.cast(kind.index_type), coded.dictionary
        return pa.DictionaryArray.from_arrays(codes, names, ordered=kind.ordered)
    if isinstance(column.dtype, pl.Enum | pl.Categorical):
        column = column.cast(pl.String)
    array = column.to_arrow()
    if pa.types.is_float16(kind):
        array = array.cast(pa.float32())
    return array.cast(kind)
