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
from interfuse.kinds.interactions.experts.forms import Expert, Floats, Items, Known, Sparse
from interfuse.kinds.interactions.experts.order import faded

_RUN = 256
"""Items whose largest score is looked at first."""
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
        out = np.zeros((known.shape[0], self.size or known.shape[1]), np.float32)
        self.add(out, known)
        return out

    def weighed(self, known: Known, items: int) -> tuple[Floats, Floats]:
        """The array omega f+ / mean f+, (users, items), and mean f+, (users,)."""
        return self.expert.weighed(faded(known, self.tau, self.size), items, self.weight)

    def add(self, out: Floats, known: Known, weight: float = 1.0) -> Floats:
        """Add weight f+ / mean f+ to (users, items), in their place; mean f+, (users,)."""
        return self.expert.add(out, faded(known, self.tau, self.size), weight)

    def parts(self, known: Known, items: NDArray[np.int64]) -> Floats:
        """What each known item of one user adds to f of items, (known, items)."""
        return self.expert.parts(faded(known, self.tau, self.size), items)

    def scores_of(self, known: Baskets) -> Floats:
        """The same of baskets."""
        return self.scores(known.matrix)


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
        return self.heard(known)[0]

    def heard(self, known: Baskets) -> tuple[Floats, list[tuple[Voice, Floats]]]:
        """The same, and mean f_c+ of each user, (users,), of each expert that counts."""
        matrix = known.matrix
        # Scores of a dense form need no other array to be added to: with a million items each
        # pass over all of them shows.
        voices = sorted(self.weighed, key=lambda v: v.expert.form == Sparse.form)
        means, out = list[tuple[Voice, Floats]](), None
        for voice in voices:
            if out is None:
                out, mean = voice.weighed(matrix, self.size)
            else:
                mean = voice.add(out, matrix, voice.weight)
            means.append((voice, mean))
        if out is None:
            out = np.zeros((len(known), self.size), np.float32)
        share = self.popularity / max(float(self.popularity.mean()), 1e-12)
        out += (TIE * share).astype(np.float32)
        return out, means

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
    users, items = scores.shape
    k = min(k, items)
    if not k:
        return np.zeros((users, 0), np.int64)
    whole = items // _RUN
    # The k-th largest of the peaks of runs is at most the k-th largest score.
    least = np.full(users, -np.inf)
    if whole > k:
        peaks = scores[:, : whole * _RUN].reshape(users, whole, _RUN).max(2)
        least = np.partition(peaks, whole - k, axis=1)[:, whole - k]
    found = np.empty((users, k), np.int64)
    for user in range(users):
        able = np.flatnonzero(scores[user] >= least[user])
        own = scores[user, able]
        edge = np.partition(own, len(own) - k)[len(own) - k]
        above, level = able[own > edge], able[own == edge]
        found[user] = np.sort(np.concatenate([above, level[: k - len(above)]]))
    order = np.argsort(-np.take_along_axis(scores, found, 1), axis=1, kind="stable")
    return np.take_along_axis(found, order, 1)
