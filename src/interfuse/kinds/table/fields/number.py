"""Numbers, and everything that is a number inside: dates, times, durations, decimals.

A column becomes one category cell, the bin of the value, and one number cell, the value's normal
score inside its bin (`fields.quantiles`). Missing, not-a-number and the infinities
are codes of the category cell behind the bins; a bin of a single value says all there is to say. In
both cases the number is absent.

Values come back on the column's own grid: integers (and times, which are integers inside) on
multiples of the greatest common divisor of their differences, real numbers with as many decimals as
the column has, if that is a fixed number. No value lies outside the range seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.base import Arrays, Cell, Encoded, Field, register
from interfuse.kinds.table.fields.quantiles import BinnedQuantiles, Knots, assign_bins, make_knots
from interfuse.kinds.table.schema import ColumnSpec

BINS = 32
END_ROWS = 4
"""The ends of the range weigh at least this many rows: a draw of the size of the training table
then reaches an end with a probability of 1 - e^-4 = 98 %, where an end seen once would be missed
by 37 % of draws."""
MOST_DECIMALS = 6
_SPECIAL = ("missing", "nan", "inf", "-inf")


@register("number", "datetime")
class NumberField(Field):
    """A column of numbers as bin and normal score.

    Args:
        name: the column.
        dtype: its type.
        quantiles: both directions of the transform; None if no value is finite.
        special: which of missing, nan, inf and -inf the column has.
        grid: (origin, step) of integers, (0, decimals) of real numbers, None without a grid.
    """

    kind = "number"

    def __init__(
        self,
        name: str,
        dtype: pl.DataType,
        quantiles: BinnedQuantiles | None,
        special: tuple[str, ...],
        grid: tuple[int, int] | None,
    ) -> None:
        super().__init__(name, dtype)
        self.quantiles = quantiles
        self.special = special
        self.grid = grid

    @classmethod
    def fit(cls, column: pl.Series, spec: ColumnSpec) -> NumberField:
        """Learn bins, ranks and grid of a column."""
        values, state = _physical(column)
        finite = values[state < 0]
        special = tuple(s for i, s in enumerate(_SPECIAL) if (state == i).any())
        if not len(finite):
            return cls(spec.name, spec.dtype, None, special or ("missing",), None)
        distinct, counts = np.unique(finite, return_counts=True)
        counts[[0, -1]] = np.maximum(counts[[0, -1]], END_ROWS)
        label = assign_bins(distinct, counts, int(spec.options.get("bins", BINS)))
        quantiles = BinnedQuantiles(make_knots(distinct, counts, label))
        return cls(spec.name, spec.dtype, quantiles, special, _grid(distinct))

    @property
    def bins(self) -> int:
        """Number of bins."""
        return self.quantiles.bins if self.quantiles else 0

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The bin, ordered, and the score inside it unless every bin is a single value."""
        size = self.bins + len(self.special)
        category = Cell(self.name, size, ordered=self.bins)
        return (category, Cell(self.name, 0)) if self._has_number else (category,)

    @property
    def _has_number(self) -> bool:
        return self.quantiles is not None and not self.quantiles.single.all()

    @property
    def range(self) -> tuple[float, float] | None:
        """Smallest and largest value seen, in the column's physical unit."""
        if self.quantiles is None:
            return None
        value = self.quantiles.knots.value
        return value.min().item(), value.max().item()

    def describe_range(self) -> str:
        """The range seen, in the column's own terms."""
        low, high = self.range or (0, 0)
        ends = np.array([low, high], dtype=self._value_type if self.quantiles else float)
        column = _from_physical(self.name, ends, np.zeros(2, bool), self.dtype)
        return f"{column[0]} to {column[1]}"

    def encode(self, column: pl.Series) -> Encoded:
        """Cells of a column; -1 for a missing or infinite value where fitting saw none."""
        values, state = _physical(column)
        codes = np.full(len(values), -1, np.int32)
        low = np.full(len(values), np.nan)
        high = low.copy()
        for i, name in enumerate(_SPECIAL):
            if name in self.special:
                codes[state == i] = self.bins + self.special.index(name)
        if self.quantiles:
            finite = state < 0
            bins, a, b = self.quantiles.to_cells(values[finite].astype(self._value_type))
            codes[finite], low[finite], high[finite] = bins, a, b
        numbers = slice(None) if self._has_number else slice(0)
        shape = (len(values), 1)
        return Encoded(
            codes[:, None],
            low.astype(np.float32).reshape(shape)[:, numbers],
            high.astype(np.float32).reshape(shape)[:, numbers],
        )

    @property
    def _value_type(self) -> np.dtype:
        assert self.quantiles is not None
        return self.quantiles.knots.value.dtype

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """Values on the grid, inside their bin's range."""
        code = codes[:, 0]
        special = code >= self.bins
        if self.quantiles is None:
            values = np.zeros(len(code))
        else:
            score = z[:, 0] if self._has_number else np.zeros(len(code))
            values = self.quantiles.to_values(np.where(special, 0, code), score)
            values = _on_grid(values, self.grid)
        missing = np.zeros(len(code), bool)
        for i, name in enumerate(self.special):
            where = code == self.bins + i
            if name == "missing":
                missing |= where
            elif where.any():
                values = values.astype(np.float64)
                values[where] = float(name)
        return _from_physical(self.name, values, missing, self.dtype)

    def to_json(self) -> dict[str, Any]:
        """Special values and the grid."""
        return {"special": list(self.special), "grid": list(self.grid) if self.grid else None}

    def arrays(self) -> Arrays:
        """The knots."""
        if self.quantiles is None:
            return {}
        k = self.quantiles.knots
        return {"bin": k.bin, "p": k.p, "value": k.value, "rows": k.rows}

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> NumberField:
        """The inverse of `to_json` and `arrays`."""
        quantiles = BinnedQuantiles(Knots(**arrays)) if arrays else None
        grid = tuple(int(g) for g in d["grid"]) if d["grid"] else None
        return cls(name, dtype, quantiles, tuple(d["special"]), grid)  # type: ignore[arg-type]


def _physical(column: pl.Series) -> tuple[np.ndarray, np.ndarray]:
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


def _from_physical(
    name: str, values: np.ndarray, missing: np.ndarray, dtype: pl.DataType
) -> pl.Series:
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


def _grid(distinct: np.ndarray) -> tuple[int, int] | None:
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


def _on_grid(values: np.ndarray, grid: tuple[int, int] | None) -> np.ndarray:
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
