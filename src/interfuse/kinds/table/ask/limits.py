"""A column held in a set or a range, as limits on its cells.

Code c of the column's first cell may be drawn with the share w_c of its probability that satisfies
the condition: 1 or 0 for categories, the share of the bin that lies in the range for numbers (0 < w
< 1 for the bins that hold an end). Inside such a bin the score is standard normal, cut to
[ndtri(a_c), ndtri(b_c)], w_c = b_c - a_c. For a set of numbers the choice inside a bin is among the
set's own values, by their shares.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import ndtr, ndtri

from interfuse.errors import ConditionError
from interfuse.kinds.table.ask.expressions import Range
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields.number import NumberField

_LEAST = 1e-9


@dataclass(frozen=True)
class Limit:
    """A column held in a set or a range.

    Attributes:
        name: the column.
        cell: its first category cell.
        weight: (k,) share of each code that is allowed.
        second: (k, k_2) allowed codes of its second category cell; None if it has none.
        number: its number cell; None if it has none.
        low: (k,) lowest rank allowed inside each bin, for ranges.
        high: (k,) highest rank.
        values: the set, None for ranges.
        codes: (v, 1 or 2) codes of the set's values.
        scores: (v,) their scores.
        share: (v,) their shares of their bins.
        ends: least and greatest physical value of a range.
    """

    name: str
    cell: int
    weight: np.ndarray
    second: np.ndarray | None = None
    number: int | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    values: pl.Series | None = None
    codes: np.ndarray | None = None
    scores: np.ndarray | None = None
    share: np.ndarray | None = None
    ends: tuple[float | int, float | int] | None = None

    def hold(self, column: pl.Series) -> pl.Series:
        """The column with what rounding has put outside of the range back on its end."""
        if self.ends is None:
            return column
        work = column.to_physical() if column.dtype.is_temporal() else column
        if isinstance(column.dtype, pl.Decimal):
            scale = 10**column.dtype.scale
            low, high = (pl.Series([end]).cast(pl.Decimal(38, 0)) for end in map(int, self.ends))
            bounds = [(end / pl.Series([scale])).cast(column.dtype)[0] for end in (low, high)]
            return column.clip(*bounds)
        return work.clip(*self.ends).cast(column.dtype)


def limit_to_values(name: str, values: pl.Series, codec: TableCodec) -> Limit:
    """Hold a column in a set.

    Args:
        name: the column.
        values: distinct values, all of them known to the column's transform.
        codec: of the model.
    """
    field, place = codec.fields[name], codec.places[name]
    cells = field.encode(values)
    if not field.cells:  # a constant: there is nothing to choose
        return Limit(name, -1, np.ones(0), values=values)
    codes = cells.codes.astype(np.int64)
    weight = np.zeros(field.cells[0].size)
    if not isinstance(field, NumberField):
        weight[codes[:, 0]] = 1.0
        second = None
        if codes.shape[1] == 2:
            second = np.zeros((len(weight), field.cells[1].size), bool)
            second[codes[:, 0], codes[:, 1]] = True
        return Limit(name, place.codes.start, weight, second)
    share, scores = np.ones(len(codes)), np.full(len(codes), np.nan)
    number = None
    if cells.low.shape[1]:
        number = place.numbers.start
        low, high = ndtr(cells.low[:, 0].astype(float)), ndtr(cells.high[:, 0].astype(float))
        inside = ~np.isnan(low)
        share = np.where(inside, np.maximum(high - low, _LEAST), 1.0)
        middle = np.where(cells.low == cells.high, cells.low, ndtri((low + high) / 2)[:, None])
        scores = middle[:, 0]
    np.add.at(weight, codes[:, 0], share)
    return Limit(
        name,
        place.codes.start,
        np.minimum(weight, 1.0),
        number=number,
        values=values,
        codes=codes,
        scores=scores,
        share=share,
    )


def limit_to_range(
    name: str,
    asked: Range,
    low: float | int | None,
    high: float | int | None,
    codec: TableCodec,
) -> tuple[Limit | None, pl.Series]:
    """Hold a number in a range.

    Args:
        name: the column.
        asked: for the message, and which ends are open.
        low: the lower end in the column's physical unit; None if there is none.
        high: the upper end.
        codec: of the model.

    Returns:
        The limit, or None if no value of the range was seen; and the value of the range that is
        nearest to what was seen.

    Raises:
        ConditionError: no value satisfies the range.
    """
    field, place = codec.fields[name], codec.places[name]
    assert isinstance(field, NumberField)
    assert field.quantiles is not None
    knots, seen = field.quantiles.knots, field.range or (0, 0)
    least, most, half = _on_grid(field, asked, low, high)
    if least > most:
        raise ConditionError(f"column {name!r}: no value has {asked}. Mend the condition.")
    k = field.cells[0].size
    weight, a, b = np.zeros(k), np.zeros(k), np.ones(k)
    for code in range(field.bins):
        at = knots.bin == code
        p, value = knots.p[at], knots.value[at]
        if field.quantiles.single[code]:
            weight[code] = float(least <= value[0] <= most)
            continue
        a[code] = _rank(value, p, least - half, "left") if least > value[0] else 0.0
        b[code] = _rank(value, p, most + half, "right") if most < value[-1] else 1.0
        weight[code] = max(b[code] - a[code], 0.0)
    weight[weight < _LEAST] = 0.0
    nearest = min(max(seen[0], least), most) if least > seen[0] or most < seen[0] else seen[0]
    number = place.numbers.start if place.numbers.stop > place.numbers.start else None
    value = _physical_series(field, nearest)
    if not weight.any():
        return None, value
    ends = (max(least, seen[0]), min(most, seen[1]))
    limit = Limit(name, place.codes.start, weight, number=number, low=a, high=b, ends=ends)
    return limit, value


def physical_bound(
    name: str, value: object, dtype: pl.DataType, read: Callable[[object], pl.Series]
) -> float | int:
    """An end of a range in the column's physical unit.

    Raises:
        ConditionError: it cannot be read as such a value.
    """
    if dtype.is_temporal():
        return read(value).to_physical()[0]
    try:
        text = str(value).strip()
        whole = text.lstrip("+-").isdigit()
        number: float | int = int(text) if whole else float(text)
        if isinstance(value, bool) or (isinstance(number, float) and math.isnan(number)):
            raise ValueError
    except ValueError:
        raise ConditionError(
            f"column {name!r}: {value!r} cannot be read as a number. Give a value of type {dtype}."
        ) from None
    return number * 10**dtype.scale if isinstance(dtype, pl.Decimal) else number


def _on_grid(
    field: NumberField, asked: Range, low: float | int | None, high: float | int | None
) -> tuple[float | int, float | int, float]:
    """Least and greatest value of the range on the column's grid, and half of the grid's step."""
    first, last = field.range or (0, 0)
    assert field.quantiles is not None
    whole = field.quantiles.knots.value.dtype.kind != "f"
    far = [-math.inf if low is None else low, math.inf if high is None else high]
    if whole:
        origin, step = field.grid or (0, 1)
        # An end far outside is as good as one just outside; infinities have no place on a grid.
        least, most = first, last
        if math.isfinite(far[0]):
            up = -((-(far[0] - origin)) // step)
            least = int(origin + up * step)
            least += step if asked.open_low and least == far[0] else 0
        elif far[0] > 0:
            raise ConditionError(f"column {field.name!r}: no value has {asked}.")
        if math.isfinite(far[1]):
            most = int(origin + (far[1] - origin) // step * step)
            most -= step if asked.open_high and most == far[1] else 0
        elif far[1] < 0:
            raise ConditionError(f"column {field.name!r}: no value has {asked}.")
        least = least if low is not None else min(first, most)
        most = most if high is not None else max(last, least)
        return least, most, step / 2
    least, most = far
    if field.grid is not None:
        unit = 10.0 ** -field.grid[1]
        if math.isfinite(least):
            up = math.ceil(round(least / unit, 6))
            up += asked.open_low and math.isclose(up * unit, least, rel_tol=1e-12, abs_tol=1e-300)
            least = round(up * unit, field.grid[1])
        if math.isfinite(most):
            down = math.floor(round(most / unit, 6))
            down -= asked.open_high and math.isclose(
                down * unit, most, rel_tol=1e-12, abs_tol=1e-300
            )
            most = round(down * unit, field.grid[1])
        return least, most, unit / 2
    if asked.open_low:
        least = math.nextafter(least, math.inf)
    if asked.open_high:
        most = math.nextafter(most, -math.inf)
    return least, most, 0.0


def _rank(value: np.ndarray, p: np.ndarray, at: float, side: str) -> float:
    """P(v < at) for "left", P(v <= at) for "right", inside a bin."""
    i = int(np.searchsorted(value, at, side=side))  # type: ignore[call-overload]
    if i == 0:
        return 0.0
    if i == len(value):
        return 1.0
    left, right = float(value[i - 1]), float(value[i])
    share = (at - left) / (right - left) if right > left else 1.0
    return float(p[i - 1] + min(max(share, 0.0), 1.0) * (p[i] - p[i - 1]))


def _physical_series(field: NumberField, value: float | int) -> pl.Series:
    dtype = field.dtype
    if isinstance(dtype, pl.Decimal):
        scaled = pl.Series([int(value)]).cast(pl.Decimal(38, dtype.scale))
        return (scaled / pl.Series([10**dtype.scale])).cast(dtype).alias(field.name)
    series = pl.Series(field.name, [value])
    if dtype.is_temporal():
        series = series.cast(pl.Int32 if dtype == pl.Date else pl.Int64)
    return series.cast(dtype)
