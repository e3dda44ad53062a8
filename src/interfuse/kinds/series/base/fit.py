r"""Fit the base: ridges, scales of their errors, and weights, one of each for a block of horizons.

Blocks of horizons are 1, 2, 3-4, 5-7, ..., each 1.6 times as long as all before. In each, pairs of
an origin and a horizon are drawn uniformly by their *target* time. The first three quarters of the
targets fit ridges of all penalties, the last quarter chooses the penalty, gives the quantiles of
each expert's errors over their scale, and weighs the experts; then the ridge is fitted to all. The
scale is

    s = exp(ridge of log |r| on how rough the series is now, about the copy, and on log h),

each within `MOST_ROUGH` spreads of its mean. Targets that are held out are in none of it, so that
the base can be compared with others on them; then it is fitted again, to all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from interfuse.kinds.series.base.answers import Answers, Asked, Said, expert_names
from interfuse.kinds.series.base.past import VIEWS, Past, Sums
from interfuse.kinds.series.base.ridge import PENALTIES, least_absolute
from interfuse.kinds.series.base.weights import LEVELS, weigh

RATIO = 1.6
LATE = 0.25
"""Of the targets: the last of them choose and weigh."""
PAIRS, WEIGHED = 3_000, 800
SPREAD_PENALTY = 0.01
MOST_ROUGH = 2.0
"""Spreads from its mean: what is rougher counts as this rough. Steps beyond the reach are dozens of
them from those of the last block, where a slope of chance in log h gave a metric between 0 and 49 a
band of 90 % from -290 to 480."""
LEAST_OFF = 0.05
"""Of the median error: what is added before its logarithm is taken."""
LONGEST_REACH = 2_016
FEWEST_PAIRS = 40
BOTH_VIEWS = ("shifted", "level")
"""Simple answers that differ between the views."""


class Expert(NamedTuple):
    """One answer with the law of its errors.

    Attributes:
        view: its place in the views of the base.
        place: which simple answer; -1 for the ridge.
        errors: (LEVELS,) quantiles of its errors over their scale.
        spread: (1 + r,) coefficients of the log scale, on standardised roughness.
    """

    view: int
    place: int
    errors: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class Block:
    """Horizons from `low` to `high`.

    Attributes:
        low, high: of the horizons.
        beta: (views, k) of the ridges, fitted to all targets.
        early: (views, k) fitted to the first three quarters.
        middle, unit: (views, r) of the roughness.
        experts: all answers.
        weight: (e,) of each.
    """

    low: int
    high: int
    beta: np.ndarray
    early: np.ndarray
    middle: np.ndarray
    unit: np.ndarray
    experts: tuple[Expert, ...]
    weight: np.ndarray


def blocks_of(reach: int) -> Iterator[tuple[int, int]]:
    """Horizons from 1 to `reach` in blocks."""
    low = 1
    while low <= reach:
        high = min(reach, max(low, int(np.ceil((low - 1) * RATIO))))
        yield low, high
        low = high + 1


def reach_of(longest: int, periods: Sequence[int]) -> int:
    """How far ahead ridges of their own are fitted: a season, if there is data for it."""
    wanted = min(max([*periods, 48]), LONGEST_REACH)
    return max(1, min(wanted, longest // 5))


def fitting_periods(longest: int, periods: Sequence[int]) -> tuple[int, ...]:
    """Seasons of which the data holds two, and a bit to learn from."""
    return tuple(p for p in periods if longest >= 2 * p + max(p // 8, 8))


def half_life(periods: Sequence[int], reach: int) -> float:
    """Steps after which a held-out error counts half."""
    return float(max([*periods, min(reach, 288), 50]))


class Fitting:
    """One fit.

    Args:
        past: the series.
        periods: seasons that fit.
        reach: the longest horizon.
        free: (T,) bool, the times that may be targets.
        seed: of the pairs.
        pairs: of a block.
    """

    def __init__(
        self, past: Past, periods: tuple[int, ...], reach: int, free: np.ndarray, seed: int,
        pairs: int = PAIRS,
    ) -> None:  # fmt: skip
        self.past, self.periods, self.reach, self.pairs = past, periods, reach, pairs
        self.free = free & past.seen
        self.views = VIEWS if past.positive else VIEWS[:1]
        self.answers = [Answers(Sums(past, v, periods), periods, reach) for v in self.views]
        self.names = expert_names(periods)
        self.rng = np.random.default_rng(seed)

    def blocks(self) -> list[Block]:
        """All that can be fitted: the first, and those after it of which there are targets."""
        out: list[Block] = []
        for low, high in blocks_of(self.reach):
            made = self._block(low, high)
            if made is None:
                break
            out.append(made)
        return out

    def _edges(self, high: int) -> np.ndarray:
        """(3, n): where the targets of each series begin, where the late ones do, and their end."""
        past, season = self.past, max(self.periods, default=8)
        length = past.last - past.first
        most = 0.5 * length.max()
        wanted = next((k * season + high for k in (3, 2, 1) if k * season + high <= most), high + 1)
        first = np.minimum(wanted, length // 2)
        rest = length - first
        late = np.maximum(LATE * rest, np.minimum(high, 0.4 * rest)).astype(np.int64)
        return np.stack([past.first + first, past.last - late, past.last])

    def _pairs(
        self, low: int, high: int, begin: np.ndarray, end: np.ndarray, many: int
    ) -> Asked | None:
        """Pairs of which the targets lie from `begin` to `end` of each series."""
        size = np.maximum(end - begin, 0)
        inside = np.cumsum(size)
        if inside[-1] == 0:
            return None
        place = np.sort(self.rng.integers(0, inside[-1], many))
        owner = np.searchsorted(inside, place, "right")
        target = begin[owner] + place - (inside[owner] - size[owner])
        ahead = self.rng.integers(low, high + 1, many)
        origin = target - ahead
        good = self.free[target] & (origin >= self.past.first[owner])
        if good.sum() < FEWEST_PAIRS:
            return None
        return Asked(owner[good], origin[good], ahead[good])

    def _block(self, low: int, high: int) -> Block | None:
        first, cut, end = self._edges(high)
        early = self._pairs(low, high, first, cut, self.pairs)
        late = self._pairs(low, high, cut, end, WEIGHED)
        every = self._pairs(low, high, first, end, self.pairs)
        if early is None or late is None or every is None:
            return None
        target = {k: self.past.x[a.origin + a.ahead] for k, a in (("early", early), ("late", late))}
        parts: list[tuple[np.ndarray, ...]] = []
        experts: list[Expert] = []
        quantiles: list[np.ndarray] = []
        for number, view in enumerate(self.views):
            said, later = (self.answers[number].of(a) for a in (early, late))
            y, y_late = (
                self.past.to(view, target[k], a.owner)
                for k, a in (("early", early), ("late", late))
            )
            start = _simplest(said, y)
            beta, penalty = self._chosen(view, said, later, y, target["late"], late, start)
            whole = self.answers[number].of(every)
            y_all = self.past.to(view, self.past.x[every.origin + every.ahead], every.owner)
            (final,) = least_absolute(whole.features, y_all - whole.anchor, start, (penalty,))
            middle, unit = said.rough.mean(0), said.rough.std(0) + 1e-9
            parts.append((final, beta, middle, unit))
            for place in self._places(view):
                answer, answer_late = (_answer(s, place, beta) for s in (said, later))
                rough = (said.rough - middle) / unit
                rough_late = (later.rough - middle) / unit
                spread = _spread(rough, y - answer)
                wide = scale_of(rough_late, spread)
                off = (y_late - answer_late) / wide
                experts.append(Expert(number, place, np.quantile(off, LEVELS), spread))
                own = answer_late[:, None] + wide[:, None] * _crossed(off)
                quantiles.append(self.past.back(view, own, late.owner).astype(np.float32))
        age = self.past.last[late.owner] - late.origin - late.ahead
        share = 0.5 ** (age / half_life(self.periods, high))
        weight = weigh(target["late"], np.stack(quantiles), share).weight
        final, early_beta, middle, unit = (np.stack(c) for c in zip(*parts, strict=True))
        return Block(low, high, final, early_beta, middle, unit, tuple(experts), weight)

    def _places(self, view: str) -> list[int]:
        """The ridge, and simple answers: all of the first view, those that differ of the other."""
        own = [
            i for i, name in enumerate(self.names) if view == "raw" or name.startswith(BOTH_VIEWS)
        ]
        return [-1, *own]

    def _chosen(
        self, view: str, said: Said, later: Said, y: np.ndarray, truth: np.ndarray, late: Asked,
        start: np.ndarray,
    ) -> tuple[np.ndarray, float]:  # fmt: skip
        """The ridge of the penalty that is best on late targets, and that penalty."""
        best, found = np.inf, (start, PENALTIES[-1])
        tried = least_absolute(said.features, y - said.anchor, start, PENALTIES)
        for penalty, beta in zip(PENALTIES, tried, strict=True):
            answer = later.anchor + later.features @ beta
            loss = float(np.abs(truth - self.past.back(view, answer, late.owner)).mean())
            if loss < best:
                best, found = loss, (beta, penalty)
        return found


def _simplest(said: Said, y: np.ndarray) -> np.ndarray:
    """Coefficients of the best simple answer: 0 for the last value, else 1 in its place."""
    best = int(np.abs(said.experts - y[:, None]).mean(0).argmin())
    start = np.zeros(said.features.shape[1])
    if best:
        start[best - 1] = 1.0
    return start


def _answer(said: Said, place: int, beta: np.ndarray) -> np.ndarray:
    return said.anchor + said.features @ beta if place < 0 else said.experts[:, place]


def _spread(rough: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Coefficients of the log scale of errors."""
    size = np.abs(off)
    y = np.log(size + LEAST_OFF * float(np.median(size)) + 1e-12)
    design = np.concatenate([np.ones((len(rough), 1)), rough], 1)
    penalty = np.full(design.shape[1], SPREAD_PENALTY * len(design))
    penalty[0] = 0.0
    return np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ y)


def scale_of(rough: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """(m,) the scale of errors."""
    seen = np.clip(rough, -MOST_ROUGH, MOST_ROUGH)
    return np.exp(np.clip(spread[0] + seen @ spread[1:], -30.0, 30.0))


def _crossed(off: np.ndarray) -> np.ndarray:
    """(m, LEVELS) quantiles of the errors of the other half, so that none tells of itself."""
    even = (np.arange(len(off)) * 4 // max(len(off), 1)) % 2 == 0
    if even.all() or not even.any():
        return np.broadcast_to(np.quantile(off, LEVELS), (len(off), len(LEVELS)))
    return np.where(even[:, None], np.quantile(off[~even], LEVELS), np.quantile(off[even], LEVELS))
