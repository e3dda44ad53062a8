"""Which columns are compared, and as what: a number, a category, or not at all.

A metric needs to know one thing of a column:

* ``number``: it has an order and a distance (numbers, dates, times, durations);
* ``category``: only equality means anything (categories, booleans, constants);
* ``category`` as well, but of what rows share alone: identifiers, such as addresses
  (`identifiers`);
* ignored: keys, free text, empty and dropped columns.

The answer comes from a schema when one is given. Otherwise, and for columns that a schema calls
``derived`` (computed from others, by what is no concern here), `kinds_of` decides by the dtype
alone, by a rule short enough to be stated: strings, booleans and integers of at most
`FEW_INTEGERS` distinct values are categories, other numbers and times are numbers, strings that
are nearly all distinct are ignored, as are empty columns and nested types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import polars as pl

from interfuse.errors import DataError, SchemaError
from interfuse.evaluate.identifiers import sort_of
from interfuse.language import t

Kind = Literal["number", "category"]

NUMBER_KINDS = frozenset({"number", "datetime", "date", "time", "duration"})
CATEGORY_KINDS = frozenset({"category", "constant", "boolean"})
IGNORED_KINDS = frozenset({"key", "text", "empty", "drop", "ignored"})
BY_DTYPE = frozenset({"derived"})
IDENTIFIER_KINDS = frozenset({"identifier"})
_PLAIN = {"text": "free text", "drop": "dropped"}
_EMPTIED = "empty in the real table, with values in the synthetic one"

FEW_INTEGERS = 10
"""An integer column with at most this many distinct values is a category (no schema given)."""

_NEARLY_DISTINCT = 0.5
_TEXT_FROM = 50


def as_polars(frame: Any, what: str) -> pl.DataFrame:
    """Return `frame` as an eager polars frame.

    Columns of pandas that Arrow has no type for, such as objects of several types, are text.

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
    if nw.dependencies.is_pandas_dataframe(frame) and frame.columns.is_unique:
        native = nw.from_native(_as_arrow_has(frame), eager_only=True)
    return native.to_polars()


def _as_arrow_has(frame: Any) -> Any:
    """A pandas frame whose columns all have a type in Arrow; the same one if they had."""
    import pandas as pd
    import pyarrow as pa

    out = frame.copy(deep=False)
    for name, column in frame.items():
        dtype = column.dtype
        if isinstance(dtype, pd.SparseDtype):
            out[name] = column.sparse.to_dense()
            continue
        within = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
        odd = isinstance(within, pd.IntervalDtype | pd.PeriodDtype)
        if within == object and not odd:  # noqa: E721
            try:
                pa.Array.from_pandas(column)
            except (pa.ArrowException, TypeError, ValueError, OverflowError):
                odd = True
        if odd or getattr(within, "kind", "") == "c":
            out[name] = column.astype(object).map(str, na_action="ignore")
    return out


@dataclass(frozen=True)
class Compared:
    """What of a table is compared.

    Attributes:
        kinds: The compared columns, in the order of the table.
        ignored: The others, and what each is.
        notes: Sentences on columns of kinds that are not known here.
        identifiers: Those that name somebody.
    """

    kinds: dict[str, Kind]
    ignored: dict[str, str]
    notes: list[str]
    identifiers: list[str]

    def also_of(self, synthetic: pl.DataFrame) -> None:
        """Say of columns that are empty in the real table alone that they are."""
        for name in [n for n, what in self.ignored.items() if what == t("empty")]:
            if name in synthetic.columns and synthetic[name].null_count() < synthetic.height:
                self.ignored[name] = t(_EMPTIED)


def kinds_of(frame: pl.DataFrame, schema: Any = None) -> dict[str, Kind]:
    """Return the compared columns and their kinds; see `compared_columns`."""
    return compared_columns(frame, schema).kinds


def compared_columns(frame: pl.DataFrame, schema: Any = None) -> Compared:
    """Return which columns are compared, as what, and which are not.

    Args:
        frame: The real table.
        schema: None (decide by dtype), a mapping of column names to kinds, an object whose
            ``roles()`` gives such a mapping, or one whose ``columns`` are specifications with a
            ``name`` and a ``kind``. Kinds are those above or the finer ones of a table schema
            (``datetime``, ``boolean``, ``key``, ...). A column of another kind is compared by
            equality alone, with a note; one that holds lists or structs is not compared.

    Raises:
        SchemaError: The schema lacks a column of `frame`.
    """
    declared = dict.fromkeys(frame.columns, "derived") if schema is None else _declared(schema)
    unknown = [name for name in frame.columns if name not in declared]
    if unknown:
        raise SchemaError(
            f"the schema does not describe column {unknown[0]!r}; it describes: "
            f"{', '.join(map(repr, declared))}. Add the column or drop it from the table"
        )
    out = Compared({}, {}, [], [])
    for name in frame.columns:
        kind, column = declared[name], frame.get_column(name)
        if kind in NUMBER_KINDS:
            out.kinds[name] = "number"
        elif kind in CATEGORY_KINDS:
            out.kinds[name] = "category"
        elif kind in IDENTIFIER_KINDS or (kind in BY_DTYPE and sort_of(column) is not None):
            out.kinds[name] = "category"
            out.identifiers.append(name)
        elif kind in IGNORED_KINDS:
            out.ignored[name] = t(_PLAIN.get(kind, kind))
        elif kind in BY_DTYPE:
            found = _kind_by_dtype(column)
            if found is None:
                out.ignored[name] = _why(column)
            else:
                out.kinds[name] = found
        elif column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
            out.ignored[name] = f"{kind}, {column.dtype}"
        else:
            out.kinds[name] = "category"
            out.notes.append(
                t(
                    "Column {name!r} is of kind {kind!r}, which is not known here: its values are "
                    "compared by equality alone.",
                    name=name,
                    kind=kind,
                )
            )
    return out


def _why(column: pl.Series) -> str:
    """Return what a column is that is not compared for its dtype and values."""
    if column.null_count() == len(column):
        return t("empty")
    return t("nearly all different") if column.dtype == pl.String else str(column.dtype)


def _declared(schema: Any) -> dict[str, str]:
    if callable(getattr(schema, "roles", None)):
        return {name: str(role) for name, role in schema.roles().items()}
    if isinstance(schema, Mapping):
        return {name: getattr(kind, "kind", kind) for name, kind in schema.items()}
    columns = schema.columns
    specs = columns.values() if isinstance(columns, Mapping) else columns
    return {spec.name: str(spec.kind) for spec in specs}


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
