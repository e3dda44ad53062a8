"""How many items users touch, when they begin, and how long they wait: for drawing new users.

Each distribution is kept as the means of at most `MOST_GROUPS` groups of at least `FEWEST` users,
in order; drawing goes linearly from one mean to the next. So no stored number is one user's own,
and the most extreme value that can be drawn is a mean of five.

Waits are log(1 + seconds) (or units of a time that is a number): a user's own mean, and around it
what all users have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interfuse.kinds.interactions.data.baskets import Baskets

FEWEST, MOST_GROUPS = 5, 200
Values = NDArray[np.float64]


def grouped(values: NDArray[Any]) -> Values:
    """Means of equal groups of the sorted values."""
    ordered = np.sort(np.asarray(values, np.float64))
    groups = min(MOST_GROUPS, max(len(ordered) // FEWEST, 1))
    return np.array([part.mean() for part in np.array_split(ordered, groups)])


def drawn(means: Values, u: Values) -> Values:
    """Values at the shares `u` of a distribution that `grouped` made."""
    places = (np.arange(len(means)) + 0.5) / len(means)
    return np.interp(u, places, means)


@dataclass(frozen=True)
class Habits:
    """Of the users that were fitted.

    Attributes:
        lengths: items of a user.
        begins: of the first touch; empty without times.
        waits: a user's mean log wait.
        around: log waits less that mean.
        last: the latest time, rounded up to a thousandth of the span.
    """

    lengths: Values
    begins: Values
    waits: Values
    around: Values
    last: float

    @classmethod
    def of(cls, baskets: Baskets) -> Habits:
        """Those of baskets, each with an item."""
        none = np.zeros(0)
        if baskets.times is None:
            return cls(grouped(baskets.lengths), none, none, none, 0.0)
        begins = baskets.times[baskets.indptr[:-1]]
        inner = np.ones(len(baskets.items), bool)
        inner[baskets.indptr[:-1]] = False
        gaps = np.log1p(np.maximum(np.diff(baskets.times, prepend=baskets.times[0]), 0))[inner]
        user = np.repeat(np.arange(len(baskets)), baskets.lengths)[inner]
        counts = np.bincount(user, minlength=len(baskets))
        means = np.bincount(user, gaps, len(baskets)) / np.maximum(counts, 1)
        span = max(float(np.ptp(baskets.times)), 1.0)
        step = span / 1_000
        last = np.ceil(float(baskets.times.max()) / step) * step
        own = means[counts > 0]
        around = gaps - means[user]
        return cls(
            grouped(baskets.lengths),
            grouped(begins),
            grouped(own) if len(own) else np.zeros(1),
            grouped(around) if len(around) else np.zeros(1),
            float(last),
        )

    def sizes(self, u: Values, most: int) -> NDArray[np.int64]:
        """Whole numbers of items at the shares `u`, from 1 to `most`."""
        value = drawn(self.lengths, u)
        # The fraction decides whether it is rounded up; it is as good as independent of u.
        up = np.modf(u * 1e6)[0] < np.modf(value)[0]
        return np.clip(np.floor(value) + up, 1, most).astype(np.int64)

    def times(self, count: int, rng: np.random.Generator) -> Values:
        """When a user touches `count` items."""
        begin = float(drawn(self.begins, rng.random(1))[0])
        wait = float(drawn(self.waits, rng.random(1))[0])
        gaps = np.expm1(np.maximum(wait + drawn(self.around, rng.random(max(count - 1, 0))), 0))
        after = np.concatenate([[0.0], np.cumsum(gaps)])
        room = max(self.last - begin, 0.0)
        if after[-1] > room:
            after *= room / after[-1]
        return begin + after

    def arrays(self) -> dict[str, Values]:
        """To be stored."""
        return {
            "lengths": self.lengths, "begins": self.begins, "waits": self.waits,
            "around": self.around, "last": np.array([self.last]),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: dict[str, Values]) -> Habits:
        """The inverse of `arrays`.

        Raises:
            ValueError: a number is not finite, or a distribution is not in order.
        """
        for name, values in arrays.items():
            if values.ndim != 1 or not np.isfinite(values).all() or (np.diff(values) < 0).any():
                raise ValueError(f"{name} is no distribution")
        return cls(arrays["lengths"], arrays["begins"], arrays["waits"], arrays["around"],
                   float(arrays["last"][0]))  # fmt: skip
