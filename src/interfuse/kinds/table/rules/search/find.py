"""All sorts of rules, looked for one after the other; each leaves out what is derived already."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from interfuse.kinds.table.rules.bounds import Bound
from interfuse.kinds.table.rules.cases import Case
from interfuse.kinds.table.rules.exact import find_rules
from interfuse.kinds.table.rules.search.bounds import find_bounds
from interfuse.kinds.table.rules.search.cases import find_cases
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.functions import find_functions
from interfuse.kinds.table.rules.search.ledger import MIN_ROWS, SAMPLE, Found, Ledger, Proposal
from interfuse.kinds.table.rules.search.linear import find_lines
from interfuse.kinds.table.rules.search.ratios import find_ratios
from interfuse.kinds.table.rules.search.sums import find_sums
from interfuse.kinds.table.rules.search.times import find_times

SORTS: dict[str, Callable[[Ledger], Iterator[Sequence[Proposal]]]] = {
    "sums": find_sums,
    "times": find_times,
    "multiples": find_lines,
    "products and ratios": find_ratios,
    "functions of categories": find_functions,
}
"""In order: where two sorts explain a column, the first does."""


@dataclass(frozen=True)
class Findings:
    """What was found in a table.

    Attributes:
        rules: by derived column.
        bounds: columns that, times a factor, are never above another.
        cases: values that columns have wherever others have theirs.
        skipped: what was not looked for, and why, for people.
    """

    rules: dict[str, Found]
    bounds: tuple[Bound, ...] = ()
    skipped: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()


def find(
    frame: pl.DataFrame | pl.LazyFrame,
    kinds: Mapping[str, str],
    learned: Collection[str] = (),
    until: float = math.inf,
) -> Findings:
    """The rules of a table.

    Args:
        frame: the table.
        kinds: by column its kind; columns of other kinds than number, datetime and category are
            in no rule.
        learned: columns that are not to be derived.
        until: when to stop looking, by `time.monotonic`.
    """
    lazy = frame.lazy()
    types = dict(lazy.collect_schema())
    named = [n for n in types if kinds.get(n) in ("number", "datetime", "category")]
    beyond = _beyond(lazy, [n for n in named if types[n] == pl.UInt64])
    named = [n for n in named if n not in beyond]
    rows = lazy.select(pl.len()).collect(engine="streaming").item()
    if rows < MIN_ROWS or not named:
        return Findings({})
    sample = lazy.select(named).gather_every(-(-rows // SAMPLE)).collect(engine="streaming")
    columns = [Column(sample[n], kinds[n], i) for i, n in enumerate(named)]
    ledger = Ledger(lazy, columns, rows, frozenset(learned), until)
    exact = find_rules(lazy.select(n for n in named if kinds[n] != "category"))
    ledger.found |= {n: Found(r, rows, kinds[n]) for n, r in exact.items() if n not in learned}
    for name, sort in SORTS.items():
        if ledger.late:
            ledger.skipped.append(f"{name}: half of the time of the fit was over")
            continue
        for solutions in sort(ledger):
            ledger.add(solutions)
    bounds = tuple(find_bounds(ledger))
    cases = () if ledger.late else tuple(find_cases(ledger))
    return Findings(_in_order(ledger.found), bounds, tuple(ledger.skipped), cases)


def _beyond(lazy: pl.LazyFrame, names: Sequence[str]) -> set[str]:
    """Columns with whole numbers that int64 does not hold, in which rules are checked."""
    if not names:
        return set()
    most = lazy.select(pl.col(names).max()).collect(engine="streaming").row(0)
    return {n for n, m in zip(names, most, strict=True) if m is not None and m >= 1 << 63}


def _in_order(found: dict[str, Found]) -> dict[str, Found]:
    """The rules such that each comes after those of the columns that it needs."""
    out: dict[str, Found] = {}

    def put(name: str) -> None:
        if name in found and name not in out:
            for part in found[name].rule.columns:
                put(part)
            out[name] = found[name]

    for name in found:
        put(name)
    return out
