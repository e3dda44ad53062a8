"""Frames of any library to polars and back, in the user's own kind and types.

What a frame may be: a pandas DataFrame, a polars DataFrame or LazyFrame, a pyarrow Table, or any
other frame that narwhals knows, which comes back as polars. A path is read (`interfuse.data.read`)
and its answers are polars frames too. The rules:

* A column has a name, which is text, not blank and not shared. A frame has a row and a column.
* Columns that hold lists, structs, arrays or bytes are refused; the message names them.
* The index of a pandas frame is not a column and is left out, whatever it is; `reset_index()` makes
  it one. Answers have the index 0, 1, 2, ...
* In pandas NaN, NaT, None and NA all are missing. An `object` column comes back with the missing
  value it had first.
* An `object` column of one type becomes that type. A mixture of whole numbers and floats becomes
  floats where that is exact. Every other mixture, such as numbers with words, becomes text, each
  value as `str` prints it, and comes back as text.
* A pandas category, or an Arrow dictionary, of text becomes an Enum of the same categories in the
  same order. Categories of numbers, times or booleans become these values. Either way they come
  back, those without a row included; other sorts of category, such as intervals, become text.
* Zones that are a bare offset have no name in polars: the instants are kept in UTC, and come back
  with the offset.
* If an answer has a missing value in a pandas column of a type that has none (`int64`, `bool`), the
  column comes back in the nullable type of the same size (`Int64`, `boolean`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pyarrow as pa

from interfuse.data.csvfile import check_unique
from interfuse.data.dtypes import can_be_a_column
from interfuse.data.read import read
from interfuse.errors import DataError, SchemaError

LIBRARIES = ("polars", "polars-lazy", "pandas", "pyarrow", "file", "other")
_NESTED = (list, tuple, set, frozenset, dict, bytes, bytearray, memoryview)
_EXACT = 2**53


@dataclass(frozen=True)
class Origin:
    """Where a frame came from, and what is needed to give the same kind back.

    Attributes:
        library: one of `LIBRARIES`.
        columns: by column, the type in that library where the type in polars does not determine it.
    """

    library: str = "polars"
    columns: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        out: dict[str, Any] = {"library": self.library}
        if self.columns:
            out["columns"] = self.columns
        return out

    @classmethod
    def from_json(cls, d: Any) -> Origin:
        """The inverse of `to_json`; an empty object is the default.

        Raises:
            SchemaError: malformed.
        """
        if not isinstance(d, dict) or not isinstance(d.get("columns", {}), dict):
            raise SchemaError(f"schema: origin is {d!r}; expected an object with a library.")
        library = d.get("library", "polars")
        if library not in LIBRARIES:
            raise SchemaError(
                f"schema: origin has library {library!r}; expected one of {', '.join(LIBRARIES)}."
            )
        return cls(library, dict(d.get("columns", {})))


def to_polars(data: Any) -> tuple[pl.DataFrame | pl.LazyFrame, Origin]:
    """The frame as polars, and where it came from.

    Args:
        data: a pandas, polars or Arrow frame, any other that narwhals knows, or a path.

    Returns:
        A DataFrame, or a LazyFrame for a LazyFrame or a path.

    Raises:
        DataError: it is not a frame, has no rows, no columns, columns without a name of their own,
            or a column of a type that cannot be modelled.
    """
    if isinstance(data, str | Path):
        frame, origin = read(data), Origin("file")
    elif isinstance(data, pl.DataFrame):
        frame, origin = data, Origin()
    elif isinstance(data, pl.LazyFrame):
        frame, origin = data, Origin("polars-lazy")
    elif nw.dependencies.is_pandas_dataframe(data):
        frame, origin = _from_pandas(data)
    elif isinstance(data, pa.Table):
        frame, origin = _from_arrow(data)
    else:
        frame, origin = _from_other(data), Origin("other")
    schema = frame.collect_schema()
    _check_names(schema.names())
    for name, dtype in schema.items():
        if not can_be_a_column(dtype):
            raise _unusable(name, str(dtype))
    if origin.library != "file" and frame.lazy().head(1).collect().is_empty():
        raise DataError(
            f"the frame: has {len(schema)} columns but no rows. Expected at least one row."
        )
    return frame, origin


def from_polars(frame: pl.DataFrame, origin: Origin) -> Any:
    """The frame as the kind that `origin` names, its columns in the types they had.

    Args:
        frame: with the columns of the original or some of them; it may have no rows.
        origin: what `to_polars` gave.
    """
    if origin.library == "polars-lazy":
        return frame.lazy()
    if origin.library == "pandas":
        return _to_pandas(frame, origin)
    if origin.library == "pyarrow":
        return _to_arrow(frame, origin)
    return frame


def _check_names(names: Sequence[Any]) -> None:
    """Raise unless every column has a name of its own, which is text."""
    if not len(names):
        raise DataError("the frame: has no columns. Expected at least one.")
    for i, name in enumerate(names, 1):
        if not isinstance(name, str):
            raise DataError(
                f"the frame: column {i} is named {name!r}, a {type(name).__name__}; expected text. "
                "Rename it, for example with `frame.columns = frame.columns.map(str)`."
            )
        if not name.strip():
            raise DataError(f"the frame: column {i} has no name. Name every column.")
    check_unique(list(names), "the frame")


def _unusable(name: str, found: str) -> DataError:
    return DataError(
        f"the frame: column {name!r} holds {found}; expected numbers, text, booleans, dates or "
        "times. Leave it out, or turn it into columns of these."
    )


def _from_other(data: Any) -> pl.DataFrame:
    try:
        native = nw.from_native(data)
        eager = native.collect() if isinstance(native, nw.LazyFrame) else native
        return eager.to_polars()
    except TypeError:
        raise DataError(
            f"the data: is a {type(data).__module__}.{type(data).__qualname__}; expected a path, "
            "or a pandas, polars or Arrow frame. Turn it into a frame with named columns."
        ) from None


# Arrow


def _type_to_json(arrow: pa.DataType) -> str:
    return base64.b64encode(pa.schema([("", arrow)]).serialize().to_pybytes()).decode()


def _type_from_json(value: str) -> pa.DataType:
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(value))).field(0).type


def _from_arrow(table: pa.Table) -> tuple[pl.DataFrame, Origin]:
    _check_names(table.column_names)
    columns = [_series(n, c) for n, c in zip(table.column_names, table.columns, strict=True)]
    types = {f.name: _type_to_json(f.type) for f in table.schema}
    return pl.DataFrame(columns), Origin("pyarrow", types)


def _to_arrow(frame: pl.DataFrame, origin: Origin) -> pa.Table:
    columns = [
        _array(c, _type_from_json(origin.columns[c.name]))
        if c.name in origin.columns
        else c.to_arrow()
        for c in frame.iter_columns()
    ]
    return pa.table(columns, names=frame.columns)


def _series(name: str, column: pa.ChunkedArray | pa.Array) -> pl.Series:
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
            raise _unusable(name, f"{kind} of more than 38 digits") from error
    if pa.types.is_nested(kind) or _is_binary(kind):
        raise _unusable(name, str(kind))
    try:
        series = pl.Series(name, pl.from_arrow(column))
    except (pl.exceptions.PolarsError, pa.ArrowException, TypeError, ValueError) as error:
        raise _unusable(name, str(kind)) from error
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
    values = _series(name, column.cast(column.type.value_type))
    if values.dtype != pl.String or names is None:
        return values
    listed = names.to_pylist()
    if None in listed or len(set(listed)) < len(listed):
        return values.cast(pl.Categorical)
    return values.cast(pl.Enum(listed))


def _array(column: pl.Series, kind: pa.DataType) -> pa.Array:
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


# pandas


def _from_pandas(frame: Any) -> tuple[pl.DataFrame, Origin]:
    _check_names(list(frame.columns))
    columns, types = [], {}
    for name in frame.columns:
        series, types[name] = _from_pandas_column(name, frame[name])
        columns.append(series)
    return pl.DataFrame(columns), Origin("pandas", types)


def _from_pandas_column(name: str, column: Any) -> tuple[pl.Series, Any]:
    """The series, and its pandas type in JSON."""
    import pandas as pd

    dtype = column.dtype
    if dtype == object:  # noqa: E721
        return _from_objects(name, column)
    if isinstance(dtype, pd.CategoricalDtype):
        return _from_category(name, column)
    if isinstance(dtype, pd.SparseDtype):
        series, _ = _from_pandas_column(name, column.sparse.to_dense())
        fill = None if pd.isna(dtype.fill_value) else dtype.fill_value
        fill = getattr(fill, "item", lambda: fill)()
        return series, {"type": "sparse", "of": str(dtype.subtype), "fill": fill}
    if isinstance(dtype, pd.ArrowDtype):
        kind: Any = {"type": "arrow", "arrow": _type_to_json(dtype.pyarrow_dtype)}
    elif isinstance(dtype, pd.StringDtype):
        missing = "NA" if dtype.na_value is pd.NA else "NaN"
        kind = {"type": "string", "storage": dtype.storage, "missing": missing}
    else:
        kind = str(dtype)
    if isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype) or getattr(dtype, "kind", "") == "c":
        raise _unusable(name, str(dtype))
    if str(dtype) == "float16":
        column = column.astype("float32")
    try:
        array = pa.Array.from_pandas(column)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise _unusable(name, str(dtype)) from error
    series = _series(name, array)
    # Masked and Arrow columns may hold NaN beside NA.
    return series.fill_nan(None) if series.dtype.is_float() else series, kind


def _from_category(name: str, column: Any) -> tuple[pl.Series, Any]:
    import pandas as pd

    categories, ordered = column.cat.categories, bool(column.cat.ordered)
    kind: dict[str, Any] = {"type": "category", "ordered": ordered}
    named = pd.Series(categories)
    if pd.api.types.infer_dtype(named) == "string":
        texts = [str(c) for c in categories]
        kind |= {"categories": texts, "of": str(named.dtype)}
        return _from_objects(name, column.astype(object))[0].cast(pl.Enum(texts)), kind
    if named.dtype.kind not in "iufbmM" or len(named) == 0:
        text = column.astype(object).map(str, na_action="ignore")
        return _from_objects(name, text)[0], kind
    values = column.astype(named.dtype if not column.isna().any() else object)
    series = _from_pandas_column(name, values)[0]
    listed = named.tolist() if named.dtype.kind in "iub" else named.map(str).tolist()
    return series, kind | {"categories": listed, "of": str(named.dtype)}


def _from_objects(name: str, column: Any) -> tuple[pl.Series, Any]:
    """An `object` column, by the rules of the module."""
    import pandas as pd

    gone = column.isna()
    missing = "None" if not gone.any() else _missing_name(column[gone].iloc[0])
    kind = {"type": "object", "missing": missing}
    found = pd.api.types.infer_dtype(column, skipna=True)
    values = column.where(~gone, None).tolist()
    if found == "empty":
        return pl.Series(name, values, pl.Null), kind
    types = set(map(type, values)) - {type(None)}
    nested = sorted(
        t.__name__ for t in types if issubclass(t, _NESTED) or t.__name__ in ("ndarray", "Series")
    )
    if nested:
        raise _unusable(name, f"values of type {', '.join(nested)}")
    return pl.Series(name, *_typed_objects(found, column, values)), kind


def _typed_objects(found: str, column: Any, values: list[Any]) -> tuple[Any, pl.DataType | None]:
    """Values and type for `pl.Series`: the one type of all values, else text."""
    import pandas as pd

    def numbers() -> list[float]:
        if any(abs(v) > _EXACT for v in values if v is not None and not isinstance(v, float)):
            raise ValueError
        return [None if v is None else float(v) for v in values]  # type: ignore[misc]

    def times(convert: Callable[[Any], Any]) -> pl.Series:
        return _from_pandas_column("", convert(column))[0]

    tries: dict[str, list[Callable[[], tuple[Any, pl.DataType | None]]]] = {
        "boolean": [lambda: (values, pl.Boolean())],
        "integer": [lambda: (values, pl.Int64()), lambda: (values, pl.UInt64())],
        "floating": [lambda: (values, pl.Float64())],
        "mixed-integer-float": [lambda: (numbers(), pl.Float64())],
        "decimal": [lambda: (values, None)],
        "date": [lambda: (values, pl.Date())],
        "time": [lambda: (values, pl.Time())],
        "datetime": [lambda: (times(pd.to_datetime), None)],
        "datetime64": [lambda: (times(pd.to_datetime), None)],
        "timedelta": [lambda: (times(pd.to_timedelta), None)],
    }
    for attempt in tries.get(found, []):
        try:
            content, dtype = attempt()
            pl.Series("", content, dtype)
            return content, dtype
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError, DataError):
            continue
    return [None if v is None else str(v) for v in values], pl.String()


def _missing_name(value: Any) -> str:
    import pandas as pd

    if value is pd.NA:
        return "NA"
    if value is pd.NaT:
        return "NaT"
    return "None" if value is None else "NaN"


def _to_pandas(frame: pl.DataFrame, origin: Origin) -> Any:
    import pandas as pd

    index = pd.RangeIndex(frame.height)
    columns = {
        c.name: pd.Series(_to_pandas_column(c, origin.columns[c.name]), index=index)
        if c.name in origin.columns
        else c.to_pandas()
        for c in frame.iter_columns()
    }
    return pd.DataFrame(columns, index=index)


def _to_pandas_column(column: pl.Series, kind: Any) -> Any:
    """What `pandas.Series` makes the column of."""
    import pandas as pd

    if not isinstance(kind, dict):
        return _to_plain(column, kind)
    if kind["type"] == "object":
        blank = {"None": None, "NaN": float("nan"), "NA": pd.NA, "NaT": pd.NaT}[kind["missing"]]
        exact = isinstance(column.dtype, pl.Datetime | pl.Duration)
        values = column.to_pandas().astype(object).tolist() if exact else column.to_list()
        nulls = column.is_null().to_list()
        filled = [blank if null else v for v, null in zip(values, nulls, strict=True)]
        return pd.Series(filled, dtype=object)
    if kind["type"] == "category":
        return _to_category(column, kind)
    if kind["type"] == "sparse":
        dense = _to_plain(column, kind["of"])
        return pd.arrays.SparseArray(dense, dtype=pd.SparseDtype(dense.dtype, kind["fill"]))
    if kind["type"] == "string":
        blank = pd.NA if kind["missing"] == "NA" else float("nan")
        dtype = (
            pd.StringDtype(kind["storage"])
            if blank is pd.NA
            else pd.StringDtype(kind["storage"], na_value=blank)
        )
        return pd.array(column.cast(pl.String).to_list(), dtype=dtype)
    arrow = _type_from_json(kind["arrow"])
    return pd.arrays.ArrowExtensionArray(pa.chunked_array([_array(column, arrow)]))


def _to_category(column: pl.Series, kind: dict[str, Any]) -> Any:
    import pandas as pd

    if "categories" not in kind:
        return pd.Series(column.to_pandas(), dtype=pd.CategoricalDtype(ordered=kind["ordered"]))
    categories = pd.Index(kind["categories"], dtype=kind["of"])
    dtype = pd.CategoricalDtype(categories, kind["ordered"])
    if isinstance(column.dtype, pl.Enum) and column.dtype.categories.to_list() == list(categories):
        codes = column.to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        return pd.Categorical.from_codes(codes, dtype=dtype)
    return pd.Categorical(column.to_list(), dtype=dtype)


def _to_plain(column: pl.Series, kind: str) -> Any:
    """The column as the numpy or nullable type that pandas calls `kind`."""
    import pandas as pd

    dtype: Any = pd.api.types.pandas_dtype(kind)
    if isinstance(dtype, pd.DatetimeTZDtype):
        unit: Any = "ms" if dtype.unit == "s" else dtype.unit
        instants = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        naive = pd.Series(instants.dt.cast_time_unit(unit).to_numpy())
        return naive.dt.tz_localize("UTC").astype(dtype)
    if hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(column.to_arrow())
    if dtype.kind in "iub" and column.null_count():
        sign = {"i": "Int", "u": "UInt"}
        nullable = f"{sign[dtype.kind]}{8 * dtype.itemsize}" if dtype.kind in sign else "boolean"
        return _to_plain(column, nullable)
    return column.to_numpy().astype(dtype)
