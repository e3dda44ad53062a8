"""Scores of draws against sums written out, closed forms, and scoringrules and gluonts if there."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from interfuse.errors import InterfuseError
from interfuse.kinds.series.judge import (
    coverage,
    crps,
    interval,
    mase,
    mean_absolute_error,
    quantile_loss,
    quantile_of_draws,
    weighted_quantile_loss,
    width,
)

RNG = np.random.default_rng(0)
DRAWS = RNG.gamma(2.0, size=(11, 4, 5)).round(1)
TRUTH = RNG.gamma(2.0, size=(4, 5)).round(1)


def crps_of_normal(y):
    """Gneiting and Raftery 2007, of N(0, 1)."""
    return y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / math.sqrt(math.pi)


@pytest.mark.parametrize("fair", [False, True])
def test_crps_is_the_double_sum(fair):
    m = len(DRAWS)
    pairs = np.abs(DRAWS[:, None] - DRAWS[None]).sum((0, 1)) / (m * (m - 1) if fair else m * m)
    expected = np.abs(DRAWS - TRUTH).mean(0) - pairs / 2
    np.testing.assert_allclose(crps(DRAWS, TRUTH, fair=fair), expected, atol=1e-12)


@pytest.mark.parametrize(("fair", "estimator"), [(False, "nrg"), (False, "qd"), (True, "fair")])
def test_crps_is_that_of_scoringrules(fair, estimator):
    rules = pytest.importorskip("scoringrules")
    theirs = rules.crps_ensemble(TRUTH, np.moveaxis(DRAWS, 0, -1), estimator=estimator)
    np.testing.assert_allclose(crps(DRAWS, TRUTH, fair=fair), theirs, atol=1e-10)


@pytest.mark.parametrize("m", [2, 5, 40])
def test_crps_of_a_few_draws_has_the_closed_forms_mean(m):
    """The fair score has the mean of endlessly many draws, the other is 1 / (m sqrt(pi)) higher."""
    rng = np.random.default_rng(m)
    y = rng.normal(size=40_000)
    x = rng.normal(size=(m, len(y)))
    for fair, excess in ((True, 0.0), (False, 1 / (m * math.sqrt(math.pi)))):
        away = crps(x, y, fair=fair) - crps_of_normal(y) - excess
        assert abs(away.mean()) < 4 * away.std() / math.sqrt(len(y))


def test_crps_of_one_draw_is_the_absolute_error():
    np.testing.assert_allclose(crps(DRAWS[:1], TRUTH), np.abs(DRAWS[0] - TRUTH))


def test_crps_is_the_mean_quantile_loss_over_all_levels():
    """Evenly spaced quantiles of the draws themselves: the difference is of order 1/levels."""
    x = RNG.normal(size=(50, 30))
    y = RNG.normal(size=30)
    levels = (np.arange(5000) + 0.5) / 5000
    losses = [quantile_loss(np.quantile(x, q, axis=0, method="inverted_cdf"), y, q) for q in levels]
    np.testing.assert_allclose(np.mean(losses, 0), crps(x, y), atol=1e-3)


def test_weighted_quantile_loss_is_its_definition():
    """As GluonTS's Evaluator: losses summed over everything, over the sum of |truth|."""
    m = len(DRAWS)
    means = []
    for k in range(1, 10):
        q, total = k / 10, 0.0
        for i in range(4):
            for t in range(5):
                z = sorted(DRAWS[:, i, t])[round((m - 1) * q)]
                y = TRUTH[i, t]
                total += 2 * (q * max(y - z, 0) + (1 - q) * max(z - y, 0))
        means.append(total / np.abs(TRUTH).sum())
    assert weighted_quantile_loss(DRAWS, TRUTH) == pytest.approx(np.mean(means), rel=1e-12)


