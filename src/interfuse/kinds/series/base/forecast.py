"""The base, fitted: what follows a history, as quantiles of every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from interfuse.kinds.series.base.answers import Answers, Asked, Said, expert_names
from interfuse.kinds.series.base.fit import (
    PAIRS,
    Block,
    Expert,
    Fitting,
    fitting_periods,
    half_life,
    reach_of,
    scale_of,
)
from interfuse.kinds.series.base.past import VIEWS, Past, Sums
from interfuse.kinds.series.base.paths import Paths
from interfuse.kinds.series.base.weights import HIGH, LEVELS, LOW, weigh

RECENT = 300
"""Steps of a history's own end by which the experts are weighed anew."""
TOLD = 30.0
"""Horizons that must have gone by for a history's own end to say as much of the experts as the fit:
errors that overlap say little. Weighted quantile losses with the end's own weights, these, and the
fit's: exchange rates .00746, .00729, .00730; seven metrics a month of hours ahead .262, .260, .260;
a link a day ahead .0704, .0702, .0717; requests .2338, .2335, .2330."""
LEAST_WEIGHT = 1e-4
GROWING = 4
"""The last blocks, over which the horizon grows sixfold."""
SPANS = 3.0
"""Half-lives that are looked back."""
_FIELDS = ("beta", "early", "middle", "unit", "weight")


