"""The values of a number column, counted in bounded memory: the same from any pieces in any order.

A value x is the 64-bit integer k(x) that is in the order of the values (the bits of a float, those
of negative ones turned; Terdiman 2000, "Radix Sort Revisited"). At level l all values of one
k >> l share a *bucket*, of which the number of rows and the exact smallest and largest value are
kept. The level is the smallest at which all values seen fill at most `most` buckets. That number
grows with what is seen and falls with l, so that the level, and with it every bucket, depends on
the values alone, not on how they were cut or merged. Where no more than `most` values differ the
level is 0 and nothing is lost.

What is lost otherwise is where inside its bucket a value lies; the rank of each bucket's ends stays
exact. A field keeps at most 512 knots a bin, some 16,000 to 50,000 in all: `MOST` buckets are more.
A value that many rows have must not be taken together with its neighbours: buckets of several
values that hold `HEAVY` times the rows of a mean one are counted once more in another pass, by
themselves (`closer`, `joined`), at most `PASSES` times.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from interfuse.kinds.table.fields.counts import Counted
from interfuse.kinds.table.fields.physical import MOST_DECIMALS

MOST, FEWEST, ALL = 1 << 16, 1 << 11, 1 << 22
"""Buckets of a column at most and at least, and of all columns together."""
HEAVY = 32
PASSES = 3
_SIGN = np.uint64(1 << 63)
_NO_GRID = MOST_DECIMALS + 1


class Coarse(NamedTuple):
    """The sketch of a number in bounded memory.

    Attributes:
        values: (m,) smallest value of each bucket, rising; int64, uint64 or float64.
        counts: (m,) rows of each.
        special: which of missing, nan, inf and -inf were seen.
        upper: (m,) largest value of each bucket.
        level: of the buckets.
        step: greatest common divisor of differences of whole numbers; the decimals of real ones,
            more than `MOST_DECIMALS` if they have no fixed number.
        most: buckets at most.
        inside: (r, 2) keys of the only ranges that are counted; None for all.
    """

    values: np.ndarray | None
    counts: np.ndarray
    special: tuple[bool, ...]
    upper: np.ndarray
    level: int
    step: int
    most: int
    inside: np.ndarray | None = None

    @classmethod
    def of(cls, counted: Counted, most: int) -> Self:
        """Values that were counted one by one."""
        empty = cls(None, counted.counts[:0], counted.special, np.zeros(0), 0, 0, most)
        return empty.merged(counted)

    def merged(self, other: Counted | Coarse) -> Self:
        """The counts of both."""
        special = tuple(x or y for x, y in zip(self.special, other.special, strict=True))
        if isinstance(other, Counted):
            other = self._taken(other)
        if self.values is None or other.values is None or not len(other.values):
            one = other if self.values is None else self
            return self._replace(**{**one._asdict(), "special": special, "most": self.most})._held()
        both = self._replace(
            values=np.concatenate([self.values, other.values]),
            counts=np.concatenate([self.counts, other.counts]),
            upper=np.concatenate([self.upper, other.upper]),
            special=special,
            level=max(self.level, other.level),
            step=_step_of_both(self, other),
        )
        return both._held()

    def closer(self) -> Self | None:
        """What another pass over the values is to count; None where none is needed."""
        if self.values is None or not self.level:
            return None
        wide = (self.counts >= max(HEAVY * self.counts.sum() / self.most, 2)) & (
            self.values != self.upper
        )
        if not wide.any():
            return None
        inside = np.stack([keys_of(self.values[wide]), keys_of(self.upper[wide])], 1)
        none = Counted(None, self.counts[:0], (False,) * len(self.special))
        return type(self).of(none, self.most)._replace(inside=inside)

    def joined(self, closer: Coarse) -> Self:
        """The same with the buckets that were counted once more in place of those they were in."""
        assert self.values is not None
        assert closer.inside is not None
        if closer.values is None:
            return self
        left = ~np.isin(keys_of(self.values), closer.inside[:, 0])
        values = np.concatenate([self.values[left], closer.values])
        order = np.argsort(keys_of(values))
        counts = np.concatenate([self.counts[left], closer.counts])[order]
        upper = np.concatenate([self.upper[left], closer.upper])[order]
        return self._replace(values=values[order], counts=counts, upper=upper)

    def _taken(self, counted: Counted) -> Self:
        """Counts of single values as a sketch of them, of the ranges that are asked for."""
        values, counts = counted.values, counted.counts
        if values is None or not len(values):
            return self._replace(values=None, special=counted.special, inside=self.inside)
        if values.dtype.kind == "f":
            values = values + 0.0  # minus zero is zero
        if self.inside is not None:
            keys = keys_of(values)
            at = np.searchsorted(self.inside[:, 0], keys, side="right") - 1
            use = (at >= 0) & (keys <= self.inside[at, 1])
            values, counts = values[use], counts[use]
            if not len(values):
                return self._replace(values=None, special=counted.special)
        step = _step_of(values)
        return self._replace(values=values, counts=counts, upper=values, level=0, step=step)

    def _held(self) -> Self:
        """The same at the smallest level of at most `most` buckets."""
        if self.values is None or not len(self.values):
            return self
        keys, last = keys_of(self.values), keys_of(self.upper)
        order = np.argsort(keys, kind="stable")
        keys, last, counts = keys[order], last[order], self.counts[order]
        apart = _bit_length(keys[1:] ^ keys[:-1])
        # At level l two neighbours are in different buckets if their keys differ above bit l.
        buckets = 1 + np.cumsum(np.bincount(apart, minlength=65)[::-1])[::-1][1:]
        least = int(np.argmax(buckets <= self.most)) if (buckets <= self.most).any() else 63
        level = max(self.level, least)
        first = np.flatnonzero(np.concatenate([[True], apart > level]))
        dtype = self.values.dtype
        return self._replace(
            values=_values_of(keys[first], dtype),
            counts=np.add.reduceat(counts, first),
            upper=_values_of(np.maximum.reduceat(last, first), dtype),
            level=level,
        )

    @property
    def grid(self) -> tuple[int, int] | None:
        """See `fields.number`."""
        assert self.values is not None
        if self.values.dtype.kind != "f":
            return (int(self.values[0]), self.step) if self.step > 1 else None
        return (0, self.step) if self.step < _NO_GRID else None


def keys_of(values: np.ndarray) -> np.ndarray:
    """Integers (uint64) in the order of the values."""
    if values.dtype.kind == "u":
        return values.astype(np.uint64)
    bits = np.ascontiguousarray(values).view(np.uint64)
    if values.dtype.kind == "i":
        return bits ^ _SIGN
    return np.where(bits >= _SIGN, ~bits, bits | _SIGN)


def _values_of(keys: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype.kind == "u":
        return keys
    if dtype.kind == "i":
        return (keys ^ _SIGN).view(np.int64)
    return np.where(keys >= _SIGN, keys ^ _SIGN, ~keys).view(np.float64)


def _bit_length(x: np.ndarray) -> np.ndarray:
    """(n,) bits of each integer, 0 for 0."""
    out = np.zeros(len(x), np.int64)
    x = x.copy()
    for shift in (32, 16, 8, 4, 2, 1):
        large = x >= np.uint64(1 << shift)
        out[large] += shift
        x[large] >>= np.uint64(shift)
    return out + (x > 0)


def _step_of(values: np.ndarray) -> int:
    """What the values say of the column's grid."""
    if values.dtype.kind != "f":
        return int(np.gcd.reduce(values.astype(np.uint64) - values[:1].astype(np.uint64)))
    if np.abs(values).max() >= 2.0**52 / 10**MOST_DECIMALS:
        return _NO_GRID
    for decimals in range(MOST_DECIMALS + 1):
        values = values[np.round(values, decimals) != values]
        if not len(values):
            return decimals
    return _NO_GRID


def _step_of_both(a: Coarse, b: Coarse) -> int:
    assert a.values is not None
    assert b.values is not None
    if a.values.dtype.kind == "f":
        return max(a.step, b.step)
    between = abs(int(a.values[0]) - int(b.values[0]))
    return int(np.gcd.reduce(np.array([a.step, b.step, between], np.uint64)))
