"""Items of the catalogue that nobody touched, or too few users to learn from.

A cold item i has no touches, but attributes. It is scored as the warm items that it is most like,

    s_i = sum_{j in N(i)} c_ij s_j / sum_{j in N(i)} c_ij

N(i) the `NEIGHBOURS` warm items of the largest cosines c_ij between codes of attributes, each code
with its weight log(n / n_code) (the inverse document frequency). An item that shares no code with
any other is scored 0, and so never recommended before others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from interfuse.kinds.interactions.experts.forms import Floats, Known

NEIGHBOURS = 20
_BLOCK = 20_000_000


@dataclass(frozen=True)
class Cold:
    """Cold items.

    Attributes:
        names: who they are.
        like: (cold, warm) weights, each row with sum 1, or 0 where it is like none.
    """

    names: pl.Series
    like: Known

    @classmethod
    def of(cls, names: pl.Series, cold: Known, warm: Known) -> Cold:
        """By the codes of cold and of warm items, (items, codes)."""
        every: Any = sparse.vstack([warm, cold]).tocsr()
        count = np.asarray(every.sum(0)).ravel()
        weight = np.log(every.shape[0] / np.maximum(count, 1)).astype(np.float32)
        weight[count == every.shape[0]] = 0
        one, other = _unit(cold, weight), _unit(warm, weight)
        rows = max(_BLOCK // max(warm.shape[0], 1), 1)
        found = [_nearest(one[a : a + rows], other) for a in range(0, cold.shape[0], rows)]
        return cls(names, sparse.vstack(found).tocsr() if found else
                   sparse.csr_matrix((0, warm.shape[0]), dtype=np.float32))  # fmt: skip

    def scores(self, warm: Floats) -> Floats:
        """(users, cold) of (users, warm)."""
        return np.asarray((self.like @ warm.T).T, np.float32)


def _unit(codes: Known, weight: Floats) -> Known:
    scaled = (codes @ sparse.diags(weight)).tocsr()
    norm = np.sqrt(np.asarray(scaled.multiply(scaled).sum(1)).ravel())
    return (sparse.diags(1 / np.maximum(norm, 1e-12)) @ scaled).tocsr().astype(np.float32)


def _nearest(one: Known, other: Known) -> Known:
    """Cosines of the nearest, over their sum."""
    cosine = (one @ other.T).toarray()
    k = min(NEIGHBOURS, cosine.shape[1])
    place = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
    value = np.take_along_axis(cosine, place, 1)
    value = np.where(value > 1e-6, value, 0)
    value /= np.maximum(value.sum(1, keepdims=True), 1e-12)
    rows = np.repeat(np.arange(len(place)), k)
    made = sparse.csr_matrix((value.ravel(), (rows, place.ravel())), shape=cosine.shape)
    made.eliminate_zeros()
    return made.astype(np.float32)
