"""Several ranges of one column as one limit, and all that lies outside of some values."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from interfuse.errors import ConditionError
from interfuse.kinds.table.fields.limit import LEAST, Limit, Range

if TYPE_CHECKING:
    from interfuse.kinds.table.fields.base import Field

Ends = tuple[float | int, float | int]


@dataclass(frozen=True)
class Union(Limit):
    """A column held in several ranges.

    Attributes:
        between: least and greatest physical value of each range, in order.
    """

    between: tuple[Ends, ...] = ()

    def hold(self, column: pl.Series) -> pl.Series:
        """The column with what rounding has put between the ranges on the nearest end."""
        physical = column.to_physical() if column.dtype.is_temporal() else column
        if not physical.dtype.is_numeric() or isinstance(column.dtype, pl.Decimal):
            return column
        x = physical.fill_null(self.between[0][0]).to_numpy()
        low, high = (np.array(ends, x.dtype) for ends in zip(*self.between, strict=True))
        after = np.clip(np.searchsorted(low, x, side="right"), 1, len(low)) - 1
        nxt = np.minimum(after + 1, len(low) - 1)
        out = np.where(x < low[0], low[0], x)
        gap = out > high[after]
        nearer = gap & (nxt > after) & (_far(low[nxt], out) < _far(out, high[after]))
        out = np.where(nearer, low[nxt], np.where(gap, high[after], out))
        if x.dtype.kind == "f":
            out = np.where(np.isfinite(x), out, x)
        held = pl.Series(column.name, out).cast(physical.dtype).cast(column.dtype)
        return pl.select(pl.when(physical.is_not_null()).then(held)).to_series().alias(column.name)


def _far(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a.astype(np.float64) - b.astype(np.float64)


def outside(field: Field, values: Sequence[float | int]) -> Limit:
    """All ranges of a number between some values.

    Raises:
        ConditionError: no other value was seen.
    """
    ends = [None, *sorted(values), None]
    parts = []
    for low, high in itertools.pairwise(ends):
        with contextlib.suppress(ConditionError):
            limit, _ = field.limit_between(Range(low, high, True, True), low, high)
            parts += [] if limit is None else [limit]
    if not parts:
        raise ConditionError(f"column {field.name!r}: no other value was seen.")
    return joined(field.name, parts)


def joined(name: str, limits: Sequence[Limit]) -> Limit:
    """What any of the limits allows.

    Raises:
        ConditionError: they are of sorts that cannot be put together.
    """
    if len(limits) == 1:
        return limits[0]
    plain = [x for x in limits if x.low is None and x.values is None and x.spans is None]
    if len(plain) == len(limits) and all(type(x) is Limit for x in limits):
        weight = np.max([x.weight for x in limits], axis=0)
        seconds = [x.second for x in limits if x.second is not None]
        second = np.any(seconds, axis=0) if seconds else None
        return Limit(name, limits[0].cell, weight, second)
    if any(x.low is None for x in limits):
        raise ConditionError(
            f"column {name!r}: values and words, or several prefixes, cannot stand in one list. "
            "Ask for them one by one."
        )
    return union(name, limits)


def union(name: str, limits: Sequence[Limit]) -> Limit:
    """What any of some ranges of one number allows."""
    k = len(limits[0].weight)
    codes: list[int] = []
    spans: list[tuple[float, float]] = []
    for code in range(k):
        own = sorted(
            (float(x.low[code]), float(x.high[code]))
            for x in limits
            if x.weight[code] > 0 and x.low is not None and x.high is not None
        )
        merged: list[tuple[float, float]] = []
        for low, high in own:
            if merged and low <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(merged[-1][1], high)
            else:
                merged.append((low, high))
        codes += [code] * len(merged)
        spans += merged
    share = np.array([max(high - low, LEAST) for low, high in spans])
    weight = np.zeros(k)
    np.add.at(weight, np.array(codes, np.int64), share)
    ends = tuple(sorted(x.ends for x in limits if x.ends is not None))
    return Union(
        name,
        0,
        np.minimum(weight, 1.0),
        number=limits[0].number,
        codes=np.array(codes, np.int64)[:, None],
        share=share,
        spans=np.array(spans).reshape(-1, 2),
        between=ends,
    )
