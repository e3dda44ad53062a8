"""Figures of ranked lists against what users touched later.

Of a user with wanted items T and the first k recommended items, hit_r = 1 if the r-th is in T:

    recall     sum_r hit_r / |T|
    nDCG       sum_r hit_r / log2(r + 1) over the same sum of the best order, min(|T|, k) hits
    MRR        1 / r of the first hit, 0 without one
    hit rate   1 if there is any hit
    coverage   share of all items that are recommended to anyone
    novelty    mean of -log2 of the share of users who touched a recommended item

The first four are means over users with at least one wanted item, as `ranx` and `ir-measures` have
them with binary relevance. All items compete: none is sampled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.forms import Floats
from interfuse.kinds.interactions.experts.panel import top, without_known
from interfuse.kinds.interactions.learn.choose import blocks, hits_of, ndcg


class Ranking(NamedTuple):
    """Figures of one method."""

    recall: float
    ndcg: float
    mrr: float
    hit_rate: float
    coverage: float
    novelty: float


def figures(
    hits: Floats, wanted: NDArray[np.int64]
) -> tuple[NDArray[np.float64], ...]:  # recall, nDCG, MRR, hit rate
    """Recall, nDCG, MRR and hit rate of each user.

    Args:
        hits: (users, k) 1 where the item of a rank is wanted.
        wanted: (users,) how many items are, at least 1.
    """
    first = np.where(hits.any(1), hits.argmax(1) + 1, np.inf)
    return hits.sum(1) / wanted, ndcg(hits, wanted), 1 / first, hits.any(1).astype(float)


def rank(
    scores: Callable[[Baskets], Floats],
    known: Baskets,
    wanted: Baskets,
    popularity: Floats,
    at: int,
    missed: NDArray[np.int64] | None = None,
) -> Ranking:
    """Judge a scorer on the users with a wanted item; what they know is not recommended.

    Args:
        scores: of baskets, (users, items).
        known: what users touched before.
        wanted: what they touched later.
        popularity: (items,) users of each item before.
        at: k.
        missed: (users,) wanted items that are not among those that can be recommended; none unless
            given. They count in what is wanted, or figures would grow with what is left out.
    """
    many = wanted.lengths if missed is None else wanted.lengths + missed
    users = np.flatnonzero(many > 0)
    parts: list[NDArray[np.float64]] = []
    shown = np.zeros(known.size, np.int64)
    for index in blocks(len(users), known.size):
        mine, goal = known.take(users[index]), wanted.take(users[index])
        found = top(without_known(scores(mine), mine), at)
        parts.append(np.stack(figures(hits_of(found, goal), many[users[index]])))
        shown += np.bincount(found.ravel(), minlength=known.size)
    share = np.maximum(popularity, 1) / max(len(known), 1)
    means = np.concatenate(parts, 1).mean(1) if parts else np.full(4, np.nan)
    recall, gain, first, hit = map(float, means)
    novelty = float((shown * -np.log2(share)).sum() / max(shown.sum(), 1))
    return Ranking(recall, gain, first, hit, float((shown > 0).mean()), novelty)
