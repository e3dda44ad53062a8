"""What is asked of a derived column: a value, a set or a range of what its rule gives."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.errors import ConditionError
from interfuse.kinds.table.ask.typed import as_column, ends_of
from interfuse.kinds.table.ask.values import shown
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields.limit import Limit, Range


@dataclass(frozen=True)
class Wanted:
    """A condition on a derived column.

    Attributes:
        name: the column.
        values: the values it may have, in its type; None for a range.
        asked: the range; None for values.
        low, high: its ends in the column's physical unit; None without an end.
    """

    name: str
    values: pl.Series | None = None
    asked: Range | None = None
    low: float | int | None = None
    high: float | int | None = None

    def __str__(self) -> str:
        if self.values is None:
            return str(self.asked).replace("value", self.name)
        some = self.values.to_list()
        return f"{self.name} = {some[0]}" if len(some) == 1 else f"{self.name} in {some}"

    def inside(self, column: pl.Series) -> np.ndarray:
        """(n,) whether values meet the condition."""
        if self.values is not None:
            return column.is_in(self.values.to_list()).fill_null(False).to_numpy()
        assert self.asked is not None
        x = column.to_physical() if column.dtype.is_temporal() else column
        fine = x.is_not_null()
        if self.low is not None:
            fine &= (x > self.low if self.asked.open_low else x >= self.low).fill_null(False)
        if self.high is not None:
            fine &= (x < self.high if self.asked.open_high else x <= self.high).fill_null(False)
        return fine.to_numpy()

    def goals(self, column: pl.Series, rng: np.random.Generator) -> pl.Series:
        """(n,) a value that meets the condition for each row: the nearest, or any of a range."""
        x = column.to_physical() if column.dtype.is_temporal() else column
        if not x.dtype.is_numeric():
            assert self.values is not None
            return self.values.gather(rng.integers(0, len(self.values), len(column)))
        at = x.cast(pl.Float64).fill_null(np.nan).to_numpy()
        if self.values is not None:
            own = self.values.to_physical() if self.values.dtype.is_temporal() else self.values
            value = own.cast(pl.Float64).to_numpy()
            nearest = np.nan_to_num(np.abs(at[:, None] - value[None])).argmin(1)
            return self.values.gather(nearest).alias(column.name)
        seen = at[np.isfinite(at)]
        low, high = self.low, self.high
        low = min(seen.min(initial=np.inf), high) if low is None and high is not None else low
        high = max(seen.max(initial=-np.inf), low) if high is None and low is not None else high
        assert low is not None
        assert high is not None
        goal = low + (high - low) * rng.random(len(at))
        if x.dtype.is_integer():
            goal = np.clip(np.round(goal), np.ceil(low), np.floor(high))
        return pl.Series(column.name, goal).cast(x.dtype, strict=False).cast(column.dtype)


def decided(wanted: Wanted, codec: TableCodec, given: Collection[str]) -> Limit | None:
    """The condition as a set of values of the one category that decides the column.

    Returns:
        None if it is decided by something else, or that is given too.
    """
    left = codec.derived[wanted.name]
    part = left.rule.columns[0]
    values = values_of(codec, part)
    if len(left.rule.columns) != 1 or left.hidden() or part in given or values is None:
        return None
    fine = wanted.inside(left.said(values.to_frame()))
    return codec.fields[part].limit_to(values.filter(pl.Series(fine))) if fine.any() else None


def values_of(codec: TableCodec, name: str) -> pl.Series | None:
    """The values of a column that is one category cell, by code; None for other columns."""
    field = codec.fields.get(name)
    if field is None or len(field.cells) != 1 or not field.cells[0].size:
        return None
    size = field.cells[0].size
    return field.decode(np.arange(size)[:, None], np.zeros((size, 0)), np.zeros(size, np.int64), 0)


def wanted_of(name: str, value: object, codec: TableCodec) -> Wanted:
    """What is asked of a derived column.

    Raises:
        ConditionError: no value can be read in it, or a missing one.
    """
    if isinstance(value, Range):
        dtype = codec.schema[name].dtype
        if not (dtype.is_numeric() or dtype.is_temporal()):
            raise ConditionError(
                f"column {name!r}: {value} is a range, and {dtype} values are in no order. Give "
                f"values: {name} in [A, B]."
            )
        return Wanted(name, None, value, *ends_of(name, value, codec))
    some = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
    if not some or None in some:
        what = "an empty list" if not some else "a missing value"
        raise ConditionError(
            f"column {name!r}: {what} cannot be given, as it is computed by '{codec.rules[name]}'. "
            "Give a value or a range."
        )
    for one in some:
        if isinstance(one, list | tuple | set | dict):
            raise ConditionError(f"column {name!r}: {shown(one)} cannot be read as one value.")
    return Wanted(name, pl.concat([as_column(name, one, codec) for one in some]).unique())
