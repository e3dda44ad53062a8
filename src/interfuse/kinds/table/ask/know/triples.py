"""What only three columns together show: a second look at pairs, by boosted trees.

A network needs many steps for a dependence that no two columns show, such as an exclusive-or, and
a short fit has no edge there. So triples are counted in the rows that the model keeps: with values
in at most `LEVELS` groups, the interaction information

    I(a; b c) - I(a; b) - I(a; c)

is symmetric in the three (McGill 1954, doi 10.1109/TIT.1954.1057469) and, times 2 n, about
chi-square where nothing depends on anything. Triples that stand out of all triples (Bonferroni) are
only proposals: their pairs are tested as all pairs are, by what is gained on both sides, on rows
that nothing was fitted to:

    I(a'; b | R) = mean of  l(a' | R) - l(a' | R u b),   a' the group of a,

each l by trees of its own, so that neither is trained on what the other is asked. Trees of one
variable at a time do not find an exclusive-or among many columns; here they see the proposed
partners' joint group as one more column. What is told is that of groups, at most I(a; b | R).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.stats import chi2

from interfuse.evaluate.trees import boosted, learnable
from interfuse.kinds.table.ask.know.pairs import WIDE, Pair, both_sides
from interfuse.kinds.table.ask.know.stats import LEVEL, mean_of
from interfuse.kinds.table.ask.know.view import Rows, View

LEVELS = 4
MOST_TRIPLES = 12
SURE = 0.01
"""The level of these tests, adjusted for all pairs: a table of independent columns then has an edge
with 6 % at most, where the network's tests alone allow 5 %."""
TREES, DEPTH, RATE, LEAF = 40, 4, 0.2, 20
LEAST = 1e-3
"""Probability that is spread over all groups: a rare row costs no more than its logarithm."""


@dataclass(frozen=True)
class Groups:
    """Values of each unit's first cell in few groups.

    Attributes:
        cells: of each unit all cells.
        group: of each unit (k + 1,) the group of each code; the last is that of unknown values.
        many: groups of each unit.
    """

    cells: tuple[tuple[int, ...], ...]
    group: tuple[np.ndarray, ...]
    many: tuple[int, ...]

    @classmethod
    def of(cls, view: View, codes: np.ndarray, units: Sequence[Sequence[int]]) -> Groups:
        """Groups of about equal size of what has an order, else the most frequent values."""
        cells, group = [], []
        for unit in units:
            first = view.ask.cells[unit[0]][0]
            count = np.bincount(codes[:, first] + 1, minlength=view.ask.sizes[first] + 1)
            found = _grouped(count[1:], view.fields[unit[0]].bins > 0)
            unknown = found.max() + 1 if count[0] else 0
            group.append(np.append(found, unknown))
            cells.append(tuple(c for column in unit for c in view.ask.cells[column]))
        return cls(tuple(cells), tuple(group), tuple(int(g.max()) + 1 for g in group))

    def told(self, codes: np.ndarray, unit: int) -> np.ndarray:
        """(n,) groups of a unit."""
        return self.group[unit][codes[:, self.cells[unit][0]]]

    def joint(self, codes: np.ndarray, one: int, two: int) -> np.ndarray:
        """(n,) groups of two units as one number."""
        return self.told(codes, one) * self.many[two] + self.told(codes, two)


def _grouped(count: np.ndarray, ordered: bool) -> np.ndarray:
    """(k,) the group of each code, by how often each is there."""
    if ordered:
        middle = (np.cumsum(count) - count / 2) / max(count.sum(), 1)
        raw = np.minimum((middle * LEVELS).astype(int), LEVELS - 1)
    else:
        raw = np.minimum(np.argsort(np.argsort(-count, kind="stable")), LEVELS - 1)
    return np.unique(raw, return_inverse=True)[1]


def triples_of(groups: Groups, codes: np.ndarray) -> list[tuple[int, int, int]]:
    """Triples of units that show more together than by twos, strongest first.

    Args:
        groups: of the units.
        codes: (n, q) of rows.
    """
    n, units = len(codes), range(len(groups.many))
    told = [groups.told(codes, u) for u in units]
    ones = [np.eye(m, dtype=np.float32)[x] for m, x in zip(groups.many, told, strict=True)]
    pair = np.array([[_information(ones[a].T @ ones[b]) for b in units] for a in units])
    start = np.cumsum([0, *groups.many])
    every = np.concatenate(ones, 1)
    found, tests = [], 0
    for b, c in combinations(units, 2):
        joint = np.eye(groups.many[b] * groups.many[c], dtype=np.float32)[groups.joint(codes, b, c)]
        counts = every[:, : start[b]].T @ joint
        for a in range(b):
            more = _information(counts[start[a] : start[a + 1]]) - pair[a, b] - pair[a, c]
            free = int(np.prod([groups.many[u] - 1 for u in (a, b, c)]))
            tests += 1
            if free and more > 0:
                found.append((float(chi2.sf(2 * n * more, free)), -more, (a, b, c)))
    return [t for p, _, t in sorted(found) if p * tests < LEVEL]


