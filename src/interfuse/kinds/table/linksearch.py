"""The search for columns that follow others: equal in a share of the rows, or merely close.

A column a and a candidate e (another column, or the sum or difference of two) are compared in a
sample of rows, those aside where a's value is common enough to have a bin of its own. With w the
width of a's bin,

    near = share of rows with |a - e| <= w / 32,     same = share of rows with a = e,

a = e meaning to the decimals that a has. Both are held against the same shares with a permuted
*inside its bins*: what a dependence that bins already hold would give by chance. (With a permuted
over the whole column 128 pairs of a credit table pass that coarse dependence explains.) A share
counts if it beats chance by `LEAST` of the rows, `TIMES` times and `ROWS` rows, and by `SIGMAS`
standard errors; a sum must besides beat a's best single column `SUM_BEATS` times.

**Which of the two refers to the other.** An equality is one event, whichever of the two columns has
the code. A column that others tie down as well should keep its number, through which they do: so
columns are put in order by the sum of all their gains, and the less tied one refers to the more
tied one; of equals the later one in the table. That leaves no circle and blocks no pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import polars as pl

from interfuse.kinds.table.equals import EQUALS, FOLLOWS
from interfuse.kinds.table.fields.number import BINS
from interfuse.kinds.table.fields.physical import grid_of, to_physical
from interfuse.kinds.table.fields.quantiles import assign_bins
from interfuse.kinds.table.rules import Sum
from interfuse.kinds.table.schema import ColumnSpec, Schema

SAMPLE, FIRST = 6_000, 1_000
CLOSE = 32
LEAST, TIMES, ROWS, SIGMAS = 0.01, 3.0, 20, 5.0
SUM_BEATS = 1.5
MOST_LINKS = 2
MOST_SUMS, MOST_COLUMNS = 40, 400
"""Columns up to which sums of two, and pairs, are looked at: the first ones of the table."""


@dataclass(frozen=True)
class Found:
    """A column and what it follows.

    Attributes:
        name: the column.
        rule: what it is near, or equal to.
        near: share of the compared rows, above chance, in which it is near.
        same: share in which it is equal; 0 where that is chance.
        share: of all rows, in which it is equal.
    """

    name: str
    rule: Sum
    near: float
    same: float
    share: float


def with_links(schema: Schema, frame: pl.DataFrame | pl.LazyFrame) -> Schema:
    """The schema with what its numbers and times follow.

    Args:
        schema: the columns.
        frame: the table.
    """
    names = [c.name for c in schema.columns if c.role in ("number", "time")]
    found = find_links(frame.lazy().select(names)) if len(names) > 1 else {}
    return replace(schema, columns=tuple(_with(c, found.get(c.name, [])) for c in schema.columns))


def _with(column: ColumnSpec, found: list[Found]) -> ColumnSpec:
    if not found:
        return column
    equals = [f for f in found if f.same]
    singles = [f for f in found if len(f.rule.columns) == 1]
    options = {**column.options}
    options |= {EQUALS: [str(f.rule) for f in equals]} if equals else {}
    options |= {FOLLOWS: [str(f.rule) for f in singles]} if singles else {}
    said = [f"is {f.rule} in {f.share:.0%} of the rows" for f in equals]
    said += [f"close to {f.rule}" for f in singles if not f.same]
    return replace(column, options=options, note="; ".join([column.note, *said]))


def skipped(columns: int) -> str:
    """What is not looked for among so many columns of numbers; empty if nothing is."""
    if columns > MOST_COLUMNS:
        return f"only the first {MOST_COLUMNS} of {columns} numbers are compared with each other"
    return "sums of two numbers are not looked for" if columns > MOST_SUMS else ""


def equal_to(column: pl.Series, said: pl.Series) -> np.ndarray:
    """(n,) whether each value is what is said of it, to the decimals that the column has."""
    (a, at), (b, bt) = to_physical(column), to_physical(said)
    both = (at < 0) & (bt < 0)
    near = np.abs(a.astype(np.float64) - b.astype(np.float64)) <= _half(a, np.unique(a[both]))
    return both & near


def find_links(lazy: pl.LazyFrame) -> dict[str, list[Found]]:
    """By column what it follows, most telling first, at most `MOST_LINKS` each.

    Args:
        lazy: columns of numbers and times.
    """
    rows = lazy.select(pl.len()).collect(engine="streaming").item()
    if rows < 2 * ROWS:
        return {}
    sample = lazy.gather_every(-(-rows // SAMPLE)).collect(engine="streaming")
    with np.errstate(all="ignore"):  # differences of numbers that span all of float64
        return _search(sample)


def _search(sample: pl.DataFrame) -> dict[str, list[Found]]:
    columns = [_Column.of(sample[name], i) for i, name in enumerate(sample.columns[:MOST_COLUMNS])]
    varied = [c for c in columns if c is not None]
    singles = list(_singles(varied))
    tied = dict.fromkeys(sample.columns, 0.0)
    for found in singles:
        tied[found.name] += found.near
        tied[found.rule.columns[0]] += found.near
    place = {name: (-tied[name], i) for i, name in enumerate(sample.columns)}
    best: dict[str, float] = {}
    for found in singles:
        for name in (found.name, *found.rule.columns):
            best[name] = max(best.get(name, 0.0), found.near)
    sums = _sums(varied, best) if len(varied) <= MOST_SUMS else iter(())
    out: dict[str, list[Found]] = {}
    for found in sorted([*singles, *sums], key=lambda f: -f.near):
        own = out.setdefault(found.name, [])
        refers = all(place[found.name] > place[n] for n in found.rule.columns)
        if refers and len(own) < MOST_LINKS:
            own.append(found)
    return {name: own for name, own in out.items() if own}


@dataclass(frozen=True)
class _Column:
    """A column of the sample.

    Attributes:
        name: of the column.
        group: columns of one group can be compared.
        values: (n,) float64, NaN where there is none.
        mixed: the values permuted inside their bins.
        close: (n,) how near is near; NaN where the value has a bin of its own.
        half: half of the step of its grid, or what rounding makes of a real number (n,).
    """

    name: str
    group: str
    values: np.ndarray
    mixed: np.ndarray
    close: np.ndarray
    half: np.ndarray

    @classmethod
    def of(cls, column: pl.Series, seed: int) -> _Column | None:
        """A column; None where every value has a bin of its own."""
        physical, state = to_physical(column)
        finite = state < 0
        if not finite.any():
            return None
        distinct, inverse, counts = np.unique(
            physical[finite], return_inverse=True, return_counts=True
        )
        label = assign_bins(distinct, counts, BINS)
        values = np.full(len(physical), np.nan)
        values[finite] = physical[finite].astype(np.float64)
        bins = np.full(len(physical), -1)
        bins[finite] = label[inverse.ravel()]
        x = distinct.astype(np.float64)
        low = np.full(label.max() + 1, np.inf)
        high = -low
        np.minimum.at(low, label, x)
        np.maximum.at(high, label, x)
        width = np.where(high > low, high - low, np.nan)
        close = np.where(bins >= 0, width[bins] / CLOSE, np.nan)
        if np.isnan(close).all():
            return None
        half = _half(physical, distinct)
        mixed = values.copy()
        rng = np.random.default_rng(seed)
        order = np.lexsort((rng.random(len(values)), bins))
        mixed[np.argsort(bins, kind="stable")] = values[order]
        temporal = column.dtype.is_temporal() or isinstance(column.dtype, pl.Decimal)
        return cls(
            column.name, str(column.dtype) if temporal else "number", values, mixed, close, half
        )

    def found(self, said: np.ndarray, rule: Sum) -> Found | None:
        """How often the column is near what is said; None where that is chance."""
        use = ~np.isnan(self.close) & ~np.isnan(said)
        n = int(use.sum())
        if n < 2 * ROWS:
            return None
        real = np.abs(self.values[use] - said[use])
        null = np.abs(self.mixed[use] - said[use])
        near = _above_chance(real, null, self.close[use], n)
        if not near:
            return None
        same = _above_chance(real, null, self.half[use], n)
        share = float((real <= self.half[use]).sum()) / len(said)
        return Found(self.name, rule, near, same, share if same else 0.0)


def _half(values: np.ndarray, distinct: np.ndarray) -> np.ndarray:
    """(n,) half of the step of a column's grid, or what rounding makes of a real number."""
    if values.dtype.kind != "f":
        return np.full(len(values), 0.49)
    grid = grid_of(distinct) if len(distinct) else None
    step = 0.5 * 10.0 ** -grid[1] if grid is not None else 0.0
    return np.abs(values) * 1e-9 + step


