r"""Rules of the real table, found without being told, and how many synthetic rows break them.

A rule holds in every real row it speaks of. What is looked for:

==========  ====================================================================================
order       ``a <= b`` in every row where both are present
sum         ``c = a + b`` or ``c = a - b`` up to rounding, and ``b = a``
rising      b rises (or falls) with a: between two real values of a, b lies between theirs
function    each value of a goes with one value of b (country and code)
constant    one value, never another
range       no value below the least or above the greatest real one
grid        every value a multiple of a step: whole numbers, cents, full hours
sorted      the rows are in the order of a column
==========  ====================================================================================

**A rule must say something.** Two columns whose order, or a function that no pair of shuffled
columns would break, are no evidence: shuffling one of the columns must break the rule in at least
`TELLING` of the rows (and `LEAST_BROKEN` rows). Orders that follow from two others are left out.

**Broken** is a row that contradicts the rule; rows where it says nothing (missing cells, a value
of a that the real table lacks) do not count. A rule that holds in n of n rows may fail in one of n
fresh rows: whether more are broken than that is decided by the exact test of `chance`.

Candidates come from a sample of `SAMPLE` rows and are verified on all. Pairs are searched among at
most `MOST_COLUMNS` columns. Nothing but the table given is asked: rules that a schema declares are
added by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, permutations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from interfuse.evaluate.table import Floats, Index, Table

LEAST_ROWS = 50
SAMPLE = 4_096
MOST_COLUMNS = 60
MOST_RULES = 100
"""Most rules of one sort that are kept."""

TELLING = 0.01
LEAST_BROKEN = 20
_LEVELS = 1_000
_DISTINCT = 10
_NEAR = 1e-9

Mask = NDArray[np.bool_]


class Rule(Protocol):
    """One rule."""

    @property
    def kind(self) -> str:
        """Which of the sorts above."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it speaks of."""
        ...

    @property
    def text(self) -> str:
        """The rule for people."""
        ...

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return which rows break it, and of which rows it speaks at all."""
        ...


@dataclass(frozen=True)
class Kept:
    """A rule and the rows that keep or break it.

    Attributes:
        rule: The rule.
        real: (broken, spoken of) rows of the real table.
        synthetic: The same of the synthetic table.
    """

    rule: Rule
    real: tuple[int, int]
    synthetic: tuple[int, int]


@dataclass(frozen=True)
class Order:
    """``low <= high``."""

    low: str
    high: str
    kind: str = "order"

    @property
    def columns(self) -> tuple[str, ...]:
        """Both columns."""
        return self.low, self.high

    @property
    def text(self) -> str:
        """The rule for people."""
        return f"{self.low} <= {self.high}"

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows with low > high, and those with both."""
        a, b = table.numbers[self.low], table.numbers[self.high]
        return a > b, ~(np.isnan(a) | np.isnan(b))


@dataclass(frozen=True)
class Sum:
    """``total = first + sign * second``; without a second, a copy."""

    total: str
    first: str
    second: str | None = None
    sign: int = 1
    kind: str = "sum"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, the computed one first."""
        return (self.total, self.first, *([self.second] if self.second is not None else []))

    @property
    def text(self) -> str:
        """The rule for people."""
        if self.second is None:
            return f"{self.total} = {self.first}"
        return f"{self.total} = {self.first} {'+' if self.sign > 0 else '-'} {self.second}"

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows that are off by more than rounding, and those with all cells."""
        values = [table.numbers[name] for name in self.columns]
        said, size = values[1], np.abs(values[0]) + np.abs(values[1])
        if len(values) == 3:
            said, size = said + self.sign * values[2], size + np.abs(values[2])
        with np.errstate(invalid="ignore"):
            off = np.abs(values[0] - said) > _NEAR * size
        spoken: Mask = np.asarray(np.isfinite(np.column_stack(values)).all(axis=1))
        return off & spoken, spoken


