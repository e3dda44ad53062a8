"""How surprising touches and users are, and how surprising held-out users were.

Each touch is hidden once, an eighth of a user's touches at a time, and scored by the denoiser given
the others: -log p(i | rest), in nats. A user has two figures, the mean of that, and the mean of it
less what popularity alone says, -log p(i | rest) + log p_pop(i). The first misses users who touch
nothing but what is popular, the second those who touch at random. Both are turned into standard
deviations from users of as many touches that the experts did not know, and the larger of the two is
the user's score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.panel import Panel
from interfuse.kinds.interactions.learn.choose import blocks
from interfuse.kinds.interactions.learn.habits import FEWEST, grouped
from interfuse.kinds.interactions.learn.objective import log_p
from interfuse.kinds.interactions.net import BasketNet

PARTS = 8
FEWEST_IN_BIN = 40
MOST_BINS = 8
LEAST_SPREAD = 0.05
_MIX = np.uint64(0x9E3779B97F4A7C15)
Values = NDArray[np.float64]


class Surprise(NamedTuple):
    """Of touches, in their order.

    Attributes:
        plain: (touches,) -log p(i | rest).
        popular: (touches,) -log p_pop(i | not in rest).
        expected: (touches,) the item that was likeliest there.
    """

    plain: Values
    popular: Values
    expected: NDArray[np.int64]


def surprise(panel: Panel, net: BasketNet, baskets: Baskets) -> Surprise:
    """Hide each touch once and score it; the same whatever other users are asked about."""
    many = len(baskets.items)
    out = Surprise(np.zeros(many), np.zeros(many), np.zeros(many, np.int64))
    share = np.maximum(panel.popularity.astype(np.float64), 0.5)
    for index in blocks(len(baskets), panel.size * (len(panel.voices) + 2)):
        part = baskets.take(index)
        start = int(baskets.indptr[index[0]])
        groups = _groups(part)
        for g in range(min(PARTS, int(part.lengths.max(initial=0)))):
            hidden = groups == g
            if not hidden.any():
                continue
            known = part.only(~hidden)
            said = log_p(panel, net, known, part.lengths, np.zeros(len(part), bool))
            user = np.repeat(np.arange(len(part)), part.lengths)
            rest = share.sum() - np.bincount(
                user[~hidden], share[part.items[~hidden]], minlength=len(part)
            )
            at = start + np.flatnonzero(hidden)
            rows, items = user[hidden], part.items[hidden]
            out.plain[at] = -said[rows, items]
            out.popular[at] = np.log(rest[rows]) - np.log(share[items])
            out.expected[at] = said.argmax(1)[rows]
    return out


def _groups(baskets: Baskets) -> NDArray[np.int64]:
    """Of each touch one of `PARTS` groups, by its item and those of its user alone."""
    user = np.repeat(np.arange(len(baskets)), baskets.lengths)
    with np.errstate(over="ignore"):
        mixed = (baskets.items.astype(np.uint64) + np.uint64(1)) * _MIX
    order = np.lexsort((mixed, user))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - baskets.indptr[user[order]]
    return rank % PARTS


@dataclass(frozen=True)
class Usual:
    """How surprising users are that the experts did not know.

    Attributes:
        sizes: (bins,) mean log(1 + n) of users in groups of like size.
        centers: (bins, 2) mean of both figures.
        spreads: (bins, 2) their standard deviations.
        users: grouped scores of users.
        touches: grouped surprises of touches.
    """

    sizes: Values
    centers: Values
    spreads: Values
    users: Values
    touches: Values

    @classmethod
    def of(cls, panel: Panel, net: BasketNet, baskets: Baskets) -> Usual:
        """Of users that neither was fitted to."""
        found = surprise(panel, net, baskets)
        figures = per_user(found, baskets)
        size = np.log1p(baskets.lengths)
        order = np.argsort(size, kind="stable")
        bins = min(max(len(order) // FEWEST_IN_BIN, 1), MOST_BINS)
        parts = np.array_split(order, bins)
        made = cls(
            np.maximum.accumulate(np.array([size[p].mean() for p in parts])),
            np.stack([figures[p].mean(0) for p in parts]),
            np.maximum(np.stack([figures[p].std(0) for p in parts]), LEAST_SPREAD),
            np.zeros(1),
            grouped(found.plain),
        )
        scores = made.scores(figures, baskets.lengths)
        return cls(made.sizes, made.centers, made.spreads, grouped(scores), made.touches)

    def scores(self, figures: Values, lengths: NDArray[np.int64]) -> Values:
        """The larger of both figures, in standard deviations from users of that size."""
        size = np.log1p(lengths)
        z = [
            (figures[:, i] - np.interp(size, self.sizes, self.centers[:, i]))
            / np.interp(size, self.sizes, self.spreads[:, i])
            for i in range(2)
        ]
        return np.maximum(*z)

    def arrays(self) -> dict[str, Values]:
        """To be stored."""
        return {
            "sizes": self.sizes, "centers": self.centers, "spreads": self.spreads,
            "users": self.users, "touches": self.touches,
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, a: dict[str, Values]) -> Usual:
        """The inverse of `arrays`.

        Raises:
            ValueError: the shapes are not those of a `Usual`.
        """
        bins = len(a["sizes"])
        shapes = a["centers"].shape == a["spreads"].shape == (bins, 2)
        if not shapes or not all(np.isfinite(v).all() for v in a.values()):
            raise ValueError("what is usual has other shapes, or is not finite")
        return cls(a["sizes"], a["centers"], a["spreads"], a["users"], a["touches"])


def per_user(found: Surprise, baskets: Baskets) -> Values:
    """(users, 2) the mean surprise, and that less the one of popularity; 0 without touches."""
    user = np.repeat(np.arange(len(baskets)), baskets.lengths)
    many = np.maximum(baskets.lengths, 1)
    means = [
        np.bincount(user, v, len(baskets)) / many
        for v in (found.plain, found.plain - found.popular)
    ]
    return np.stack(means, 1)


def p_values(scores: Values, reference: Values) -> Values:
    """Shares of the reference at or above each score.

    Between two groups, or beyond the last, half a group is taken to be above: the smallest value is
    about 3 over the number of held-out users.
    """
    above = len(reference) - np.searchsorted(reference, scores, side="left")
    return np.minimum((FEWEST * (above + 0.5) + 1) / (FEWEST * len(reference) + 1), 1.0)
