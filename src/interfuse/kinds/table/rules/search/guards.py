"""The rows where a product or ratio does not hold, and what the value is there.

`rate = packets / seconds if seconds > 0 else 0`: the rows that break a rule and hold the same value
are told apart from the others by one column: a number that is at most t, or equals a value, or a
category that has one of some values. Twice at most. That a divisor is zero is believed before a
condition that few rows of the sample prefer to it. A rule has a value for every row that may be
drawn: a divisor that is zero somewhere gets its condition even where no row of the sample needs it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.formula import INFINITE, Formula, quoted
from interfuse.kinds.table.rules.leftover import alike
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.ledger import Ledger, likely
from interfuse.kinds.table.rules.search.terms import Combination

MOST_GUARDS = 2
PURE = 0.9
"""Least share of a condition's rows that hold its value, however few they are (`likely`)."""
GAIN = 0.002
EARLIER = 0.001
"""Of the rows of the sample a condition must explain so many more than an earlier one."""
MOST_LEVELS = 32
LEAST_ROWS = 5


def guarded(text: str, target: Column, c: Combination, ledger: Ledger) -> tuple[str, float]:
    """The rule with its conditions, and the share of the sample where it holds.

    Args:
        text: of the rule.
        target: the column that it gives.
        c: what it is computed from.
        ledger: with the sample.
    """
    column = target.series
    said = Formula.parse(text).apply(ledger.sample).cast(column.dtype, strict=False)
    holds = alike(column, said)
    x = column.cast(pl.Float64).fill_null(np.nan).to_numpy()  # with what is infinite
    there = ~np.isnan(x)  # a value may be missing by itself, whatever a condition says
    open_ = there.copy()  # rows that no condition speaks of yet
    tests: list[tuple[str, float]] = []
    for _ in range(MOST_GUARDS):
        best: tuple[float, str, np.ndarray, float] | None = None
        value = _usual(x[~holds & open_])
        if value is None:
            break
        same = x == value
        for test, rows in _tests(~holds & open_ & same, c, target, ledger):
            rows = rows & open_
            held = int(rows.sum())
            if held < LEAST_ROWS or same[rows].mean() < max(PURE, likely(held)):
                continue
            gain = (same[rows].sum() - holds[rows].sum()) / len(holds)
            if gain > 0 and (best is None or gain > best[0] + EARLIER):
                best = gain, test, rows, value
        if best is None or (best[0] < GAIN and (~holds[there]).mean() >= GAIN):
            break
        _, test, rows, value = best
        tests.append((test, value))
        holds = np.where(rows, same, holds)
        open_ &= ~rows
        if holds[there].all():
            break
    tests = [*_undefined(c, tests, ledger), *tests]
    for test, value in reversed(tests):
        text = f"{_number(value)} if {test} else {text}"
    return text, float(holds[there].mean()) if there.any() else 0.0


def _undefined(
    c: Combination, tests: list[tuple[str, float]], ledger: Ledger
) -> list[tuple[str, float]]:
    """A condition for each divisor that may be zero and is in no condition: no row needed one."""
    value = tests[0][1] if tests else 0.0
    out = []
    for sign, term in c.terms:
        name = term.columns[0]
        if sign > 0 or not term.single or not (ledger.columns[name].x == 0).any():
            continue
        zero = f"{quoted(name)} == 0"
        if all(test not in (zero, f"{quoted(name)} <= 0") for test, _ in tests):
            out.append((zero, value))
    return out


def _number(value: float) -> str:
    if np.isinf(value):
        return INFINITE if value > 0 else f"-{INFINITE}"
    return repr(int(value)) if value == int(value) else repr(value)


def _usual(x: np.ndarray) -> float | None:
    x = x[~np.isnan(x)]
    if len(x) < LEAST_ROWS:
        return None
    values, counts = np.unique(x, return_counts=True)
    return float(values[counts.argmax()]) if counts.max() >= LEAST_ROWS else None


def _tests(
    wrong: np.ndarray, c: Combination, target: Column, ledger: Ledger
) -> Iterator[tuple[str, np.ndarray]]:
    """Conditions that rows which break a rule have in common, what it is computed from first."""
    for part in dict.fromkeys(n for _, t in reversed(c.terms) for n in t.columns):
        column = ledger.columns[part]
        x, name = column.x, quoted(column.name)
        seen = x[wrong & ~np.isnan(x)]
        if not len(seen):
            continue
        with np.errstate(invalid="ignore"):
            for t in np.unique(seen)[:3]:
                yield f"{name} == {_number(float(t))}", x == t
                yield f"{name} <= {_number(float(t))}", x <= t
            least = float(seen.min())
            yield f"{name} >= {_number(least)}", x >= least
    for column in ledger.columns.values():
        text = column.series.dtype in (pl.String, pl.Categorical, pl.Enum)
        flag = column.series.dtype == pl.Boolean
        if not (text or flag) or column.name == target.name or column.distinct > MOST_LEVELS:
            continue
        series = column.series.cast(pl.String) if text else column.series
        for value in series.filter(pl.Series(wrong)).drop_nulls().unique().sort().to_list()[:8]:
            rows = (series == value).fill_null(False).to_numpy()
            yield f"{quoted(column.name)} == {value!r}", rows
