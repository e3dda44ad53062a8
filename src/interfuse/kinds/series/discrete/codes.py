"""Values as codes 0 ... K - 1, and how often each was seen up to any step.

Of a state the codes are its levels. Of a count they are its values, where these are few; else 0, 1,
2, 3 and stretches of the values above that hold about as many steps each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

MOST_CODES, ALONE = 12, 4
INSIDE = 9
"""Quantiles of the values of a stretch that are drawn from."""
SPARSE = 0.5
"""Share of zeros from which a channel of counts is one of few values: its median is zero then, and
neither its logarithm nor a distance to a last value says anything."""
PARTS = (336, 48)


@dataclass(frozen=True)
class Coding:
    """What the codes of counts stand for.

    Attributes:
        edge: (K,) the least value of each code, ascending.
        inside: (K, INSIDE) values of each, ascending.
    """

    edge: np.ndarray
    inside: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Coding:
        """Of a history: (T,) whole numbers, NaN missing."""
        seen = values[np.isfinite(values)]
        each = np.unique(seen) if len(seen) else np.zeros(1)
        if len(each) > MOST_CODES:
            rest = seen[seen >= each[ALONE]]
            cuts = np.quantile(rest, np.arange(MOST_CODES - ALONE) / (MOST_CODES - ALONE))
            each = np.unique(np.concatenate([each[:ALONE], np.ceil(cuts)]))
        place = np.searchsorted(each, seen, "right") - 1
        levels = (np.arange(INSIDE) + 0.5) / INSIDE
        inside = np.stack(
            [
                np.quantile(seen[place == k], levels, method="nearest")
                if (place == k).any()
                else np.full(INSIDE, value)
                for k, value in enumerate(each)
            ]
        )
        return cls(each, inside)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """(T,) codes; -1 where missing."""
        found = np.clip(np.searchsorted(self.edge, values, "right") - 1, 0, None)
        return np.where(np.isfinite(values), found, -1).astype(np.int64)

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Values of codes, drawn within their stretches."""
        return self.inside[codes, rng.integers(0, INSIDE, codes.shape)]

    @property
    def middle(self) -> np.ndarray:
        """(K,) the mean of each."""
        return self.inside.mean(1)


@dataclass(frozen=True)
class Counted:
    """One history of codes.

    Attributes:
        codes: (T,), -1 missing.
        count: K.
        periods: seasons in steps.
    """

    codes: np.ndarray
    count: int
    periods: tuple[int, ...]

    @cached_property
    def hot(self) -> np.ndarray:
        """(T, K) one where a code is seen."""
        out = np.zeros((len(self.codes), self.count))
        there = np.flatnonzero(self.codes >= 0)
        out[there, self.codes[there]] = 1.0
        return out

    @cached_property
    def running(self) -> np.ndarray:
        """(T + 1, K) how often each was seen before a step."""
        return np.concatenate([np.zeros((1, self.count)), np.cumsum(self.hot, 0)])

    @cached_property
    def by_phase(self) -> tuple[np.ndarray, ...]:
        """(T + 1, K) of each season: running sums of how often each was seen at the same phase."""
        out = []
        for p in self.periods:
            sums = self.hot.copy()
            for at in range(p, len(sums), p):
                part = sums[at : at + p]
                part += sums[at - p : at - p + len(part)]
            out.append(np.concatenate([np.zeros((1, self.count)), np.cumsum(sums, 0)]))
        return tuple(out)

    @cached_property
    def held(self) -> np.ndarray:
        """(T,) the last code that was seen; -1 before the first."""
        place = np.where(self.codes >= 0, np.arange(len(self.codes)), -1)
        last = np.maximum.accumulate(place) if len(place) else place
        return np.where(last >= 0, self.codes[np.maximum(last, 0)], -1)

    @cached_property
    def since(self) -> np.ndarray:
        """(T,) for how many steps it has been that."""
        new = np.concatenate([[True], np.diff(self.held) != 0]) if len(self.held) else np.zeros(0)
        place = np.arange(len(self.held))
        return place - np.maximum.accumulate(np.where(new, place, 0)) + 1 if len(place) else place

    def until(self, step: int) -> Counted:
        """What came before a step."""
        return Counted(self.codes[:step], self.count, self.periods)


def half_widths(period: int) -> list[int]:
    """Steps to either side whose phase counts as the same: a 336th and a 48th of the season.

    Those are half an hour of a week, and of a day: which one says more is weighed.
    """
    return sorted({period // part for part in PARTS})


def is_sparse(values: Sequence[np.ndarray]) -> bool:
    """Whether counts of all series are mostly zero, and not always: none is negative."""
    seen = np.concatenate([v[np.isfinite(v)] for v in values] or [np.zeros(0)])
    if not len(seen) or seen.min() < 0:
        return False
    return SPARSE <= float((seen == 0).mean()) < 1.0
