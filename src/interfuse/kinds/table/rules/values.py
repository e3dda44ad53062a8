"""What formulas compute with: columns of numbers, truth values, texts and times, with gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

Kind = Literal["number", "truth", "text", "time", "duration"]
_TEXTS = (pl.String, pl.Categorical, pl.Enum)
UNITS = {
    "microseconds": 1e-6,
    "milliseconds": 1e-3,
    "seconds": 1.0,
    "minutes": 60.0,
    "hours": 3600.0,
    "days": 86400.0,
}
PARTS = ("year", "month", "day", "weekday", "hour", "minute", "date")


@dataclass(frozen=True)
class Value:
    """A column of values.

    Attributes:
        sort: of what.
        data: (n,) int64 or float64; bool for truth values, int64 ticks for times.
        gone: (n,) whether each is missing.
        unit: ticks of times and durations: "us" or "ns".
        zone: the time zone of times.
        text: the values of sort text.
    """

    sort: Kind
    data: np.ndarray
    gone: np.ndarray
    unit: Literal["us", "ns"] = "us"
    zone: str | None = None
    text: pl.Series | None = None

    def series(self, name: str) -> pl.Series:
        """The values as a polars column."""
        if self.text is not None:
            out = self.text.alias(name)
        elif self.sort == "time":
            out = pl.Series(name, self.data).cast(pl.Datetime(self.unit, self.zone))
        elif self.sort == "duration":
            out = pl.Series(name, self.data).cast(pl.Duration(self.unit))
        else:
            out = pl.Series(name, self.data)
        if not self.gone.any():
            return out
        there = pl.Series(~self.gone)
        return pl.select(pl.when(there).then(out).alias(name)).to_series()

    def number(self) -> np.ndarray:
        """The values as numbers; truth is 1.

        Raises:
            TypeError: they are none.
        """
        if self.sort == "truth":
            return self.data.astype(np.int64)
        if self.sort != "number":
            raise TypeError(f"a {self.sort} is no number")
        return self.data

    def truth(self) -> np.ndarray:
        """The values as truth values.

        Raises:
            TypeError: they are none.
        """
        if self.sort not in ("truth", "number"):
            raise TypeError(f"a {self.sort} is neither true nor false")
        return self.data.astype(bool)

    def negated(self) -> Value:
        """Not this."""
        return Value("truth", ~self.truth(), self.gone)

    def joined(self, other: Value, both: bool) -> Value:
        """This and, or or, the other."""
        a, b = self.truth(), other.truth()
        return Value("truth", a & b if both else a | b, self.gone | other.gone)

    def chosen(self, one: Value, other: Value) -> Value:
        """One where this is true, else the other."""
        test = self.truth()
        gone = self.gone | np.where(test, one.gone, other.gone)
        if one.sort != other.sort and {one.sort, other.sort} <= {"number", "truth"}:
            one, other = (Value("number", v.number(), v.gone) for v in (one, other))
        if one.sort != other.sort:
            raise TypeError(f"a {one.sort} and a {other.sort} do not go into one column")
        one, other = _same_unit(one, other)
        text = None
        if one.text is not None and other.text is not None:
            text = pl.select(pl.when(pl.Series(test)).then(one.text).otherwise(other.text))
            text = text.to_series()
        return Value(one.sort, np.where(test, one.data, other.data), gone, one.unit, one.zone, text)


def named(frame: pl.DataFrame, name: str, others: tuple[str, ...] = ()) -> Value:
    """A column of a frame.

    Args:
        frame: with the column.
        name: which.
        others: all columns of the formula; times are counted in the finest unit of theirs.

    Raises:
        TypeError: it holds what cannot be computed with.
    """
    column = frame[name]
    dtype, gone = column.dtype, column.is_null().to_numpy()
    if dtype in _TEXTS:
        text = column.cast(pl.String)
        return Value("text", np.zeros(len(text), np.int8), gone, text=text)
    if dtype == pl.Boolean:
        return Value("truth", column.fill_null(False).to_numpy(), gone)
    if dtype.is_temporal() and dtype != pl.Time:
        fine = any(getattr(frame.schema[n], "time_unit", "") == "ns" for n in others or (name,))
        unit: Literal["us", "ns"] = "ns" if fine else "us"
        sort: Kind = "duration" if dtype == pl.Duration else "time"
        zone = getattr(dtype, "time_zone", None)
        wide = pl.Duration(unit) if sort == "duration" else pl.Datetime(unit, zone)
        ticks = column.cast(wide).to_physical().fill_null(0).to_numpy()
        return Value(sort, ticks.astype(np.int64), gone, unit, zone)
    if dtype.is_integer():
        whole = pl.Float64 if dtype == pl.UInt64 else pl.Int64
        return Value("number", column.cast(whole).fill_null(0).to_numpy(), gone)
    if dtype.is_numeric():
        return Value("number", column.cast(pl.Float64).fill_null(0.0).to_numpy(), gone)
    raise TypeError(f"column {name!r} holds {dtype}; expected numbers, times, truth or text")


def literal(value: Any, n: int) -> Value:
    """The same value n times."""
    none = np.zeros(n, bool)
    if isinstance(value, str):
        text = pl.select(pl.repeat(value, n, dtype=pl.String)).to_series()
        return Value("text", np.zeros(n, np.int8), none, text=text)
    return Value("truth" if isinstance(value, bool) else "number", np.full(n, value), none)


def arithmetic(op: str, a: Value, b: Value) -> Value:
    """Sum, difference, product or ratio.

    Raises:
        TypeError: the two have none.
    """
    gone = a.gone | b.gone
    timed = {a.sort, b.sort} & {"time", "duration"}
    if timed and op in "+-":
        pairs = {"time": 1, "duration": 0}
        if a.sort not in pairs or b.sort not in pairs:
            raise TypeError(f"{a.sort} {op} {b.sort} has no meaning: write seconds(...)")
        sort = pairs[a.sort] + (1 if op == "+" else -1) * pairs[b.sort]
        if sort not in (0, 1):
            raise TypeError(f"{a.sort} {op} {b.sort} has no meaning")
        a, b = _same_unit(a, b)
        data = a.data + b.data if op == "+" else a.data - b.data
        return Value("time" if sort else "duration", data, gone, a.unit, a.zone or b.zone)
    x, y = a.number(), b.number()
    if op == "/":
        zero = y == 0
        return Value("number", x / np.where(zero, 1, y), gone | zero)
    return Value("number", {"+": np.add, "-": np.subtract, "*": np.multiply}[op](x, y), gone)


def _same_unit(a: Value, b: Value) -> tuple[Value, Value]:
    if a.sort in ("time", "duration") and a.unit != b.unit:
        a, b = (
            v if v.unit == "ns" else Value(v.sort, v.data * 1000, v.gone, "ns", v.zone, v.text)
            for v in (a, b)
        )
    return a, b


def compared(op: str, a: Value, b: Value) -> Value:
    """Truth of a comparison.

    Raises:
        TypeError: the two cannot be compared.
    """
    gone = a.gone | b.gone
    if a.text is not None or b.text is not None:
        if a.text is None or b.text is None or op not in ("==", "!="):
            raise TypeError(f"a {a.sort} and a {b.sort} cannot be compared by {op}")
        same = (a.text == b.text).fill_null(False).to_numpy()
        return Value("truth", same if op == "==" else ~same, gone)
    if a.sort in ("time", "duration"):
        if a.sort != b.sort:
            raise TypeError(f"a {a.sort} and a {b.sort} cannot be compared")
        a, b = _same_unit(a, b)
        x, y = a.data, b.data
    else:
        x, y = a.number(), b.number()
    how = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
    how |= {"==": np.equal, "!=": np.not_equal}
    return Value("truth", how[op](x, y), gone)
