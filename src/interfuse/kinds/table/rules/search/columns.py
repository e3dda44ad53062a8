"""Columns of a sample as the sorts of the search look at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.registry import field_class
from interfuse.kinds.table.rules.functions import significant

MOST_DECIMALS = 9
MOST_DIGITS = 12


@dataclass(frozen=True)
class Column:
    """One column of the sample.

    Attributes:
        series: its values.
        kind: of the schema.
        index: its place in the table.
    """

    series: pl.Series
    kind: str
    index: int

    @property
    def name(self) -> str:
        """Its name."""
        return self.series.name

    @property
    def role(self) -> str:
        """The role of its kind (`fields.spec.Role`)."""
        return field_class(self.kind).role

    @property
    def is_number(self) -> bool:
        """Whether it can be computed with as a number."""
        return self.series.dtype.is_integer() or self.series.dtype in (pl.Float32, pl.Float64)

    @cached_property
    def x(self) -> np.ndarray:
        """(n,) float64, NaN where missing or not finite."""
        work = self.series.to_physical() if self.series.dtype.is_temporal() else self.series
        x = work.cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
        x[~np.isfinite(x)] = np.nan
        return x

    @cached_property
    def there(self) -> np.ndarray:
        """The finite values."""
        return self.x[~np.isnan(self.x)]

    @cached_property
    def distinct(self) -> int:
        """How many values it has in the sample, besides missing."""
        return len(self.series.drop_nulls().unique())

    @cached_property
    def decimals(self) -> int | None:
        """With how many decimals all values can be written; None if with no fixed number."""
        if self.series.dtype.is_integer():
            return 0
        x = self.there
        if not len(x) or np.abs(x).max() > 2.0**50:
            return None
        single = self.series.dtype == pl.Float32
        for d in range(MOST_DECIMALS + 1):
            scaled = np.round(x * 10.0**d)
            if np.abs(scaled).max() > 2.0**52:
                return None
            back = scaled / 10.0**d
            if single:
                if d > 4:
                    return None
                back = back.astype(np.float32).astype(np.float64)
            if (back == x).all():
                return d
        return None

    @cached_property
    def digits(self) -> int | None:
        """With how many significant digits all values can be written; None beyond the most."""
        x = self.there
        for d in range(4, MOST_DIGITS + 1):
            if (significant(x, d) == x).all():
                return d
        return None

    @cached_property
    def step(self) -> np.ndarray:
        """(n,) the last place of each value: what rounding may have moved it by."""
        x = np.abs(np.nan_to_num(self.x))
        step = 2.0**-52 * x * 8
        if self.series.dtype == pl.Float32:
            step = 2.0**-23 * x
        if self.decimals is not None:
            step = np.maximum(step, 10.0**-self.decimals)
        if self.decimals != 0 and self.digits is not None:
            # Single precision, or printed with so many digits.
            with np.errstate(divide="ignore"):
                power = np.floor(np.log10(np.where(x > 0, x, 1.0)))
            step = np.maximum(step, np.maximum(10.0 ** (power - self.digits + 1), 2.0**-23 * x))
        return step

    @cached_property
    def usual(self) -> float:
        """The commonest number."""
        values, counts = np.unique(self.there, return_counts=True)
        return float(values[counts.argmax()]) if len(values) else 0.0