def _information(counts: np.ndarray) -> float:
    """Mutual information of rows and columns of counts, in nats."""
    p = counts.astype(float) / max(float(counts.sum()), 1.0)
    apart = p.sum(1, keepdims=True) * p.sum(0, keepdims=True)
    there = p > 0
    return float((p[there] * np.log(p[there] / apart[there])).sum())


def second_look(
    view: View,
    asked: Rows,
    kept: np.ndarray,
    units: Sequence[Sequence[int]],
    pairs: list[Pair],
    *,
    floor: float,
    seed: int,
) -> list[Pair]:
    """The pairs, with edges that the network did not support and trees do.

    Args:
        view: the columns.
        asked: rows that nothing was fitted to.
        kept: (n, q) codes of fitted rows, which trees are fitted to.
        units: of `pairs.units_of`.
        pairs: of `pairs.pairs_of`.
        floor: nats that an edge must be above.
        seed: of the trees.
    """
    if not 3 <= len(units) <= WIDE:
        return pairs
    groups = Groups.of(view, kept, units)
    triples = triples_of(groups, kept)[:MOST_TRIPLES]
    place = {u[0]: i for i, u in enumerate(units)}
    proposed = {pair for triple in triples for pair in combinations(triple, 2)}
    many = len(units) * (len(units) - 1) // 2
    look = _Trees(groups, kept, asked.codes, triples, seed)
    out = []
    for p in pairs:
        i, k = place[p.a], place[p.b]
        if not p.edge and (min(i, k), max(i, k)) in proposed:
            sides = look.gain(i, k), look.gain(k, i)
            level = min(1.0, many * max(mean_of(s, asked.blocks).above_zero for s in sides))
            value, error, gap = both_sides(sides, asked.blocks)
            if level < SURE and value > floor:
                p = replace(p, given=value, given_error=error, given_gap=gap, p=level, edge=True,
                            by="trees")  # fmt: skip
        out.append(p)
    return sorted(out, key=lambda q: (-np.nan_to_num(q.given, nan=-1.0), -q.information))


class _Trees:
    """Surprise of groups by trees, each set of visible columns fitted once."""

    def __init__(
        self,
        groups: Groups,
        fit: np.ndarray,
        ask: np.ndarray,
        triples: Sequence[tuple[int, int, int]],
        seed: int,
    ) -> None:
        self.groups, self.fit, self.ask, self.seed = groups, fit, ask, seed
        self.triples = triples
        self._known: dict[tuple[int, int | None], np.ndarray] = {}

    def gain(self, a: int, b: int) -> np.ndarray:
        """(n,) by how much b lowers the surprise of a's group, all others being known."""
        return self._nats(a, b) - self._nats(a, None)

    def _nats(self, a: int, hidden: int | None) -> np.ndarray:
        if (a, hidden) not in self._known:
            fit, ask = (self._features(c, a, hidden) for c in (self.fit, self.ask))
            told = self.groups.told(self.fit, a)
            trees = boosted(
                "classify", trees=TREES, depth=DEPTH, learning_rate=RATE, least_rows=LEAF,
                seed=self.seed,
            )  # fmt: skip
            p = np.full((len(ask), self.groups.many[a]), 0.0)
            p[:, np.unique(told)] = trees.fit(learnable(fit), told).predict_proba(ask)
            p = (1 - LEAST) * p + LEAST / p.shape[1]
            there = self.groups.told(self.ask, a)
            self._known[a, hidden] = -np.log(p[np.arange(len(ask)), there])
        return self._known[a, hidden]

    def _features(self, codes: np.ndarray, a: int, hidden: int | None) -> np.ndarray:
        out = [
            np.where(codes[:, [cell]] < 0, np.nan, codes[:, [cell]])
            for unit, cells in enumerate(self.groups.cells)
            if unit not in (a, hidden)
            for cell in cells
        ]
        for triple in self.triples:
            one, *rest = (u for u in triple if u != a)
            if a in triple and hidden not in triple:
                out.append(self.groups.joint(codes, one, rest[0])[:, None])
        return np.concatenate(out, 1).astype(float)
