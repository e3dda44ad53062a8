"""The search for sums of columns that hold to the last bit (`sums`).

The linear hash H(x) = sum_i r_i x_i mod 2^64 of a sample of rows, r random, has
H(a) + H(b) = H(a + b), so that k columns need k hashes, and the candidates x = y + z are found by
looking up k^2 / 2 sums; the four-column identities by matching sums of pairs with sums and
differences of pairs. Floats, whose sums are rounded, are added first and hashed by their bits.
Each candidate is then verified on all rows: the value to the last bit, missing exactly where one of
the columns is. It must say something: no constant columns, `MIN_ROWS` rows where each of its
columns is not zero, three values or more to explain. And it must be safe: sums of values within the
ranges seen fit the derived column's type, and are not negative where the column never is.
 Of x = y + z, the derived column is, if safe, the one
with values below zero, else the one with the widest range, else the last: the parts are learned,
not the whole. A derived column is never part of another rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.sums import Sum

MIN_ROWS = 20
MIN_DISTINCT = 10
SAMPLE = 4096
MOST_WIDE = 200
"""Columns up to which sums of three columns, and sums of floats, are looked for."""
MOST_MASKS = 16
MOST_CANDIDATES = 2000

Known = dict[str, tuple[float, float, int]]


def find_rules(frame: pl.DataFrame | pl.LazyFrame) -> dict[str, Sum]:
    """The derived columns of a table, each with its rule.

    Args:
        frame: a table; columns that are neither numbers nor times are ignored.
    """
    lazy = frame.lazy()
    types = {n: t for n, t in lazy.collect_schema().items() if _is_number(t) or t.is_temporal()}
    if len(types) < 2:
        return {}
    lazy = lazy.select(list(types))
    rows = lazy.select(pl.len()).collect(engine="streaming").item()
    if rows < MIN_ROWS:
        return {}
    sample = lazy.gather_every(-(-rows // SAMPLE)).collect(engine="streaming")
    return _Search(lazy, types, sample).run()


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype in (pl.Float32, pl.Float64)


class _Search:
    """The search for the rules of one table."""

    def __init__(
        self, lazy: pl.LazyFrame, types: dict[str, pl.DataType], sample: pl.DataFrame
    ) -> None:
        self.lazy = lazy
        self.types = types
        self.sample = sample
        self.rules: dict[str, Sum] = {}
        self.weights = np.random.default_rng(0).integers(
            0, 2**64, sample.height, dtype=np.uint64, endpoint=False
        )
        # What is constant in the sample fits everything; and a sum explains three values or more.
        distinct = sample.select(pl.all().n_unique()).row(0, named=True)
        nulls = sample.null_count().row(0, named=True)
        self.varied = [n for n in types if distinct[n] - (nulls[n] > 0) > 1]
        self.target = {n for n in self.varied if distinct[n] - (nulls[n] > 0) > 2}
        self.mask = {n: sample[n].is_null().to_numpy() for n in self.varied}
        self.bits = {n: _bits(sample[n]) for n in self.varied}

    def run(self) -> dict[str, Sum]:
        """All stages; each leaves out what the one before derived."""
        self._accept(self._copies())
        for stage in (self._whole_pairs, self._float_pairs, self._whole_triples):
            self._accept(stage())
        return self.rules

    # Candidates, as tuples of (target, rule) that are the same identity solved for each column.

    def _copies(self) -> Iterator[list[tuple[str, Sum]]]:
        first: dict[tuple[str, bytes, bytes], list[str]] = {}
        for name in self.varied:
            dtype = self.types[name]
            # A copy of a whole number may be stored in fewer bytes.
            key = "whole" if dtype.is_integer() else str(dtype)
            same = first.setdefault((key, self.mask[name].tobytes(), self.bits[name].tobytes()), [])
            for other in same[:3]:
                yield [(name, Sum(((1, other),)))]
            same.append(name)

    def _pools(self, names: Iterable[str]) -> Iterator[tuple[np.ndarray, list[str]]]:
        """Each pattern of missing rows, with the columns that are missing only there."""
        names = [n for n in names if n not in self.rules]
        groups: dict[bytes, list[str]] = {}
        for name in names:
            groups.setdefault(self.mask[name].tobytes(), []).append(name)
        for members in sorted(groups.values(), key=len, reverse=True)[:MOST_MASKS]:
            mask = self.mask[members[0]]
            pool = [n for n in names if not (self.mask[n] & ~mask).any()]
            if len(pool) > 2:
                yield mask, pool

    def _whole(self) -> list[str]:
        return [n for n in self.varied if self.types[n].is_integer()]

    def _hashes(self, pool: list[str], mask: np.ndarray) -> np.ndarray:
        weights = np.where(mask, np.uint64(0), self.weights)
        return np.array([(self.bits[n] * weights).sum(dtype=np.uint64) for n in pool])

    def _whole_pairs(self) -> Iterator[list[tuple[str, Sum]]]:
        for mask, pool in self._pools(self._whole()):
            h = self._hashes(pool, mask)
            for x, (y, z) in _matches(h, np.arange(len(h))[:, None], *_sums(h)):
                if len({x[0], y, z}) == 3:
                    yield _solved({pool[x[0]]: 1, pool[y]: -1, pool[z]: -1})

    def _whole_triples(self) -> Iterator[list[tuple[str, Sum]]]:
        for mask, pool in self._pools(self._whole()):
            if len(pool) > MOST_WIDE:
                continue
            h = self._hashes(pool, mask)
            sums, pairs = _sums(h)
            for (w, x), (y, z) in _matches(sums, pairs, sums, pairs):
                if len({w, x, y, z}) == 4 and w < min(y, z):
                    yield _solved({pool[w]: 1, pool[x]: 1, pool[y]: -1, pool[z]: -1})
            w, x = np.nonzero(~np.eye(len(h), dtype=bool))
            for (a, b), (y, z) in _matches(h[w] - h[x], np.stack([w, x], 1), sums, pairs):
                if len({a, b, y, z}) == 4 and b < min(y, z):
                    yield _solved({pool[a]: 1, pool[b]: -1, pool[y]: -1, pool[z]: -1})

    def _float_pairs(self) -> Iterator[list[tuple[str, Sum]]]:
        numbers = [n for n in self.varied if not self.types[n].is_temporal()]
        for mask, pool in self._pools(numbers):
            floats = [n for n in pool if self.types[n].is_float() and n in self.target]
            if not floats or len(pool) > MOST_WIDE:
                continue
            values = np.array([self.sample[n].cast(pl.Float64).fill_null(0.0) for n in pool])
            for dtype, kind in ((pl.Float32, np.float32), (pl.Float64, np.float64)):
                targets = [n for n in floats if self.types[n] == dtype]
                if not targets:
                    continue
                known = {
                    int(h): n for h, n in zip(self._hashes(targets, mask), targets, strict=True)
                }
                weights = np.where(mask, np.uint64(0), self.weights)
                for i in range(len(pool)):
                    for sign in (1, -1):
                        with np.errstate(all="ignore"):
                            total = (values[i] + sign * values).astype(kind)
                        found = (_float_bits(total) * weights).sum(1, dtype=np.uint64)
                        for j in np.flatnonzero(np.isin(found, np.array(list(known), np.uint64))):
                            name = known[int(found[j])]
                            if len({name, pool[i], pool[j]}) == 3 and (sign < 0 or i < j):
                                yield [(name, Sum(((1, pool[i]), (sign, pool[j]))))]

    # Verification

    def _accept(self, identities: Iterator[list[tuple[str, Sum]]]) -> None:
        """Verify candidates on all rows and keep those that do not contradict one another."""
        some = [c for c, _ in zip(identities, range(MOST_CANDIDATES), strict=False)]
        some = [c for c in some if self._says_something(c[0])]
        if not some:
            return
        known = self._known({n for c in some for t, rule in c for n in (t, *rule.columns)})
        checks: dict[int, list[pl.Expr]] = {}
        for i, solutions in enumerate(some):
            solutions.sort(key=lambda s: self._preference(s[0], known), reverse=True)
            checks[i] = [
                self._holds(t, rule).alias(f"{i}:{j}") for j, (t, rule) in enumerate(solutions)
            ]
        held = (
            self.lazy.select(e for es in checks.values() for e in es)
            .collect(engine="streaming")
            .row(0, named=True)
        )
        used = {n for rule in self.rules.values() for n in rule.columns}
        for i, solutions in enumerate(some):
            for j, (target, rule) in enumerate(solutions):
                free = target not in used and target not in self.rules and target in self.target
                free = free and not set(rule.columns) & set(self.rules)
                if held[f"{i}:{j}"] and free and self._safe(target, rule, known):
                    self.rules[target] = rule
                    used.update(rule.columns)
                    break

    def _says_something(self, solution: tuple[str, Sum]) -> bool:
        _, rule = solution
        if len(rule.terms) == 1:
            return True
        values = np.stack([self.bits[n] for n in rule.columns])
        return np.unique(values, axis=1).shape[1] >= MIN_DISTINCT

    def _known(self, names: set[str]) -> Known:
        """By column: least and largest value, and rows that are neither missing nor zero."""
        listed = sorted(names)
        exprs = []
        for i, name in enumerate(listed):
            column = pl.col(name)
            column = column.to_physical() if self.types[name].is_temporal() else column
            exprs += [
                column.min().alias(f"{i}:low"),
                column.max().alias(f"{i}:high"),
                (column != 0).sum().alias(f"{i}:rows"),
            ]
        row = self.lazy.select(exprs).collect(engine="streaming").row(0, named=True)
        return {
            n: (row[f"{i}:low"], row[f"{i}:high"], row[f"{i}:rows"]) for i, n in enumerate(listed)
        }

    def _preference(self, target: str, known: Known) -> tuple:
        low, high, _ = known[target]
        return low < 0, high - low, list(self.types).index(target)

    def _holds(self, target: str, rule: Sum) -> pl.Expr:
        dtype, column = self.types[target], pl.col(target)
        got = rule.expression(self.types).cast(dtype, strict=False)
        same = got.eq_missing(column)
        if dtype.is_float():  # zero and minus zero are equal, but not the same
            same = same & ((1 / got).eq_missing(1 / column))
        return same.all()

    def _safe(self, target: str, rule: Sum, known: Known) -> bool:
        """Whether there is enough evidence, and no sum can leave the target's type."""
        if any(known[n][2] < MIN_ROWS for n in (target, *rule.columns)):
            return False
        if len(rule.terms) == 1:
            return True
        low, high = _range(rule, known)
        if low < 0 <= known[target][0]:
            return False
        dtype = self.types[target]
        if not dtype.is_integer():
            return True
        limits = pl.select(low=dtype.min(), high=dtype.max()).row(0)  # type: ignore[attr-defined]
        # Sums of whole numbers are computed as Int64.
        return max(limits[0], -(2**63)) <= low and high <= min(limits[1], 2**63 - 1)


