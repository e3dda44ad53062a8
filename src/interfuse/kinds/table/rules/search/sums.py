"""Sums and differences of decimals, and sums that hold in nearly every row.

Values with at most d decimals are whole numbers of 10^-d, so that 0.1 + 0.2 is 0.3. Candidates are
found by the linear hash of `rules.exact`: of all rows of the sample, and, as one exception spoils a
hash, of `SUBSETS` random subsets of `SUBSET` rows each, where the columns vary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from interfuse.kinds.table.rules.exact import _matches, _solved, _sums
from interfuse.kinds.table.rules.formula import quoted
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.copies import find_copies
from interfuse.kinds.table.rules.search.ledger import Ledger, Proposal
from interfuse.kinds.table.rules.sums import Sum

MOST_PAIRS = 400
MOST_TRIPLES = 100
SUBSETS = 8
SUBSET = 24
MOST_CANDIDATES = 500


def find_sums(ledger: Ledger) -> Iterator[Sequence[Proposal]]:
    """Proposals: copies, sums of two, sums of three."""
    for one, other in find_copies(ledger.numbers()):
        yield [Proposal(one.name, quoted(other.name))]
    columns = [c for c in ledger.numbers() if c.decimals is not None]
    if len(columns) > MOST_PAIRS:
        ledger.skipped.append(f"sums of decimals: {len(columns)} columns, {MOST_PAIRS} at most")
        return
    seen: set[frozenset[str]] = set()
    count = 0
    for scale in sorted({c.decimals or 0 for c in columns}):
        pool = [c for c in columns if (c.decimals or 0) <= scale and _fits(c, scale)]
        if not any(c.decimals == scale for c in pool):
            continue
        for identity in _identities(pool, scale):
            key = frozenset(identity)
            if key not in seen and count < MOST_CANDIDATES:
                seen.add(key)
                count += 1
                yield _proposed(identity, ledger)


def _fits(column: Column, scale: int) -> bool:
    return bool(np.abs(column.there).max(initial=0.0) * 10.0**scale < 2.0**52)


def _identities(pool: list[Column], scale: int) -> Iterator[dict[str, int]]:
    """Signs of columns whose sum is zero, as candidates."""
    whole = [np.rint(np.nan_to_num(c.x) * 10.0**scale).astype(np.int64) for c in pool]
    gone = np.array([np.isnan(c.x) for c in pool])
    values = np.array(whole)
    rng = np.random.default_rng(0)
    n = values.shape[1]
    rows = np.flatnonzero(~gone.any(0))
    rows = rows if len(rows) >= SUBSET else np.arange(n)
    choices = [rows] + [
        rng.choice(rows, min(SUBSET, len(rows)), replace=False) for _ in range(SUBSETS)
    ]
    for chosen in choices:
        part = values[:, chosen]
        varied = np.flatnonzero(~(part == part[:, :1]).all(1))
        if len(varied) < 3:
            continue
        weights = rng.integers(0, 2**64, part.shape[1], dtype=np.uint64)
        h = (part[varied].astype(np.uint64) * weights).sum(1, dtype=np.uint64)
        sums, pairs = _sums(h)
        names = [pool[i].name for i in varied]
        for x, (y, z) in _matches(h, np.arange(len(h))[:, None], sums, pairs):
            if len({x[0], y, z}) == 3:
                yield {names[x[0]]: 1, names[y]: -1, names[z]: -1}
        if len(varied) <= MOST_TRIPLES and len(part[0]) > SUBSET // 2:
            for signs in _of_four(h, sums, pairs):
                yield {names[i]: s for i, s in signs.items()}


def _of_four(h: np.ndarray, sums: np.ndarray, pairs: np.ndarray) -> Iterator[dict[int, int]]:
    """Signs of four columns: w + x = y + z, and a - b = y + z."""
    for (w, x), (y, z) in _matches(sums, pairs, sums, pairs):
        if len({w, x, y, z}) == 4 and w < min(y, z):
            yield {w: 1, x: 1, y: -1, z: -1}
    w, x = np.nonzero(~np.eye(len(h), dtype=bool))
    for (a, b), (y, z) in _matches(h[w] - h[x], np.stack([w, x], 1), sums, pairs):
        if len({a, b, y, z}) == 4 and b < min(y, z):
            yield {a: 1, b: -1, y: -1, z: -1}


def _proposed(identity: dict[str, int], ledger: Ledger) -> list[Proposal]:
    """The identity solved for each column: what falls below zero, else the widest, first."""

    def preference(name: str) -> tuple[bool, float, int]:
        column = ledger.columns[name]
        there = column.there
        return bool(there.min() < 0), float(np.ptp(there)), column.index

    out = []
    for target, rule in _solved(identity):
        parts = [ledger.columns[n] for n in (target, *rule.columns)]
        column = parts[0]
        negative = bool(column.there.min() < 0)
        if not negative and _below_zero(rule, ledger):
            continue
        text = str(rule)
        if not all(c.series.dtype.is_integer() for c in parts):
            text = f"round({text}, {column.decimals})"
        out.append((preference(target), Proposal(target, text)))
    return [p for _, p in sorted(out, key=lambda pair: pair[0], reverse=True)]


def _below_zero(rule: Sum, ledger: Ledger) -> bool:
    """Whether a sum of values within the ranges seen could be negative."""
    low = 0.0
    for sign, name in rule.terms:
        there = ledger.columns[name].there
        low += there.min() if sign > 0 else -there.max()
    return low < 0
