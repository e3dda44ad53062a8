"""Products, ratios and scaled columns, with the rounding that the data shows.

A candidate (`terms`) c = k n / d leaves three things open, which are settled in this order:

* the factor k. Rounding moves c by at most the last place h, so that every row says
  (c - h) d / n <= k <= (c + h) d / n. The k that most rows allow is found by a sweep over the ends
  of these intervals; of the numbers there the one of fewest digits is taken, or one over it;
* what single precision and rounding do: `round`, `round_even`, `floor`, `ceil` at the column's
  decimals, then its significant digits, tried in turn;
* the rows where it does not hold: where d is zero, n is small, or a category says so, and what the
  value is then (`guards`).

Of the ways to solve one identity, the column of the widest logarithms is derived. Where that is a
part of the quotient, q = round(k a / b), and not the quotient, a = q b / k + r is (`leftover`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules.formula import Formula, quoted
from interfuse.kinds.table.rules.leftover import alike
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.guards import guarded
from interfuse.kinds.table.rules.search.ledger import MOST, Ledger, Proposal
from interfuse.kinds.table.rules.search.terms import (
    MOST_SINGLE,
    Combination,
    Term,
    combine,
    composites,
    singles,
)

DEPTH = 0.9
"""Share of the rows that must allow one factor."""
TRIED = 1024
MOST_FACTOR_DIGITS = 9


@dataclass(frozen=True)
class Quotient:
    """A rule found: what it says, and how well."""

    target: str
    text: str
    share: float
    combination: Combination
    factor: str


def find_ratios(ledger: Ledger) -> Iterator[Sequence[Proposal]]:
    """Proposals, identity by identity; those of the fewest columns and the best first."""
    columns = ledger.numbers(derived=True)
    if len(columns) > MOST_SINGLE:
        ledger.skipped.append(
            f"products and ratios: {len(columns)} columns, the first {MOST_SINGLE} are looked at"
        )
        columns = columns[:MOST_SINGLE]
    one, more = singles(columns), composites(columns)
    found: list[Quotient] = []
    for target in columns:
        if target.name not in ledger.found and target.distinct >= 10:
            found += _of_column(target, one, more, ledger)
    yield from _identities(found, ledger)
    # A rate often leaves out the first packet: means that were found make new terms.
    more = _without_one(found, ledger)
    found = []
    for target in columns:
        if more and target.name not in ledger.found and target.distinct >= 10:
            found += [
                q
                for q in _of_column(target, one, more, ledger)
                if any(t in more for _, t in q.combination.terms)
            ]
    yield from _identities(found, ledger)


def _without_one(found: list[Quotient], ledger: Ledger) -> list[Term]:
    """A - floor(a / b) for each mean a / b that is a column."""
    out = []
    for q in found:
        above = [t for s, t in q.combination.terms if s > 0]
        below = [t for s, t in q.combination.terms if s < 0]
        if (
            q.factor
            or len(above) != 1
            or len(below) != 1
            or not (above[0].single and below[0].single)
        ):
            continue
        if not above[0].whole or not below[0].whole:
            continue
        text = f"({above[0].text} - floor({above[0].text} / {below[0].text}))"
        x = Formula.parse(text).apply(ledger.sample).cast(pl.Float64).fill_null(np.nan)
        out.append(Term(text, (*above[0].columns, *below[0].columns), x.to_numpy(), True))
    return out


def _of_column(target: Column, one: list[Term], more: list[Term], ledger: Ledger) -> list[Quotient]:
    """What a column might be; for each set of columns the best."""
    best: dict[frozenset[str], Quotient] = {}
    for c in combine(target, target.x, one, more, frozenset([target.name])):
        got = _settled(target, c, ledger)
        if got is None:
            continue
        old = best.get(c.columns)
        if old is None or (got.share, -len(got.text)) > (old.share, -len(old.text)):
            best[c.columns] = got
    out = sorted(best.values(), key=lambda q: (len(q.combination.columns), -q.share))
    # What needs more columns than another that is as good says no more.
    return [
        q
        for i, q in enumerate(out)
        if not any(
            p.combination.columns < q.combination.columns and p.share >= q.share for p in out[:i]
        )
    ]


def _factor(c: np.ndarray, step: np.ndarray, x: np.ndarray) -> tuple[float, float, float] | None:
    """The ends of the factors that most rows allow, and the share of rows that do."""
    rows = np.flatnonzero(np.isfinite(c) & np.isfinite(x) & (x != 0) & (c != 0))
    if len(rows) < 20:
        return None
    rows = rows[:: -(-len(rows) // TRIED)]
    a, b = (c - step)[rows] / x[rows], (c + step)[rows] / x[rows]
    low, high = np.minimum(a, b), np.maximum(a, b)
    ends = np.concatenate([low, high])
    way = np.concatenate([np.ones(len(low)), -np.ones(len(high))])
    order = np.lexsort((-way, ends))
    depth = way[order].cumsum()
    at = int(depth.argmax())
    share = depth[at] / len(rows)
    if share < DEPTH:
        return None
    return float(ends[order[at]]), float(ends[order[min(at + 1, len(order) - 1)]]), float(share)


def _shortest(low: float, high: float) -> str | None:
    """The factor of fewest digits between two ends, as text: "8", "/ 60"; None without a short one."""
    if low <= 1 <= high:
        return ""
    if low <= 0 <= high:
        return None
    best: tuple[int, str] | None = None
    for below in (False, True):
        a, b = (1 / high, 1 / low) if below else (low, high)
        for digits in range(1, MOST_FACTOR_DIGITS + 1):
            value = float(f"{(a + b) / 2:.{digits - 1}e}")
            if a <= value <= b:
                text = (
                    repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
                )
                if value < 0:
                    text = f"({text})"
                if best is None or digits < best[0]:
                    best = digits, f"/ {text}" if below else text
                break
    return None if best is None else best[1]


def _settled(target: Column, c: Combination, ledger: Ledger) -> Quotient | None:
    """The rule that a combination makes, if it holds in most of the sample."""
    ends = _factor(target.x, target.step, c.x)
    if ends is None or (factor := _shortest(ends[0], ends[1])) is None:
        return None
    rows = np.flatnonzero(np.isfinite(target.x) & (target.x != target.usual))
    if len(rows) < 20:
        return None
    rows = rows[:: -(-len(rows) // TRIED)]
    frame, own = ledger.sample[rows], target.series[rows]
    best, text = 0.0, ""
    for raw in _raw(c, factor):
        for candidate in _rounded(raw, target):
            try:
                said = Formula.parse(candidate).apply(frame).cast(own.dtype, strict=False)
            except SchemaError:
                continue
            share = float(alike(own, said).mean())
            if share > best + 1e-9:
                best, text = share, candidate
            if share == 1:
                break
        if best == 1:
            break
    if best < 0.5:
        return None
    text, share = guarded(text, target, c, ledger)
    return Quotient(target.name, text, share, c, factor) if share >= MOST else None


def _raw(c: Combination, factor: str) -> Iterator[str]:
    """Plain, and with single precision below the line, of the result, of both."""
    divided = any(s < 0 for s, _ in c.terms)
    yield c.text(factor)
    yield f"float32({c.text(factor)})"
    if divided:
        yield c.text(factor, single=True)
        yield f"float32({c.text(factor, single=True)})"


def _rounded(raw: str, target: Column) -> Iterator[str]:
    """As the column may have been rounded."""
    d = target.decimals
    if d is None:
        yield raw
        if target.digits is not None:
            yield f"digits({raw}, {target.digits})"
        return
    places = f", {d}" if d else ""
    for how in ("round", "round_even", "floor", "ceil"):
        yield f"{how}({raw}{places})"
    if d and target.digits is not None:
        for how in ("round", "floor"):
            yield f"digits({how}({raw}{places}), {target.digits})"


def _identities(found: list[Quotient], ledger: Ledger) -> Iterator[Sequence[Proposal]]:
    """Rules about the same columns together, the best way to solve them first."""
    groups: dict[frozenset[str], list[Quotient]] = {}
    for q in found:
        groups.setdefault(q.combination.columns | {q.target}, []).append(q)
    told = {k: max(_told(q, ledger) for q in group) for k, group in groups.items()}
    for names in sorted(groups, key=lambda k: (-told[k], len(k))):
        rules = sorted(groups[names], key=lambda q: _width(q.target, ledger), reverse=True)
        out = [Proposal(q.target, q.text) for q in rules]
        widest = max(names, key=lambda n: _width(n, ledger))
        finest = sorted(rules, key=lambda q: _told(q, ledger), reverse=True)
        whole = [p for q in finest if (p := _for_the_whole(q, widest, ledger)) is not None]
        exact = [p for p, q in zip(out, rules, strict=True) if p.target == widest and q.share == 1]
        yield [*exact, *whole, *out]


def _told(q: Quotient, ledger: Ledger) -> float:
    """How much a rule says: the bits of its column that it gives, a row."""
    column = ledger.columns[q.target]
    x = np.abs(column.x)
    some = np.isfinite(x) & (x > 0)
    return q.share * float(np.log2(1 + x[some] / column.step[some]).mean() * some.mean())


def _width(name: str, ledger: Ledger) -> float:
    """The variance of a column's logarithms, where it is not zero."""
    x = np.abs(ledger.columns[name].there)
    x = x[x > 0]
    return float(np.log(x).var()) if len(x) else 0.0


def _for_the_whole(q: Quotient, widest: str, ledger: Ledger) -> Proposal | None:
    """A = q b / k and a remainder, for q = round(k a / b) where a is wider than q."""
    above = [t for s, t in q.combination.terms if s > 0]
    below = [t for s, t in q.combination.terms if s < 0]
    whole = ledger.columns.get(widest)
    if whole is None or q.target == widest or len(above) != 1 or not above[0].single:
        return None
    if above[0].columns != (widest,) or whole.decimals is None or not below:
        return None
    parts = [quoted(q.target), *(t.text for t in below)]
    over = ""
    if q.factor.startswith("/ "):
        parts.append(q.factor[2:])
    elif q.factor:
        over = f" / {q.factor}"
    places = f", {whole.decimals}" if whole.decimals else ""
    text = f"round({' * '.join(parts)}{over}{places})"
    return Proposal(widest, text, whole.decimals, {q.target: q.text})
