"""Bounds between columns: `least <= most`, `40 * packets <= bytes`."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules.formula import quoted
from interfuse.kinds.table.rules.leftover import Leftover
from interfuse.kinds.table.rules.sums import Sum

_FACTOR = re.compile(r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?)\s*\*\s*(?=\S)")


@dataclass(frozen=True)
class Bound:
    """A column that, times a factor, is never above another.

    Attributes:
        low, high: the columns.
        factor: what `low` is multiplied by; 1 between times.
    """

    low: str
    high: str
    factor: float = 1.0

    def __str__(self) -> str:
        times = "" if self.factor == 1 else f"{self.factor:.15g} * "
        return f"{times}{quoted(self.low)} <= {quoted(self.high)}"

    @classmethod
    def parse(cls, text: str) -> Bound:
        """The bound that a text states.

        Raises:
            SchemaError: the text is no bound.
        """
        low, sign, high = text.partition("<=")
        times = _FACTOR.match(low)
        factor = float(times[1]) if times else 1.0
        try:
            sides = [Sum.parse(s.strip()) for s in (low[times.end() :] if times else low, high)]
        except SchemaError:
            sides = []
        wrong = not sign or any(s.terms[0][0] < 0 or len(s.terms) > 1 for s in sides) or not sides
        if wrong or not 0 < factor < math.inf:
            raise SchemaError(
                f"schema: the bound {text[:200]!r} cannot be read. Write for example: "
                "least <= most, or 40 * packets <= bytes, with `odd names` between backticks."
            )
        return cls(sides[0].columns[0], sides[1].columns[0], factor)

    @property
    def columns(self) -> tuple[str, str]:
        """Both columns."""
        return self.low, self.high

    @property
    def broken(self) -> pl.Expr:
        """Whether rows break it; missing where one of the values is."""
        return self._scaled > pl.col(self.high)

    def broken_in(self, frame: pl.DataFrame) -> np.ndarray:
        """(n,) whether rows break it; not where one of the values is missing."""
        return frame.select(self.broken.fill_null(False)).to_series().to_numpy()

    @property
    def _scaled(self) -> pl.Expr:
        low = pl.col(self.low)
        return low if self.factor == 1 else low * self.factor

    def kept(self, frame: pl.DataFrame, moved: str, fixed: Collection[str] = ()) -> pl.DataFrame:
        """The frame with one of both columns moved to where the bound holds.

        Args:
            frame: with both.
            moved: the column that gives way.
            fixed: columns that stay as they are, whatever `moved` says.
        """
        if moved in fixed or not frame.select(self.broken.any()).item():
            return frame
        other = self.high if moved == self.low else self.low
        value = pl.col(self.high) if moved == self.low else self._scaled
        if self.factor != 1 and moved == self.low:
            value = value / self.factor
        if frame.schema[moved].is_integer() and (
            self.factor != 1 or frame.schema[other].is_float()
        ):
            value = value.floor() if moved == self.low else value.ceil()
        value = value.cast(frame.schema[moved], strict=False)
        wrong = pl.when(self.broken).then(value).otherwise(pl.col(moved))
        return frame.with_columns(wrong.alias(moved))

    def check(self, types: Mapping[str, pl.DataType]) -> None:
        """Check that both columns are there and can be compared.

        Raises:
            SchemaError: a column is not there, or they are of types that cannot be compared.
        """
        for name in self.columns:
            if name not in types:
                raise SchemaError(
                    f"schema: the bound '{self}' names {name!r}, which is no column. Mend or "
                    "remove it."
                )
        a, b = (types[name] for name in self.columns)
        if not (a.is_numeric() and b.is_numeric()) and (a != b or self.factor != 1):
            raise SchemaError(
                f"schema: the bound '{self}' is between {a} and {b}; expected two numbers, or two "
                "times of one type without a factor."
            )


@dataclass(frozen=True)
class Bounds:
    """Columns that are never above another: the lower one gives way in drawn rows.

    Attributes:
        early: those between columns that have cells, the highest column first.
        late: those of which one is derived and the other is in no rule.
    """

    early: tuple[Bound, ...] = ()
    late: tuple[Bound, ...] = ()

    @classmethod
    def of(
        cls,
        texts: Iterable[str],
        derived: Mapping[str, Leftover],
        types: Mapping[str, pl.DataType],
    ) -> Bounds:
        """The bounds of a schema.

        Raises:
            SchemaError: a bound names a column that is not there, or of another type.
        """
        bounds = [Bound.parse(text) for text in texts]
        for bound in bounds:
            bound.check(types)
        bounds = _highest_first(bounds)
        used = {n for d in derived.values() for n in (*d.rule.columns, *(k for k, _ in d.keeps))}
        early = tuple(b for b in bounds if not set(b.columns) & set(derived))
        late = tuple(
            b for b in bounds if b not in early and b.low not in derived and b.low not in used
        )
        return cls(early, late)

    def keep(
        self, frame: pl.DataFrame, fixed: Collection[str] = (), late: bool = False
    ) -> pl.DataFrame:
        """The frame with bounds kept; of a pair with a fixed lower column the higher one moves."""
        for bound in self.late if late else self.early:
            if set(bound.columns) <= set(frame.columns):
                moved = bound.high if bound.low in fixed else bound.low
                frame = bound.kept(frame, moved, fixed)
        return frame


def _highest_first(bounds: list[Bound]) -> list[Bound]:
    """Bounds such that a column has come down before what is below it does."""
    depth: dict[str, int] = {}

    def of(name: str, above: tuple[str, ...] = ()) -> int:
        if name not in depth:
            higher = [b.high for b in bounds if b.low == name and b.high not in above]
            depth[name] = 1 + max((of(b, (*above, name)) for b in higher), default=0)
        return depth[name]

    return sorted(bounds, key=lambda b: of(b.high))
