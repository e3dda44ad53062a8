"""Alpha-precision and beta-recall are those of the definition, and what they should be."""

import numpy as np
import pytest
from shop_sessions import KINDS, sessions, shuffled

from interfuse.evaluate import encode
from interfuse.evaluate.support import Cloud, support


def by_the_book(x, y):
    """The definition read line by line, with loops and all pairs of distances."""
    between = lambda a, b: np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(-1))  # noqa: E731
    alphas = [k / 29 for k in range(30)]
    centre, other = x.mean(0), y.mean(0)
    real_radius = np.sqrt(((x - centre) ** 2).sum(1))
    synthetic_radius = np.sqrt(((y - centre) ** 2).sum(1))
    own = between(x, x)
    np.fill_diagonal(own, np.inf)
    across = between(x, y)
    partner = across.argmin(1)
    partner_radius = np.sqrt(((y[partner] - other) ** 2).sum(1))
    precision, recall = 0.0, 0.0
    for alpha in alphas:
        ball = np.quantile(real_radius, alpha)
        inside = sum(radius <= ball for radius in synthetic_radius) / len(y)
        reach = np.quantile(partner_radius, alpha)
        found = sum(
            across[i, partner[i]] <= own[i].min() and partner_radius[i] <= reach
            for i in range(len(x))
        ) / len(x)
        precision += abs(inside - alpha)
        recall += abs(found - alpha)
    return 1 - precision / sum(alphas), 1 - recall / sum(alphas)


@pytest.mark.parametrize("seed", range(3))
def test_both_figures_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(120, 4))
    y = rng.normal(0.3, 1.5, size=(120, 4))
    ours = support(x, y)
    assert (ours.precision, ours.recall) == pytest.approx(by_the_book(x, y), abs=1e-6)


def test_fresh_copied_collapsed_and_far_points():
    """Fresh points: P = alpha up to 1 / sqrt(n), and half of the rows are covered.

    R is half of beta's, so that the area to the diagonal is a half too: 0.5 +- 2 / sqrt(n) = .06.
    """
    rng = np.random.default_rng(0)
    x, fresh = rng.normal(size=(2, 1000, 3))
    honest = support(x, fresh, draws=50)
    assert honest.precision > 1 - 4 / np.sqrt(1000)
    assert abs(honest.recall - 0.5) < 2 / np.sqrt(1000)
    assert 0.003 < honest.recall_sd < 0.05
    assert 0.003 < honest.precision_sd < 0.05
    copied = support(x, x)
    # A quantile of n values lies within 1 / n of its rank.
    assert copied.precision == pytest.approx(1.0, abs=1e-3)
    assert copied.recall > 0.99
    # One point many times covers nobody, and lies in all balls.
    one = support(x, np.repeat(x.mean(0)[None], 1000, axis=0))
    assert one.precision < 0.1
    assert one.recall < 0.1
    assert support(x, x + 100).precision == pytest.approx(1 - 28 * 14.5 / 29 / 14.5, abs=0.04)


def test_a_mixed_table_becomes_points():
    frames = [sessions(400, seed, missing=True) for seed in (0, 1)]
    a, b, _ = encode(*frames, schema=KINDS)
    loose, _, _ = encode(shuffled(frames[1]), frames[0], schema=KINDS)
    cloud = Cloud(a)
    x, y, z = (cloud.place(t) for t in (a, b, loose))
    assert np.isfinite(x).all()
    numbers = x[:, 0 : 2 * len(a.numbers) : 2]
    assert numbers.min() == 0.0
    assert numbers.max() == 1.0
    assert support(x, y).recall > support(x, z).recall + 0.05
