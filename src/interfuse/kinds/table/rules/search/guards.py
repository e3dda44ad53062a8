"""The rows where a product or ratio does not hold, and what the value is there.

`rate = packets / seconds if seconds > 0 else 0`: the rows that break a rule and hold the same value
are told apart from the others by one column: a number that is at most t, or equals a value, or a
category that has one of some values. Twice at most.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.formula import Formula, quoted
from interfuse.kinds.table.rules.leftover import alike
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.ledger import Ledger
from interfuse.kinds.table.rules.search.terms import Combination

MOST_GUARDS = 2
PURE = 0.98
GAIN = 0.002
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
    open_ = np.ones(len(holds), bool)  # rows that no condition speaks of yet
    tests: list[tuple[str, float]] = []
    for _ in range(MOST_GUARDS):
        best: tuple[float, str, np.ndarray, float] | None = None
        value = _usual(target.x[~holds & open_])
        if value is None:
            break
        same = target.x == value
        for test, rows in _tests(~holds & open_ & same, c, target, ledger):
            rows = rows & open_
            if rows.sum() < LEAST_ROWS or same[rows].mean() < PURE:
                continue
            gain = (same[rows].sum() - holds[rows].sum()) / len(holds)
            if gain > 0 and (best is None or gain > best[0] + 1e-9):
                best = gain, test, rows, value
        if best is None or (best[0] < GAIN and (~holds).mean() >= GAIN):
            break
        _, test, rows, value = best
        tests.append((test, value))
        holds = np.where(rows, same, holds)
        open_ &= ~rows
        if holds.all():
            break
    for test, value in reversed(tests):
        number = repr(int(value)) if value == int(value) else repr(value)
        text = f"{number} if {test} else {text}"
    return text, float(holds[~column.is_null().to_numpy() | holds].mean())


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
                number = repr(int(t)) if t == int(t) else repr(float(t))
                yield f"{name} == {number}", x == t
                yield f"{name} <= {number}", x <= t
            least = float(seen.min())
            number = repr(int(least)) if least == int(least) else repr(least)
            yield f"{name} >= {number}", x >= least
    for column in ledger.columns.values():
        text = column.series.dtype in (pl.String, pl.Categorical, pl.Enum)
        flag = column.series.dtype == pl.Boolean
        if not (text or flag) or column.name == target.name or column.distinct > MOST_LEVELS:
            continue
        series = column.series.cast(pl.String) if text else column.series
        for value in series.filter(pl.Series(wrong)).drop_nulls().unique().sort().to_list()[:8]:
            rows = (series == value).fill_null(False).to_numpy()
            yield f"{quoted(column.name)} == {value!r}", rows
