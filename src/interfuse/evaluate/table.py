"""Tables as arrays: what every metric of this package works on.

`encode` turns the real, the synthetic and the hold-out frame into `Table` s that share one code
book, so that a bootstrap, a permutation or a pair of columns is an index operation:

* a number column is float64, NaN = missing. Dates and times become their physical count (days as
  milliseconds, otherwise the unit of the real column). Integers beyond 2^53 round to the nearest
  float, finite values beyond 1e150 count as 1e150, so that squares and sums stay finite;
* a category column is int32 codes into `Table.labels`, -1 = missing. Codes follow the order of the
  values of the real column's dtype over all tables given, so an unseen value has a code too.
"""

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interfuse.errors import DataError
from interfuse.evaluate.columns import Kind, as_polars, compared_columns
from interfuse.evaluate.identifiers import shared

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Index = NDArray[np.int64]

MISSING = -1

_HUGE = 1e150
# Seconds since 1970 of the years 1 to 9999, a day off either end for time zones; of Python's spans.
_YEARS = (-62_135_510_400.0, 253_402_214_400.0)
_SPANS = (-8.6399e13, 8.6399e13)


@dataclass(frozen=True)
class Table:
    """Columns as arrays of one length.

    Attributes:
        kinds: Column name to kind, in the column order of the real table.
        numbers: Number columns, float64, NaN = missing, shape (rows,).
        codes: Category columns, int32, -1 = missing, shape (rows,).
        labels: Category columns, the text of each code; shared by the tables encoded together.
        temporal: Number columns that hold times, and the polars dtype to print them in.
        rows: Number of rows.
    """

    kinds: dict[str, Kind]
    numbers: dict[str, Floats]
    codes: dict[str, Codes]
    labels: dict[str, list[str]]
    temporal: dict[str, pl.DataType]
    rows: int

    def take(self, index: Index) -> "Table":
        """Return the rows at `index`, in that order, repeats allowed."""
        return Table(
            self.kinds,
            {name: values[index] for name, values in self.numbers.items()},
            {name: codes[index] for name, codes in self.codes.items()},
            self.labels,
            self.temporal,
            len(index),
        )

    def bootstrap(self, rows: int, rng: np.random.Generator) -> "Table":
        """Return `rows` rows drawn with replacement: the sampling floor of any method."""
        return self.take(rng.integers(self.rows, size=rows))

    def independent(self, rows: int, rng: np.random.Generator) -> "Table":
        """Return `rows` rows whose columns are permuted each on its own.

        Marginals stay, every dependence goes. With more rows than the table has, columns are drawn
        with replacement instead.
        """

        def draw() -> Index:
            if rows <= self.rows:
                return rng.permutation(self.rows)[:rows]
            return rng.integers(self.rows, size=rows)

        return Table(
            self.kinds,
            {name: values[draw()] for name, values in self.numbers.items()},
            {name: codes[draw()] for name, codes in self.codes.items()},
            self.labels,
            self.temporal,
            rows,
        )

    def sample(self, limit: int, rng: np.random.Generator) -> "Table":
        """Return the table, or `limit` of its rows without replacement when it has more."""
        if self.rows <= limit:
            return self
        return self.take(np.sort(rng.permutation(self.rows)[:limit]))

    def column(self, name: str) -> Floats:
        """Return a column as float64 with NaN for missing; categories as their codes."""
        if name in self.numbers:
            return self.numbers[name]
        codes = self.codes[name]
        return np.where(codes == MISSING, np.nan, codes.astype(np.float64))

    def matrix(self, without: str | None = None) -> Floats:
        """Return all columns (but `without`) as a (rows, columns) matrix; see `column`."""
        names = [name for name in self.kinds if name != without]
        if not names:
            return np.empty((self.rows, 0))
        return np.column_stack([self.column(name) for name in names])

    def missing(self, name: str) -> NDArray[np.bool_]:
        """Return where a column is missing."""
        if name in self.numbers:
            return np.isnan(self.numbers[name])
        return self.codes[name] == MISSING


