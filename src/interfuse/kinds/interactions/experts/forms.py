"""What an expert is once it is fitted: a map from what is known of users to a score of every item.

With K the items that are known of a user and w_j > 0 a weight of each (1, or less where it was long
ago), three of the four forms are linear, f(K)_i = sum_j w_j B_ji:

    Dense     B is a matrix of items by items
    Factors   B = L R', both of items by rank
    Sparse    B has few entries a row
    FoldIn    f(K)_i = v_i' (V'V + alpha sum_j v_j v_j' + reg I)^-1 (1 + alpha) sum_j w_j v_j
              (Hu, Koren, Volinsky 2008: the factors of a user who was not there)

None holds a user. Scores are float32, (users, items).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats: TypeAlias = NDArray[np.floating[Any]]
"""Of float32, unless it says otherwise; numpy's types lose the precision of products."""
Items: TypeAlias = NDArray[np.int64] | None
Known: TypeAlias = Any
"""A `scipy.sparse.csr_matrix` of users by items with the weights w; its stubs are incomplete."""


STEPS = 20
"""Of conjugate gradients for a user who was not there: within 1e-3 of the solution."""
_BLOCK = 250_000
"""Touches that are solved for at a time."""


class Expert(ABC):
    """A fitted expert."""

    form: ClassVar[str]

    @abstractmethod
    def scores(self, known: Known, items: Items = None) -> Floats:
        """Scores of all items, or of `items` alone, for each row of `known`."""

    def add(self, out: Floats, known: Known, weight: float = 1.0) -> Floats:
        """Add weight f+ / mean f+ to scores, in their place.

        f+ is f cut at 0, its mean that over the items of `out`; where no f is above 0, nothing is
        added.

        Args:
            out: (users, items). Columns of an expert beyond these are codes of attributes.
            known: what is known of the users.
            weight: omega.

        Returns:
            (users,) mean f+.
        """
        found, mean = self.weighed(known, out.shape[1], weight)
        out += found
        return mean

    def weighed(self, known: Known, items: int, weight: float = 1.0) -> tuple[Floats, Floats]:
        """What `add` adds, as an array that is the caller's own, and mean f+."""
        found = self.scores(known)[:, :items]
        np.maximum(found, 0, out=found)
        mean = np.maximum(found.mean(1), 1e-12)
        found *= (weight / mean[:, None]).astype(np.float32)
        return found, mean

    @abstractmethod
    def parts(self, known: Known, items: NDArray[np.int64]) -> Floats:
        """What each item that is known of one user adds to the scores of items.

        Args:
            known: one row.
            items: whose scores.

        Returns:
            (known, items); sums over the known ones are the scores.
        """

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """What it is made of, to be stored."""


class Dense(Expert):
    """B as it is."""

    form = "dense"

    def __init__(self, matrix: Floats) -> None:
        self.matrix = matrix

    def scores(self, known: Known, items: Items = None) -> Floats:
        """One product."""
        return known @ (self.matrix if items is None else self.matrix[:, items])

    def parts(self, known: Known, items: NDArray[np.int64]) -> Floats:
        """Rows of B, weighted."""
        return known.data[:, None] * self.matrix[np.ix_(known.indices, items)]

    def arrays(self) -> dict[str, np.ndarray]:
        """B."""
        return {"matrix": self.matrix}


class Factors(Expert):
    """B = L R'."""

    form = "factors"

    def __init__(self, left: Floats, right: Floats) -> None:
        self.left, self.right = left, right

    def scores(self, known: Known, items: Items = None) -> Floats:
        """Two products of the rank's width."""
        return (known @ self.left) @ (self.right if items is None else self.right[items]).T

    def parts(self, known: Known, items: NDArray[np.int64]) -> Floats:
        """Rows of L R', weighted."""
        return known.data[:, None] * (self.left[known.indices] @ self.right[items].T)

    def arrays(self) -> dict[str, np.ndarray]:
        """L and R."""
        return {"left": self.left, "right": self.right}


class Sparse(Expert):
    """B with few entries a row."""

    form = "sparse"

    def __init__(self, matrix: Known) -> None:
        self.matrix = matrix
        self.size = matrix.shape[1]

    def scores(self, known: Known, items: Items = None) -> Floats:
        """A sparse product, written out."""
        found = known @ self.matrix
        return np.asarray((found if items is None else found[:, items]).toarray(), np.float32)

    def add(self, out: Floats, known: Known, weight: float = 1.0) -> Floats:
        """Where there is something to add."""
        users, items = out.shape
        found = known @ self.matrix
        found = found if found.shape[1] == items else found[:, :items]
        row = np.repeat(np.arange(users), np.diff(found.indptr))
        positive = np.maximum(found.data, 0)
        mean = np.maximum(np.bincount(row, positive, minlength=users) / items, 1e-12)
        out[row, found.indices] += (positive * (weight / mean)[row]).astype(np.float32)
        return mean

    def parts(self, known: Known, items: NDArray[np.int64]) -> Floats:
        """Rows of B, weighted."""
        own = self.matrix[known.indices][:, items].toarray()
        return (known.data[:, None] * own).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """Compressed rows."""
        m = self.matrix
        return {
            "data": m.data.astype(np.float32),
            "indices": m.indices.astype(np.int32),
            "indptr": m.indptr.astype(np.int64),
        }


