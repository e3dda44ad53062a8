"""The values of a number column, counted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.physical import SPECIAL, to_physical


class Counted(NamedTuple):
    """The sketch of a number: the values seen, and how often.

    Zero and minus zero are one value.

    Attributes:
        values: (m,) sorted distinct finite values, int64, uint64 or float64; None before any.
        counts: (m,) rows of each.
        special: which of missing, nan, inf and -inf were seen.
    """

    values: np.ndarray | None
    counts: np.ndarray
    special: tuple[bool, ...]

    @classmethod
    def none(cls) -> Counted:
        """No value."""
        return cls(None, np.zeros(0, np.int64), (False,) * len(SPECIAL))

    @classmethod
    def of(cls, column: pl.Series) -> Counted:
        """The values of a column.

        Raises:
            SchemaError: they do not fit into 64 bits.
        """
        values, state = to_physical(column)
        special = tuple(bool((state == i).any()) for i in range(len(SPECIAL)))
        distinct, counts = np.unique(values[state < 0], return_counts=True)
        return cls(distinct, counts, special)

    def merged(self, other: Counted) -> Counted:
        """The counts of both."""
        special = tuple(x or y for x, y in zip(self.special, other.special, strict=True))
        if self.values is None or other.values is None:
            one = other if self.values is None else self
            return Counted(one.values, one.counts, special)
        both = np.concatenate([self.values, other.values])
        values, inverse = np.unique(both, return_inverse=True)
        counts = np.zeros(len(values), np.int64)
        np.add.at(counts, inverse, np.concatenate([self.counts, other.counts]))
        return Counted(values, counts, special)
