"""Cases: where one or two columns have a value, another one has its least, in every row.

Nothing comes of nothing: without packets there are no bytes, one packet takes no time, a visit
without pages none either. What is said is the least value of a column of numbers; where it is said
is the least value of another one, or of two, or a value of a category. Looked for are values of
`SHARE` of the rows, which have a code to themselves when a row is drawn.

A case must hold in all rows, `ROWS` of them at least, and beat chance: with p_0 the share of rows
that have the value whatever the others are, or of two conditions the greater share where one of
them is true,

    rows log(1 / p_0) > log(cases that could be found) + CAUTION.

What follows from others (a gives b, b gives c) is left out.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.cases import Case, Is
from interfuse.kinds.table.rules.search.ledger import CAUTION, Ledger

ROWS = 200
SHARE = 0.03
"""A value of `fields.quantiles.HEAVY_SHARE`, .02, has a bin of its own; a sample may be off."""
MOST_COLUMNS, MOST_VALUES, MOST_PAIRED = 120, 8, 40
MOST_CASES = 100


def find_cases(ledger: Ledger) -> list[Case]:
    """The cases of a table."""
    numbers, others = _values(ledger)
    every = [*numbers, *others]
    if len(numbers) < 2 and not (numbers and others):
        return []
    true = np.stack([_where(ledger, one) for one in every]).astype(np.float32)
    several = len(every) * len(numbers) * max(min(len(every), MOST_PAIRED), 1)
    least = math.log(max(several, 2)) + CAUTION
    one = _singles(true, len(numbers), every, least)
    two = _pairs(true, len(numbers), every, one, least)
    found = [Case(every[j], (every[i],)) for i, j in _reduced(one)]
    found += [Case(every[j], (every[i], every[k])) for i, k, j in two]
    return _verified(ledger, found)[:MOST_CASES]


def _values(ledger: Ledger) -> tuple[list[Is], list[Is]]:
    """Least values of numbers, and values of categories, that many rows have."""
    numbers: list[Is] = []
    others: list[Is] = []
    for c in list(ledger.columns.values()):
        if not ledger.is_free(c.name):
            continue
        if c.is_number and c.role == "number":
            there = c.series.drop_nulls()
            there = there.drop_nans() if there.dtype.is_float() else there
            if len(there) and c.distinct > 1 and len(numbers) < MOST_COLUMNS:
                value = there.min()
                count = int((there == value).sum())
                if math.isfinite(float(value)) and count >= SHARE * len(c.series):  # type: ignore[arg-type]
                    numbers.append(Is(c.name, value))  # type: ignore[arg-type]
        elif c.role == "category" and len(others) < MOST_COLUMNS:
            counts = c.series.drop_nulls().alias("value").value_counts(sort=True, name="rows")
            often = counts.filter(pl.col("rows") >= SHARE * len(c.series)).head(MOST_VALUES)
            plain = (int, str, bool)
            others += [Is(c.name, v) for v in often["value"].to_list() if isinstance(v, plain)]
    return numbers, others


def _where(ledger: Ledger, one: Is) -> np.ndarray:
    """(n,) which rows of the sample have the value."""
    return (ledger.columns[one.name].series == one.value).fill_null(False).to_numpy()


def _singles(
    true: np.ndarray, numbers: int, every: list[Is], least: float
) -> dict[tuple[int, int], None]:
    """Pairs (i, j) of which i gives j in the sample."""
    count, n = true.sum(1), true.shape[1]
    both = true @ true[:numbers].T
    out: dict[tuple[int, int], None] = {}
    for i in range(len(every)):
        for j in range(numbers):
            if every[i].name == every[j].name or both[i, j] < count[i] or not count[i]:
                continue
            if count[i] * math.log(n / count[j]) > least:
                out[i, j] = None
    return out


def _pairs(
    true: np.ndarray, numbers: int, every: list[Is], one: dict[tuple[int, int], None], least: float
) -> list[tuple[int, int, int]]:
    """Triples (i, k, j) of which i and k give j in the sample, and neither does alone.

    Of values that give each other the first stands for all.
    """
    first = [not any((i, m) in one and (m, i) in one for m in range(i)) for i in range(len(every))]
    chosen = [i for i in range(numbers) if first[i]][:MOST_PAIRED]
    count = true.sum(1)
    both = true @ true[:numbers].T
    out = []
    for i, k in combinations(chosen, 2):
        if both[i, k] in (count[i], count[k]) or not both[i, k]:
            continue  # the one is the other, or is in it
        rows = true[i] * true[k]
        here = true[chosen] @ rows
        for j, found in zip(chosen, here.tolist(), strict=True):
            if j in (i, k) or found < both[i, k] or (i, j) in one or (k, j) in one:
                continue
            share = max(both[i, j] / count[i], both[k, j] / count[k])
            if both[i, k] * math.log(1 / share) > least:
                out.append((i, k, j))
    # What a said value gives in turn is left out.
    return [
        (i, k, j) for i, k, j in out if not any((i, k, m) in out and (m, j) in one for m in chosen)
    ]


def _reduced(one: dict[tuple[int, int], None]) -> list[tuple[int, int]]:
    """The pairs without those that follow from two others; of a circle some are kept."""
    left = dict(one)
    for i, j in reversed(list(one)):
        middle = {m for a, m in left if a == i} - {i, j}
        if any((m, j) in left for m in middle):
            del left[i, j]
    return list(left)


def _verified(ledger: Ledger, cases: list[Case]) -> list[Case]:
    """Those that hold in all rows, and in enough of them."""
    if not cases:
        return []
    frame = ledger.whole(list(dict.fromkeys(n for case in cases for n in case.columns)))
    out = []
    for case in cases:
        here = np.ones(frame.height, bool)
        for one in case.given:
            here &= (frame[one.name] == one.value).fill_null(False).to_numpy()
        said = (frame[case.said.name] == case.said.value).fill_null(False).to_numpy()
        if here.sum() >= ROWS and said[here].all():
            out.append(case)
    return out
