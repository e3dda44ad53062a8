"""Bounds: a <= b in every row; with a factor, see `scaled`.

A bound must say something: were one of the two columns shuffled among the rows where neither is at
its least (0, mostly), it must break in `TELLING` of them and in `MIN_ROWS` at least. So columns of
different units, far apart wherever there is anything, bound nothing. What follows from two others
is left out.
"""

from __future__ import annotations

import re

import numpy as np

from interfuse.kinds.table.rules.bounds import Bound
from interfuse.kinds.table.rules.search.ledger import MIN_ROWS, Ledger
from interfuse.kinds.table.rules.search.scaled import find_scaled

MOST_COLUMNS = 200
TELLING = 0.01

_LABELS = re.compile(r"(?i)(^|[_\-. a-z])(port|orig_p|resp_p|code)$|^[sd]pt?$")
"""Numbers that only name something; a factor of one says nothing."""


def find_bounds(ledger: Ledger) -> list[Bound]:
    """The bounds between columns that are learned."""
    groups: dict[str, list[str]] = {}
    for c in ledger.columns.values():
        if not ledger.is_free(c.name) or c.distinct <= 2:
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
    bounds = verified([Bound(low, high) for low, high in out], ledger)
    numbers = [n for n in groups.get("number", []) if not _LABELS.search(n)]
    return reduced([*bounds, *verified(find_scaled(ledger, numbers, bounds), ledger)])


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


def verified(bounds: list[Bound], ledger: Ledger) -> list[Bound]:
    """Those that hold in all rows."""
    if not bounds:
        return []
    frame = ledger.whole([n for bound in bounds for n in bound.columns])
    broken = frame.select(b.broken.any().alias(str(i)) for i, b in enumerate(bounds)).row(0)
    return [bound for bound, wrong in zip(bounds, broken, strict=True) if not wrong]


def reduced(bounds: list[Bound]) -> list[Bound]:
    """The bounds without those that two others imply: a <= m <= b gives a <= b."""
    known = {bound.columns: bound.factor for bound in bounds}
    middle = {n for bound in bounds for n in bound.columns}

    def implied(one: Bound) -> bool:
        ways = [
            known[one.low, m] * known[m, one.high]
            for m in middle - set(one.columns)
            if (one.low, m) in known and (m, one.high) in known
        ]
        return any(factor >= one.factor for factor in ways)

    return [bound for bound in bounds if not implied(bound)]
