"""How far each column is determined by the others, and by which.

Of column a with entropy H(a), l_a(all others) nats are left; the share explained is 1 minus their
ratio. The error rate is how often the likeliest value, given all others, is not the one that is
there (of numbers: not in the same bin). What determines it is found by forward selection: the
column that lowers l_a most, then the one that does beside it, up to `STEPS`, as long as held-out
rows gain from it. Candidates are the columns that tell most alone and those that tell most given
all others: a part of an exclusive-or tells nothing alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interfuse.kinds.table.ask.know.others import Others
from interfuse.kinds.table.ask.know.pairs import Alone, Pair
from interfuse.kinds.table.ask.know.stats import LEVEL, mean_of, means
from interfuse.kinds.table.ask.know.view import Rows, View

STEPS = 3
CANDIDATES = 5
ROWS = 1024
LEAST = 0.01
"""Share of the entropy that a further column must explain."""


@dataclass(frozen=True)
class Determined:
    """How far a column is determined.

    Attributes:
        column: which.
        entropy, left, left_error: nats before, nats left given all others, its standard error.
        blind, wrong: error rate of the likeliest value with nothing and with all others known.
        by: columns of the forward selection.
        steps: nats left after each of them.
        wrong_by: error rate given these alone.
        rows: that the error rates are of.
    """

    column: int
    entropy: float
    left: float
    left_error: float
    blind: float
    wrong: float
    by: tuple[int, ...]
    steps: tuple[float, ...]
    wrong_by: float
    rows: int

    @property
    def explained(self) -> float:
        """Share of the entropy, 0 to 1."""
        return float(np.clip(1 - self.left / self.entropy, 0, 1)) if self.entropy > 0 else 1.0


def determine(
    view: View,
    rows: Rows,
    alone: Alone,
    pairs: list[Pair],
    *,
    context: Sequence[int] = (),
    seed: int = 0,
    others: Others | None = None,
) -> list[Determined]:
    """Every column but those of a context, which are known from the start; in order."""
    start = view.only(*context)
    columns = [a for a in range(len(view.names)) if a not in context]
    told = others or Others.of(view, rows)
    few, at = rows.at_most(ROWS, seed), rows.places(ROWS, seed)
    part = Others(told.nats, told.wrong[at])
    return [_one(view, rows, few, alone, pairs, a, start, part) for a in columns]


def _one(
    view: View,
    rows: Rows,
    few: Rows,
    alone: Alone,
    pairs: list[Pair],
    a: int,
    start: np.ndarray,
    others: Others,
) -> Determined:
    left = mean_of(others.nats[:, a], rows.blocks)
    wrong = others.wrong[:, a]
    told = alone.gains[:, a].copy()
    told[a] = -np.inf
    told[start] = -np.inf
    near = [b for b in np.argsort(-told)[:CANDIDATES].tolist() if np.isfinite(told[b])]
    given = [(q.given, q.b if q.a == a else q.a) for q in pairs if a in (q.a, q.b)]
    near += [b for g, b in sorted(given, reverse=True)[:CANDIDATES] if g > 0 and b not in near]
    by, steps, shown = [], [], start.copy()
    now = view.ask.nats(few.codes, shown, [a])[:, a]
    # Two parts of an exclusive-or gain nothing one by one: the best pair is tried as a whole.
    while len(by) < STEPS:
        found = _best(view, few, a, shown, now, [b for b in near if b not in by])
        if found is None and not by:
            found = _best_two(view, few, a, start, now, near)
        if found is None:
            break
        added, now = found
        for b in added:
            by.append(b)
            shown = shown | view.only(b)
        steps.append(float(means(now, 0)))
    return Determined(
        a,
        float(alone.entropy[a]),
        left.value,
        left.error,
        _wrong(view, few, a, start),
        float(np.nanmean(wrong)) if np.isfinite(wrong).any() else np.nan,
        tuple(by),
        tuple(steps),
        _wrong(view, few, a, shown),
        len(few),
    )


def _best(
    view: View, few: Rows, a: int, shown: np.ndarray, now: np.ndarray, near: list[int]
) -> tuple[list[int], np.ndarray] | None:
    """The column that lowers the surprise most, if rows gain from it; and the surprise then."""
    tried = [(b, view.ask.nats(few.codes, shown | view.only(b), [a])[:, a]) for b in near]
    if not tried:
        return None
    b, then = min(tried, key=lambda t: float(means(t[1], 0)))
    return ([b], then) if _gains(now, then, few, len(near)) else None


def _best_two(
    view: View, few: Rows, a: int, start: np.ndarray, now: np.ndarray, near: list[int]
) -> tuple[list[int], np.ndarray] | None:
    tried = []
    for i, b in enumerate(near):
        for c in near[i + 1 :]:
            shown = start | view.only(b, c)
            tried.append(([b, c], view.ask.nats(few.codes, shown, [a])[:, a]))
    if not tried:
        return None
    both, then = min(tried, key=lambda t: float(means(t[1], 0)))
    return (both, then) if _gains(now, then, few, len(tried)) else None


def _gains(now: np.ndarray, then: np.ndarray, few: Rows, tried: int) -> bool:
    gain = mean_of(now - then, few.blocks)
    least = LEAST * float(means(now, 0))
    return gain.value > max(least, 0.0) and gain.above_zero * tried < LEVEL


def _wrong(view: View, rows: Rows, a: int, shown: np.ndarray) -> float:
    """Share of rows whose likeliest first code is not theirs."""
    codes = view.first_codes(rows, a)
    known = codes >= 0
    if not known.any():
        return np.nan
    best = view.ask.shares(rows.codes[known], shown, a).argmax(1)
    return float((best != codes[known]).mean())
