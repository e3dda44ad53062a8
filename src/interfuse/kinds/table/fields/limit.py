"""A column held in a set or a range, as limits on its cells.

Code c of the column's first cell may be drawn with the share w_c of its probability that satisfies
the condition: 1 or 0 for categories, the share of the bin that lies in the range for numbers (0 < w
< 1 for the bins that hold an end). Inside such a bin the score is standard normal, cut to
[ndtri(a_c), ndtri(b_c)], w_c = b_c - a_c. For a set of numbers the choice inside a bin is among the
set's own values, by their shares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from interfuse.errors import ConditionError
from interfuse.kinds.table.fields.cells import Cell, Encoded
from interfuse.kinds.table.fields.normal import ndtr
from interfuse.visible import cut

LEAST = 1e-9
"""Shares of a bin below this count as none."""


@dataclass(frozen=True)
class Range:
    """A condition: a number or time between two ends.

    Attributes:
        low: the lower end; None if there is none.
        high: the upper end; None if there is none.
        open_low: whether the lower end itself is left out.
        open_high: whether the upper end itself is left out.
    """

    low: object = None
    high: object = None
    open_low: bool = False
    open_high: bool = False

    def __str__(self) -> str:
        low = "" if self.low is None else f"{cut(str(self.low))} {'<' if self.open_low else '<='} "
        high = (
            "" if self.high is None else f" {'<' if self.open_high else '<='} {cut(str(self.high))}"
        )
        return f"{low}value{high}"


@dataclass(frozen=True)
class Except:
    """A condition: any value but these; a missing one is none.

    Attributes:
        values: what is left out; words stand for what they stand for in a list.
    """

    values: tuple[object, ...] = ()

    def __str__(self) -> str:
        return f"value not in [{', '.join(cut(str(v)) for v in self.values)}]"


@dataclass(frozen=True)
class Limit:
    """A column held in a set or a range.

    Attributes:
        name: the column.
        cell: its first category cell: of the column as the field gives it, of the record once it is
            `placed`; -1 if it has none.
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
        through: by code that stands for another column's value, the limit of that column.
        spans: (v, 2) of several ranges, lowest and highest rank of each part of a bin; `codes` and
            `share` say which bins and how much of them.
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
    through: Mapping[int, Limit] = field(default_factory=dict)
    spans: np.ndarray | None = None

    def placed(self, first_code: int, first_number: int) -> Limit:
        """The limit of a column whose cells begin at these cells of the record."""
        cell = self.cell if self.cell < 0 else self.cell + first_code
        number = None if self.number is None else self.number + first_number
        return replace(self, cell=cell, number=number)

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
        held = work.clip(*self.ends)
        if work.dtype.is_float():  # an infinity in the range stays one
            held = pl.select(pl.when(work.is_infinite()).then(work).otherwise(held)).to_series()
        return held.cast(column.dtype)


@dataclass(frozen=True)
class Inside(Limit):
    """A column held in a range that is no set of its codes: what is drawn is put into it.

    Attributes:
        put: the column with what lies outside of the range inside.
    """

    put: Callable[[pl.Series], pl.Series] | None = None

    def hold(self, column: pl.Series) -> pl.Series:
        """The column, all of it in the range."""
        return self.put(column) if self.put else column


def limit_to_values(
    name: str, cells: tuple[Cell, ...], encoded: Encoded, values: pl.Series, ordered: bool
) -> Limit:
    """Hold a column in a set.

    Args:
        name: the column.
        cells: its cells.
        encoded: those of the values.
        values: distinct values, all of them known to the column's transform.
        ordered: whether they are numbers, of which several may have one code.

    Raises:
        ConditionError: the column has more cells than a set can be told of.
    """
    if not cells:  # a constant: there is nothing to choose
        return Limit(name, -1, np.ones(0), values=values)
    codes = encoded.codes.astype(np.int64)
    numbers = encoded.low.shape[1]
    if not 1 <= codes.shape[1] <= 2 or numbers > 1:
        raise ConditionError(
            f"column {name!r} cannot be held in a set: its values are {codes.shape[1]} codes and "
            f"{numbers} numbers. Give one value."
        )
    weight = np.zeros(cells[0].size)
    if not ordered and not numbers:
        weight[codes[:, 0]] = 1.0
        second = None
        if codes.shape[1] == 2:
            second = np.zeros((len(weight), cells[1].size), bool)
            second[codes[:, 0], codes[:, 1]] = True
        return Limit(name, 0, weight, second)
    share, scores = np.ones(len(codes)), np.full(len(codes), np.nan)
    if numbers:
        low, high = ndtr(encoded.low[:, 0].astype(float)), ndtr(encoded.high[:, 0].astype(float))
        share = np.where(~np.isnan(low), np.maximum(high - low, LEAST), 1.0)
        scores = encoded.scores[:, 0]
    np.add.at(weight, codes[:, 0], share)
    return Limit(
        name,
        0,
        np.minimum(weight, 1.0),
        number=0 if numbers else None,
        values=values,
        codes=codes,
        scores=scores,
        share=share,
    )
