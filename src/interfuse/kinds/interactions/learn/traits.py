"""What attributes say of touches, of one another, and of how many touches there are; closed forms.

The distribution of codes is a tree, p(a) = prod p(a_c | a_parent(c)): the spanning tree of the
largest mutual information (Chow and Liu 1968), with counts smoothed by half of one; missing is a
code of its own. The number of touches goes with the attributes through its normal score,

    z = ndtri(rank / n),   z = w'a + sigma e

by ridge regression, so that its distribution over all users stays that of `learn.habits`. What is
missing of a user (or an item) is the ridge regression of each code on

    x = [1, log(1 + touches), the user's low-pass factors, the codes of the other attributes]

or, of whom no attribute is known, the regression on the same without codes: one that leans on them
would say little of who has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from interfuse.kinds.interactions.data.attributes import Attributes
from interfuse.kinds.interactions.experts import closed
from interfuse.kinds.interactions.experts.forms import Known

RANK = 32
RIDGE = 10.0
"""In rows. Of 1, 10 and 100 it filled most held-out cells right on made data; by little."""
_SMOOTHED = 0.5
Values = NDArray[np.float64]


def codes_of(attributes: Attributes, matrix: Known) -> NDArray[np.int64]:
    """(rows, attributes) the code of each, -1 where missing; of tags the first."""
    out = np.full((matrix.shape[0], len(attributes.columns)), -1, np.int64)
    starts = attributes.starts
    coo = matrix.tocoo()
    which = np.searchsorted(starts, coo.col, side="right") - 1
    order = np.argsort(-coo.col, kind="stable")
    out[coo.row[order], which[order]] = (coo.col - starts[which])[order]
    return out


@dataclass(frozen=True)
class Tree:
    """The joint distribution of the attributes of users.

    Attributes:
        parents: of each attribute, in an order in which parents come first; -1 for the first.
        order: the attributes in that order.
        tables: of each attribute, p(code | code of the parent), the last code is missing.
    """

    parents: NDArray[np.int64]
    order: NDArray[np.int64]
    tables: tuple[Values, ...]

    @classmethod
    def of(cls, codes: NDArray[np.int64], sizes: list[int]) -> Tree:
        """Of (rows, attributes) codes."""
        k = len(sizes)
        codes = np.where(codes < 0, np.array(sizes, np.int64)[None, :], codes)
        joint = {(a, b): _table(codes, sizes, a, b) for a in range(k) for b in range(k) if a != b}
        gain = {pair: _information(t) for pair, t in joint.items()}
        order, parents = [0], np.full(k, -1, np.int64)
        while len(order) < k:
            a, b = max(((a, b) for a in order for b in range(k) if b not in order),
                       key=lambda p: gain[p])  # fmt: skip
            parents[b] = a
            order.append(b)
        tables = []
        for c in range(k):
            if parents[c] < 0:
                count = np.bincount(codes[:, c], minlength=sizes[c] + 1) + 0.0
                table = count[None, :]
            else:
                table = joint[int(parents[c]), c]
            smooth = table + _SMOOTHED * (table.sum(0, keepdims=True) > 0)
            tables.append(smooth / smooth.sum(1, keepdims=True))
        return cls(parents, np.array(order, np.int64), tuple(tables))

    def draw(self, given: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """(rows, attributes) codes; those of `given` that are not -1 stay.

        Messages go from the leaves to the root, then codes are drawn from the root on: exact.
        """
        n, k = given.shape
        below: list[Values] = []
        for c in range(k):
            width = self.tables[c].shape[1]
            said = np.ones((n, width))
            fixed = given[:, c] >= 0
            said[fixed] = 0
            said[fixed, given[fixed, c]] = 1
            below.append(said)
        for c in self.order[::-1]:
            if self.parents[c] >= 0:
                below[self.parents[c]] *= below[c] @ self.tables[c].T
        out = np.zeros((n, k), np.int64)
        for c in self.order:
            row = 0 if self.parents[c] < 0 else out[:, self.parents[c]]
            p = self.tables[c][row] * below[c]
            p = np.broadcast_to(p, (n, p.shape[-1])).cumsum(1)
            out[:, c] = (rng.random((n, 1)) * p[:, -1:] > p).sum(1)
        width = np.array([t.shape[1] - 1 for t in self.tables])
        return np.where(out == width[None, :], -1, out)


@dataclass(frozen=True)
class Traits:
    """What goes with the attributes of users, or of items.

    Attributes:
        attributes: the codes.
        left: (items, rank) low-pass factors.
        fill: (2, features, codes) the ridge regression of each code, without and with other codes.
        tree: the joint distribution of the codes.
        length: (codes,) w, what each adds to the normal score of the number of touches.
        spread: sigma.
    """

    attributes: Attributes
    left: Values
    fill: Values
    tree: Tree
    length: Values
    spread: float

    @classmethod
    def of_users(cls, attributes: Attributes, touched: Known, codes: Known, seed: int) -> Traits:
        """Of users by items and users by codes."""
        lengths = np.asarray(touched.sum(1)).ravel()
        left = _factors(touched, seed)
        left /= max(float(np.abs(_mean(touched @ left, lengths)).mean()), 1e-12)
        return cls._of(attributes, left, touched @ left, lengths, codes)

    @classmethod
    def of_items(cls, attributes: Attributes, touched: Known, codes: Known, seed: int) -> Traits:
        """Of users by items and items by codes; an item's factors are its own."""
        counts = np.asarray(touched.sum(0)).ravel()
        left = _factors(touched, seed)
        left /= max(float(np.abs(_mean(_own(left, counts), counts)).mean()), 1e-12)
        return cls._of(attributes, left, _own(left, counts), counts, codes)

    @classmethod
    def _of(
        cls, attributes: Attributes, left: Values, sums: Values, lengths: Values, codes: Known
    ) -> Traits:
        a = np.asarray(codes.toarray(), float)
        features = _features(sums, lengths, a)
        single = codes_of(attributes, codes)
        fill = np.zeros((2, features.shape[1], attributes.size))
        starts = attributes.starts
        first = features.shape[1] - attributes.size
        for c in range(len(attributes.columns)):
            own = slice(starts[c], starts[c + 1])
            x = features.copy()
            x[:, first + starts[c] : first + starts[c + 1]] = 0
            there = single[:, c] >= 0
            fill[1][:, own] = _ridge(x[there], a[there, own])
            fill[0][:first, own] = _ridge(x[there, :first], a[there, own])
        rank = (np.argsort(np.argsort(lengths, kind="stable")) + 0.5) / max(len(lengths), 1)
        z = ndtri(rank)
        length = _ridge(a, z[:, None])[:, 0]
        spread = float(np.sqrt(max(1 - np.var(a @ length), 0.05)))
        sizes = [c.size for c in attributes.columns]
        return cls(attributes, left, fill, Tree.of(single, sizes), length, spread)

    def scores(self, sums: Values, lengths: Values, codes: Known) -> Values:
        """(rows, codes) how well each code goes with what is known."""
        x = _features(sums, lengths, np.asarray(codes.toarray(), float))
        known = np.diff(codes.indptr)[:, None] > 0
        return np.where(known, x @ self.fill[1], x @ self.fill[0])

    def users(self, touched: Known, codes: Known) -> Values:
        """`scores` of users."""
        return self.scores(touched @ self.left, np.asarray(touched.sum(1)).ravel(), codes)

    def items(self, counts: Values, codes: Known) -> Values:
        """`scores` of items that `counts` users touched; cold ones have factors of 0."""
        left = np.zeros((len(counts), self.left.shape[1]))
        left[: len(self.left)] = self.left
        return self.scores(_own(left, counts), counts, codes)

    def shares(self, codes: Known, rng: np.random.Generator) -> Values:
        """At which shares of the distribution of lengths users of such attributes lie."""
        noise = rng.standard_normal(codes.shape[0])
        return ndtr(codes @ self.length + self.spread * noise)

    def arrays(self) -> dict[str, Any]:
        """To be stored."""
        out: dict[str, Any] = {
            "left": self.left, "fill": self.fill, "length": self.length,
            "spread": np.array([self.spread]), "parents": self.tree.parents,
            "order": self.tree.order,
        }  # fmt: skip
        return out | {f"table{i}": t for i, t in enumerate(self.tree.tables)}

    @classmethod
    def from_arrays(cls, attributes: Attributes, a: dict[str, np.ndarray]) -> Traits:
        """The inverse of `arrays`.

        Raises:
            ValueError: the shapes are not those of such attributes.
        """
        k = len(attributes.columns)
        tables = tuple(a[f"table{i}"] for i in range(k))
        widths = [c.size + 1 for c in attributes.columns]
        rank = a["left"].shape[1]
        good = (
            all(np.isfinite(v).all() for v in a.values())
            and sorted(a["order"].tolist()) == list(range(k))
            and a["fill"].shape == (2, rank + 2 + attributes.size, attributes.size)
            and a["length"].shape == (attributes.size,)
            and all(
                t.shape == (1 if p < 0 else widths[p], w)
                for t, p, w in zip(tables, a["parents"], widths, strict=True)
            )
        )
        if not good:
            raise ValueError("the attributes have other shapes, or are not finite")
        tree = Tree(a["parents"], a["order"], tables)
        return cls(attributes, a["left"], a["fill"], tree, a["length"], float(a["spread"][0]))