def _above_chance(real: np.ndarray, null: np.ndarray, limit: np.ndarray, n: int) -> float:
    """The share of rows above chance; 0 if it might be chance."""
    hits, chance = int((real <= limit).sum()), int((null <= limit).sum())
    gain = hits - chance
    sure = gain >= max(LEAST * n, ROWS) and hits >= TIMES * chance
    return gain / n if sure and gain >= SIGMAS * (chance + 1) ** 0.5 else 0.0


class _First:
    """The first rows of columns, all compared at once with what is said of each of them."""

    def __init__(self, columns: list[_Column]) -> None:
        self.rows = min(FIRST, len(columns[0].values))
        parts = [
            np.stack([getattr(c, part)[: self.rows] for c in columns])
            for part in ("values", "mixed", "close")
        ]
        self.values, self.mixed, self.close = parts
        self.use = ~np.isnan(self.close)

    def likely(self, said: np.ndarray) -> np.ndarray:
        """(columns,) which of them a look at all rows is worth for."""
        said = said[: self.rows]
        n = (self.use & ~np.isnan(said)).sum(1)
        hits = (np.abs(self.values - said) <= self.close).sum(1)
        chance = (np.abs(self.mixed - said) <= self.close).sum(1)
        return (hits - chance >= LEAST * n / 2) & (hits >= 2 * chance) & (hits > 0)


