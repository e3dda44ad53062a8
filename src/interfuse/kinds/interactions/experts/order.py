"""Experts that know what came after what, where touches have an order.

A user's touches stand from the first to the last; the last has age 0, the one before it age 1.

    Markov          B_ji = sum of gamma^(d-1) over users who touched i d places after j, d up to
                    `WINDOW`, over d_j^a d_i^c: what follows soon; gamma = 0, a = 1 and c = 0 is the
                    chain of first order, p(i | j) of the users who touched j
    directed ridge  B = (sum P'P + lambda I)^-1 sum P'F: the ridge regression of what users touch
                    after a cut, F, on what they touched before it, P, with weights exp(-age / tau);
                    sums over cuts at .4, .6 and .8 of each user's touches
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from interfuse.kinds.interactions.experts.closed import degrees, largest
from interfuse.kinds.interactions.experts.forms import Dense, Floats, Known, Sparse

WINDOW = 3
CUTS = (0.4, 0.6, 0.8)
Index = NDArray[np.int64]


def ages(indptr: Index) -> Index:
    """How many touches of the same user came after each."""
    lengths = np.diff(indptr)
    return np.repeat(indptr[1:], lengths) - 1 - np.arange(indptr[-1])


def faded(touched: Known, tau: float | None, size: int | None = None) -> Known:
    """The weights exp(-age / tau) of touches in their order; 1 each if tau is None.

    Args:
        touched: X.
        tau: touches after which a weight has fallen to 1/e.
        size: columns from which on nothing ages: codes of attributes.
    """
    if tau is None:
        return touched
    data = np.exp(-ages(touched.indptr) / tau).astype(np.float32)
    if size is not None:
        data[touched.indices >= size] = 1
    return sparse.csr_matrix((data, touched.indices, touched.indptr), shape=touched.shape)


def markov(touched: Known, k: int, gamma: float, a: float = 0.5, c: float = 0.3) -> Sparse:
    """What follows soon.

    Args:
        touched: X, the touches of each row in their order.
        k: entries kept of each row.
        gamma: how much less each further place counts.
        a: power of the popularity of what is known.
        c: power of the popularity of what follows.
    """
    items, left = touched.indices, ages(touched.indptr)
    shape = (touched.shape[1],) * 2
    total = sparse.csr_matrix(shape, dtype=np.float32)
    for d in range(1, WINDOW + 1):
        at = np.flatnonzero(left >= d)
        weight = np.full(len(at), gamma ** (d - 1), np.float32)
        total = total + sparse.csr_matrix((weight, (items[at], items[at + d])), shape=shape)
    _, popular = degrees(touched)
    scale = sparse.diags(popular**-a) @ total @ sparse.diags(popular**-c)
    return Sparse(largest(scale.tocsr(), k, 0).astype(np.float32))


def directed_ridge(touched: Known, ridge: float, tau: float) -> Dense:
    """The regression of the later on the earlier.

    Args:
        touched: X, the touches of each row in their order.
        ridge: lambda, in users.
        tau: touches after which a weight has fallen to 1/e.
    """
    m = touched.shape[1]
    gram, cross = np.zeros((m, m), np.float32), np.zeros((m, m), np.float32)
    for cut in CUTS:
        past, future = parted(touched, cut)
        past = faded(past, tau)
        gram += (past.T @ past).toarray()
        cross += (past.T @ future).toarray()
    gram[np.diag_indices(m)] += ridge
    solved: Floats = linalg.solve(gram, cross, assume_a="pos", overwrite_a=True, overwrite_b=True)
    return Dense(np.ascontiguousarray(solved, np.float32))


def parted(touched: Known, cut: float) -> tuple[Known, Known]:
    """The touches of each user before and after a share of them; each in its order."""
    lengths = np.diff(touched.indptr)
    after = ages(touched.indptr) < np.repeat(lengths - np.floor(cut * lengths), lengths)
    return kept(touched, ~after), kept(touched, after)


def kept(touched: Known, which: NDArray[np.bool_]) -> Known:
    """Those of the touches, in their order; no row goes."""
    counts = np.concatenate([[0], np.cumsum(which)])[touched.indptr]
    return sparse.csr_matrix(
        (touched.data[which], touched.indices[which], counts), shape=touched.shape
    )