class FoldIn(Expert):
    """Factors of items, and of each user those that fit best."""

    form = "fold_in"

    def __init__(self, factors: Floats, alpha: float, reg: float) -> None:
        self.factors, self.alpha, self.reg = factors, float(alpha), float(reg)
        self.gram = factors.T @ factors + reg * np.eye(factors.shape[1], dtype=np.float32)

    def users(self, known: Known) -> Floats:
        """Factors of users, (users, rank)."""
        return fold_in(known, self.factors, self.gram, self.alpha)

    def scores(self, known: Known, items: Items = None) -> Floats:
        """Users' factors by items' factors."""
        return self.users(known) @ (self.factors if items is None else self.factors[items]).T

    def parts(self, known: Known, items: NDArray[np.int64]) -> Floats:
        """Linear once the items that are known have made the matrix."""
        own = self.factors[known.indices]
        matrix = self.gram + self.alpha * (own.T @ own)
        each = np.linalg.solve(matrix, (1 + self.alpha) * (known.data[:, None] * own).T)
        return (each.T @ self.factors[items].T).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """The factors and two numbers."""
        return {"factors": self.factors, "numbers": np.array([self.alpha, self.reg])}


def fold_in(
    known: Known,
    factors: Floats,
    gram: Floats,
    alpha: float,
    start: Floats | None = None,
    steps: int = STEPS,
) -> Floats:
    """Least-squares factors of the rows of `known`, given those of its columns.

    Solves (gram + alpha sum_j v_j v_j') x = (1 + alpha) sum_j w_j v_j for all rows at once by
    conjugate gradients, which form no matrix of a row (Takacs, Pilaszy, Tikk 2011).

    Args:
        known: (n, m) sparse.
        factors: (m, d).
        gram: (d, d) V'V and the ridge.
        alpha: what a touch counts beyond the 1 that an absent one counts.
        start: (n, d) where the search begins; 0 unless given.
        steps: of conjugate gradients.
    """
    n, d = known.shape[0], factors.shape[1]
    out = np.zeros((n, d), np.float32) if start is None else start.copy()
    rows = max(1, int(_BLOCK / max(known.nnz / max(n, 1), 1)))
    for begin in range(0, n, rows):
        part = known[begin : begin + rows]
        out[begin : begin + rows] = _solve(
            part, factors, gram, alpha, out[begin : begin + rows], steps
        )
    return out


def _solve(
    known: Known, factors: Floats, gram: Floats, alpha: float, x: Floats, steps: int
) -> Floats:
    """Conjugate gradients for the rows of one block."""
    own = factors[known.indices]
    row = np.repeat(np.arange(known.shape[0]), np.diff(known.indptr))
    there = sparse.csr_matrix(
        (np.ones(len(row), np.float32), np.arange(len(row)), known.indptr),
        shape=(known.shape[0], len(row)),
    )

    def product(v: Floats) -> Floats:
        inner = np.einsum("ij,ij->i", own, v[row])
        return v @ gram + alpha * (there @ (own * inner[:, None]))

    right = (1 + alpha) * (known @ factors)
    residual = right - product(x)
    direction, size = residual.copy(), (residual**2).sum(1)
    for _ in range(steps):
        image = product(direction)
        length = size / np.maximum((direction * image).sum(1), 1e-30)
        x = x + length[:, None] * direction
        residual = residual - length[:, None] * image
        new = (residual**2).sum(1)
        direction = residual + (new / np.maximum(size, 1e-30))[:, None] * direction
        size = new
    return x


def expert_of(form: str, arrays: dict[str, np.ndarray], items: int) -> Expert:
    """The inverse of `Expert.arrays`.

    Args:
        form: its `form`.
        arrays: what it is made of.
        items: how many there are.

    Raises:
        ValueError: there is no such form, or the arrays are not of its shape.
    """
    if any(not np.isfinite(a).all() for a in arrays.values()):
        raise ValueError("an expert has a number that is not finite")
    if form == "dense":
        made: Expert = Dense(arrays["matrix"])
        shapes = [(arrays["matrix"].shape, (items, items))]
    elif form == "factors":
        made = Factors(arrays["left"], arrays["right"])
        rank = arrays["left"].shape[1]
        shapes = [(arrays[n].shape, (items, rank)) for n in ("left", "right")]
    elif form == "sparse":
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        matrix = sparse.csr_matrix(parts, shape=(items, items))
        matrix.check_format(full_check=True)
        made, shapes = Sparse(matrix), [(arrays["indptr"].shape, (items + 1,))]
    elif form == "fold_in":
        made = FoldIn(arrays["factors"], *arrays["numbers"].tolist())
        shapes = [(arrays["factors"].shape[:1], (items,))]
    else:
        raise ValueError(f"no expert is of the form {form!r}")
    if any(found != needed for found, needed in shapes):
        raise ValueError(f"an expert of the form {form!r} has other items")
    return made
