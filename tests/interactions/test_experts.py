"""Closed-form experts against what their formulas say, written out."""

import numpy as np
import pytest
from made import matrix
from scipy import sparse

from interfuse.kinds.interactions.experts import closed, order
from interfuse.kinds.interactions.experts.forms import FoldIn, expert_of


def test_ease_is_the_ridge_regression_of_each_item_on_the_others():
    x = matrix()
    found = closed.edlae(x, 2.0).matrix
    dense = x.toarray()
    for i in range(dense.shape[1]):
        rest = np.delete(np.arange(dense.shape[1]), i)
        left = dense[:, rest].T @ dense[:, rest] + 2.0 * np.eye(len(rest))
        # float32 and an inverse of condition number 60: four digits and more.
        np.testing.assert_allclose(
            found[rest, i], np.linalg.solve(left, dense[:, rest].T @ dense[:, i]), atol=2e-5
        )
    assert (np.diag(found) == 0).all()


def test_edlae_is_the_linear_denoiser_of_masked_baskets():
    """The mean loss over all masks, in closed form, has its least at B."""
    x, p = matrix(items=5).toarray().astype(float), 0.3
    found = closed.edlae(sparse.csr_matrix(x, dtype=np.float32), 0.0, p).matrix.astype(float)

    def loss(b):
        # E |x_i - (mask x) b_i|^2 / (1 - p)^2 of masks that keep each item with 1 - p; b_ii = 0.
        gram = x.T @ x
        mean = gram - gram * np.eye(5)
        second = gram + p / (1 - p) * np.diag(np.diag(gram))
        return np.trace(b.T @ second @ b) - 2 * np.trace(b.T @ mean)

    rng = np.random.default_rng(0)
    off = 1 - np.eye(5)
    least = loss(found)
    for size in (1e-2, 1e-1):
        assert all(loss(found + size * off * rng.normal(size=(5, 5))) > least for _ in range(20))


def test_edlae_agrees_with_masks_that_were_drawn():
    """By least squares on many masked copies of the baskets, scaled as the closed form is."""
    x, p = matrix(users=40, items=4, seed=3).toarray().astype(float), 0.5
    rng = np.random.default_rng(1)
    copies = np.repeat(x, 4000, axis=0)
    seen = copies * (rng.random(copies.shape) > p) / (1 - p)
    found = closed.edlae(sparse.csr_matrix(x, dtype=np.float32), 0.0, p).matrix
    for i in range(4):
        rest = np.delete(np.arange(4), i)
        b, *_ = np.linalg.lstsq(seen[:, rest], copies[:, i], rcond=None)
        # 160,000 draws: the standard error of a coefficient is about .003.
        np.testing.assert_allclose(found[rest, i], b, atol=0.015)


def test_the_graph_filter_and_cosine_are_their_products():
    x = matrix()
    dense = x.toarray().astype(float)
    users, items = dense.sum(1), dense.sum(0)
    walk = (dense / items**0.5 / (users**0.7)[:, None]).T @ (dense / items**0.3)
    np.fill_diagonal(walk, 0)
    found = closed.graph(x, 8, 0.5, 0.7, 0.3).matrix.toarray()
    np.testing.assert_allclose(found, walk, rtol=1e-5, atol=1e-7)
    norm = np.sqrt(items)
    cosine = dense.T @ dense / norm[:, None] / norm
    np.fill_diagonal(cosine, 0)
    found = closed.item_knn(x, 3).matrix.toarray()
    for row, truth in zip(found, cosine, strict=True):
        assert (row > 0).sum() == 3
        np.testing.assert_allclose(np.sort(row)[-3:], np.sort(truth)[-3:], rtol=1e-5)


