"""The rules found so far, and what a newcomer must show to be one of them.

A rule is kept if it gives back at least `MOST` of all rows, and as large a part of those that say
something: in a column that is nearly always 0, being 0 says nothing. All rows decide that; a sample
of n rows only leaves out what gives back less than `MOST` by more than `likely` there, so that no
rule is lost by the luck of a sample. It must beat chance: with
p the share of such rows where it holds, and p_0 that where one of its columns is shuffled,

    rows KL(p || p_0) > log(rules that could be proposed) + CAUTION,

the large-deviation bound on as many rows agreeing by accident (Chernoff 1952). Exceptions are
counted on all rows and have a code of their own (`leftover`), and so have rows where the result is
missing by itself: both come back as often as they were. Fewer than `FEW` exceptions are kept where
they are `RARE_VALUE` of the rows, as in a small table, and `FEWEST_VALUES` at least: their values
would stand in the model as they are, for little. Gaps have no values, and are kept from `RARE_GAP`
on. What is rarer is taken to follow the rule, and the note says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules.formula import INFINITE, Formula
from interfuse.kinds.table.rules.leftover import Leftover, alike
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.ends import range_of
from interfuse.kinds.table.rules.sums import Sum, parse_rule

MIN_ROWS = 20
MIN_DISTINCT = 10
MOST = 0.975
"""At .95 some rules were near a true one and no more (UNSW-NB15: `dur` from `rate`, six digits)."""
FEWER = 0.98
SLACK = 0.01
"""Of the rows that say something so many more may break a rule."""
LEAST_JUDGED = 0.02
"""Share of the rows that must not be missing where the rule says a value."""
FEW, FEWEST_VALUES = 20, 3
RARE_VALUE, RARE_GAP = 5e-3, 1e-3
CAUTION = 20.0
SAMPLE = 4096
MOST_SHOWN = 120


@dataclass(frozen=True)
class Proposal:
    """A rule that may hold.

    Attributes:
        target: the column that it gives.
        rule: its text.
        remainder: decimals of what it leaves; None if it leaves nothing.
        keeps: by column a rule that the target must keep.
        distinct: how many different results make it say something.
        all_rows: whether it may have no exceptions.
    """

    target: str
    rule: str
    remainder: int | None = None
    keeps: Mapping[str, str] = field(default_factory=dict)
    distinct: int = MIN_DISTINCT
    all_rows: bool = False


@dataclass(frozen=True)
class Found:
    """A rule that holds.

    Attributes:
        rule: what it says.
        broken: rows where the value is another.
        missing: rows where there is none, though the rule says one.
        rows: all rows.
        kind: of the column, before it was derived.
        remainder: see `Proposal`.
        keeps: see `Proposal`.
        least: 0 for a column of a remainder that is never negative.
        range: that a product or ratio is in; None for others.
    """

    rule: Sum | Formula
    rows: int
    kind: str
    broken: int = 0
    missing: int = 0
    remainder: int | None = None
    keeps: Mapping[str, str] = field(default_factory=dict)
    least: int | None = None
    range: tuple[float, float] | None = None

    @property
    def odd(self) -> int:
        """Rows that the rule does not give back."""
        return self.broken + self.missing

    @property
    def excepted(self) -> bool:
        """Whether values that are not what the rule says are learned."""
        many = self.broken >= max(FEWEST_VALUES, RARE_VALUE * self.rows)
        return many or self.broken >= FEW

    @property
    def gaps(self) -> bool:
        """Whether it is learned where there is no value though the rule says one."""
        return self.missing >= min(FEW, max(1, RARE_GAP * self.rows))

    @property
    def options(self) -> dict[str, Any]:
        """The options of the derived column."""
        out: dict[str, Any] = {"rule": str(self.rule)}
        if self.remainder is not None:
            out["remainder"] = self.remainder
            if self.least is not None:
                out["least"] = self.least
        if self.excepted:
            out["exceptions"] = self.kind
        if self.gaps:
            out["missing"] = True
        if self.range is not None:
            out["range"] = list(self.range)
        if self.keeps:
            out["keeps"] = dict(self.keeps)
        return out

    @property
    def note(self) -> str:
        """Why the column is derived, for people."""
        said = shortened(str(self.rule))
        if self.remainder is not None:
            kept = " and ".join(f"{name} is {text}" for name, text in self.keeps.items())
            return f"is {said} and a remainder, such that {kept}"
        if not self.odd:
            return f"is {said} in every row"
        share = f"is {said} in all but {self.odd:,} rows ({self.odd / self.rows:.2%})"
        lost = self.broken * (not self.excepted) + self.missing * (not self.gaps)
        rare = f", {lost:,} of them too rare to learn and taken to follow it" if lost else ""
        return share + rare


_INFINITE = re.compile(rf"\b{INFINITE}\b")


def likely(rows: int) -> float:
    """The least share of a sample that a rule of `MOST` rows keeps: three standard errors less."""
    return MOST - 3 * float(np.sqrt(MOST * (1 - MOST) / max(rows, 1)))


def shortened(text: str) -> str:
    """A rule for people: a long table of values is cut."""
    text = _INFINITE.sub("inf", text)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 3] + "..."


class Ledger:
    """The rules of one table.

    Args:
        lazy: the table.
        columns: its columns in a sample, but for those that no rule may name.
        rows: how many rows it has.
        learned: columns that are not to be derived.
        until: when to stop looking, by `time.monotonic`.
    """

    def __init__(
        self,
        lazy: pl.LazyFrame,
        columns: Sequence[Column],
        rows: int,
        learned: frozenset[str] = frozenset(),
        until: float = math.inf,
    ) -> None:
        self.learned, self.until = learned, until
        self.lazy = lazy
        self.columns = {c.name: c for c in columns}
        self.sample = pl.DataFrame([c.series for c in columns])
        self.rows = rows
        self.found: dict[str, Found] = {}
        self.skipped: list[str] = []
        self.chances = 4 * np.log(max(len(columns), 2))
        self._whole: dict[str, pl.Series] = {}
        self._shuffled = np.random.default_rng(0).permutation(self.sample.height)

    @property
    def late(self) -> bool:
        """Whether the time for looking is over."""
        return monotonic() > self.until

    def is_free(self, name: str) -> bool:
        """Whether a column is learned as it is: no rule derives it or states it anew."""
        return name not in self.found and not any(name in f.keeps for f in self.found.values())

    def numbers(self, derived: bool = False) -> list[Column]:
        """The columns of numbers that vary; without those that are derived, unless asked."""
        out = [c for c in self.columns.values() if c.is_number and c.role == "number"]
        return [c for c in out if c.distinct > 2 and (derived or c.name not in self.found)]

    def add(self, solutions: Sequence[Proposal]) -> bool:
        """Keep the first proposal that holds in every row, else the one of fewest exceptions.

        A column was computed from others, and not they from it, if it is the one that rounding
        never hinders; nearly as few count as as many.

        Args:
            solutions: ways to say one thing, the best first.
        """
        best: tuple[Proposal, Found] | None = None
        for one in solutions:
            found = self._verified(one)
            if found is not None and (best is None or found.odd < FEWER * best[1].odd):
                best = one, found
                if not found.odd:
                    break
        if best is None:
            return False
        self.found[best[0].target] = best[1]
        return True

    def _verified(self, one: Proposal) -> Found | None:
        if one.target in self.found or one.target in self.learned or not self._acyclic(one):
            return None
        try:
            rule = parse_rule(one.rule)
            if not self._in_sample(one, rule):
                return None
            return self._in_all(one, rule)
        except SchemaError:
            return None

    def _acyclic(self, one: Proposal) -> bool:
        """Whether no column would be computed from itself, or be stated by two rules."""
        restated = {name for f in self.found.values() for name in f.keeps}
        if one.target in restated or any(n in self.found or n in restated for n in one.keeps):
            return False
        rules = {n: f.rule.columns for n, f in self.found.items()}
        rules[one.target] = parse_rule(one.rule).columns
        seen, left = set(), [*rules[one.target]]
        while left:
            name = left.pop()
            if name == one.target:
                return False
            if name not in seen:
                seen.add(name)
                left += rules.get(name, ())
        return True

    def _in_sample(self, one: Proposal, rule: Sum | Formula) -> bool:
        column = self.columns[one.target].series
        said = rule.apply(self.sample).cast(column.dtype, strict=False)
        if one.remainder is not None:
            return True  # its `keeps` were verified
        same, judged = alike(column, said), self._judged(column, said)
        telling = self.telling(column, said) & judged
        if not judged.sum() or judged.mean() < LEAST_JUDGED / 2:
            return False
        if same[judged].mean() < likely(int(judged.sum())):
            return False
        if telling.sum() < MIN_ROWS or same[telling].mean() < likely(int(telling.sum())) - SLACK:
            return False
        if len(said.filter(pl.Series(telling)).unique()) < one.distinct:
            return False
        return self._beats_chance(rule, column, telling, float(same[telling].mean()))

    @staticmethod
    def _judged(column: pl.Series, said: pl.Series) -> np.ndarray:
        """(n,) the rows that can keep or break a rule: a value may be missing by itself."""
        return ~(column.is_null() & said.is_not_null()).to_numpy()

    def telling(self, column: pl.Series, said: pl.Series) -> np.ndarray:
        """(n,) the rows that are not what most rows are."""
        usual = column.drop_nulls().mode().sort().head(1)
        none = column.is_null() & said.is_null()
        if not len(usual):
            return ~none.to_numpy()
        ordinary = column.eq_missing(usual) & said.eq_missing(usual)
        return ~(ordinary | none).to_numpy()

    def _beats_chance(
        self, rule: Sum | Formula, column: pl.Series, telling: np.ndarray, share: float
    ) -> bool:
        p, least = min(share, 1 - 1e-9), np.inf
        for name in rule.columns:
            mixed = self.sample.with_columns(self.sample[name].gather(self._shuffled))
            said = rule.apply(mixed).cast(column.dtype, strict=False)
            some = telling | (self.telling(column, said) & self._judged(column, said))
            q = float(np.clip(alike(column, said)[some].mean(), 1 / (1 + some.sum()), 1 - 1e-9))
            if p <= q:
                return False
            kl = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
            least = min(least, telling.sum() * kl)
        return bool(least > self.chances + CAUTION)

    def whole(self, names: Sequence[str]) -> pl.DataFrame:
        """All rows of some columns."""
        new = [n for n in dict.fromkeys(names) if n not in self._whole]
        if new:
            frame = self.lazy.select(new).collect(engine="streaming")
            self._whole |= {n: frame[n] for n in new}
        return pl.DataFrame([self._whole[n] for n in dict.fromkeys(names)])

    def _in_all(self, one: Proposal, rule: Sum | Formula) -> Found | None:
        more = [n for text in one.keeps.values() for n in parse_rule(text).columns]
        frame = self.whole([one.target, *rule.columns, *one.keeps, *more])
        dtype, kind = frame.schema[one.target], self.columns[one.target].kind
        for name, text in one.keeps.items():
            kept = parse_rule(text).apply(frame).cast(frame.schema[name], strict=False)
            if not alike(frame[name], kept).all():
                return None
        if one.remainder is not None:
            left = Leftover.of(
                one.target,
                dtype,
                {"rule": one.rule, "remainder": one.remainder, "keeps": one.keeps},
            )
            split = frame.with_columns(left.split(frame))
            if not alike(frame[one.target], left.join(split)).all():
                return None
            least = 0 if (frame[one.target] >= 0).all() else None
            ends = range_of(frame[one.target], rule)
            return Found(rule, self.rows, kind, 0, 0, one.remainder, one.keeps, least, ends)
        said, column = rule.apply(frame).cast(dtype, strict=False), frame[one.target]
        same = alike(column, said)
        missing = int((~same & column.is_null().to_numpy()).sum())
        broken = int((~same).sum()) - missing
        if one.all_rows and broken + missing:
            return None
        if broken > (1 - MOST) * (self.rows - missing) or missing > (1 - LEAST_JUDGED) * self.rows:
            return None
        ends = range_of(column, rule)
        return Found(rule, self.rows, kind, broken, missing, keeps=one.keeps, range=ends)
