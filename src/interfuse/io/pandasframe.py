"""pandas frames to polars and back, by the rules of `interfuse.io.frames`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import polars as pl
import pyarrow as pa

from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.arrowframe import array_of, series_of, type_from_json, type_to_json
from interfuse.io.framechecks import check_names, unusable
from interfuse.io.origin import Origin

_NESTED = (list, tuple, set, frozenset, dict, bytes, bytearray, memoryview)
_EXACT = 2**53


def from_pandas(frame: Any) -> tuple[pl.DataFrame, Origin]:
    """The frame as polars, the types that its columns had, and its index."""
    if frame.columns.nlevels > 1:
        raise DataError(
            f"the frame: its columns have names of {frame.columns.nlevels} levels, such as "
            f"{frame.columns[0]!r}; expected one text each. Join them, for example with "
            "`frame.columns = ['_'.join(map(str, c)) for c in frame.columns]`."
        )
    check_names(list(frame.columns))
    columns, types = [], {}
    for name in frame.columns:
        series, types[name] = _from_pandas_column(name, frame[name])
        columns.append(series)
    heading = frame.columns.name if isinstance(frame.columns.name, str) else None
    objects = {
        s.name: frame[s.name].tolist()
        for s in columns
        if s.dtype == pl.String and frame[s.name].dtype == object
        and not all(isinstance(v, str) for v in frame[s.name].dropna())
    }  # fmt: skip
    return pl.DataFrame(columns), Origin("pandas", types, heading, frame.index, objects=objects)


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
        kind: Any = {"type": "arrow", "arrow": type_to_json(dtype.pyarrow_dtype)}
    elif isinstance(dtype, pd.StringDtype):
        missing = "NA" if dtype.na_value is pd.NA else "NaN"
        kind = {"type": "string", "storage": dtype.storage, "missing": missing}
    else:
        kind = str(dtype)
    if isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype) or getattr(dtype, "kind", "") == "c":
        raise unusable(name, str(dtype))
    if str(dtype) == "float16":
        column = column.astype("float32")
    try:
        array = pa.Array.from_pandas(column)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise unusable(name, str(dtype)) from error
    series = series_of(name, array)
    # Masked and Arrow columns may hold NaN beside NA.
    return series.fill_nan(None) if series.dtype.is_float() else series, kind


def _from_category(name: str, column: Any) -> tuple[pl.Series, Any]:
    import pandas as pd

    categories, ordered = column.cat.categories, bool(column.cat.ordered)
    kind: dict[str, Any] = {"type": "category", "ordered": ordered}
    if isinstance(categories, pd.IntervalIndex) and categories.left.dtype.kind in "iuf":
        texts = categories.astype(str).tolist()
        if len(set(texts)) == len(texts):
            # As text, since JSON has no infinity.
            sides = {"left": categories.left, "right": categories.right}
            ends = {side: [repr(v) for v in at.tolist()] for side, at in sides.items()}
            kind |= {"categories": texts, "of": str(categories.dtype), "intervals": ends}
            codes = pl.Series(name, column.cat.codes.to_numpy()).cast(pl.Int64)
            listed = pl.Series(texts, dtype=pl.Enum(texts))
            return listed.gather(codes.replace(-1, None)).alias(name), kind
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
        raise unusable(name, f"values of type {', '.join(nested)}")
    content, dtype = _typed_objects(found, column, values)
    if dtype == pl.String and len(types) > 1 and not all(issubclass(t, str) for t in types):
        some = " and ".join(sorted(t.__name__ for t in types))
        warnings.warn(
            f"the frame: column {name!r} holds {some}; they are read as text",
            InterfuseWarning,
            stacklevel=2,
        )
    return pl.Series(name, content, dtype), kind


def _typed_objects(found: str, column: Any, values: list[Any]) -> tuple[Any, pl.DataType | None]:
    """Values and type for `pl.Series`: the one type of all values, else text."""
    import pandas as pd

    def numbers() -> list[float]:
        if any(abs(v) > _EXACT for v in values if v is not None and not isinstance(v, float)):
            raise ValueError
        return [None if v is None else float(v) for v in values]  # type: ignore[misc]

    def times(convert: Callable[[Any], Any]) -> pl.Series:
        return _from_pandas_column("", convert(column))[0]

    def instants(column: Any) -> Any:
        if any(v is not None and v.tzinfo is None for v in values):
            raise ValueError
        return pd.to_datetime(column, utc=True)

    tries: dict[str, list[Callable[[], tuple[Any, pl.DataType | None]]]] = {
        "boolean": [lambda: (values, pl.Boolean())],
        "integer": [lambda: (values, pl.Int64()), lambda: (values, pl.UInt64())],
        "floating": [lambda: (values, pl.Float64())],
        "mixed-integer-float": [lambda: (numbers(), pl.Float64())],
        "decimal": [lambda: (values, None)],
        "date": [lambda: (values, pl.Date())],
        "time": [lambda: (values, pl.Time())],
        # Of several offsets the instants are kept.
        "datetime": [
            lambda: (times(pd.to_datetime), None),
            lambda: (times(instants), None),
        ],
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


def to_pandas(frame: pl.DataFrame, origin: Origin) -> Any:
    """The frame as a pandas frame, its columns in the types they had, with the index of `origin`.

    Without one the index is 0, 1, 2, ...
    """
    import pandas as pd

    index = pd.RangeIndex(frame.height)
    columns = {
        c.name: pd.Series(_to_pandas_column(c, origin.columns[c.name]), index=index)
        if c.name in origin.columns
        else c.to_pandas()
        for c in frame.iter_columns()
    }
    out = pd.DataFrame(columns, index=index)
    out.columns.name = origin.heading
    if origin.rows is not None:
        for name, values in origin.objects.items():
            if name in origin.columns and name in out.columns and len(values) == len(out):
                own = [str(v) == t for v, t in zip(values, out[name], strict=True)]
                pairs = zip(own, values, out[name], strict=True)
                out[name] = pd.Series([v if o else t for o, v, t in pairs], dtype=object)
        # By place, never by label; a copy, so that a new name does not reach the user's frame.
        out.index = origin.rows.copy()
    return out


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
    arrow = type_from_json(kind["arrow"])
    return pd.arrays.ArrowExtensionArray(pa.chunked_array([array_of(column, arrow)]))


def _to_category(column: pl.Series, kind: dict[str, Any]) -> Any:
    import pandas as pd

    if "categories" not in kind:
        return pd.Series(column.to_pandas(), dtype=pd.CategoricalDtype(ordered=kind["ordered"]))
    if ends := kind.get("intervals"):
        dtype: Any = pd.api.types.pandas_dtype(kind["of"])
        number = int if dtype.subtype.kind in "iu" else float
        left, right = ([number(v) for v in ends[side]] for side in ("left", "right"))
        categories = pd.IntervalIndex.from_arrays(left, right, dtype=dtype)
        texts = {text: i for i, text in enumerate(kind["categories"])}
        codes = [-1 if v is None else texts.get(v, -1) for v in column.cast(pl.String).to_list()]
        return pd.Categorical.from_codes(codes, categories, kind["ordered"])
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
