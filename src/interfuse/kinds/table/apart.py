"""Values of two cells that no row has together although many should have, by themselves.

A network gives everything some probability: one drawn flow in a hundred is ICMP with a port, or
goes from an address of IPv4 to one of IPv6. Of sets x and y of the values of two cells, of which
n_x and n_y of n rows have one, independence would put

    e = n_x n_y / n

rows into both. If e is `SURE` or more and no row is in both, which has probability exp(-e), they
are apart, and values of the one are seldom drawn beside those of the other (`laws`). So are x and
all y but one, where all rows of x are in that one, if independence would put `ALL` or more into the
others: ICMP has no port, whichever. Sets are

* a value that `OWN` rows have or more, and all other values together;
* the commonest value, and all others;
* all values of a number, and each of the codes that say it has none;
* a class (`Field.classes`, `Field.coarser`): of addresses what they are for, and the family.

`learn.apart` finds what drawn records break.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from interfuse.kinds.table.fields import Field

SURE, ALL, OWN = 12.0, 30.0, 20


class Cells(Protocol):
    """What is asked of a `Layout`."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Values of each category cell."""
        ...

    @property
    def ordered(self) -> tuple[int, ...]:
        """How many of them are in order."""
        ...

    @property
    def category_column(self) -> tuple[int, ...]:
        """The column of each."""
        ...


class Apart(NamedTuple):
    """The values of two cells.

    Attributes:
        a, b: the cells.
        values: of a those that something is apart from.
        others: for each of them, the values of b.
    """

    a: int
    b: int
    values: tuple[int, ...]
    others: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, a: int, b: int, bad: np.ndarray) -> Apart:
        """From (k_a, k_b), which pairs of values are apart."""
        values = np.flatnonzero(bad.any(1)).tolist()
        others = tuple(tuple(np.flatnonzero(bad[x]).tolist()) for x in values)
        return cls(a, b, tuple(values), others)

    def may(self, sizes: tuple[int, ...]) -> np.ndarray:
        """(k_a, k_b) which pairs of values may be drawn."""
        out = np.ones((sizes[self.a], sizes[self.b]), bool)
        for x, some in zip(self.values, self.others, strict=True):
            out[x, list(some)] = False
        return out

    def fits(self, sizes: tuple[int, ...]) -> bool:
        """Whether cells of these sizes have these values."""
        if len(self.values) != len(self.others) or not max(self.a, self.b) < len(sizes):
            return False
        some = max((y for row in self.others for y in row), default=0)
        return max(self.values, default=0) < sizes[self.a] and some < sizes[self.b]


def apart(seen: np.ndarray) -> np.ndarray:
    """(k_a, k_b) which sets are apart.

    Args:
        seen: (k_a, k_b) rows that are in two sets.

    Examples:
        >>> apart(np.array([[900, 0], [50, 50]])).tolist()
        [[False, True], [False, False]]
        >>> apart(np.array([[90, 0], [9, 1]])).tolist()
        [[False, False], [False, False]]
    """
    expected = np.outer(seen.sum(1), seen.sum(0)) / max(int(seen.sum()), 1)
    out = (seen == 0) & (expected >= SURE)
    for table, one in ((seen, expected), (seen.T, expected.T)):
        alone = ((table > 0).sum(1) == 1) & (np.where(table == 0, one, 0.0).sum(1) >= ALL)
        more = alone[:, None] & (table == 0)
        out |= more if table is seen else more.T
    return out


def sets_of(
    layout: Cells, fields: Mapping[str, Field], codes: np.ndarray, cell: int
) -> Iterator[np.ndarray]:
    """The number of a set for each value of a cell, several times.

    Args:
        layout: the cells.
        fields: by column, in order.
        codes: (n, q) codes of rows.
        cell: which.
    """
    size, ordered = layout.sizes[cell], layout.ordered[cell]
    rows = np.bincount(codes[:, cell], minlength=size)
    own = np.where(rows >= OWN, 1 + np.arange(size), 0)
    yield np.unique(own, return_inverse=True)[1]
    yield (np.arange(size) == rows.argmax()).astype(np.int64)
    if 0 < ordered < size:
        yield np.maximum(np.arange(size) - ordered + 1, 0)
    column = layout.category_column[cell]
    if layout.category_column.index(column) == cell:
        field = list(fields.values())[column]
        for sort in (field.classes, field.coarser):
            if len(sort) == size:
                yield np.unique(sort, return_inverse=True)[1]


def counts_of(x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(k_a, k_b) rows in each pair of sets.

    Args:
        x: the set of each code of one cell.
        y: of the other.
        a: (n,) codes of rows.
        b: of the other.
    """
    k, m = int(x.max()) + 1, int(y.max()) + 1
    return np.bincount(x[a].astype(np.int64) * m + y[b], minlength=k * m).reshape(k, m)
