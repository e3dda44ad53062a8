"""Bounds: a <= b in every row.

A bound must say something: were one of the two columns shuffled among the rows where neither is at
its least (0, mostly), it must break in `TELLING` of them and in `MIN_ROWS` at least. So columns of
different units, far apart wherever there is anything, bound nothing. What follows from two others
is left out.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.search.ledger import MIN_ROWS, Ledger

MOST_COLUMNS = 200
TELLING = 0.01


def find_bounds(ledger: Ledger) -> list[tuple[str, str]]:
    """The bounds (low, high) between columns that are learned."""
    restated = {name for f in ledger.found.values() for name in f.keeps}
    groups: dict[str, list[str]] = {}
    for c in ledger.columns.values():
        if c.name in ledger.found or c.name in restated or c.distinct <= 2:
            continue
        if c.is_number and c.role == "number":
            groups.setdefault("number", []).append(c.name)
        elif c.role == "time":
            groups.setdefault(str(c.series.dtype), []).append(c.name)
    out: list[tuple[str, str]] = []
    for names in groups.values():
        if len(names) > MOST_COLUMNS:
            ledger.skipped.append(
                f"bounds: {len(names)} columns, the first {MOST_COLUMNS} are compared"
            )
        out += _in_sample(names[:MOST_COLUMNS], ledger)
    if not out:
        return []
    frame = ledger.whole([n for pair in out for n in pair])
    holds = frame.select(
        (pl.col(a) <= pl.col(b)).all().alias(str(i)) for i, (a, b) in enumerate(out)
    ).row(0)
    return _reduced([pair for pair, fine in zip(out, holds, strict=True) if fine])


def _in_sample(names: list[str], ledger: Ledger) -> list[tuple[str, str]]:
    if len(names) < 2:
        return []
    x = np.stack([ledger.columns[n].x for n in names])
    with np.errstate(invalid="ignore"):
        more = x > np.nanmin(x, 1, keepdims=True)
        rng, out = np.random.default_rng(2), []
        for i, low in enumerate(names):
            for j in np.flatnonzero(~(x[i] > x).any(1) & (x[i] < x).any(1)):
                a, b = x[i][more[i] & more[j]], x[j][more[i] & more[j]]
                odd = int((a > rng.permutation(b)).sum())
                if odd >= max(MIN_ROWS, TELLING * len(a)):
                    out.append((low, names[j]))
    return out


def _reduced(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The bounds without those that two others imply."""
    known = set(pairs)
    middle = {n for pair in pairs for n in pair}
    return [
        (a, b)
        for a, b in pairs
        if not any((a, m) in known and (m, b) in known for m in middle - {a, b})
    ]
