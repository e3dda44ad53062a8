"""Rules of a table, found without being told: what the sorts of `rules` are looked for in.

**A rule must say something.** Two columns whose order, or a function that no pair of shuffled
columns would break, are no evidence: shuffling one of the columns must break the rule in at least
`TELLING` of the rows (and `LEAST_BROKEN` rows). Orders that follow from two others are left out.

Candidates come from a sample of `SAMPLE` rows and are verified on all. Pairs are searched among at
most `MOST_COLUMNS` columns. Nothing but the table given is asked: rules that a schema declares are
added by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from interfuse.evaluate.rules import (
    NEAR,
    Constant,
    Function,
    Grid,
    Mask,
    Order,
    Range,
    Rising,
    Rule,
    Sorted,
    Sum,
    count,
    filled,
    on_grid,
)
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


def _verified(candidates: Iterator[Rule], real: Table) -> Iterator[Rule]:
    kept = 0
    for rule in candidates:
        broken, spoken = count(rule, real)
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
        if on_grid(distinct, 10.0**-digits).all():
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
            near = (np.abs(probe - said) <= NEAR * size) | np.isnan(probe) | np.isnan(said)
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


def _functions(
    few: Table, real: Table, without: set[str], shuffle: Index, tied: set[frozenset[str]]
) -> Iterator[Rule]:
    levels: dict[str, NDArray[np.int64]] = {}
    for name in few.kinds:
        if name not in without and len(levels) < MOST_COLUMNS:
            found, codes = np.unique(filled(few.column(name)), return_inverse=True)
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
    keys, first, counts = np.unique(filled(real.column(of)), return_index=True, return_counts=True)
    often = counts > 1
    return keys[often], filled(real.column(value))[first[often]]
