r"""What the denoiser learns: the any-order bound of baskets.

The items of a basket S of size n are exchangeable. Revealing them in random order gives

    -log p(S) <= -log p(n) - log n! + n E_k E_K [ -1/(n - k) sum_{i in S\K} log p(i | K, n) ]

with k uniform on 0..n-1 and K a random subset of k items (Uria, Murray, Larochelle 2014; Hoogeboom
et al. 2022, arXiv 2110.02037, whose absorbing diffusion it is). Where there is an order, every
second basket is read as a sequence instead: K is its first k items, the past, and the next item
alone is wanted,

    -log p(i_1 ... i_n) = -log p(n) + n E_k [ -log p(i_{k+1} | i_1 ... i_k, n) ]

Beyond `FULL` items the softmax is over candidates: what is wanted, the first of each
user's experts, and items drawn with probability q, each standing for 1/q (Horvitz and Thompson
1952).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.order import ages
from interfuse.kinds.interactions.experts.panel import Panel, top
from interfuse.kinds.interactions.net import BasketNet, Noisy, features
from interfuse.train.plain import Mean

FULL = 20_000
CANDIDATES = 2_048
FIRST = 16


@dataclass(frozen=True)
class BasketRows:
    """Baskets as records of training.

    Attributes:
        baskets: of the users.
        fold: (users,) the number of the panel that knows none of a user's touches.
    """

    baskets: Baskets
    fold: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.baskets)

    def take(self, index: Tensor) -> BasketRows:
        """The records at `index`."""
        at = index.numpy()
        return BasketRows(self.baskets.take(at), self.fold[at])

    def to(self, device: torch.device | str) -> BasketRows:
        """They stay where the experts are."""
        return self


@dataclass(frozen=True)
class BasketObjective:
    """The bound, per touch, in nats.

    Attributes:
        panels: of each fold, experts that know none of its users.
    """

    panels: tuple[Panel, ...]
    names = ("item",)
    advice = "Leave out users with very many touches."

    def corrupt(self, rows: BasketRows, generator: torch.Generator) -> Noisy:
        """Hide some of each basket."""
        rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        baskets = rows.baskets
        sizes = baskets.lengths
        k = np.floor(rng.random(len(sizes)) * sizes).astype(np.int64)
        past = (rng.random(len(sizes)) < 0.5) & self.panels[0].ordered
        known, hidden = masked(baskets, k, past, rng)
        return prepare(heard(self.panels, rows.fold, known), known, hidden, sizes, past, rng)

    def loss(self, net: BasketNet, noisy: Noisy) -> Mean:
        """Mean over all touches of the batch."""
        said = net(noisy)[noisy.rows, noisy.columns]
        return Mean((-(noisy.weights * said).sum() / noisy.touches)[None])


def masked(
    baskets: Baskets, k: NDArray[np.int64], past: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Baskets, Baskets]:
    """Of each basket k items that are known, and what is wanted.

    The first k and the next one where K is the past; else any k and all others.
    """
    lengths = baskets.lengths
    user = np.repeat(np.arange(len(baskets)), lengths)
    place = lengths[user] - 1 - ages(baskets.indptr)
    shuffled = np.empty(len(user), np.int64)
    shuffled[np.lexsort((rng.random(len(user)), user))] = place
    rank = np.where(past[user], place, shuffled)
    known = rank < k[user]
    wanted = np.where(past[user], rank == k[user], ~known)
    return baskets.only(known), baskets.only(wanted)


class Heard(NamedTuple):
    """What experts say of users.

    Attributes:
        scores: (experts, users, items) s_c.
        popularity: (users or 1, items) users of each item, among those whom the experts know.
    """

    scores: NDArray[np.float32]
    popularity: NDArray[np.float32]


def heard(panels: Sequence[Panel], fold: NDArray[np.int64], known: Baskets) -> Heard:
    """Each user's panel asked about what is known of the user."""
    if len(panels) == 1:
        return Heard(_said(panels[0], known), panels[0].popularity[None])
    popularity = np.stack([p.popularity for p in panels])[fold]
    scores = np.empty((len(panels[0].voices), *popularity.shape), np.float32)
    for f in np.unique(fold):
        at = np.flatnonzero(fold == f)
        scores[:, at] = _said(panels[f], known.take(at))
    return Heard(scores, popularity)


