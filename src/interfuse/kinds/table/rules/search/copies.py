"""Pairs of columns that are equal in nearly all rows, among thousands of columns.

A pair is worth a proposal if at most `ODD` of the rows hold two different values, and if the rule
then has a chance in the sample (`ledger`): of the rows where the derived column has a value that is
not its usual one, all of which say something, at least `LEAST` must agree. Differences are
counted on a part of the rows first, by 16 bits of each value: what differs there differs, so that a
pair left out is one that would have been refused, and few pairs of a table of noise, of rare values
or of gaps are compared in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from interfuse.kinds.table.rules.leftover import NEAR_SINGLE
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.ledger import MIN_ROWS, SLACK, likely

ODD = 0.02
LEAST = likely(MIN_ROWS) - SLACK
SHARES = (0.05, 0.25)
"""Of the rows, that differences are counted on before all are."""


def find_copies(columns: Sequence[Column]) -> Iterator[tuple[Column, Column]]:
    """Each such pair, the later column first, which may be a copy of the other.

    Args:
        columns: of one sample.
    """
    for floats in (False, True):
        some = [c for c in columns if c.series.dtype.is_float() == floats]
        if len(some) > 1:
            yield from _among(some)


def _among(columns: Sequence[Column]) -> Iterator[tuple[Column, Column]]:
    n = len(columns[0].x)
    order = np.random.default_rng(0).permutation(n)
    x = np.stack([c.x[order] for c in columns])
    there, short = ~np.isnan(x), _short(x)
    endless = [n - c.series.null_count() - len(c.there) for c in columns]
    steps = [max(1, round(share * n)) for share in SHARES]
    for i, column in enumerate(columns):
        left = np.arange(i)
        for rows in steps:
            both = there[left, :rows] & there[i, :rows]
            odd = (both & (short[left, :rows] != short[i, :rows])).sum(1)
            left = left[odd <= ODD * n]
        telling = np.flatnonzero(there[i] & (x[i] != column.usual))
        own = x[i, telling]
        near = np.abs(x[left[:, None], telling] - own) <= NEAR_SINGLE * np.abs(own)
        agree = near.sum(1) + endless[i]
        for j in left[(agree > 0) & (agree >= LEAST * len(telling))]:
            if ((x[i] != x[j]) & there[i] & there[j]).mean() <= ODD:
                yield column, columns[j]


def _short(x: np.ndarray) -> np.ndarray:
    """16 bits of each value, the same for equal ones."""
    bits = (x + 0.0).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (bits >> np.uint64(48)).astype(np.uint16)
