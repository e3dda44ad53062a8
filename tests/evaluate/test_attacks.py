"""Attacks on privacy: what copies betray, what fresh rows do not, against plain readings."""

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import norm
from shop_sessions import KINDS, sessions
from sklearn.metrics import roc_auc_score

from interfuse.errors import DataError
from interfuse.evaluate import closest, encode, evaluate
from interfuse.evaluate.inference import attribute_inference, guessed, risk_of
from interfuse.evaluate.interval import auc, auc_with_error, spread, wilson
from interfuse.evaluate.limits import Limits
from interfuse.evaluate.membership import membership


@pytest.fixture(scope="module")
def tables():
    return encode(*(sessions(600, seed, missing=True) for seed in (0, 1, 2)), schema=KINDS)


def test_auc_is_scikit_learns_and_its_error_that_of_repeated_samples():
    rng = np.random.default_rng(0)
    a, b = np.round(rng.normal(0.5, 1, 300), 1), np.round(rng.normal(0, 1, 200), 1)
    truth = np.repeat([True, False], [300, 200])
    theirs = roc_auc_score(truth, np.concatenate([a, b]))
    area, error = auc_with_error(a, b)
    assert area == pytest.approx(theirs, abs=1e-12)
    assert auc(np.concatenate([a, b]), truth) == pytest.approx(theirs, abs=1e-12)
    again = [auc_with_error(rng.normal(0.5, 1, 300), rng.normal(0, 1, 200))[0] for _ in range(400)]
    # The deviation of 400 repetitions is known to 1 / sqrt(800) = 3.5%; four of them.
    assert error == pytest.approx(np.std(again), rel=0.2)
    assert np.isnan(auc_with_error(a, b[:0])[0])
    assert np.isnan(auc(a, np.ones(300, dtype=bool)))


def test_bootstrap_spread_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(1).normal(size=500)
    found = spread(lambda i: float(x[i].mean()), 500, draws=400)
    assert found == pytest.approx(x.std() / np.sqrt(500), rel=4 / np.sqrt(800))


def test_wilson_solves_its_equation():
    """Both ends p of the interval have |share - p| = z sqrt(p (1 - p) / n)."""
    centre, half = wilson(37, 120)
    z = norm.ppf(0.975)
    for p in (centre - half, centre + half):
        assert abs(37 / 120 - p) == pytest.approx(z * np.sqrt(p * (1 - p) / 120), abs=1e-9)


@pytest.mark.parametrize(("hits", "rows"), [(0, 7), (7, 7), (37, 120), (1, 10**6), (5000, 10**4)])
def test_wilson_is_the_closed_form(hits, rows):
    z, share = norm.ppf(0.975), hits / rows
    centre = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z * np.sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2) / (1 + z * z / rows)
    assert wilson(hits, rows) == pytest.approx((centre, half), abs=1e-12)


def test_membership_betrays_copies_and_not_fresh_rows(tables):
    train, fresh, held = tables
    honest = membership(train, fresh, held)
    assert honest is not None
    for area, error in (honest.distance, honest.density):
        assert abs(area - 0.5) < 4 * error
        # 600 members against 300 others: sqrt((1/600 + 1/300) / 12) = 0.02.
        assert error == pytest.approx(0.02, rel=0.2)
    copied = membership(train, train, held)
    assert copied is not None
    assert copied.distance[0] > 0.99
    assert copied.density[0] > 0.99
    half = membership(train, train.take(np.arange(300)), held)
    assert half is not None
    assert 0.7 < half.density[0] < 0.85
    assert membership(train, fresh, held.take(np.arange(10))) is None


