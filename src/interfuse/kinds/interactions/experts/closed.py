"""Closed-form experts of who touched what, without order.

X is users by items, 1 where touched; D_U and D_I are the diagonals of its row and column sums.

    item-kNN       cosine, B_ji = x_j' x_i / (|x_j| |x_i|), the k largest of each row
    graph filter   B = D_I^-a X' D_U^-b X D_I^-c without its diagonal: a walk from an item over
                   its users to other items (Shen et al. 2021, "How powerful is graph convolution
                   for recommendation?"); the k largest of each row
    low-pass       B = D_I^-1/2 V V' D_I^1/2, V the first right singular vectors of
                   D_U^-1/2 X D_I^-1/2 (the same article's ideal filter)
    EASE           B = I - C diag(C)^-1, C = (X'X + lambda I)^-1: the ridge regression of each item
                   on all others (Steck 2019, arXiv 1905.03375)
    EDLAE          the same with lambda I + p / (1 - p) diag(X'X): the least-squares denoiser of
                   baskets of which a share p of the items is masked, without self-prediction
                   (Steck 2020, "Autoencoders that don't overfit towards the identity")
    local ridge    EASE of each item on its k nearest ones alone
    iALS           X ~ U V' with weight 1 + alpha on touches (Hu, Koren, Volinsky 2008)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg, sparse

from interfuse.kinds.interactions.experts.forms import (
    Dense,
    Factors,
    Floats,
    FoldIn,
    Known,
    Sparse,
    fold_in,
)

SWEEPS = 10
"""Of iALS: validation figures on public sets move by less than .001 after the sixth."""
SWEEP_STEPS = 5
"""Of conjugate gradients in a sweep, which begins where the last one ended."""
MOST_USERS = 500
"""Of an item, in walks: more tell little and cost the square."""
OVERSAMPLED, POWERS = 10, 5
_ROWS = 2_048
_TOGETHER = 1 << 20
"""Entries that are looked at together."""
_DEPENDENT = 1e-10
"""Of the largest eigenvalue of a Gram matrix: columns that are as good as dependent."""


def degrees(touched: Known) -> tuple[Floats, Floats]:
    """How many items each user has and how many users each item has, at least 1."""
    users = np.maximum(np.asarray(touched.sum(1)).ravel(), 1)
    items = np.maximum(np.asarray(touched.sum(0)).ravel(), 1)
    return users.astype(np.float32), items.astype(np.float32)


def scaled(touched: Known, left: Floats, right: Floats) -> Known:
    """diag(left) X diag(right)."""
    return (sparse.diags(left) @ touched @ sparse.diags(right)).tocsr().astype(np.float32)


def edlae(touched: Known, ridge: float, dropped: float = 0.0) -> Dense:
    """EDLAE; EASE where nothing is dropped.

    Args:
        touched: X.
        ridge: lambda, in users.
        dropped: p, the share of each basket that is masked.
    """
    gram = (touched.T @ touched).toarray().astype(np.float32)
    return ridge_of(gram, ridge, dropped)


def ridge_of(gram: Floats, ridge: float, dropped: float = 0.0) -> Dense:
    """EDLAE of a Gram matrix, which is overwritten."""
    diagonal = np.diag_indices(len(gram))
    gram[diagonal] += ridge + dropped / (1 - dropped) * gram[diagonal]
    inverse = _inverse(gram)
    inverse /= -np.diag(inverse)[None, :]
    inverse[diagonal] = 0
    return Dense(inverse)


def _inverse(gram: Floats) -> Floats:
    """Of a symmetric positive definite matrix, by Cholesky, in its place."""
    lapack: Any = linalg.lapack  # its functions are made when it is loaded
    factor, info = lapack.spotrf(gram, lower=0, overwrite_a=1)
    if info:
        raise np.linalg.LinAlgError("the ridge is too small for float32")
    upper, _ = lapack.spotri(factor, lower=0, overwrite_c=1)
    upper = np.triu(upper)
    full = upper + upper.T
    full[np.diag_indices(len(full))] /= 2
    return full


def graph(touched: Known, k: int, a: float = 0.5, b: float = 0.7, c: float = 0.3) -> Sparse:
    """The graph filter.

    Args:
        touched: X.
        k: entries kept of each row.
        a: power of the popularity of the item that is known.
        b: power of the number of items of the users between.
        c: power of the popularity of the item that is scored.
    """
    users, items = degrees(touched)
    first = scaled(touched, users**-b, items**-a).T.tocsr()
    second = scaled(touched, np.ones_like(users), items**-c)
    return Sparse(walks(first, second, k))


def item_knn(touched: Known, k: int) -> Sparse:
    """Cosine."""
    _, items = degrees(touched)
    unit = scaled(touched, np.ones(touched.shape[0], np.float32), items**-0.5)
    return Sparse(walks(unit.T.tocsr(), unit, k))


def walks(first: Known, second: Known, k: int) -> Known:
    """The product of items by users and users by items, row by row, its k largest, no diagonal.

    The product as a whole is never there: of an item with more than `MOST_USERS` users an evenly
    spaced part is walked, with as much more weight.
    """
    first = _at_most(first, MOST_USERS) if first.shape[0] > 10_000 else first
    parts = []
    for start in range(0, first.shape[0], _ROWS):
        block = (first[start : start + _ROWS] @ second).tocsr()
        parts.append(largest(block, k, start))
    return sparse.vstack(parts, format="csr").astype(np.float32)


def largest(block: Known, k: int, start: int = -1) -> Known:
    """The k largest entries of each row of a sparse matrix.

    Args:
        block: rows of it.
        k: how many.
        start: number of the first row; entries on the diagonal go. No row loses any if negative.
    """
    indptr, indices, data = block.indptr, block.indices, block.data
    counts = np.diff(indptr)
    if start >= 0:
        rows = np.repeat(np.arange(start, start + block.shape[0], dtype=indices.dtype), counts)
        data = np.where(indices == rows, np.float32(-np.inf), data)
    stays = data > -np.inf
    many = np.flatnonzero(counts > k)
    many = many[np.argsort(counts[many], kind="stable")]  # rows of like lengths side by side
    while len(many):
        ends = np.cumsum(counts[many])
        taken = max(1, int(np.searchsorted(ends, _TOGETHER)))
        rows, many = many[:taken], many[taken:]
        own = np.arange(counts[rows].max())
        place = indptr[rows, None] + own
        inside = own < counts[rows, None]
        values = np.where(inside, data[np.minimum(place, len(data) - 1)], -np.inf)
        chosen = np.argpartition(-values, k - 1, axis=1)[:, :k]
        chosen = np.take_along_axis(place, chosen, 1)
        stays[place[inside]] = False
        stays[chosen] = data[chosen] > -np.inf
    counts = np.concatenate([[0], np.cumsum(stays)])[indptr]
    return sparse.csr_matrix((data[stays], indices[stays], counts), shape=block.shape)


def _at_most(matrix: Known, most: int) -> Known:
    counts = np.diff(matrix.indptr)
    if counts.max(initial=0) <= most:
        return matrix
    rows = np.repeat(np.arange(matrix.shape[0]), counts)
    place = np.arange(len(matrix.data)) - np.repeat(matrix.indptr[:-1], counts)
    step = np.maximum(counts / most, 1.0)
    # One of each run of `step` places.
    kept = np.floor(place / step[rows]) != np.floor((place - 1) / step[rows])
    data = matrix.data * step[rows].astype(matrix.data.dtype)
    return sparse.csr_matrix((data[kept], (rows[kept], matrix.indices[kept])), shape=matrix.shape)


def low_pass(touched: Known, rank: int, seed: int) -> Factors:
    """The ideal low-pass filter, by a randomised SVD (Halko, Martinsson, Tropp 2011)."""
    users, items = degrees(touched)
    rank = min(rank, min(touched.shape) - 1)
    normal = scaled(touched, users**-0.5, items**-0.5)
    v = right_vectors(normal, rank, seed)
    root = np.sqrt(items)[:, None]
    return Factors(v / root, v * root)


def right_vectors(matrix: Known, rank: int, seed: int) -> Floats:
    """The first right singular vectors, (columns, rank), largest first."""
    rng = np.random.default_rng(seed)
    width = min(rank + OVERSAMPLED, min(matrix.shape))
    basis = rng.standard_normal((matrix.shape[1], width)).astype(np.float32)
    for _ in range(POWERS):
        basis = _orthonormal(matrix.T @ (matrix @ basis))
    _, turn = np.linalg.eigh(_gram(matrix @ basis))
    return np.ascontiguousarray((basis @ turn[:, ::-1].astype(np.float32))[:, :rank])


def _gram(tall: Floats) -> Floats:
    """Y'Y in double precision; Y itself is never there in it."""
    total = np.zeros((tall.shape[1],) * 2)
    for start in range(0, len(tall), _ROWS):
        part = tall[start : start + _ROWS].astype(np.float64)
        total += part.T @ part
    return total


