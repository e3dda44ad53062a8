"""Several experts and how much each counts.

Every expert's scores are cut at 0 and brought to mean 1 over all items, s_c = f_c+ / mean f_c+; the
panel's score of an item is sum_c omega_c s_c. Where nothing is known of a user all f are 0, and
popularity decides; it also breaks ties.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.forms import Expert, Floats, Items, Known
from interfuse.kinds.interactions.experts.order import faded

TIE = 1e-4
"""What popularity counts beside the experts: it orders what they score alike."""


@dataclass(frozen=True)
class Voice:
    """One expert of a panel.

    Attributes:
        name: of its method.
        expert: fitted.
        tau: its users' touches count exp(-age / tau); None for 1 each.
        weight: omega, 0 or more.
        setting: what it was fitted with.
        size: items that it scores; None for all columns that it knows. Those beyond are codes of
            attributes, which are known of a user and never recommended.
    """

    name: str
    expert: Expert
    tau: float | None = None
    weight: float = 1.0
    setting: dict[str, Any] | None = None
    size: int | None = None

    def raw(self, known: Known, items: Items = None) -> Floats:
        """Scores f as the expert gives them."""
        found = self.expert.scores(faded(known, self.tau, self.size), items)
        return found if items is not None or self.size is None else found[:, : self.size]

    def scores(self, known: Known) -> Floats:
        """f+ / mean f+ of all items."""
        return to_mean_one(self.raw(known))

    def parts(self, known: Known, items: NDArray[np.int64]) -> Floats:
        """What each known item of one user adds to f of items, (known, items)."""
        return self.expert.parts(faded(known, self.tau, self.size), items)

    def scores_of(self, known: Baskets) -> Floats:
        """The same of baskets."""
        return self.scores(known.matrix)


def to_mean_one(scores: Floats) -> Floats:
    """Scores cut at 0, each row with mean 1; a row without any above 0 stays 0."""
    positive = np.maximum(scores, 0)
    return positive / np.maximum(positive.mean(1, keepdims=True), 1e-12)


@dataclass(frozen=True)
class Panel:
    """Experts over one list of items.

    Attributes:
        voices: the experts.
        popularity: (items,) users of each item.
        ordered: whether the order of touches is used.
    """

    voices: tuple[Voice, ...]
    popularity: NDArray[np.float32]
    ordered: bool

    @property
    def size(self) -> int:
        """How many items there are."""
        return len(self.popularity)

    @property
    def weighed(self) -> tuple[Voice, ...]:
        """Those that recommendations are made of: their weight is not 0."""
        return tuple(v for v in self.voices if v.weight > 0)

    def scores(self, known: Baskets) -> Floats:
        """(users, items) what `recommend` ranks by."""
        matrix = known.matrix
        share = self.popularity / max(float(self.popularity.mean()), 1e-12)
        out = np.tile((TIE * share).astype(np.float32), (len(known), 1))
        for voice in self.weighed:
            out += np.float32(voice.weight) * voice.scores(matrix)
        return out

    def alone(self, name: str) -> Panel:
        """The panel of one of its experts."""
        return replace(self, voices=tuple(replace(v, weight=float(v.name == name))
                                          for v in self.voices))  # fmt: skip


def without_known(scores: Floats, known: Baskets) -> Floats:
    """The scores with those of known items at -inf, in their place."""
    rows = np.repeat(np.arange(len(known)), known.lengths)
    scores[rows, known.items] = -np.inf
    return scores


def top(scores: Floats, k: int) -> NDArray[np.int64]:
    """(users, k) the items of the largest scores, the largest first, of equals the first."""
    k = min(k, scores.shape[1])
    if k < scores.shape[1]:
        found = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
    else:
        found = np.tile(np.arange(k), (len(scores), 1))
    order = np.argsort(-np.take_along_axis(scores, found, 1), axis=1, kind="stable")
    return np.take_along_axis(found, order, 1)