@dataclass(frozen=True)
class Rising:
    """``value`` rises (falls, with sign -1) with ``by``; knots are those of the real table."""

    by: str
    value: str
    sign: int
    knots: tuple[Floats, Floats, Floats] = field(repr=False, compare=False)
    kind: str = "rising"

    @property
    def columns(self) -> tuple[str, ...]:
        """Both columns."""
        return self.by, self.value

    @property
    def text(self) -> str:
        """The rule for people."""
        return f"{self.value} {'rises' if self.sign > 0 else 'falls'} with {self.by}"

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows outside of the bracket of their neighbours, and those with both."""
        x, y = table.numbers[self.by], self.sign * table.numbers[self.value]
        at, least, most = self.knots
        spoken = np.isfinite(x) & np.isfinite(y) & (x >= at[0]) & (x <= at[-1])
        place = np.where(spoken, x, at[0])
        below = np.searchsorted(at, place, side="right") - 1
        above = np.minimum(below + (at[below] < place), len(at) - 1)
        slack = _NEAR * np.maximum(np.abs(least[below]), np.abs(most[above]))
        return spoken & ((y < least[below] - slack) | (y > most[above] + slack)), spoken


@dataclass(frozen=True)
class Function:
    """Each value of ``of`` goes with one value of ``value``."""

    of: str
    value: str
    known: tuple[Floats, Floats] = field(repr=False, compare=False)
    kind: str = "function"

    @property
    def columns(self) -> tuple[str, ...]:
        """Both columns."""
        return self.of, self.value

    @property
    def text(self) -> str:
        """The rule for people."""
        return f"{self.of} determines {self.value}"

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows with another value, and those whose ``of`` the real table has."""
        key, value = _filled(table.column(self.of)), _filled(table.column(self.value))
        keys, values = self.known
        at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
        spoken = keys[at] == key
        return spoken & (values[at] != value), spoken


@dataclass(frozen=True)
class Constant:
    """One value."""

    name: str
    value: float
    shown: str
    kind: str = "constant"

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.name,)

    @property
    def text(self) -> str:
        """The rule for people."""
        return f"{self.name} is always {self.shown}"

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows with another value, and those with any."""
        values, there = table.column(self.name), ~table.missing(self.name)
        return there & (values != self.value), there


@dataclass(frozen=True)
class Range:
    """Between the least and the greatest real value."""

    name: str
    low: float
    high: float
    kind: str = "range"

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.name,)

    @property
    def text(self) -> str:
        """The rule for people."""
        return f"{self.name} lies between its least and its greatest real value"

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows outside, and those with a value."""
        values = table.numbers[self.name]
        return (values < self.low) | (values > self.high), ~np.isnan(values)


@dataclass(frozen=True)
class Grid:
    """Every value a multiple of ``step``."""

    name: str
    step: float
    is_time: bool = False
    kind: str = "grid"

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.name,)

    @property
    def text(self) -> str:
        """The rule for people."""
        if self.is_time:
            return f"{self.name} falls on the steps of the real times"
        if self.step == 1:
            return f"{self.name} is a whole number"
        return f"{self.name} is a multiple of {self.step:g}"

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows between the steps, and those with a finite value."""
        values = table.numbers[self.name]
        there = np.isfinite(values)
        return there & ~_on_grid(np.where(there, values, 0.0), self.step), there


@dataclass(frozen=True)
class Sorted:
    """The rows are in the order of a column (sign -1: in falling order)."""

    name: str
    sign: int
    kind: str = "sorted"

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.name,)

    @property
    def text(self) -> str:
        """The rule for people."""
        return f"rows are in {'rising' if self.sign > 0 else 'falling'} order of {self.name}"

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows that go back behind the one before, and all but the first."""
        step = self.sign * np.diff(table.numbers[self.name], prepend=np.nan)
        return step < 0, ~np.isnan(step)


def find_rules(real: Table, *, seed: int = 0) -> list[Rule]:
    """Return the rules of a table, sort by sort; none for fewer than `LEAST_ROWS` rows."""
    if real.rows < LEAST_ROWS:
        return []
    rng = np.random.default_rng([seed, 9])
    few = real.sample(SAMPLE, rng)
    shuffle = rng.permutation(few.rows)
    constants = [_constant(real, name) for name in real.kinds]
    fixed = {rule.name for rule in constants if rule is not None}
    numbers = [n for n in real.numbers if n not in fixed][:MOST_COLUMNS]
    out: list[Rule] = [rule for rule in constants if rule is not None]
    for name in real.numbers:
        if name not in fixed:
            out += [rule for rule in (_range(real, name), _grid(real, name)) if rule is not None]
            out += _sorted(real, name)
    sums = list(_verified(_sums(few, numbers), real))
    copies = {rule.total for rule in sums if isinstance(rule, Sum) and rule.second is None}
    numbers = [n for n in numbers if n not in copies]
    found = list(_verified(_rising(few, real, numbers), real))
    tied = {frozenset(rule.columns) for rule in found}
    orders = list(_verified(_orders(few, numbers, shuffle), real))
    out += sums + found + _reduced(orders)
    functions = _functions(few, real, fixed | copies, shuffle, tied)
    return out + list(_verified(functions, real))


def check_rules(rules: list[Rule], real: Table, synthetic: Table) -> list[Kept]:
    """Count the rows of both tables that break each rule."""
    return [Kept(rule, _count(rule, real), _count(rule, synthetic)) for rule in rules]


