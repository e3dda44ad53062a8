"""The Gaussian copula and the models of every target."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr
from shop_sessions import KINDS, sessions, shuffled
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score, root_mean_squared_error

from interfuse.evaluate import Limits, column_shapes, encode, evaluate, pair_trends
from interfuse.evaluate.copula import copula_table
from interfuse.evaluate.targets import EveryTarget
from interfuse.evaluate.utility import importance_agreement, predictions


def rank_correlation(x, y) -> float:
    """Of Spearman; scipy's own type of the answer has no fields."""
    found: Any = spearmanr(x, y)
    return found.statistic


def test_a_copula_keeps_columns_and_correlations_of_a_normal_law():
    """Errors of 4,000 rows: D below 1.95 / sqrt(2000) at 1e-3, r within 4 (1 - r²) / 63."""
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal([0, 0, 0], [[1, 0.8, 0], [0.8, 1, -0.3], [0, -0.3, 1]], 4000)
    frame = pl.DataFrame({"a": np.exp(z[:, 0]), "b": z[:, 1], "c": z[:, 2] > 1})
    kinds = {"a": "number", "b": "number", "c": "category"}
    real, _, _ = encode(frame, frame, schema=kinds)
    drawn = copula_table(real, 4000, seed=1)
    for column in column_shapes(real, drawn).columns:
        assert 1 - column.score < 1.95 / np.sqrt(2000)
    ranks = [rank_correlation(t.numbers["a"], t.numbers["b"]) for t in (real, drawn)]
    assert ranks[0] == pytest.approx(ranks[1], abs=4 * 0.36 / np.sqrt(4000) * np.sqrt(2))


def test_a_copula_keeps_missing_shares_and_beats_independent_columns():
    frame = sessions(1500, 0, missing=True)
    real, _, _ = encode(frame, frame, schema=KINDS)
    drawn = copula_table(real, 1500, seed=0)
    for name in KINDS:
        # Four standard errors of a share of .15 of 1,500 rows.
        assert drawn.missing(name).mean() == pytest.approx(real.missing(name).mean(), abs=0.04)
    loose = real.independent(1500, np.random.default_rng(0))
    assert pair_trends(real, drawn).score > pair_trends(real, loose).score
    same = copula_table(real, 1500, seed=0)
    assert all(np.array_equal(drawn.column(n), same.column(n), equal_nan=True) for n in KINDS)


def test_every_target_of_fresh_and_shuffled_rows():
    one, two, three = (sessions(700, seed) for seed in (0, 1, 2))
    train, fresh, test = encode(one, two, three, schema=KINDS)
    names = ["seconds", "bought", "start", "weekend"]
    every = EveryTarget(train, test, names, threads=1)
    honest = every.measure(fresh, draws=20)
    # Seconds of 1,500 rows are predicted alike by both, up to the noise of the trees.
    assert abs(honest.loss) < max(0.05, 4 * honest.loss_sd)
    _, loose, _ = encode(one, shuffled(two), schema=KINDS)
    spoilt = every.measure(loose)
    assert spoilt.loss > honest.loss + 0.1
    by_name = {target.name: target for target in honest.each}
    # The day gives the start to within a day of a year.
    assert by_name["start"].real > 0.98
    assert by_name["weekend"].real < 0.3


def test_importance_agreement_is_the_rank_correlation_of_the_shares():
    one, two, three = (sessions(600, seed) for seed in (0, 1, 2))
    train, fresh, test = encode(one, two, three, schema=KINDS)
    a, b = (predictions(t, test, "bought", threads=1) for t in (train, fresh))
    assert a is not None
    assert b is not None
    assert a.importance().sum() == pytest.approx(1.0)
    theirs = rank_correlation(a.importance(), b.importance())
    assert importance_agreement(a, b) == pytest.approx(theirs, abs=1e-12)
    assert importance_agreement(a, a) == pytest.approx(1.0)
    assert theirs > 0.5


def test_scores_of_predictions_are_scikit_learns():
    one, two, three = (sessions(500, seed) for seed in (0, 1, 2))
    train, _, test = encode(one, two, three, schema=KINDS)
    many = predictions(train, test, "month", threads=1)
    assert many is not None
    score = many.score()
    area = roc_auc_score(many.truth, many.guess, multi_class="ovr", average="macro")
    assert score.main == pytest.approx(area, abs=1e-6)
    guess = many.classes[many.guess.argmax(1)]
    assert score.second == pytest.approx(accuracy_score(many.truth, guess), abs=1e-6)
    number = predictions(train, test, "seconds", threads=1)
    assert number is not None
    error = root_mean_squared_error(number.truth, number.guess)
    assert number.score().main == pytest.approx(error, rel=1e-6)
    assert number.score().second == pytest.approx(r2_score(number.truth, number.guess), abs=1e-6)


def test_thorough_takes_more_draws_and_rows():
    frames = [sessions(150, seed).select("visits", "month", "bought") for seed in (0, 1)]
    kinds = {name: KINDS[name] for name in ("visits", "month", "bought")}
    report = evaluate(*frames, schema=kinds, thorough=True, threads=1)
    assert any("10 bootstraps" in note for note in report.data["notes"])
    assert {row["name"] for row in report.data["targets"]} == set(kinds)


def test_a_report_without_baselines_has_the_same_findings():
    frames = [sessions(300, 0), shuffled(sessions(300, 1))]
    full, lean = (
        evaluate(
            *frames,
            schema=KINDS,
            threads=1,
            limits=Limits(draws=0, most_targets=0, baselines=baselines),
        )
        for baselines in (True, False)
    )
    assert full.findings == lean.findings != []
    assert full["fidelity.trend"] == lean["fidelity.trend"]
    assert all(row["copula"] is None for row in lean.table())
    assert full.table()[1]["copula"] > 0