def _features(sums: Values, lengths: Values, codes: Values) -> Values:
    """x: factors over the root of the number of touches, that number, and codes."""
    return np.column_stack([np.ones(len(lengths)), np.log1p(lengths), _mean(sums, lengths), codes])


def _factors(touched: Known, seed: int) -> Values:
    return np.asarray(closed.low_pass(touched, RANK, seed).left, float)


def _own(left: Values, counts: Values) -> Values:
    """What stands for the sum of an item's users."""
    return left * np.maximum(counts, 1)[:, None]


def _mean(sums: Values, lengths: Values) -> Values:
    return sums / np.sqrt(np.maximum(lengths, 1))[:, None]


def _ridge(x: Values, y: Values) -> Values:
    gram = x.T @ x + RIDGE * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(gram, x.T @ y), np.float64)


def _table(codes: NDArray[np.int64], sizes: list[int], a: int, b: int) -> Values:
    """Counts of both, missing as the last code."""
    shape = sizes[a] + 1, sizes[b] + 1
    flat = codes[:, a] * shape[1] + codes[:, b]
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(float)


def _information(table: Values) -> float:
    """Mutual information of a table of counts, in nats."""
    p = table / table.sum()
    alone = p.sum(1, keepdims=True) * p.sum(0, keepdims=True)
    there = p > 0
    return float((p[there] * np.log(p[there] / alone[there])).sum())
