"""Counts of single values: categories and spikes that are too rare, too frequent, or gone.

A distance over a whole column hardly sees a rare class. So every category, and every *spike* of a
number column (a value that holds at least `SPIKE` of it in either table), is counted in both tables
and held against the exact test of `chance`. A difference counts that chance does not explain and
that matters: by more than `SLACK` of the rows, or by a factor of `FACTOR`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from interfuse.evaluate.chance import LEVEL, count_chance
from interfuse.evaluate.table import Floats, Table, time_text

SPIKE = 0.02
MOST_SPIKES = 20
SLACK = 0.005
FACTOR = 1.5
MOST_TESTED = 1_000
"""Categories of a column that are tested, the most frequent ones."""


@dataclass(frozen=True)
class Value:
    """A value and how often it occurs.

    Attributes:
        column: Column name.
        shown: The value as text.
        spike: Whether it is a value of a number column.
        real: Share of the real column's values.
        synthetic: Share of the synthetic column's values.
    """

    column: str
    shown: str
    spike: bool
    real: float
    synthetic: float


def values_tested(real: Table, synthetic: Table) -> int:
    """Return how many values `odd_values` tests."""
    labels = sum(min(MOST_TESTED, len(found)) for found in real.labels.values())
    return labels + sum(len(_spikes(real, synthetic, name)) for name in real.numbers)


def odd_values(real: Table, synthetic: Table, *, level: float = LEVEL) -> list[Value]:
    """Return the values whose counts differ by more than chance, furthest off first.

    Args:
        real: The real table.
        synthetic: The synthetic one, encoded together with it.
        level: Probability with which chance explains a difference that is reported.
    """
    found = [*_categories(real, synthetic, level), *_numbers(real, synthetic, level)]
    return sorted(found, key=lambda value: -abs(value.real - value.synthetic))


def matters(k: int, n: int, j: int, m: int, level: float) -> bool:
    """Return whether counts k of n and j of m differ by more than chance, and by enough."""
    if not n or not m:
        return False
    a, b = k / n, j / m
    large = abs(a - b) > SLACK or max(a, b) > FACTOR * min(a, b)
    return large and min(count_chance(k, n, j, m)) < level / 2


def _categories(real: Table, synthetic: Table, level: float) -> Iterator[Value]:
    for name, labels in real.labels.items():
        counts = [
            np.bincount(t.codes[name][t.codes[name] >= 0], minlength=len(labels))
            for t in (real, synthetic)
        ]
        n, m = (int(c.sum()) for c in counts)
        for code in np.argsort(-counts[0], kind="stable")[:MOST_TESTED]:
            k, j = int(counts[0][code]), int(counts[1][code])
            if k and matters(k, n, j, m, level):
                yield Value(name, labels[code], False, k / n, j / m)


def _numbers(real: Table, synthetic: Table, level: float) -> Iterator[Value]:
    for name in real.numbers:
        sides = [t.numbers[name][~np.isnan(t.numbers[name])] for t in (real, synthetic)]
        n, m = (len(values) for values in sides)
        for spike in _spikes(real, synthetic, name):
            k, j = (int(np.count_nonzero(values == spike)) for values in sides)
            if matters(k, n, j, m, level):
                yield Value(name, _text(float(spike), name, real), True, k / n, j / m)


def _spikes(real: Table, synthetic: Table, name: str) -> Floats:
    """Return the values of a number column that hold at least `SPIKE` of it in either table."""
    found: set[float] = set()
    for table in (real, synthetic):
        values = table.numbers[name]
        values = values[~np.isnan(values)]
        if not len(values):
            continue
        distinct, counts = np.unique(values + 0.0, return_counts=True)
        most = np.argsort(-counts, kind="stable")[:MOST_SPIKES]
        enough = max(2.0, SPIKE * len(values))
        found |= {float(distinct[i]) for i in most if counts[i] >= enough}
    return np.array(sorted(found))


def _text(value: float, name: str, table: Table) -> str:
    dtype = table.temporal.get(name)
    if dtype is None:
        return f"{value + 0.0:.10g}"  # no minus zero
    return time_text(value, dtype)