def test_density_sees_what_distance_does_not():
    """Near copies in a sparse region, fresh rows in a dense one: distance alone is misled."""
    rng = np.random.default_rng(3)

    def rows(n):
        return np.concatenate([rng.normal(0, 1, n), rng.normal(500, 100, n // 4)])

    train, held, fresh = rows(400), rows(400), rows(400)
    copies = np.concatenate([fresh[:400], train[400:] + rng.normal(0, 0.05, 100)])
    real, drawn, others = (pl.DataFrame({"x": values}) for values in (train, copies, held))
    found = membership(*encode(real, drawn, others, schema={"x": "number"}))
    assert found is not None
    assert found.density[0] > found.distance[0] + 0.02


def test_nearest_ratio_is_that_of_the_definition(tables):
    one, two, three = (sessions(300, seed).select("seconds", "rate") for seed in (0, 1, 2))
    kinds = {"seconds": "number", "rate": "number"}
    train, rows, held = encode(one, two, three, schema=kinds)
    low = {n: v.min() for n, v in train.numbers.items()}
    span = {n: np.ptp(v) for n, v in train.numbers.items()}
    x, y, z = (
        np.column_stack([(t.numbers[n] - low[n]) / span[n] for n in kinds])
        for t in (train, rows, held)
    )
    found = closest(train, rows, held)
    for points, ours in ((y, found.ratio), (z, found.ratio_reference)):
        two = np.sort(cdist(points, x, "cityblock"), axis=1)[:, :2]
        ratio = np.where(two[:, 1] > 1e-9, two[:, 0] / np.maximum(two[:, 1], 1e-300), 1.0)
        assert ours == pytest.approx(np.percentile(ratio, 5), abs=1e-9)


def test_a_secret_is_guessed_from_copies_and_not_from_fresh_rows(tables):
    train, fresh, held = tables
    copied = attribute_inference(train, train, held, "browser")
    assert copied.rate > 0.99
    assert copied.control < 0.5
    assert copied.risk > 0.9
    honest = attribute_inference(train, fresh, held, "browser")
    # A 95% interval; three half widths are six standard errors.
    assert abs(honest.risk) < 3 * honest.error
    assert honest.random < 0.5
    number = attribute_inference(train, train, held, "seconds")
    assert number.rate > 0.9


def test_guesses_and_risk_follow_the_protocol():
    truth = np.array([100.0, 100.0, 0.0, -100.0, 5.0])
    guess = np.array([105.0, 94.0, 0.0, -96.0, np.nan])
    assert guessed(guess, truth, True).tolist() == [True, False, True, True, False]
    assert guessed(np.array([1.0, 2.0]), np.array([1.0, 3.0]), False).tolist() == [True, False]
    infinite = np.array([np.inf, np.inf, -np.inf, 0.0])
    assert guessed(infinite, np.full(4, np.inf), True).tolist() == [True, True, False, False]
    # Rates .8 and .5 leave (.8 - .5) / (1 - .5) = .6, up to Wilson's shift of 1 / n.
    risk, error = risk_of(8_000, 10_000, 5_000, 10_000)
    assert risk == pytest.approx(0.6, abs=1e-3)
    # Errors of the rates: .8 x .2 and .5 x .5 over n; derivatives 2 and .8.
    expected = norm.ppf(0.975) * np.hypot(2 * 0.4, 0.8 * 0.5) / 100
    assert error == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize(
    ("counts", "risk", "low", "high"),
    [
        ((8000, 10000, 5000, 10000), 0.5997696009775941, 0.582238982650957, 0.6173002193042313),
        ((37, 120, 20, 110), 0.15075177659332537, 0.02473059096947136, 0.2767729622171794),
        ((5, 50, 1, 60), 0.08675848841093717, 0.0, 0.18486099707726322),
        ((50, 50, 10, 60), 0.9561356816077397, 0.9119818597597416, 1.0),
    ],
)
def test_the_risk_of_counts_is_that_of_anonymeter(counts, risk, low, high):
    """Its `EvaluationResults(...).risk()`, version 1.1.0, which needs an older numpy than ours."""
    found, error = risk_of(*counts)
    assert found == pytest.approx(risk, abs=1e-9)
    assert max(0.0, found - error) == pytest.approx(low, abs=1e-9)
    assert min(1.0, found + error) == pytest.approx(high, abs=1e-9)


def test_secrets_are_reported_and_need_a_hold_out():
    frames = [sessions(200, seed) for seed in (0, 1)]
    few = Limits(draws=0, most_targets=0, support=100, attacked=50)
    settings = {"schema": KINDS, "limits": few, "threads": 1, "secrets": ["month", "browser"]}
    report = evaluate(frames[0], frames[0], frames[1], **settings)
    inferred = report["privacy.inference"]
    assert inferred is not None
    assert inferred > 0.8
    assert {row["secret"] for row in report.data["secrets"]} == {"month", "browser"}
    assert any("'month' is guessed" in line for line in report.findings)
    assert "Secrets" in report.to_html()
    alone = evaluate(frames[0], frames[1], **settings)
    assert any("needs a hold-out" in note for note in alone.data["notes"])
    with pytest.raises(DataError, match="the secret 'price' is not among"):
        evaluate(*frames, **(settings | {"secrets": ["price"]}))