@dataclass(frozen=True)
class Base:
    """Ridges and their weights; see `fit`.

    Attributes:
        periods: seasons in steps.
        reach: the longest horizon that was fitted.
        blocks: of horizons, in order.
        paths: how steps and channels go together.
    """

    periods: tuple[int, ...]
    reach: int
    blocks: tuple[Block, ...]
    paths: Paths

    @property
    def shortest(self) -> int:
        """Steps that a history must have: what is shorter shows no season."""
        return max([2 * p for p in self.periods[:1]] + [16])

    def quantiles(self, past: Past, origins: Sequence[tuple[int, int]], horizon: int) -> np.ndarray:
        """Quantiles of what follows some origins.

        Args:
            past: histories; nothing after an origin is looked at.
            origins: which history, and its last known step, as a place in `past.x`.
            horizon: steps.

        Returns:
            (n, horizon, LEVELS) ascending, in the histories' own units.
        """
        views = self._views(past)
        out = []
        for owner, s in origins:
            weights = self._weights(past, views, owner, s, horizon)
            found = np.zeros((horizon, len(LEVELS)))
            for number, block in enumerate(self.blocks[: len(weights)]):
                last = number == len(self.blocks) - 1
                ahead = np.arange(block.low, (horizon if last else min(block.high, horizon)) + 1)
                if not len(ahead):
                    break
                asked = Asked(np.full(len(ahead), owner), np.full(len(ahead), s), ahead)
                every = self._each(past, views, block, asked, weights[number])
                keep = weights[number] > LEAST_WEIGHT
                some = weights[number][keep] / weights[number][keep].sum()
                found[ahead - 1] = np.tensordot(some, every, 1)
            out.append(np.sort(found, 1) * past.scale[owner])
        return np.stack(out) if out else np.zeros((0, horizon, len(LEVELS)))

    @cached_property
    def growth(self) -> np.ndarray:
        """(e,) how errors of each expert grow beyond the reach, as h^g: as over the last blocks.

        g is the slope of the logarithm of the width of 90 % in that of the horizon over the last
        `GROWING` blocks, from 0, errors about a level, to 1/2, those of a random walk.
        """
        blocks = self.blocks[-GROWING:]
        if len(blocks) < 2:
            return np.zeros(len(self.blocks[0].experts))
        far = np.log([(b.low + b.high) / 2 for b in blocks])
        wide = [
            [e.spread[0] + np.log(e.errors[HIGH] - e.errors[LOW] + 1e-12) for e in b.experts]
            for b in blocks
        ]
        far -= far.mean()
        return np.clip(far @ np.array(wide) / (far @ far), 0.0, 0.5)

    def _views(self, past: Past) -> list[Answers]:
        views = VIEWS[: len(self.blocks[0].beta)]
        return [Answers(Sums(past, v, self.periods), self.periods, self.reach) for v in views]

    def _each(
        self, past: Past, views: list[Answers], block: Block, asked: Asked, weight: np.ndarray,
        early: bool = False,
    ) -> np.ndarray:  # fmt: skip
        """(e, m, LEVELS) of every expert that weighs anything."""
        said: dict[int, Said] = {}
        out = []
        for expert, own, growth in zip(block.experts, weight, self.growth, strict=True):
            if own <= LEAST_WEIGHT:
                continue
            v = expert.view
            if v not in said:
                said[v] = views[v].of(asked)
            beta = (block.early if early else block.beta)[v]
            of_ridge = expert.place < 0
            answer = (
                said[v].anchor + said[v].features @ beta
                if of_ridge
                else said[v].experts[:, expert.place]
            )
            wide = scale_of((said[v].rough - block.middle[v]) / block.unit[v], expert.spread)
            wide = wide * np.maximum(asked.ahead / block.high, 1.0) ** growth
            spread = answer[:, None] + wide[:, None] * expert.errors
            out.append(past.back(VIEWS[v], spread, asked.owner))
        return np.stack(out)

    def _weights(
        self, past: Past, views: list[Answers], owner: int, last: int, horizon: int
    ) -> list[np.ndarray]:
        """Weights of the experts of each block: the fit's, and how they did before an origin."""
        rng = np.random.default_rng(1)
        begin = int(past.first[owner])
        span = SPANS * half_life(self.periods, self.reach)
        back = int(min(span, 0.5 * (last - begin)))
        out = []
        for block in self.blocks:
            if block.low > horizon:
                break
            target = last - rng.integers(0, back + 1, RECENT)
            ahead = rng.integers(block.low, block.high + 1, RECENT)
            good = (target - ahead >= begin) & past.seen[target]
            if good.sum() < RECENT // 4:
                out.append(block.weight)
                continue
            target, ahead = target[good], ahead[good]
            asked = Asked(np.full(len(target), owner), target - ahead, ahead)
            every = np.ones(len(block.experts))
            each = self._each(past, views, block, asked, every, early=True)
            share = 0.5 ** ((last - target) / half_life(self.periods, block.high))
            own = weigh(past.x[target], each.astype(np.float32), share).weight
            told = min(back / block.high, RECENT)
            own = (told * own + TOLD * block.weight) / (told + TOLD)
            out.append(own)
        return out

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All of it by name; statistics of many values, none of a single one."""
        out: dict[str, np.ndarray] = {
            "periods": np.array(self.periods, float),
            "reach": np.array([self.reach], float),
            "edges": np.array([[b.low, b.high] for b in self.blocks], float),
            "share": self.paths.share,
            "loading": self.paths.loading,
        }
        for name in _FIELDS:
            out[name] = np.stack([getattr(b, name) for b in self.blocks])
        each = [b.experts for b in self.blocks]
        out["place"] = np.array([[(e.view, e.place) for e in some] for some in each], float)
        for name in ("errors", "spread"):
            out[name] = np.stack([np.stack([getattr(e, name) for e in some]) for some in each])
        return out

    @classmethod
    def from_arrays(cls, a: Mapping[str, np.ndarray]) -> Base:
        """The inverse of `to_arrays`.

        Raises:
            ValueError: shapes do not fit together.
        """
        periods, reach = tuple(int(p) for p in a["periods"]), int(a["reach"][0])
        names = len(expert_names(periods))
        count, views = len(a["edges"]), a["beta"].shape[1]
        shapes: dict[str, tuple[Any, ...]] = {
            "edges": (count, 2),
            "early": a["beta"].shape,
            "unit": a["middle"].shape,
            "middle": (count, views, 3 + 2 * len(periods)),
            "place": (*a["weight"].shape, 2),
            "errors": (*a["weight"].shape, len(LEVELS)),
            "spread": (*a["weight"].shape, 4 + 2 * len(periods)),
        }
        wrong = [name for name, shape in shapes.items() if a[name].shape != shape]
        place = a["place"]
        if wrong or not count or views > len(VIEWS) or min(periods, default=2) < 1 or reach < 1:
            raise ValueError(f"the base: {', '.join(wrong) or 'numbers'} do not fit together")
        if place[..., 0].max() >= views or place[..., 1].max() >= names or place.min() < -1:
            raise ValueError("the base: experts that there are not")
        blocks = []
        for i, (low, high) in enumerate(a["edges"]):
            experts = tuple(
                Expert(int(v), int(p), a["errors"][i, j], a["spread"][i, j])
                for j, (v, p) in enumerate(place[i])
            )
            beta, early, middle, unit, weight = (a[name][i] for name in _FIELDS)
            blocks.append(Block(int(low), int(high), beta, early, middle, unit, experts, weight))
        return cls(periods, reach, tuple(blocks), Paths(a["share"], a["loading"]))


def fit_base(
    series: Sequence[np.ndarray], free: Sequence[np.ndarray], periods: Sequence[int], seed: int,
    pairs: int = PAIRS, channels: int = 1,
) -> tuple[Base, Past] | None:  # fmt: skip
    """Fit the base.

    Args:
        series: (T_i,) each, NaN missing: every channel of every series.
        free: (T_i,) bool, times that may be targets: not held out.
        periods: seasons in steps.
        seed: of the pairs that are looked at.
        pairs: of a block of horizons.
        channels: of a series, for paths.

    Returns:
        The base and the series as it saw them; None where there is too little to learn from.
    """
    longest = max(map(len, series), default=0)
    fitting = fitting_periods(longest, periods)
    past = Past.of(series, fitting)
    reach = reach_of(longest, fitting)
    blocks = Fitting(past, fitting, reach, np.concatenate(free), seed, pairs).blocks()
    if not blocks:
        return None
    base = Base(fitting, blocks[-1].high, tuple(blocks), Paths.alone(channels))
    return base, past


def with_paths(base: Base, paths: Paths) -> Base:
    """The same with another law of paths."""
    return replace(base, paths=paths)
