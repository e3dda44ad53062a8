"""Frames of any library to polars and back, in the user's own kind and types.

What a frame may be: a pandas DataFrame, a polars DataFrame or LazyFrame, a pyarrow Table, or any
other frame that narwhals knows, such as a DuckDB relation, which comes back as polars. So do a
pyarrow dataset, record batch or reader, a dict of columns, and an array or tensor of two
dimensions, whose columns are named by their numbers. A path, or the URL of a database, is read
(`interfuse.io.read`), and its answers are polars frames too. The rules:

* A column has a name, which is text, not blank and not shared. A frame has a row and a column.
* Columns that hold lists, structs, arrays or bytes are refused; the message names them.
* The index of a pandas frame is not a column; `reset_index()` makes it one. Answers about its rows
  have that index, in its order, whatever it is: repeated labels, dates, levels, names. New rows
  have the index 0, 1, 2, ... Columns of several levels are refused; the name of a frame's row of
  names comes back.
* In pandas NaN, NaT, None and NA all are missing. An `object` column comes back with the missing
  value it had first.
* An `object` column of one type becomes that type. A mixture of whole numbers and floats becomes
  floats where that is exact. Every other mixture, such as numbers with words, and every other
  type, such as UUIDs, becomes text, each value as `str` prints it; observed values come back as
  they were, new ones as text. Times of several offsets become instants.
* A pandas category, or an Arrow dictionary, of text becomes an Enum of the same categories in the
  same order. Categories of numbers, times or booleans become these values. Either way they come
  back, those without a row included, and so do intervals of numbers; others become text.
* Zones that are a bare offset have no name in polars: the instants are kept in UTC, and come back
  with the offset.
* If an answer has a missing value in a pandas column of a type that has none (`int64`, `bool`), the
  column comes back in the nullable type of the same size (`Int64`, `boolean`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa

from interfuse.errors import DataError
from interfuse.io.arrowframe import from_arrow, to_arrow
from interfuse.io.dtypes import can_be_a_column
from interfuse.io.framechecks import check_names, unusable
from interfuse.io.many import called, is_on_disk
from interfuse.io.origin import Origin
from interfuse.io.pandasframe import from_pandas, to_pandas
from interfuse.io.read import read_sheet
from interfuse.io.sheet import Advice
from interfuse.io.textforms import Said


def to_polars(
    data: Any,
    said: Mapping[str, Said] | None = None,
    *,
    times: bool = True,
    nested: bool = False,
    advice: Advice | None = None,
    file: Mapping[str, Any] | None = None,
) -> tuple[pl.DataFrame | pl.LazyFrame, Origin]:
    """The frame as polars, and where it came from.

    Args:
        data: a pandas, polars or Arrow frame, any other that narwhals knows, a path, or
            several (`interfuse.io.many`).
        said: of a file, what is known of its columns of text (`interfuse.io.read.read_sheet`).
        times: of a file, whether times may be written in other forms than programs do.
        advice: of a file, how a person can say what a column is.
        nested: let columns of lists, structs, arrays and bytes pass.
        file: of a file, what is asked of it as a whole (`interfuse.io.read.read_sheet`).

    Returns:
        A DataFrame, or a LazyFrame for a LazyFrame or a path.

    Raises:
        DataError: it is not a frame, has no rows, no columns, columns without a name of their own,
            or a column of a type that cannot be modelled.
    """
    if is_on_disk(data):
        sheet = read_sheet(data, said, times=times, advice=advice, file=file)
        frame = sheet.frame
        origin = Origin("file", sheet.columns, text=sheet.text, unread=sheet.unread)
    elif isinstance(data, pl.DataFrame):
        frame, origin = data, Origin()
    elif isinstance(data, pl.LazyFrame):
        frame, origin = data, Origin("polars-lazy")
    elif nw.dependencies.is_pandas_dataframe(data):
        frame, origin = from_pandas(data)
    elif isinstance(data, pa.Table):
        frame, origin = from_arrow(data)
    else:
        frame, origin = _from_other(data), Origin("other")
    schema = frame.collect_schema()
    where = "the frame"
    if origin.library == "file":
        where = "standard input" if str(data) == "-" else called(data)
    check_names(schema.names(), where)
    for name, dtype in schema.items():
        if not nested and not can_be_a_column(dtype):
            raise unusable(name, str(dtype), where)
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
        return to_pandas(frame, origin)
    if origin.library == "pyarrow":
        return to_arrow(frame, origin)
    return frame


def index_of(data: Any) -> Any:
    """The index of a pandas frame; None for anything else."""
    return data.index if nw.dependencies.is_pandas_dataframe(data) else None


def unlabelled(data: Any) -> Any:
    """A pandas frame without its index, for who keeps that elsewhere; anything else as it is."""
    return data.reset_index(drop=True) if nw.dependencies.is_pandas_dataframe(data) else data


def _from_other(data: Any) -> pl.DataFrame:
    """A frame of what is no frame of pandas, polars or Arrow."""
    if isinstance(data, dict):
        return _from_columns(data)
    if isinstance(data, pa.RecordBatch | pa.RecordBatchReader) or _is_dataset(data):
        table = (
            pa.Table.from_batches([data])
            if isinstance(data, pa.RecordBatch)
            else (data.read_all() if isinstance(data, pa.RecordBatchReader) else data.to_table())
        )
        return pl.DataFrame(from_arrow(table)[0])
    series = nw.dependencies.is_into_series(data)
    if hasattr(data, "__array__") and not hasattr(data, "columns") and not series:
        return _from_array(np.asarray(data))
    try:
        native = nw.from_native(data)
        eager = native.collect() if isinstance(native, nw.LazyFrame) else native
        return eager.to_polars()
    except TypeError:
        raise DataError(
            f"the data: is a {type(data).__module__}.{type(data).__qualname__}; expected a path, "
            "or a pandas, polars or Arrow frame. Turn it into a frame with named columns."
        ) from None


def _is_dataset(data: Any) -> bool:
    """Whether it is a pyarrow dataset; asked by name, since importing that module takes long."""
    kinds = (f"{c.__module__}.{c.__qualname__}" for c in type(data).__mro__)
    return "pyarrow._dataset.Dataset" in kinds


def _from_columns(columns: dict[Any, Any]) -> pl.DataFrame:
    """Columns by name."""
    try:
        arrays = {n: np.asarray(v) if hasattr(v, "__array__") else v for n, v in columns.items()}
        return pl.DataFrame(arrays, strict=False)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise DataError(
            f"the data: is a dict that makes no frame ({str(error).splitlines()[0]}); expected "
            "columns of equal length by their names."
        ) from None


def _from_array(array: np.ndarray) -> pl.DataFrame:
    """Rows by columns; an array of records has names of its own."""
    if array.dtype.names:
        return _from_columns({name: array[name] for name in array.dtype.names})
    if array.ndim != 2:
        raise DataError(
            f"the data: is an array of {array.ndim} dimensions, of shape {array.shape}; expected "
            "rows by columns. Images and series are fitted with kind=..."
        )
    if array.dtype == object:
        array = np.array(array.tolist(), dtype=object)
        return _from_columns({str(i): list(column) for i, column in enumerate(array.T)})
    return _from_columns({str(i): column for i, column in enumerate(array.T)})
