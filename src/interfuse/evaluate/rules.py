r"""Rules that the real table keeps, and how many synthetic rows break them.

A rule holds in every real row it speaks of:

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

**Broken** is a row that contradicts the rule; rows where it says nothing (missing cells, a value
of a that the real table lacks) do not count. A rule that holds in n of n rows may fail in one of n
fresh rows: whether more are broken than that is decided by the exact test of `chance`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from interfuse.evaluate.table import Floats, Table
from interfuse.language import t

NEAR = 1e-9
"""Off by more than this share of the parts is off by more than rounding."""

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
            off = np.abs(values[0] - said) > NEAR * size
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
        rising, falling = t("{value} rises with {by}"), t("{value} falls with {by}")
        return (rising if self.sign > 0 else falling).format(value=self.value, by=self.by)

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows outside of the bracket of their neighbours, and those with both."""
        x, y = table.numbers[self.by], self.sign * table.numbers[self.value]
        at, least, most = self.knots
        spoken = np.isfinite(x) & np.isfinite(y) & (x >= at[0]) & (x <= at[-1])
        place = np.where(spoken, x, at[0])
        below = np.searchsorted(at, place, side="right") - 1
        above = np.minimum(below + (at[below] < place), len(at) - 1)
        slack = NEAR * np.maximum(np.abs(least[below]), np.abs(most[above]))
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
        return t("{of} determines {value}", of=self.of, value=self.value)

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows with another value, and those whose ``of`` the real table has."""
        key, value = filled(table.column(self.of)), filled(table.column(self.value))
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
        return t("{name} is always {shown}", name=self.name, shown=self.shown)

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
        return t("{name} lies between its least and its greatest real value", name=self.name)

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
            return t("{name} falls on the steps of the real times", name=self.name)
        if self.step == 1:
            return t("{name} is a whole number", name=self.name)
        return t("{name} is a multiple of {step:g}", name=self.name, step=self.step)

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows between the steps, and those with a finite value."""
        values = table.numbers[self.name]
        there = np.isfinite(values)
        return there & ~on_grid(np.where(there, values, 0.0), self.step), there


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
        if self.sign > 0:
            return t("rows are in rising order of {name}", name=self.name)
        return t("rows are in falling order of {name}", name=self.name)

    def broken(self, table: Table) -> tuple[Mask, Mask]:
        """Return the rows that go back behind the one before, and all but the first."""
        step = self.sign * np.diff(table.numbers[self.name], prepend=np.nan)
        return step < 0, ~np.isnan(step)


def filled(values: Floats) -> Floats:
    """Return the values, with a value of its own for missing ones."""
    return np.where(np.isnan(values), np.inf, values)


def on_grid(values: Floats, step: float) -> Mask:
    """Return which values are multiples of a step, up to rounding."""
    steps = values / step
    return np.abs(steps - np.round(steps)) <= 1e-6 + 1e-9 * np.abs(steps)


def check_rules(rules: list[Rule], real: Table, synthetic: Table) -> list[Kept]:
    """Count the rows of both tables that break each rule."""
    return [Kept(rule, count(rule, real), count(rule, synthetic)) for rule in rules]


def broken_share(rules: list[Rule], table: Table) -> float:
    """Return the share of rows that break at least one rule; the order of rows is no such rule."""
    any_broken = np.zeros(table.rows, dtype=bool)
    for rule in rules:
        if rule.kind not in ("sorted", "range"):
            any_broken |= rule.broken(table)[0]
    return float(any_broken.mean())


def count(rule: Rule, table: Table) -> tuple[int, int]:
    """Return the rows that break a rule, and those it speaks of."""
    broken, spoken = rule.broken(table)
    return int(broken.sum()), int(spoken.sum())
