"""Which columns are compared, and as what: a number, a category, or not at all.

A metric needs to know one thing of a column:

* ``number``: it has an order and a distance (numbers, dates, times, durations);
* ``category``: only equality means anything (categories, booleans, constants);
* ignored: keys, free text, empty and dropped columns.

The answer comes from a schema when one is given. Otherwise, and for columns that a schema calls
``derived`` (computed from others, by what is no concern here), `kinds_of` decides by the dtype
alone, by a rule short enough to be stated: strings, booleans and integers of at most
`FEW_INTEGERS` distinct values are categories, other numbers and times are numbers, strings that
are nearly all distinct are ignored, as are empty columns and nested types.
"""

from collections.abc import Mapping
from typing import Any, Literal

import narwhals as nw
import polars as pl

from interfuse.errors import DataError, SchemaError

Kind = Literal["number", "category"]

NUMBER_KINDS = frozenset({"number", "datetime", "date", "time", "duration"})
CATEGORY_KINDS = frozenset({"category", "constant", "boolean"})
IGNORED_KINDS = frozenset({"key", "text", "empty", "drop", "ignored"})
BY_DTYPE = frozenset({"derived"})

FEW_INTEGERS = 10
"""An integer column with at most this many distinct values is a category (no schema given)."""

_NEARLY_DISTINCT = 0.5
_TEXT_FROM = 50


def as_polars(frame: Any, what: str) -> pl.DataFrame:
    """Return `frame` as an eager polars frame.

    Args:
        frame: A polars, pandas or Arrow frame, eager or lazy.
        what: What the frame is ("real", "synthetic", ...), for the error message.

    Raises:
        DataError: `frame` is not a data frame.
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    try:
        native = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise DataError(
            f"the {what} table is a {type(frame).__name__}; "
            "expected a polars, pandas or Arrow data frame"
        ) from None
    return native.to_polars()


def kinds_of(frame: pl.DataFrame, schema: Any = None) -> dict[str, Kind]:
    """Return the compared columns and their kinds, in the order of `frame`.

    Args:
        frame: The real table.
        schema: None (decide by dtype), a mapping of column names to kinds, or an object whose
            ``columns`` are specifications with a ``name`` and a ``kind``. Kinds are those above or
            the finer ones of a table schema (``datetime``, ``boolean``, ``key``, ...); a
            specification that has a ``role`` goes by that, so that any kind of column will do.

    Raises:
        SchemaError: The schema names a kind that is not known, or lacks a column of `frame`.
    """
    declared = dict.fromkeys(frame.columns, "derived") if schema is None else _declared(schema)
    unknown = [name for name in frame.columns if name not in declared]
    if unknown:
        raise SchemaError(
            f"the schema does not describe column {unknown[0]!r}; it describes: "
            f"{', '.join(map(repr, declared))}. Add the column or drop it from the table"
        )
    kinds: dict[str, Kind] = {}
    for name in frame.columns:
        kind = declared[name]
        if kind in NUMBER_KINDS:
            kinds[name] = "number"
        elif kind in CATEGORY_KINDS:
            kinds[name] = "category"
        elif kind in BY_DTYPE:
            found = _kind_by_dtype(frame.get_column(name))
            if found is not None:
                kinds[name] = found
        elif kind not in IGNORED_KINDS:
            expected = sorted(NUMBER_KINDS | CATEGORY_KINDS | IGNORED_KINDS | BY_DTYPE)
            raise SchemaError(
                f"column {name!r} has the kind {kind!r}; expected one of {', '.join(expected)}"
            )
    return kinds


def _declared(schema: Any) -> dict[str, str]:
    if isinstance(schema, Mapping):
        return {name: _role(kind) for name, kind in schema.items()}
    columns = schema.columns
    specs = columns.values() if isinstance(columns, Mapping) else columns
    return {spec.name: _role(spec) for spec in specs}


def _role(spec: Any) -> str:
    return str(getattr(spec, "role", getattr(spec, "kind", spec)))


def _kind_by_dtype(column: pl.Series) -> Kind | None:
    dtype = column.dtype
    present = len(column) - column.null_count()
    if present == 0 or dtype.is_nested() or dtype in (pl.Object, pl.Binary):
        return None
    if dtype.is_integer():
        return "category" if column.n_unique() <= FEW_INTEGERS else "number"
    if dtype.is_numeric() or dtype.is_temporal():
        return "number"
    if dtype == pl.String and present >= _TEXT_FROM:
        distinct = column.drop_nulls().n_unique()
        return None if distinct > _NEARLY_DISTINCT * present else "category"
    return "category"