def _singles(columns: list[_Column]) -> Iterator[Found]:
    """Both directions of every pair that beats chance."""
    worth = np.ones((len(columns), len(columns)), bool)
    if len(columns) > MOST_SUMS:
        first = _First(columns)
        worth = np.stack([first.likely(b.values) for b in columns], 1)
    for i, a in enumerate(columns):
        for j, b in enumerate(columns):
            if i != j and worth[i, j] and a.group == b.group:
                found = a.found(b.values, Sum(((1, b.name),)))
                if found is not None:
                    yield found


def _sums(columns: list[_Column], best: dict[str, float]) -> Iterator[Found]:
    """Sums and differences of two columns that are nearer than any single column."""
    numbers = [c for c in columns if c.group == "number"]
    if len(numbers) < 3:
        return
    first = _First(numbers)
    for i, j in combinations(range(len(numbers)), 2):
        for b, sign, c in ((i, 1, j), (i, -1, j), (j, -1, i)):
            said = _sum(numbers[b].values, sign, numbers[c].values)
            rule = Sum(((1, numbers[b].name), (sign, numbers[c].name)))
            for at in np.flatnonzero(first.likely(said)):
                found = None if at in (i, j) else numbers[at].found(said, rule)
                if found is not None and found.near >= SUM_BEATS * best.get(found.name, 0.0):
                    yield found


def _sum(b: np.ndarray, sign: int, c: np.ndarray) -> np.ndarray:
    """The sum; NaN where either is zero, since it is a single column there."""
    return np.where((b == 0) | (c == 0), np.nan, b + sign * c)