def _orthonormal(tall: Floats) -> Floats:
    """An orthonormal basis of the columns, by the eigenvectors of Y'Y.

    200,000 rows of 74 take .23 s for the 3.3 s of Householder's reflections, which are used where
    columns nearly depend on each other.
    """
    for _ in range(
        2
    ):  # once more: single precision leaves it as far off as Y was badly conditioned
        values, vectors = np.linalg.eigh(_gram(tall))
        if values[0] <= _DEPENDENT * values[-1]:
            return np.linalg.qr(tall)[0]
        tall = tall @ (vectors / np.sqrt(values)).astype(np.float32)
    return tall


def local_ridge(touched: Known, k: int, ridge: float) -> Sparse:
    """EASE of each item on its k nearest ones, with users of many items counting less.

    Args:
        touched: X.
        k: neighbours: the largest G_ij / sqrt(d_j), with G = X' D_U^-1/2 X.
        ridge: lambda.
    """
    users, items = degrees(touched)
    half = scaled(touched, users**-0.25, np.ones_like(items))
    near = walks(half.T.tocsr(), scaled(half, np.ones_like(users), items**-0.5), k)
    columns = half.tocsc()
    indptr, indices, data = columns.indptr, columns.indices, columns.data
    place = np.full(touched.shape[0], -1, np.int64)
    out_rows, out_columns, out_data = [], [], []
    for i in range(touched.shape[1]):
        chosen = near.indices[near.indptr[i] : near.indptr[i + 1]]
        if not len(chosen):
            continue
        spans = [slice(indptr[j], indptr[j + 1]) for j in (i, *chosen)]
        own = np.concatenate([indices[s] for s in spans])
        lengths = [s.stop - s.start for s in spans]
        found = np.unique(own)
        place[found] = np.arange(len(found))
        values = np.concatenate([data[s] for s in spans])
        part = sparse.csc_matrix(
            (values, place[own], np.concatenate([[0], np.cumsum(lengths)])),
            shape=(len(found), len(spans)),
        )
        gram = (part.T @ part).toarray()
        left = gram[1:, 1:] + ridge * np.eye(len(chosen))
        out_data.append(linalg.solve(left, gram[1:, 0], assume_a="pos"))
        out_rows.append(chosen)
        out_columns.append(np.full(len(chosen), i))
    shape = (touched.shape[1],) * 2
    if not out_data:
        return Sparse(sparse.csr_matrix(shape, dtype=np.float32))
    parts = (np.concatenate(x) for x in (out_data, out_rows, out_columns))
    weights, rows, cols = parts
    return Sparse(sparse.csr_matrix((weights, (rows, cols)), shape=shape).astype(np.float32))


def ials(touched: Known, rank: int, alpha: float, reg: float, seed: int) -> FoldIn:
    """Alternating least squares with implicit zeros.

    Args:
        touched: X.
        rank: d.
        alpha: what a touch counts beyond the 1 of an absent one.
        reg: ridge on all factors.
        seed: of the factors at the start.
    """
    rng = np.random.default_rng(seed)
    rank = min(rank, *touched.shape)
    items = (rng.standard_normal((touched.shape[1], rank)) / np.sqrt(rank)).astype(np.float32)
    back, eye = touched.T.tocsr(), reg * np.eye(rank, dtype=np.float32)
    users = np.zeros((touched.shape[0], rank), np.float32)
    for _ in range(SWEEPS):
        users = fold_in(touched, items, items.T @ items + eye, alpha, users, SWEEP_STEPS)
        items = fold_in(back, users, users.T @ users + eye, alpha, items, SWEEP_STEPS)
    return FoldIn(items, alpha, reg)
