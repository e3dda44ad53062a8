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
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules.formula import Formula, quoted
from interfuse.kinds.table.rules.leftover import alike
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.factors import TRIED, factor_of, rounded, shortest
from interfuse.kinds.table.rules.search.guards import guarded
from interfuse.kinds.table.rules.search.ledger import Ledger, Proposal, likely
from interfuse.kinds.table.rules.search.terms import (
    MOST_SINGLE,
    MOST_SUMS,
    Combination,
    Term,
    combine,
    composites,
    singles,
)

NEARLY = 0.9999
"""A rule for the widest column that holds in so many rows is better than one with a remainder."""
SINGLE = 2.0**-24
MORE = 0.005
"""Of the rows a rule of more columns must give so many more than one of some of them."""
TIE = 0.9
"""Columns whose logarithms vary nearly as much as the widest's are as wide."""


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
    if len(columns) > MOST_SUMS:
        ledger.skipped.append(
            f"sums inside products and ratios: {len(columns)} columns, {MOST_SUMS} at most"
        )
    one, more = singles(columns), composites(columns)
    found: list[Quotient] = []
    for i, target in enumerate(columns):
        if ledger.late:
            ledger.skipped.append(
                f"products and ratios that give {len(columns) - i} of {len(columns)} columns: half "
                "of the time of the fit was over"
            )
            break
        if target.name not in ledger.found and target.distinct >= 10:
            found += _of_column(target, one, more, ledger)
    yield from _identities(found, ledger)
    # A rate often leaves out the first packet: means that were found make new terms.
    more = _without_one(found, ledger)
    found = []
    for target in columns:
        if more and not ledger.late and target.name not in ledger.found and target.distinct >= 10:
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
            p.combination.columns < q.combination.columns and p.share >= q.share - MORE
            for p in out[:i]
        )
    ]


def _factor(target: Column, c: Combination) -> str | None:
    """The factor of a combination, if single precision was on the way too."""
    for single in (0.0, SINGLE):
        ends = factor_of(target.x, target.step, c.x, single)
        if ends is not None and (factor := shortest(*ends[:2])) is not None:
            return factor
    return None


def _settled(target: Column, c: Combination, ledger: Ledger) -> Quotient | None:
    """The rule that a combination makes, if it holds in most of the sample."""
    if (factor := _factor(target, c)) is None:
        return None
    rows = np.flatnonzero(np.isfinite(target.x) & (target.x != target.usual))
    if len(rows) < 20:
        return None
    rows = rows[:: -(-len(rows) // TRIED)]
    frame, own = ledger.sample[rows], target.series[rows]
    best, text = 0.0, ""
    for raw in _raw(c, factor):
        for candidate in rounded(raw, target):
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
    if share < likely(ledger.sample.height):
        return None
    return Quotient(target.name, text, share, c, factor)


def _raw(c: Combination, factor: str) -> Iterator[str]:
    """Plain, and with single precision below the line, of the result, of both."""
    divided = any(s < 0 for s, _ in c.terms)
    yield c.text(factor)
    yield f"float32({c.text(factor)})"
    if divided:
        yield c.text(factor, single=True)
        yield f"float32({c.text(factor, single=True)})"


def _identities(found: list[Quotient], ledger: Ledger) -> Iterator[Sequence[Proposal]]:
    """Rules about the same columns together, the best way to solve them first."""
    groups: dict[frozenset[str], list[Quotient]] = {}
    for q in found:
        groups.setdefault(q.combination.columns | {q.target}, []).append(q)
    told = {k: max(_told(q, ledger) for q in group) for k, group in groups.items()}
    for names in sorted(groups, key=lambda k: (-told[k], len(k))):
        wide = max(_width(n, ledger) for n in names)
        # The widest; of those as wide, what is a product rather than a quotient, and the last.
        rules = sorted(groups[names], key=lambda q: _order(q, wide, ledger), reverse=True)
        out = [Proposal(q.target, q.text) for q in rules]
        widest = max(names, key=lambda n: _width(n, ledger))
        best = rules[0]
        finest = sorted(rules, key=lambda q: _told(q, ledger), reverse=True)
        if _width(best.target, ledger) >= TIE * wide and best.share >= NEARLY:
            yield [replace(out[0], keeps=_coarser(best, finest, ledger))]
        whole = [p for q in finest if (p := _for_the_whole(q, widest, ledger)) is not None]
        yield [*whole, *out]


def _coarser(best: Quotient, others: list[Quotient], ledger: Ledger) -> dict[str, str]:
    """What must be stated anew: a quotient of more decimals than its whole has.

    0.33 for 2 is no mean of whole numbers, though 2 times 0.33 is 1 when it is rounded.
    """
    whole = ledger.columns[best.target].decimals
    for q in others:
        own = ledger.columns[q.target].decimals
        finer = own is not None and whole is not None and own > whole
        if finer and q.target != best.target and q.share == 1:
            return {q.target: q.text}
    return {}


def _order(q: Quotient, wide: float, ledger: Ledger) -> tuple[bool, bool, float, int]:
    width = _width(q.target, ledger)
    near = width >= TIE * wide
    product = all(s > 0 for s, _ in q.combination.terms)
    index = ledger.columns[q.target].index
    return near, near and product, 0.0 if near else width, index


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
