"""How much a user likes an item, by closed forms.

    r_ui = mu + b_i + b_u + sum_j s_ij (r_uj - mu - b_j - b_u) / (sum_j |s_ij| + 1),  j rated by u
    b_i  = sum_u (r_ui - mu) / (n_i + 10),    b_u = sum_i (r_ui - mu - b_i) / (n_u + 5)
    s_ij = e_i' e_j / ((|e_i|^2_j |e_j|^2_i)^1/2 + 10 v)

with e the residuals r - mu - b_i - b_u, |e_i|_j over users of both, and v their variance: item-item
neighbours with shrinkage (Koren 2008). Nothing of a user is stored: b_u comes from the ratings that
are asked about. The error is measured on a tenth of the ratings that were held out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.closed import largest
from interfuse.kinds.interactions.experts.forms import Known

SHRINK_ITEM, SHRINK_USER, SHRINK_PAIR = 10.0, 5.0, 10.0
NEAR = 50
MOST_LEVELS = 24
FEWEST = 5
ROUNDS = 50
_ROWS = 512
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Ratings:
    """Fitted.

    Attributes:
        mean: mu.
        items: (items,) b_i.
        near: (items, items) sparse, s of the `NEAR` largest in size.
        spread: standard deviation of what was held out around what was said.
        levels: the values that ratings have, if these are few; else empty.
        tilt: of each level, log weight beside the normal density: it makes the shares of levels
            that are drawn those that were seen.
        plain: the same deviation around item means, to compare with.
    """

    mean: float
    items: Values
    near: Known
    spread: float
    levels: Values
    tilt: Values
    plain: float

    @classmethod
    def of(cls, baskets: Baskets, rng: np.random.Generator) -> Ratings:
        """Those of baskets, of which some touches have a rating."""
        assert baskets.ratings is not None
        there = baskets.only(~np.isnan(baskets.ratings))
        seen = there.ratings
        assert seen is not None
        held = rng.random(len(there.items)) < 0.1
        first = _fit(there.only(~held))
        known, asked = there.only(~held), there.only(held)
        spread = plain = float(np.std(seen)) if len(seen) else 0.0
        if held.any() and (~held).any():
            error = seen[held] - first.predict(known, asked)
            means = seen[held] - first.mean - first.items[asked.items]
            spread, plain = (float(np.sqrt(np.mean(e**2))) for e in (error, means))
        full = _fit(there)
        values, counts = np.unique(seen, return_counts=True)
        few = len(values) <= MOST_LEVELS and (counts >= FEWEST).all()
        levels = values if few else np.zeros(0)
        made = replace(full, spread=spread, plain=plain, levels=levels, tilt=0 * levels)
        if not few or not held.any():
            return made
        return replace(made, tilt=made._tilted(first.predict(known, asked), counts / counts.sum()))

    def _tilted(self, expected: Values, shares: Values) -> Values:
        """Log weights with which the levels have `shares` on average over `expected`."""
        tilt = self.tilt
        for _ in range(ROUNDS):
            tilt = tilt + np.log(shares / replace(self, tilt=tilt)._chances(expected).mean(0))
        return tilt - tilt.max()

    def _chances(self, expected: Values) -> Values:
        far = (self.levels[None] - expected[:, None]) / max(self.spread, 1e-9)
        weight = np.exp(self.tilt - 0.5 * (far**2 - (far**2).min(1, keepdims=True)))
        return weight / weight.sum(1, keepdims=True)

    def predict(self, known: Baskets, asked: Baskets) -> Values:
        """Mean ratings of the touches of `asked`, by those of the same users in `known`."""
        assert known.ratings is not None
        user = np.repeat(np.arange(len(known)), known.lengths)
        rated = ~np.isnan(known.ratings)
        user, item = user[rated], known.items[rated]
        own = known.ratings[rated] - self.mean - self.items[item]
        bias = np.bincount(user, own, len(known)) / (
            np.bincount(user, minlength=len(known)) + SHRINK_USER
        )
        residual = sparse.csr_matrix((own - bias[user], (user, item)), (len(known), known.size))
        there = sparse.csr_matrix((np.ones(len(user)), (user, item)), (len(known), known.size))
        whose = np.repeat(np.arange(len(asked)), asked.lengths)
        out = np.empty(len(asked.items))
        size = abs(self.near)
        for start in range(0, len(out), 2**16):
            part = slice(start, start + 2**16)
            rows, columns = whose[part], asked.items[part]
            near, near_size = self.near[columns], size[columns]
            up = np.asarray(near.multiply(residual[rows]).sum(1)).ravel()
            down = np.asarray(near_size.multiply(there[rows]).sum(1)).ravel() + 1
            out[part] = self.mean + self.items[columns] + bias[rows] + up / down
        return out

    def drawn(self, expected: Values, u: Values) -> Values:
        """Ratings at the shares `u` of their distributions around what is expected.

        Levels by their tilted densities; else a normal.
        """
        if not len(self.levels):
            from scipy.special import ndtri

            return expected + self.spread * ndtri(np.clip(u, 1e-6, 1 - 1e-6))
        cumulated = np.cumsum(self._chances(expected), 1)
        place = (cumulated < u[:, None]).sum(1)
        return self.levels[np.minimum(place, len(self.levels) - 1)]

    def nearest(self, expected: Values) -> Values:
        """The level that is nearest; the number itself without levels."""
        if not len(self.levels):
            return expected
        return self.levels[np.abs(self.levels[None] - expected[:, None]).argmin(1)]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """To be stored."""
        near = self.near.tocsr()
        return {
            "items": self.items, "near": near.data, "indices": near.indices.astype(np.int32),
            "indptr": near.indptr.astype(np.int64), "levels": self.levels, "tilt": self.tilt,
            "numbers": np.array([self.mean, self.spread, self.plain]),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, a: dict[str, NDArray[np.generic]], size: int) -> Ratings:
        """The inverse of `arrays`.

        Raises:
            ValueError: it is of other items.
        """
        near = sparse.csr_matrix((a["near"], a["indices"], a["indptr"]), shape=(size, size))
        near.check_format(full_check=True)
        if a["items"].shape != (size,) or not all(np.isfinite(v).all() for v in a.values()):
            raise ValueError("ratings are of other items, or not finite")
        mean, spread, plain = map(float, a["numbers"])
        return cls(mean, a["items"], near, spread, a["levels"], a["tilt"], plain)  # pyright: ignore[reportArgumentType]


def _fit(there: Baskets) -> Ratings:
    """mu, b_i and s; the spread is not known yet."""
    assert there.ratings is not None
    user, item = np.repeat(np.arange(len(there)), there.lengths), there.items
    mean = float(there.ratings.mean()) if len(item) else 0.0
    own = there.ratings - mean
    n_item = np.bincount(item, minlength=there.size)
    items = np.bincount(item, own, there.size) / (n_item + SHRINK_ITEM)
    own = own - items[item]
    n_user = np.bincount(user, minlength=len(there))
    users = np.bincount(user, own, len(there)) / (n_user + SHRINK_USER)
    own = own - users[user]
    shape = (there.size, len(there))
    residual = sparse.csr_matrix((own, (item, user)), shape)
    square = sparse.csr_matrix((own**2, (item, user)), shape)
    ones = sparse.csr_matrix((np.ones(len(item)), (item, user)), shape)
    shrink = SHRINK_PAIR * (float(np.mean(own**2)) if len(own) else 1.0)
    parts = []
    for start in range(0, there.size, _ROWS):
        rows = slice(start, start + _ROWS)
        cross = (residual[rows] @ residual.T).tocsr()
        mine, theirs = square[rows] @ ones.T, ones[rows] @ square.T
        down = mine.multiply(theirs).sqrt().tocsr()
        down.data = 1 / (down.data + shrink)
        near = cross.multiply(down).tocsr()
        sizes = largest(abs(near), NEAR, start)
        sizes.data[:] = 1
        parts.append(near.multiply(sizes).tocsr())
    near = sparse.vstack(parts, format="csr")
    none = np.zeros(0)
    return Ratings(mean, items, near, 0.0, none, none, 0.0)