def broken_share(rules: list[Rule], table: Table) -> float:
    """Return the share of rows that break at least one rule; the order of rows is no such rule."""
    any_broken = np.zeros(table.rows, dtype=bool)
    for rule in rules:
        if rule.kind not in ("sorted", "range"):
            any_broken |= rule.broken(table)[0]
    return float(any_broken.mean())


def _count(rule: Rule, table: Table) -> tuple[int, int]:
    broken, spoken = rule.broken(table)
    return int(broken.sum()), int(spoken.sum())


def _verified(candidates: Iterator[Rule], real: Table) -> Iterator[Rule]:
    kept = 0
    for rule in candidates:
        broken, spoken = _count(rule, real)
        if not broken and spoken >= LEAST_ROWS:
            yield rule
            kept += 1
            if kept == MOST_RULES:
                return


def _telling(broken: Mask, spoken: Mask) -> bool:
    """Whether enough rows break a rule once a column is shuffled."""
    rows = int(broken.sum())
    return rows >= LEAST_BROKEN and rows >= TELLING * int(spoken.sum())


def _constant(real: Table, name: str) -> Constant | None:
    values = real.column(name)[~real.missing(name)]
    if not len(values) or not (values == values[0]).all():
        return None
    label = real.labels[name][int(values[0])] if name in real.codes else f"{values[0]:g}"
    return Constant(name, float(values[0]), label)


def _range(real: Table, name: str) -> Range | None:
    values = real.numbers[name]
    values = values[~np.isnan(values)]
    return Range(name, float(values.min()), float(values.max())) if len(values) else None


def _on_grid(values: Floats, step: float) -> Mask:
    steps = values / step
    return np.abs(steps - np.round(steps)) <= 1e-6 + 1e-9 * np.abs(steps)


def _grid(real: Table, name: str) -> Grid | None:
    """Return the coarsest step of which all values are multiples, down to a millionth."""
    values = real.numbers[name]
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) < 3 or np.abs(distinct).max() > 2.0**52:
        return None
    for digits in range(7):
        scaled = distinct * 10.0**digits
        if np.abs(scaled).max() > 2.0**52:
            return None
        if _on_grid(distinct, 10.0**-digits).all():
            whole = math.gcd(*np.round(scaled).astype(np.int64).tolist())
            return Grid(name, whole / 10.0**digits, name in real.temporal)
    return None