def _said(panel: Panel, known: Baskets) -> NDArray[np.float32]:
    """Scores of all voices; where one says nothing, above all of an empty basket, popularity."""
    matrix = known.matrix
    scores = np.stack([v.scores(matrix) for v in panel.voices])
    share = panel.popularity / max(float(panel.popularity.mean()), 1e-12)
    scores[~scores.any(2)] = share
    return scores


def prepare(
    said: Heard,
    known: Baskets,
    hidden: Baskets,
    sizes: NDArray[np.int64],
    past: NDArray[np.bool_],
    rng: np.random.Generator | None = None,
) -> Noisy:
    """What the network is given.

    Args:
        said: of the experts about what is known.
        known: K of each user.
        hidden: what is to be scored; empty baskets if nothing is.
        sizes: n of each user.
        past: where K is the past.
        rng: draws candidates if there are more items than `FULL`; None for all items.
    """
    scores, m = said.scores, known.size
    items, logq = np.arange(m), np.zeros(m, np.float32)
    if rng is not None and m > FULL:
        items, logq = _candidates(said, hidden, rng)
        scores = scores[:, :, items]
    place = np.full(m, -1, np.int64)
    place[items] = np.arange(len(items))
    user = np.repeat(np.arange(len(known)), known.lengths)
    free = np.ones((len(known), len(items)), bool)
    there = place[known.items] >= 0
    free[user[there], place[known.items[there]]] = False
    rows = np.repeat(np.arange(len(hidden)), hidden.lengths)
    left = np.maximum(hidden.lengths, 1)
    popularity = np.log(np.maximum(said.popularity[:, items], 0.5))
    return Noisy(
        torch.from_numpy(scores),
        torch.from_numpy(logq),
        torch.from_numpy(popularity),
        torch.from_numpy(items),
        torch.from_numpy(free),
        torch.from_numpy(known.items.astype(np.int64)),
        torch.from_numpy(known.indptr[:-1].astype(np.int64)),
        features(torch.from_numpy(sizes), torch.from_numpy(known.lengths), torch.from_numpy(past)),
        torch.from_numpy(rows),
        torch.from_numpy(place[hidden.items]),
        torch.from_numpy((sizes / left)[rows].astype(np.float32)),
        float(sizes.sum()),
    )


def _candidates(
    said: Heard, hidden: Baskets, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Items to sum over, and the logarithms of their probabilities of being drawn."""
    m = said.scores.shape[2]
    popularity = said.popularity.mean(0)
    share = popularity / max(float(popularity.sum()), 1.0)
    q = np.minimum(CANDIDATES * 0.5 * (1 / m + share), 1.0)
    drawn = rng.random(m) < q
    total = said.scores.sum(0)
    certain = np.union1d(hidden.items, top(total, FIRST).ravel())
    q[certain] = 1.0
    drawn[certain] = True
    items = np.flatnonzero(drawn)
    return items, np.log(q[items]).astype(np.float32)


@torch.no_grad()
def log_p(
    panel: Panel,
    net: BasketNet,
    known: Baskets,
    sizes: NDArray[np.int64],
    past: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """The log p(i | K, n) of all items, (users, items); about -1e9 for what is known."""
    if past is None:
        past = np.full(len(known), panel.ordered)
    nothing = known.only(np.zeros(len(known.items), bool))
    said = heard([panel], np.zeros(len(known), np.int64), known)
    return net(prepare(said, known, nothing, sizes, past)).numpy()