def _range(rule: Sum, known: Known) -> tuple[float, float]:
    """Least and largest sum of values within the ranges seen."""
    low = sum(known[n][0] if sign > 0 else -known[n][1] for sign, n in rule.terms)
    high = sum(known[n][1] if sign > 0 else -known[n][0] for sign, n in rule.terms)
    return low, high


def _bits(column: pl.Series) -> np.ndarray:
    """Whole numbers and times modulo 2^64, floats by their bits; 0 where missing."""
    if column.dtype.is_float():
        return _float_bits(column.fill_null(0.0).to_numpy())
    whole = column.to_physical() if column.dtype.is_temporal() else column
    return (
        whole.fill_null(0)
        .to_numpy()
        .astype(np.int64 if whole.dtype != pl.UInt64 else np.uint64)
        .astype(np.uint64)
    )


def _float_bits(values: np.ndarray) -> np.ndarray:
    values = np.where(np.isnan(values), np.array(np.nan, values.dtype), values)
    return values.view(np.uint32 if values.dtype == np.float32 else np.uint64).astype(np.uint64)


def _sums(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of all pairs, and the pairs."""
    y, z = np.triu_indices(len(h), 1)
    return h[y] + h[z], np.stack([y, z], 1)


def _matches(
    left: np.ndarray, left_of: np.ndarray, right: np.ndarray, right_of: np.ndarray
) -> Iterator[tuple[list[int], list[int]]]:
    """What `left` and `right` stand for, wherever they are equal."""
    order = np.argsort(right, kind="stable")
    low = np.searchsorted(right[order], left, "left")
    high = np.searchsorted(right[order], left, "right")
    for i in np.flatnonzero(high > low):
        for j in order[low[i] : high[i]]:
            yield left_of[i].tolist(), right_of[j].tolist()


def _solved(signs: dict[str, int]) -> list[tuple[str, Sum]]:
    """The identity sum sign * column = 0, solved for each of its columns."""
    out = []
    for target, sign in signs.items():
        terms = [(-sign * s, n) for n, s in signs.items() if n != target]
        terms.sort(key=lambda t: -t[0])
        out.append((target, Sum(tuple(terms))))
    return out