@overload
def encode(
    real: Any, synthetic: Any, holdout: None = None, *, schema: Any = None
) -> tuple[Table, Table, None]: ...


@overload
def encode(
    real: Any, synthetic: Any, holdout: Any, *, schema: Any = None
) -> tuple[Table, Table, Table]: ...


def encode(
    real: Any, synthetic: Any, holdout: Any = None, *, schema: Any = None
) -> tuple[Table, Table, Table | None]:
    """Encode two or three frames with one code book.

    Args:
        real: The table that the synthetic one imitates.
        synthetic: A table with the same columns, in any order.
        holdout: Real rows that the synthesiser has not seen, with the same columns, or None.
        schema: See `kinds_of`.

    Returns:
        The real, the synthetic and the hold-out table (or None).

    Raises:
        DataError: The tables do not have the same columns, a column holds different kinds of
            values, no column can be compared, or a table has fewer than two rows.
    """
    frames = {"real": as_polars(real, "real"), "synthetic": as_polars(synthetic, "synthetic")}
    if holdout is not None:
        frames["hold-out"] = as_polars(holdout, "hold-out")
    first = frames["real"]
    compared = compared_columns(first, schema)
    kinds = compared.kinds
    ignored = set(first.columns) - set(kinds)
    for what, frame in frames.items():
        _check(what, frame, first, set(kinds), ignored)
    if not kinds:
        raise DataError(
            "no column can be compared: all are keys, free text or empty. Found columns: "
            f"{', '.join(map(repr, first.columns))}. Pass a schema that says what they are"
        )
    numbers: dict[str, dict[str, Floats]] = {what: {} for what in frames}
    codes: dict[str, dict[str, Codes]] = {what: {} for what in frames}
    labels: dict[str, list[str]] = {}
    temporal: dict[str, pl.DataType] = {}
    for name, kind in kinds.items():
        columns = _one_dtype(name, frames)
        if name in compared.identifiers:
            columns = {what: shared(first[name], column) for what, column in columns.items()}
        if kind == "number":
            dtype = columns["real"].dtype
            if dtype.is_temporal():
                temporal[name] = dtype
            for what, column in columns.items():
                numbers[what][name] = _floats(name, column)
        else:
            labels[name], coded = _codes(columns)
            for what in frames:
                codes[what][name] = coded[what]
    tables = [
        Table(kinds, numbers[what], codes[what], labels, temporal, frames[what].height)
        for what in frames
    ]
    return tables[0], tables[1], tables[2] if len(tables) == 3 else None


def _check(
    what: str, frame: pl.DataFrame, first: pl.DataFrame, compared: set[str], ignored: set[str]
) -> None:
    def names(columns: list[str]) -> str:
        shown = ", ".join(map(repr, columns[:8]))
        return shown + (f" and {len(columns) - 8} more" if len(columns) > 8 else "")

    if not set(frame.columns) & set(first.columns):
        raise DataError(
            f"the real and the {what} table share no column: real has {names(first.columns)}; "
            f"{what} has {names(frame.columns)}"
        )
    lacking = [name for name in first.columns if name in compared and name not in frame.columns]
    extra = [name for name in frame.columns if name not in compared | ignored]
    if lacking or extra:
        found = [f"it lacks {names(lacking)}"] * bool(lacking)
        found += [f"it has {names(extra)}, which the real table has not"] * bool(extra)
        raise DataError(
            f"the {what} table does not have the columns of the real one: {'; '.join(found)}. "
            "Drop or rename columns so that both have the same"
        )
    if frame.height < 2:
        raise DataError(
            f"the {what} table has {frame.height} rows; figures need rows: at least 2, "
            "and some hundreds to mean anything"
        )