def test_the_low_pass_filter_is_that_of_the_singular_vectors():
    x = matrix(users=80, items=10)
    dense = x.toarray().astype(float)
    users, items = dense.sum(1), dense.sum(0)
    normal = dense / np.sqrt(users)[:, None] / np.sqrt(items)
    _, _, right = np.linalg.svd(normal, full_matrices=False)
    v = right[:4].T
    truth = dense @ (v @ v.T / np.sqrt(items)[:, None] * np.sqrt(items)[None])
    # Powers of the randomised iteration leave an error of the ratio of the 5th value to the 4th.
    found = closed.low_pass(x, 4, seed=0).scores(x)
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.999


def test_the_local_ridge_of_all_items_is_ease_of_weighted_users():
    x = matrix()
    users, items = closed.degrees(x)
    weighted = closed.scaled(x, users**-0.25, np.ones_like(items))
    found = closed.local_ridge(x, k=8, ridge=0.5).matrix.toarray()
    np.testing.assert_allclose(found, closed.edlae(weighted, 0.5).matrix, atol=1e-4)


def test_ials_stands_still_and_folds_in_by_least_squares():
    x = matrix(users=50, items=9)
    expert = closed.ials(x, rank=4, alpha=3.0, reg=1.0, seed=0)
    v = expert.factors.astype(float)
    for u in range(5):
        own = v[x[[u]].indices]
        left = v.T @ v + np.eye(4) + 3.0 * own.T @ own
        truth = np.linalg.solve(left, 4.0 * own.sum(0))
        np.testing.assert_allclose(expert.users(x)[u], truth, atol=1e-3)
    again = FoldIn(expert.factors, 3.0, 1.0)
    np.testing.assert_array_equal(again.scores(x), expert.scores(x))


def test_markov_counts_what_follows():
    rows = sparse.csr_matrix((np.ones(6, np.float32), [2, 0, 1, 0, 1, 3], [0, 3, 6]), shape=(2, 4))
    found = order.markov(rows, k=4, gamma=0.5, a=0.0, c=0.0).matrix.toarray()
    truth = np.zeros((4, 4))
    truth[2, 0], truth[0, 1], truth[2, 1] = 1, 2, 0.5
    truth[1, 3], truth[0, 3] = 1, 0.5
    np.testing.assert_allclose(found, truth)


def test_the_directed_ridge_is_the_regression_of_later_on_earlier():
    x = matrix(users=50, items=6, share=0.7)
    past, future = zip(*(order.parted(x, cut) for cut in order.CUTS), strict=True)
    p = np.concatenate([order.faded(part, 4.0).toarray() for part in past])
    f = np.concatenate([part.toarray() for part in future])
    truth = np.linalg.solve(p.T @ p + 5.0 * np.eye(6), p.T @ f)
    np.testing.assert_allclose(order.directed_ridge(x, 5.0, 4.0).matrix, truth, atol=1e-4)
    whole = sum(part.toarray() for part in (past[0], future[0]))
    np.testing.assert_array_equal(whole, x.toarray())


EXPERTS = [
    lambda x: closed.edlae(x, 1.0),
    lambda x: closed.low_pass(x, 3, 0),
    lambda x: closed.graph(x, 4),
    lambda x: closed.ials(x, 3, 2.0, 1.0, 0),
]


@pytest.mark.parametrize("make", EXPERTS)
def test_parts_sum_to_the_score_and_arrays_make_the_expert_again(make):
    x = matrix()
    expert = make(x)
    scores = expert.scores(x)
    np.testing.assert_allclose(
        expert.parts(x[[3]], np.arange(8)).sum(0), scores[3], rtol=1e-3, atol=1e-3
    )
    np.testing.assert_allclose(expert.scores(x, np.array([5, 1])), scores[:, [5, 1]], rtol=1e-4)
    again = expert_of(expert.form, expert.arrays(), 8)
    np.testing.assert_array_equal(again.scores(x), scores)
    with pytest.raises(ValueError, match=r"other items|shape|index|size"):
        expert_of(expert.form, expert.arrays(), 7)
