"""Numbers, times, durations and decimals as the numbers that they are inside, and their grids."""

from __future__ import annotations

import numpy as np
import polars as pl

from interfuse.errors import SchemaError

_YEARS = (-62_135_596_800, 253_402_300_799)
"""Seconds since 1970 of the first and the last moment of the years 1 to 9999, which Python has."""
_SPAN = 999_999_999 * 86_400
"""Seconds of the longest duration that Python has, less than a day."""
_A_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}

SPECIAL = ("missing", "nan", "inf", "-inf")
MOST_DECIMALS = 6


def to_physical(column: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Values as int64, uint64 or float64, and for each -1 or the index of its special value."""
    missing = column.is_null().to_numpy()
    state = np.where(missing, 0, -1)
    work = column.to_physical() if column.dtype.is_temporal() else column
    if isinstance(column.dtype, pl.Decimal):
        scaled = (column * 10**column.dtype.scale).cast(pl.Int64, strict=False)
        if scaled.null_count() > column.null_count():
            raise SchemaError(
                f"column {column.name!r} has decimals beyond 64 bits; expected fewer digits. Make "
                "it 'category' in the schema, or cast it to Float64."
            )
        work = scaled
    if work.dtype.is_float():
        values = work.cast(pl.Float64).fill_null(0.0).to_numpy().copy()
        for i, wrong in ((1, np.isnan(values)), (2, values == np.inf), (3, values == -np.inf)):
            state[wrong] = i
            values[wrong] = 0.0
        return values, state
    wide = pl.UInt64 if work.dtype == pl.UInt64 else pl.Int64
    return work.cast(wide).fill_null(0).to_numpy(), state


def from_physical(
    name: str, values: np.ndarray, missing: np.ndarray, dtype: pl.DataType
) -> pl.Series:
    """The inverse: a column of these values, missing where `missing`."""
    out = pl.Series(name, values)
    if isinstance(dtype, pl.Decimal):
        out = out.cast(pl.Decimal(38, dtype.scale)) / pl.Series([10**dtype.scale])
    elif dtype.is_temporal():
        # Date is 32 bits wide inside; the others are 64.
        out = out.cast(pl.Int32 if dtype == pl.Date else pl.Int64)
    out = out.cast(dtype).alias(name)
    if missing.any():
        out = out.set(pl.Series(missing), None)
    return out


def grid_of(distinct: np.ndarray) -> tuple[int, int] | None:
    """The grid of sorted distinct finite values; see `fields.number`."""
    if distinct.dtype.kind != "f":
        origin = int(distinct[0])
        steps = distinct.astype(np.uint64) - distinct[:1].astype(np.uint64)
        step = int(np.gcd.reduce(steps)) if len(distinct) > 1 else 1
        return (origin, step) if step > 1 else None
    if np.abs(distinct).max() >= 2.0**52 / 10**MOST_DECIMALS:
        return None
    for decimals in range(MOST_DECIMALS + 1):
        if (np.round(distinct, decimals) == distinct).all():
            return (0, decimals)
    return None


def on_grid(values: np.ndarray, grid: tuple[int, int] | None) -> np.ndarray:
    """The nearest values on the grid, never above the largest of it."""
    if grid is None:
        return values
    origin, step = grid
    if values.dtype.kind == "f":
        return np.round(values, step)
    base = np.array(origin).astype(values.dtype).astype(np.uint64)
    up = values.astype(np.uint64) - base
    down = up // np.uint64(step) * np.uint64(step)
    # Rounding up never leaves the range: the largest value lies on the grid.
    nearest = down + np.where(up - down >= np.uint64(step - step // 2), step, 0).astype(np.uint64)
    return (base + nearest).astype(values.dtype)


def one_physical(name: str, value: float | int, dtype: pl.DataType) -> pl.Series:
    """A column of one value, given as the number that it is inside."""
    if isinstance(dtype, pl.Decimal):
        scaled = pl.Series([int(value)]).cast(pl.Decimal(38, dtype.scale))
        return (scaled / pl.Series([10**dtype.scale])).cast(dtype).alias(name)
    series = pl.Series(name, [value])
    if dtype.is_temporal():
        series = series.cast(pl.Int32 if dtype == pl.Date else pl.Int64)
    return series.cast(dtype)


def bounds(dtype: pl.DataType) -> tuple[float | int, float | int]:
    """Least and greatest finite value that a column of the type can hold, as it is inside.

    Times end where Python's calendar does.
    """
    if isinstance(dtype, pl.Decimal):
        most = 10 ** (dtype.precision or 38) - 1
        return -most, most
    if dtype == pl.Date:
        return _YEARS[0] // 86_400, _YEARS[1] // 86_400
    if dtype == pl.Time:
        return 0, 86_400 * 10**9 - 1
    if isinstance(dtype, pl.Datetime | pl.Duration):
        unit = _A_SECOND[dtype.time_unit or "us"]
        low, high = (-_SPAN, _SPAN) if isinstance(dtype, pl.Duration) else _YEARS
        return max(low * unit, -(2**63)), min(high * unit + unit - 1, 2**63 - 1)
    if dtype.is_float():
        most = float(np.finfo(np.float32 if dtype == pl.Float32 else np.float64).max)
        return -most, most
    return tuple(pl.select(dtype.min(), dtype.max().alias("max")).row(0))  # type: ignore[attr-defined, return-value]


BEYOND = "times beyond the years 1 to 9999, or as long"


def outside_calendar(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """How many times of a column Python's calendar does not have."""
    low, high = bounds(dtype)
    return (~column.to_physical().is_between(low, high)).sum()


def within_calendar(column: pl.Series) -> pl.Series:
    """Whether each value is one that Python's calendar has; all that is no time is."""
    if not column.dtype.is_temporal() or column.dtype == pl.Time:
        return pl.Series(np.ones(len(column), bool))
    low, high = bounds(column.dtype)
    return column.to_physical().is_between(low, high).fill_null(True)
