"""What depends on what: mutual information of pairs, alone and given all others, with errors.

In nats, over rows that were not fitted, R the columns but a and b:

    I(a; b)     = mean of  l_a({}) - l_a(b),      and of its mirror image,
    I(a; b | R) = mean of  l_a(R) - l_a(R u b),   and of its mirror image.

Each side's mean is the true value plus the excess (in Kullback-Leibler divergence) of what the
network says with less, minus that with more: either sign. What is told is the mean of both sides,
0 where it is negative, with the standard error over rows and half the sides' gap as the model's.

**An edge** is a pair whose held-out gain is above 0 on *both* sides, by one-sided t-tests, the
larger p-value of the two, Holm over all pairs, and above a floor. The test of the network's own
conditional independence would not be free: the network's errors, tiny in nats, are significant
(28 to 47 % false alarms at 5 %, where this has none of 27).

Two columns that tell nearly all of each other (`TWINS` of the larger entropy) have no edges given
all others, since each stands in for the other: they are one unit, hidden together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from interfuse.kinds.table.ask.know.others import Others
from interfuse.kinds.table.ask.know.stats import LEVEL, holm, mean_of, means
from interfuse.kinds.table.ask.know.view import Rows, View

TWINS = 0.9
FLOOR = 0.005
"""Nats below which no edge is drawn: null pairs of a fit come up to about as much."""
WIDE, BEST = 60, 12
"""Above so many columns edges are asked of each column's so many best partners alone."""
WORK = 8_000_000
"""Rows times passes that edges may cost: about two minutes of a core for a narrow network."""
FEWEST = 512


@dataclass(frozen=True)
class Alone:
    """What one column tells of another.

    Attributes:
        none: (n, d) surprise with nothing shown.
        told: (d, n, d) surprise with the column of the first axis shown.
    """

    none: np.ndarray
    told: np.ndarray

    @classmethod
    def of(cls, view: View, rows: Rows, context: Sequence[int] = ()) -> Alone:
        """Ask d + 1 times, a context being known from the start."""
        none = view.ask.nats(rows.codes, view.only(*context)).astype(np.float32)
        told = np.empty((len(view.names), *none.shape), np.float32)
        for b in range(len(view.names)):
            told[b] = view.ask.nats(rows.codes, view.only(b, *context))
        return cls(none, told)

    def gain(self, a: int, b: int) -> np.ndarray:
        """(n,) by how much b lowers the surprise of a."""
        return (self.none[:, a] - self.told[b][:, a]).astype(float)

    @property
    def gains(self) -> np.ndarray:
        """(d, d) mean gains: row b shown, column a told."""
        return means(self.none[None] - self.told, 1)

    @property
    def entropy(self) -> np.ndarray:
        """(d,) nats."""
        return means(self.none, 0)


def units_of(alone: Alone, context: Sequence[int] = ()) -> list[list[int]]:
    """Columns, twins together; a context is no unit."""
    entropy, gains = alone.entropy, alone.gains
    out: list[list[int]] = []
    for a in range(len(entropy)):
        if a in context:
            continue
        for unit in out:
            b = unit[0]
            most = max(entropy[a], entropy[b])
            shared = min(gains[b, a], gains[a, b])
            if most > 0.05 and shared >= TWINS * most:
                unit.append(a)
                break
        else:
            out.append([a])
    return out


@dataclass(frozen=True)
class Pair:
    """What is known of two columns; nats.

    Attributes:
        a, b: the columns.
        information, error, gap: I(a; b), its standard error, half the gap of its two sides.
        given, given_error, given_gap: the same of I(a; b | all others); NaN if it was not asked.
        p: of "one side gains nothing", adjusted for all pairs.
        edge: whether it is one.
        by: who supports it: "network", or "trees" (`triples`).
    """

    a: int
    b: int
    information: float
    error: float
    gap: float
    given: float = np.nan
    given_error: float = np.nan
    given_gap: float = np.nan
    p: float = np.nan
    edge: bool = False
    by: str = "network"


def pairs_of(
    view: View,
    rows: Rows,
    alone: Alone,
    units: list[list[int]],
    *,
    floor: float = FLOOR,
    seed: int = 0,
    others: Others | None = None,
) -> list[Pair]:
    """All pairs of units, by the first column of each, strongest given the others first.

    Args:
        view: the columns.
        rows: not fitted.
        alone: their marginal surprise.
        units: of `units_of`.
        floor: nats that an edge must be above.
        seed: of the choice of rows where all would take too long.
        others: of the rows, if it is known.
    """
    chosen = _asked(alone, units)
    most = max(WORK // max(len(chosen) + len(units), 1), FEWEST)
    few, at = rows.at_most(most, seed), rows.places(most, seed)
    own = [
        view.ask.nats(few.codes, view.all_but(*u), [u[0]])[:, u[0]]
        if others is None or len(u) > 1
        else others.nats[at, u[0]]
        for u in units
    ]
    out, tests = {}, {}
    for i, k in combinations(range(len(units)), 2):
        a, b = units[i][0], units[k][0]
        sides = alone.gain(a, b), alone.gain(b, a)
        out[i, k] = [a, b, *both_sides(sides, rows.blocks)]
        if (i, k) not in chosen:
            continue
        both = view.ask.nats(few.codes, view.all_but(*units[i], *units[k]), [a, b])
        sides = both[:, a] - own[i], both[:, b] - own[k]
        out[i, k] += [*both_sides(sides, few.blocks)]
        tests[i, k] = max(mean_of(s, few.blocks).above_zero for s in sides)
    adjusted = dict(zip(tests, holm(np.array(list(tests.values()))), strict=True))
    found = []
    for key, parts in out.items():
        p = float(adjusted.get(key, np.nan))
        edge = key in adjusted and p < LEVEL and parts[5] > floor
        found.append(Pair(*parts, p=p, edge=bool(edge)))
    return sorted(found, key=lambda q: (-np.nan_to_num(q.given, nan=-1.0), -q.information))


def _asked(alone: Alone, units: list[list[int]]) -> set[tuple[int, int]]:
    """Pairs of units whose edge is asked for."""
    every = set(combinations(range(len(units)), 2))
    if len(units) <= WIDE:
        return every
    first = [u[0] for u in units]
    gains = alone.gains[np.ix_(first, first)]
    np.fill_diagonal(gains, -np.inf)
    best = {
        (min(i, k), max(i, k))
        for i in range(len(units))
        for k in np.argsort(-(gains[:, i] + gains[i]))[:BEST].tolist()
    }
    return best & every


def both_sides(
    sides: tuple[np.ndarray, np.ndarray], blocks: np.ndarray | None
) -> tuple[float, float, float]:
    """Mean of both sides, 0 where negative, its error, and half the gap of the sides."""
    one, two = (float(means(s, 0)) for s in sides)
    middle = mean_of((sides[0] + sides[1]) / 2, blocks)
    return max(middle.value, 0.0), middle.error, abs(one - two) / 2
