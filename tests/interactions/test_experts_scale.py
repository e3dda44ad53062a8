"""What many items need, against the plain way: rows cut to their largest, tops, a basis."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.closed import largest, right_vectors
from interfuse.kinds.interactions.experts.forms import Dense, Factors, Sparse
from interfuse.kinds.interactions.experts.panel import TIE, Panel, Voice, top
from interfuse.kinds.interactions.learn import choose
from interfuse.kinds.interactions.learn.choose import blocks


def some(rows: int, columns: int, share: float, seed: int):
    drawn = np.random.default_rng(seed).random((rows, columns), np.float32)
    return sparse.csr_matrix(np.where(drawn < share, drawn / share, 0).astype(np.float32))


@pytest.mark.parametrize("k", [1, 20, 1000])
def test_the_largest_of_each_row_are_those_of_sorting(k):
    nothing = sparse.csr_matrix((5, 300), dtype=np.float32)
    matrix = sparse.vstack([nothing, some(295, 300, 0.2, 1)], format="csr")
    plain = matrix.toarray()
    np.fill_diagonal(plain, 0)
    for row in plain:
        row[np.argsort(-row)[k:]] = 0
    assert np.array_equal(largest(matrix.tocsr(), k, 0).toarray(), plain)


def test_negative_entries_are_smaller_than_positive_ones():
    matrix = some(50, 60, 0.5, 2)
    matrix.data -= 0.5
    kept = largest(matrix, 5)
    assert (np.diff(kept.indptr) == np.minimum(np.diff(matrix.indptr), 5)).all()
    for row, found in zip(matrix, kept, strict=True):
        assert sorted(found.data) == sorted(np.sort(row.data)[-5:])


@pytest.mark.parametrize("items", [7, 700, 5000])
def test_the_first_of_equals_is_the_first(items):
    """Scores of few values: ties everywhere, also across the edge of what is taken."""
    scores = np.random.default_rng(3).integers(0, 40, (30, items)).astype(np.float32)
    scores[:, ::3] = -np.inf  # as known items are
    found = top(scores, 20)
    for row, chosen in zip(scores, found, strict=True):
        assert chosen.tolist() == np.lexsort((np.arange(items), -row))[:20].tolist()


def test_right_vectors_are_those_of_the_whole_decomposition():
    """Factors of falling sizes: five powers leave 1e-3 of what they hold."""
    rng = np.random.default_rng(4)
    left, right = (np.linalg.qr(rng.standard_normal((n, 30)))[0] for n in (900, 200))
    whole = (left * 0.8 ** np.arange(30)) @ right.T
    found = right_vectors(sparse.csr_matrix(whole.astype(np.float32)), 10, 0)
    assert np.abs(found.T @ found - np.eye(10)).max() < 1e-5
    assert np.abs(np.abs(np.diag(found.T @ right[:, :10])) - 1).max() < 1e-3


def test_dependent_columns_have_a_basis_too():
    rank_one = sparse.csr_matrix(np.outer(np.ones(50), np.arange(1, 41)).astype(np.float32))
    first = right_vectors(rank_one, 3, 0)[:, 0]
    assert np.abs(first) == pytest.approx(np.arange(1, 41) / np.sqrt((np.arange(1, 41) ** 2).sum()))


def test_what_a_sparse_expert_adds_is_what_it_would_written_out():
    rng = np.random.default_rng(5)
    matrix = some(40, 40, 0.3, 6)
    matrix.data -= 0.4
    nothing = sparse.csr_matrix((1, 40), dtype=np.float32)  # a user of whom nothing is known
    known = sparse.vstack([nothing, some(11, 40, 0.1, 7)], format="csr")
    begun = rng.random((12, 35)).astype(np.float32)
    written, sparsely, factors = begun.copy(), begun.copy(), begun.copy()
    dense = matrix.toarray()
    Dense(dense).add(written, known.tocsr(), 0.7)
    Sparse(matrix).add(sparsely, known.tocsr(), 0.7)
    Factors(np.eye(40, dtype=np.float32), dense.T).add(factors, known.tocsr(), 0.7)
    assert sparsely == pytest.approx(written, rel=1e-5)
    assert factors == pytest.approx(written, rel=1e-4)
    assert np.array_equal(written[0], begun[0])


def test_so_many_items_still_leave_several_users_at_a_time():
    assert [len(b) for b in blocks(100, 1_000_000)] == [64, 36]
    assert [len(b) for b in blocks(3, 2**26)] == [1, 1, 1]
    assert len(next(blocks(10_000, 10_000))) == 2**24 // 10_000


def test_a_panel_adds_its_experts_whatever_their_forms():
    rng = np.random.default_rng(5)
    known, m = some(30, 50, 0.2, 6), 50
    known.data[:] = 1
    experts = [
        Sparse(some(m, m, 0.2, 7)),
        Factors(*(rng.standard_normal((m, 4)).astype(np.float32) for _ in range(2))),
        Dense(rng.standard_normal((m, m)).astype(np.float32)),
    ]
    weights, popularity = (0.5, 1.0, 0.3), np.arange(m, dtype=np.float32)
    panel = Panel(
        tuple(
            Voice(str(i), e, weight=w)
            for i, (e, w) in enumerate(zip(experts, weights, strict=True))
        ),
        popularity,
        False,
    )
    baskets = Baskets(known.indptr.astype(np.int64), known.indices.astype(np.int32), m)
    wanted = np.tile(TIE * popularity / popularity.mean(), (30, 1))
    for expert, weight in zip(experts, weights, strict=True):
        above = np.maximum(expert.scores(known), 0)
        wanted += weight * above / np.maximum(above.mean(1, keepdims=True), 1e-12)
    found, means = panel.heard(baskets)
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
    for voice, mean in means:
        np.testing.assert_allclose(
            mean, np.maximum(np.maximum(voice.raw(known), 0).mean(1), 1e-12), rtol=1e-4
        )


def test_very_many_touches_are_chosen_on_whole_random_users(monkeypatch):
    x = some(200, 50, 0.2, 8)
    baskets = Baskets(x.indptr.astype(np.int64), x.indices.astype(np.int32), 50)
    rng = np.random.default_rng(9)
    assert choose._some(baskets, rng) is baskets
    monkeypatch.setattr(choose, "MOST_TOUCHES", len(baskets.items) // 4)
    found = choose._some(baskets, rng)
    assert 45 <= len(found) <= 50
    rows = {x.indices[a:b].tobytes() for a, b in zip(x.indptr, x.indptr[1:], strict=False)}
    for a, b in zip(found.indptr, found.indptr[1:], strict=False):
        assert found.items[a:b].astype(x.indices.dtype).tobytes() in rows