def _one_dtype(name: str, frames: dict[str, pl.DataFrame]) -> dict[str, pl.Series]:
    columns = {what: frame.get_column(name) for what, frame in frames.items()}
    dtype = columns["real"].dtype
    if isinstance(dtype, pl.Categorical | pl.Enum):
        dtype = pl.String()
    elif dtype.is_integer() and any(c.dtype.is_float() for c in columns.values()):
        dtype = pl.Float64()
    out: dict[str, pl.Series] = {}
    for what, column in columns.items():
        if column.dtype == dtype or column.dtype == pl.Null:
            out[what] = column.cast(dtype)
            continue
        if column.null_count() == len(column):
            out[what] = pl.Series(column.name, [None] * len(column), dtype=dtype)
            continue
        same_sort = column.dtype.is_temporal() == dtype.is_temporal()
        nested = column.dtype.is_nested() or dtype.is_nested()
        try:
            cast = column.cast(dtype, strict=False) if same_sort and not nested else None
        except pl.exceptions.PolarsError:  # no such cast: text to booleans, times to dates
            cast = None
        if cast is None or cast.null_count() > column.null_count():
            raise DataError(
                f"column {name!r} is {columns['real'].dtype} in the real table and {column.dtype} "
                f"in the {what} one, and its values do not convert; expected the same type"
            )
        out[what] = cast
    return out


def _floats(name: str, column: pl.Series) -> Floats:
    dtype = column.dtype
    if dtype == pl.Date:
        column = column.cast(pl.Datetime("ms"))
    if dtype.is_temporal():
        column = column.to_physical()
    try:
        cast = column.cast(pl.Float64, strict=False)
    except pl.exceptions.PolarsError:  # no number at all, such as a list
        cast = pl.Series([None] * len(column), dtype=pl.Float64)
    if cast.null_count() > column.null_count():
        raise DataError(
            f"column {name!r} should hold numbers and holds values that are none ({dtype})"
        )
    values = cast.fill_null(float("nan")).to_numpy(writable=True)
    values = np.ascontiguousarray(values, dtype=np.float64)
    return np.where(np.isfinite(values), np.clip(values, -_HUGE, _HUGE), values)


def _codes(columns: dict[str, pl.Series]) -> tuple[list[str], dict[str, Codes]]:
    whole = pl.concat([column.rename("value") for column in columns.values()])
    if whole.dtype.is_float():
        whole = whole.fill_nan(None)
    if whole.dtype == pl.Boolean:
        whole = whole.cast(pl.String)
    rank = whole.rank("dense").cast(pl.Int32) - 1
    ends = np.cumsum([len(column) for column in columns.values()])[:-1]
    codes = rank.fill_null(MISSING).to_numpy().astype(np.int32)
    labels = whole.drop_nulls().unique().sort().cast(pl.String).to_list()
    return labels, dict(zip(columns, np.split(codes, ends), strict=True))


def time_text(value: float, dtype: pl.DataType) -> str:
    """Return a time that a number column stores, as text; its count where no calendar has it.

    Args:
        value: The physical count (days as milliseconds), finite.
        dtype: The polars dtype of the column.
    """
    stored = pl.Datetime("ms") if dtype == pl.Date else dtype
    unit = getattr(stored, "time_unit", "ns")
    seconds = value / {"ms": 1e3, "us": 1e6, "ns": 1e9}[unit]
    low, high = _SPANS if isinstance(stored, pl.Duration) else _YEARS
    if not low < seconds < high:
        return f"{value:.10g} {unit}"
    whole = min(max(int(value), -(2**63)), 2**63 - 1)  # floats round 2^63 - 1 up
    return str(pl.Series([whole], dtype=pl.Int64).cast(stored).item())


def row_hashes(table: Table) -> NDArray[np.uint64]:
    """Return 64 bits per row, equal for rows equal in every column (missing equals missing).

    Columns are mixed one after another by the finaliser of splitmix64; two different rows of a
    million agree by chance with probability 3e-8.
    """
    state = np.full(table.rows, 0x9E3779B97F4A7C15, dtype=np.uint64)
    for name in table.kinds:
        if name in table.numbers:
            bits = (table.numbers[name] + 0.0).view(np.uint64)
            bits = np.where(table.missing(name), np.uint64(0x7FF8DEAD00000001), bits)
        else:
            bits = table.codes[name].astype(np.int64).view(np.uint64)
        state = (state ^ bits) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return state
