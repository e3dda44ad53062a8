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

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl

from interfuse.errors import ConditionError, SchemaError
from interfuse.io.dtypes import to_text
from interfuse.kinds.table.fields.between import between, infinities, nothing_of
from interfuse.kinds.table.fields.cells import Arrays, Cell, Encoded
from interfuse.kinds.table.fields.coarse import Coarse
from interfuse.kinds.table.fields.counted import CountedField
from interfuse.kinds.table.fields.counts import Counted
from interfuse.kinds.table.fields.expected import expected_of, text_of
from interfuse.kinds.table.fields.limit import Limit, Range
from interfuse.kinds.table.fields.marginals import NumberMarginal
from interfuse.kinds.table.fields.physical import (
    SPECIAL,
    bounds,
    from_physical,
    grid_of,
    on_grid,
    one_physical,
    to_physical,
)
from interfuse.kinds.table.fields.quantiles import BinnedQuantiles, Knots, assign_bins, make_knots
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Spec, check_texts
from interfuse.kinds.table.fields.union import outside
from interfuse.language import t
from interfuse.visible import cut

if TYPE_CHECKING:
    from torch import Tensor

BINS = 32
FEWEST_BINS, MOST_CODES = 4, 8_192


@register_field
class NumberField(CountedField):
    """A column of numbers as bin and normal score.

    Args:
        name: the column.
        dtype: its type.
        quantiles: both directions of the transform; None if no value is finite.
        special: which of missing, nan, inf and -inf the column has.
        grid: (origin, step) of integers, (0, decimals) of real numbers, None without a grid.
        links: what it equals in a share of the rows (`kinds.table.links`); each has a code, the
            last ones, which the table's codec gives and takes away.
    """

    kind = "number"
    words = "integers and real numbers; new values appear between those seen"
    role = "number"
    stored = "number"
    # No `space`: calibration takes the rows of a bin for those of the column.
    options: ClassVar[Mapping[str, str]] = {
        "bins": "about how many bins its values are cut into, 1 to 256",
        "equals": "what it equals in a share of the rows: columns, or sums of them",
        "follows": "columns that it lies closer to than its bins are wide",
    }
    ordered = True

    def __init__(
        self,
        name: str,
        dtype: pl.DataType,
        quantiles: BinnedQuantiles | None,
        special: tuple[str, ...],
        grid: tuple[int, int] | None,
        links: tuple[str, ...] = (),
    ) -> None:
        super().__init__(name, dtype)
        self.links = links
        self.quantiles = quantiles
        self.special = special
        self.grid = grid

    @classmethod
    def finish(cls, sketch: Counted | Coarse, spec: Spec) -> Self:
        """Bins, ranks and grid of the values counted."""
        special = tuple(s for s, seen in zip(SPECIAL, sketch.special, strict=True) if seen)
        links = tuple(spec.options.get("equals", ()))
        distinct = sketch.values
        if distinct is None or not len(distinct):
            return cls(spec.name, spec.dtype, None, special or ("missing",), None)
        counts = sketch.counts
        label = assign_bins(distinct, counts, int(spec.options.get("bins", BINS)))
        if isinstance(sketch, Coarse):
            grid, distinct = sketch.grid, np.stack([distinct, sketch.upper], 1)
        else:
            grid = grid_of(distinct)
        quantiles = BinnedQuantiles(make_knots(distinct, counts, label))
        return cls(spec.name, spec.dtype, quantiles, special, grid, links)

    @classmethod
    def defaults(cls, alike: int) -> dict[str, Any]:
        """Numbers share `MOST_CODES` bins: with more than 256 of them each gets fewer.

        The network does not grow with the table's width then.
        """
        return {"bins": max(FEWEST_BINS, min(BINS, MOST_CODES // max(alike, 1)))}

    @classmethod
    def check_options(cls, name: str, options: Mapping[str, Any]) -> None:
        """Check the number of bins.

        Raises:
            SchemaError: it is not 1 to 256.
        """
        super().check_options(name, options)
        bins = options.get("bins", 1)
        if not isinstance(bins, int) or isinstance(bins, bool) or not 1 <= bins <= 256:
            raise SchemaError(f"schema: column {name!r} has bins {bins!r}; expected 1 to 256.")
        for key in ("equals", "follows"):
            check_texts(name, key, options.get(key, []))

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Numbers."""
        return dtype.is_numeric()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The bin, ordered, and the score inside it unless every bin is a single value."""
        size = self.bins + len(self.special) + len(self.links)
        category = Cell(self.name, size, ordered=self.bins)
        return (category, Cell(self.name, 0)) if self._has_number else (category,)

    @property
    def _has_number(self) -> bool:
        return self.quantiles is not None and not self.quantiles.single.all()

    @property
    def range(self) -> tuple[float, float] | None:
        """Smallest and largest value seen, in the column's physical unit."""
        return None if self.quantiles is None else self.quantiles.range

    def describe_range(self) -> str:
        """The range seen, in the column's own terms."""
        low, high = self.range or (0, 0)
        ends = np.array([low, high], dtype=self._value_type if self.quantiles else float)
        column = from_physical(self.name, ends, np.zeros(2, bool), self.dtype)
        return f"{column[0]} to {column[1]}"

    def encode(self, column: pl.Series) -> Encoded:
        """Cells of a column; -1 for a missing or infinite value where fitting saw none."""
        values, state = to_physical(column)
        codes = np.full(len(values), -1, np.int32)
        low = np.full(len(values), np.nan)
        high = low.copy()
        for i, name in enumerate(SPECIAL):
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
        """Values on the grid, inside their bin's range; of a link's code one of the middle."""
        code = codes[:, 0]
        special = code >= self.bins
        if self.quantiles is None:
            values = np.zeros(len(code))
        else:
            score = z[:, 0] if self._has_number else np.zeros(len(code))
            linked = code >= self.bins + len(self.special)
            at = np.where(linked, self.bins // 2, np.where(special, 0, code))
            values = on_grid(self.quantiles.to_values(at, score), self.grid)
        missing = np.zeros(len(code), bool)
        for i, name in enumerate(self.special):
            where = code == self.bins + i
            if name == "missing":
                missing |= where
            elif where.any():
                values = values.astype(np.float64)
                values[where] = float(name)
        return from_physical(self.name, values, missing, self.dtype)

    def to_json(self) -> dict[str, Any]:
        """Special values, the grid, and links if there are any."""
        links = {"links": list(self.links)} if self.links else {}
        return {
            "special": list(self.special),
            "grid": list(self.grid) if self.grid else None,
            **links,
        }

    def arrays(self) -> Arrays:
        """The knots."""
        if self.quantiles is None:
            return {}
        k = self.quantiles.knots
        return {"bin": k.bin, "p": k.p, "value": k.value, "rows": k.rows}

    @classmethod
    def from_json(cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays) -> Self:
        """The inverse of `to_json` and `arrays`."""
        quantiles = BinnedQuantiles(Knots(**arrays).sound()) if arrays else None
        special, grid = tuple(d["special"]), d["grid"]
        if any(s not in SPECIAL for s in special) or len(set(special)) < len(special):
            raise ValueError(f"column {name!r} has the special values {special}")
        if grid is not None and (len(grid) != 2 or any(type(g) is not int for g in grid)):
            raise ValueError(f"column {name!r} has the grid {grid}")
        links = tuple(map(str, d.get("links", ())))
        made = cls(name, dtype, quantiles, special, (grid[0], grid[1]) if grid else None, links)
        if made.quantiles is not None:  # a grid that is too large for the type fails here
            values = on_grid(made.quantiles.knots.value, made.grid)
            if dtype.is_temporal():  # and so does a time beyond the calendar
                to_text(from_physical(name, values, np.zeros(len(values), bool), dtype))
        return made

    def refusal(self, column: pl.Series, asked: object) -> str | None:
        """Missing and infinite values, where fitting saw none."""
        if (self.encode(column).codes < 0).any():
            return f"{cut(repr(asked))} was never seen; the column has no such values."
        return None

    def limit_between(
        self, asked: Range, low: float | int | None, high: float | int | None
    ) -> tuple[Limit | None, pl.Series]:
        """The bins of the range, and the parts of those that hold its ends."""
        assert self.quantiles is not None
        inside = infinities(self.special, asked, low, high)
        try:
            ends = bounds(self.dtype)
            part = between(self.name, self.quantiles, self.grid, asked, low, high, ends)
        except ConditionError:
            if not inside.any():
                raise
            part = nothing_of(self.quantiles)
        nearest = one_physical(self.name, part.nearest, self.dtype)
        if not part.weight.any() and not inside.any():
            return None, nearest
        inside = np.append(inside, np.zeros(len(self.links)))
        rest = np.zeros(len(inside))
        limit = Limit(
            self.name,
            0,
            np.concatenate([part.weight, inside]),
            number=0 if self._has_number else None,
            low=np.concatenate([part.low, rest]),
            high=np.concatenate([part.high, rest + 1]),
            ends=part.ends,
        )
        return limit, nearest

    def limit_except(self, values: pl.Series) -> Limit:
        """The ranges between the values."""
        found, state = to_physical(values)
        return outside(self, found[state < 0].tolist())

    def readable(self, column: pl.Series) -> pl.Series:
        """Numbers of any type; real ones for a column of whole numbers are rounded."""
        if self.dtype.is_integer() and column.dtype.is_float():
            return column.fill_nan(None).clip(-_LIMIT, _LIMIT).round().cast(pl.Int64)
        return column

    def beyond(self, column: pl.Series) -> np.ndarray:
        """Whether each value lies outside of the range seen; False where that cannot be told."""
        physical = column.to_physical() if column.dtype.is_temporal() else column
        if self.range is None or not physical.dtype.is_numeric():
            return np.zeros(len(column), bool)
        if isinstance(column.dtype, pl.Decimal):
            if column.dtype != self.dtype:
                return np.zeros(len(column), bool)
            physical = column.to_physical()
        low, high = self.range
        out = (physical < low) | (physical > high)
        if physical.dtype.is_float():  # an infinity that was never seen is refused elsewhere
            out &= ~physical.is_infinite()
        return out.fill_null(False).to_numpy()

    def marginal(self, shares: np.ndarray) -> NumberMarginal | None:
        """Bins of known probabilities, between the infinities that were seen."""
        ends = self._code_of("-inf"), self._code_of("inf")
        return NumberMarginal.of(self.decode, self.bins, shares, ends) if self.bins else None

    def _code_of(self, special: str) -> int | None:
        seen = special in self.special
        return self.bins + self.special.index(special) if seen else None

    def labels(self) -> pl.Series:
        """Of a column without finite values every code is taken for a missing one."""
        return pl.Series(["missing"] * self.cells[0].size)

    def expected(self, shares: Tensor) -> pl.Series:
        """The middle of the bins, or that the value is missing, infinite or another column's."""
        if self.quantiles is None:
            return super().expected(shares)
        others = [*self.special, *(t("equal to {name}", name=link) for link in self.links)]
        return expected_of(shares, self.bins, others, self._ends, len(self.links))

    def _ends(self, z: float) -> pl.Series:
        """The smallest value of each bin, or the largest, as text."""
        bins = np.arange(self.bins)
        return text_of(self.decode(bins[:, None], np.full((self.bins, 1), z), bins, 0))


_LIMIT = 9.0e18