def _sorted(real: Table, name: str) -> list[Rule]:
    values = real.numbers[name]
    if len(np.unique(values)) <= max(_DISTINCT, real.rows // 2):
        return []
    steps = np.diff(values)
    steps = steps[~np.isnan(steps)]
    if len(steps) < LEAST_ROWS:
        return []
    if (steps >= 0).all():
        return [Sorted(name, 1)]
    return [Sorted(name, -1)] if (steps <= 0).all() else []


def _sums(few: Table, names: list[str]) -> Iterator[Rule]:
    """Yield copies and sums of two columns that hold in the sample."""
    names = [n for n in names if len(np.unique(few.numbers[n])) > 2]
    if len(names) < 2:
        return
    values = np.column_stack([few.numbers[n] for n in names])
    copies: set[int] = set()
    for i, j in combinations(range(len(names)), 2):
        same = (values[:, i] == values[:, j]) | np.isnan(values[:, [i, j]]).all(1)
        if j not in copies and same.all():
            copies.add(j)
            yield Sum(names[j], names[i])
    rest = [i for i in range(len(names)) if i not in copies and names[i] not in few.temporal]
    if len(rest) < 3:
        return
    values = values[:, rest]
    complete = np.flatnonzero(~np.isnan(values).any(1))
    complete = complete if len(complete) >= LEAST_ROWS else np.arange(len(values))
    probe = values[complete[:64]]
    with np.errstate(invalid="ignore"):
        for i, j in combinations(range(len(rest)), 2):
            said = (probe[:, i] + probe[:, j])[:, None]
            size = np.abs(probe) + np.abs(probe[:, [i]]) + np.abs(probe[:, [j]])
            near = (np.abs(probe - said) <= _NEAR * size) | np.isnan(probe) | np.isnan(said)
            for k in np.flatnonzero(near.all(0)):
                if k not in (i, j):
                    yield from _sum(few, names[rest[k]], names[rest[i]], names[rest[j]])


def _sum(few: Table, total: str, first: str, second: str) -> Iterator[Rule]:
    """Yield the identity solved for its last column, if both parts often vary."""
    parts = [few.numbers[n] for n in (total, first, second)]
    moved = [np.count_nonzero(np.nan_to_num(p) != 0) for p in parts]
    if min(moved) < LEAST_BROKEN:
        return
    order = {name: i for i, name in enumerate(few.kinds)}
    last = max((total, first, second), key=lambda n: order[n])
    if last == total:
        rule = Sum(total, first, second)
    else:
        rule = Sum(last, total, second if last == first else first, -1)
    broken, spoken = rule.broken(few)
    if not broken.any() and spoken.sum() >= min(LEAST_ROWS, few.rows):
        yield rule


def _rising(few: Table, real: Table, names: list[str]) -> Iterator[Rule]:
    wide = [n for n in names if len(np.unique(few.numbers[n])) > _DISTINCT]
    for by, value in combinations(wide, 2):
        # The column of more values says more about the other.
        if len(np.unique(few.numbers[by])) < len(np.unique(few.numbers[value])):
            by, value = value, by
        x, y = few.numbers[by], few.numbers[value]
        both = np.isfinite(x) & np.isfinite(y)
        if both.sum() < LEAST_ROWS:
            continue
        x, y = x[both], y[both]
        for sign in (1, -1):
            order = np.lexsort((sign * y, x))
            if (np.diff(sign * y[order]) >= 0).all():
                knots = _knots(real, by, value, sign)
                # Two columns of which one is always zero fall with each other, and say nothing.
                if len(np.unique(knots[1])) > _DISTINCT:
                    yield Rising(by, value, sign, knots)


def _knots(real: Table, by: str, value: str, sign: int) -> tuple[Floats, Floats, Floats]:
    """Return distinct values of ``by`` with the least and the greatest signed value at each."""
    x, y = real.numbers[by], sign * real.numbers[value]
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    order = np.lexsort((y, x))
    x, y = x[order], y[order]
    at, start = np.unique(x, return_index=True)
    least, most = np.minimum.reduceat(y, start), np.maximum.reduceat(y, start)
    # Where the rule fails after all, the least is below what came before, and it breaks itself.
    return at, np.maximum(least, _before(most)), most


def _before(most: Floats) -> Floats:
    running = np.maximum.accumulate(most)
    return np.concatenate([[-np.inf], running[:-1]])


def _orders(few: Table, names: list[str], shuffle: Index) -> Iterator[Rule]:
    mixed = few.take(shuffle)
    for low, high in permutations(names, 2):
        if (low in few.temporal) != (high in few.temporal):
            continue
        if not (few.numbers[low] > few.numbers[high]).any():
            rule = Order(low, high)
            b = mixed.numbers[high]
            if _telling(few.numbers[low] > b, ~(np.isnan(few.numbers[low]) | np.isnan(b))):
                yield rule


def _reduced(orders: list[Rule]) -> list[Rule]:
    """Return the orders without those that two others imply."""
    pairs = {rule.columns for rule in orders}
    middle = {name for pair in pairs for name in pair}
    return [
        rule
        for rule in orders
        if not any(
            (rule.columns[0], m) in pairs and (m, rule.columns[1]) in pairs
            for m in middle - set(rule.columns)
        )
    ]


def _filled(values: Floats) -> Floats:
    return np.where(np.isnan(values), np.inf, values)


def _functions(
    few: Table, real: Table, without: set[str], shuffle: Index, tied: set[frozenset[str]]
) -> Iterator[Rule]:
    levels: dict[str, NDArray[np.int64]] = {}
    for name in few.kinds:
        if name not in without and len(levels) < MOST_COLUMNS:
            found, codes = np.unique(_filled(few.column(name)), return_inverse=True)
            if 2 <= len(found) <= min(_LEVELS, few.rows // 5):
                levels[name] = codes.reshape(-1)
    done = set(tied)
    for of, value in permutations(levels, 2):
        a, b = levels[of], levels[value]
        if frozenset((of, value)) in done or a.max() < b.max():
            continue  # fewer values cannot determine more
        if _conflicts(a, b):
            continue
        rows = _conflicts(a, b[shuffle])
        if rows < max(LEAST_BROKEN, TELLING * few.rows):
            continue
        done.add(frozenset((of, value)))
        yield Function(of, value, _mapping(real, of, value))


def _conflicts(a: NDArray[np.int64], b: NDArray[np.int64]) -> int:
    """Return the rows whose b is not the most frequent one of their a."""
    width = int(b.max()) + 1
    counts = np.bincount(a * width + b, minlength=(int(a.max()) + 1) * width).reshape(-1, width)
    return len(a) - int(counts.max(1).sum())


def _mapping(real: Table, of: str, value: str) -> tuple[Floats, Floats]:
    """Return the values of ``of`` that occur twice or more, and the first value that goes along."""
    keys, first, counts = np.unique(_filled(real.column(of)), return_index=True, return_counts=True)
    often = counts > 1
    return keys[often], _filled(real.column(value))[first[often]]