def test_quantiles_and_losses_are_those_of_gluonts():
    forecast = pytest.importorskip("gluonts.model.forecast")
    metrics = pytest.importorskip("gluonts.evaluation.metrics")
    pd = pytest.importorskip("pandas")
    theirs = forecast.SampleForecast(DRAWS[:, 0], pd.Period("2020-01-01", freq="D"))
    for q in (0.1, 0.25, 0.5, 0.85, 0.9):
        ours = quantile_of_draws(DRAWS[:, 0], q)
        np.testing.assert_array_equal(ours, theirs.quantile(q))
        loss = metrics.quantile_loss(TRUTH[0], ours, q)
        assert quantile_loss(ours, TRUTH[0], q).sum() == pytest.approx(loss, rel=1e-12)


def test_the_true_distribution_scores_best():
    """Both scores are proper; 20,000 truths make the differences 5 and more standard errors."""
    rng = np.random.default_rng(1)
    y = rng.normal(size=20_000)
    z = norm.ppf((np.arange(200) + 0.5) / 200)[:, None]
    shape = np.ones((1, len(y)))
    right = crps(z * shape, y)
    for shift, scale in ((0.3, 1.0), (0.0, 0.6), (0.0, 1.6)):
        worse = crps((shift + scale * z) * shape, y) - right
        assert worse.mean() > 5 * worse.std() / math.sqrt(len(y))
        loss = weighted_quantile_loss((shift + scale * z) * shape, y)
        assert loss > weighted_quantile_loss(z * shape, y)


def test_unknown_truths_are_left_out():
    y = TRUTH.copy()
    y[1] = np.nan
    keep = [0, 2, 3]
    for score in (weighted_quantile_loss, coverage):
        assert score(DRAWS, y) == pytest.approx(score(DRAWS[:, keep], TRUTH[keep]))
    assert mean_absolute_error(DRAWS[0], y) == pytest.approx(np.abs(DRAWS[0] - TRUTH)[keep].mean())
    assert np.isnan(crps(DRAWS, y)[1]).all()
    assert not np.isnan(crps(DRAWS, y)[keep]).any()
    assert np.isnan(weighted_quantile_loss(DRAWS, np.full_like(y, np.nan)))


def test_mase_is_one_for_the_error_of_the_seasonal_naive():
    history = np.array([1.0, 5.0, 2.0, 6.0, 3.0, 7.0])  # a season of 2 changes by 1
    truth = np.array([[4.0, 8.0], [4.0, 8.0]])
    naive = np.array([[3.0, 7.0], [3.0, 7.0]])
    assert mase(naive, truth, [history, 10 * history], season=2) == pytest.approx((1 + 0.1) / 2)
    repeats = np.tile([1.0, 2.0], 5)  # nothing to scale by: left out
    assert mase(naive, truth, [history, repeats], season=2) == pytest.approx(1.0)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_calibrated_draws_cover_what_they_should(level):
    """5,000 truths: four standard errors of a share; 999 draws put the ends within 1e-3."""
    rng = np.random.default_rng(2)
    scale = rng.lognormal(size=5_000)
    z = norm.ppf(np.arange(1, 1000) / 1000)[:, None]
    y = scale * rng.normal(size=len(scale))
    error = 4 * math.sqrt(level * (1 - level) / len(y)) + 1e-3
    assert abs(coverage(z * scale, y, level) - level) < error
    assert coverage(0.5 * z * scale, y, level) < level - error
    exact = 2 * norm.ppf((1 + level) / 2) * scale.mean()
    assert width(z * scale, level) == pytest.approx(exact, rel=0.01)
    low, high = interval(z * scale, level)
    np.testing.assert_allclose(low, -high, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: crps(DRAWS[0], TRUTH), "shape"),
        (lambda: crps(DRAWS[:0], TRUTH), "at least one"),
        (lambda: crps(DRAWS[:1], TRUTH, fair=True), "at least 2"),
        (lambda: coverage(np.where(DRAWS > 1, np.nan, DRAWS), TRUTH), "NaN"),
        (lambda: mase(TRUTH, TRUTH, [TRUTH[0]]), "one row for each series"),
    ],
)
def test_what_cannot_be_scored_is_said(call, words):
    with pytest.raises(InterfuseError, match=words):
        call()
