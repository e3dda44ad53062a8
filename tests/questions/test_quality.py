"""What a model has learned, against a distribution of which every conditional is known.

Tolerances: `error` is the standard error of an estimate from the training rows (what no model can
know better) and from the draws; SLACK is what a fit of some seconds may be off by on top.
"""

from typing import Any

import numpy as np
import polars as pl
import pytest
from known_truth import DELAY, KINDS, P_KIND, P_MISSING, P_SERVICE, RHO, SERVICES, rows
from scipy.stats import ks_2samp, kstest, kstwo

SLACK = 0.03
DRAWS = 8_192
P_JOINT = P_KIND[:, None] * P_SERVICE


@pytest.fixture(scope="module")
def drawn(learned):
    return learned.generate(DRAWS, seed=11)


def shares(column, values):
    return np.array([(column == v).mean() for v in values])


def error(p, trained_on, drawn):
    return np.sqrt(p * (1 - p) * (1 / trained_on + 1 / drawn))


def missing_rate(frame):
    return frame["extra"].is_null().mean()


@pytest.mark.parametrize("kind", range(3), ids=KINDS)
def test_services_given_the_kind(learned, train, kind):
    out = learned.generate(4_096, seed=1, given={"kind": KINDS[kind]})
    p = P_SERVICE[kind]
    off = np.abs(shares(out["service"], SERVICES) - p)
    # The rare kind, of 400 rows, is drawn towards the others: a short fit has seen it little.
    slack = 2 * SLACK if KINDS[kind] == "rare" else SLACK
    assert (off <= 3 * error(p, P_KIND[kind] * len(train), 4_096) + slack).all()


@pytest.mark.parametrize("service", range(4), ids=SERVICES)
def test_kinds_given_the_service(learned, train, service):
    """The conditional that the rows were not made by."""
    out = learned.generate(4_096, seed=2, given={"service": SERVICES[service]})
    weight = P_JOINT[:, service].sum()
    p = P_JOINT[:, service] / weight
    off = np.abs(shares(out["kind"], KINDS) - p)
    assert (off <= 3 * error(p, weight * len(train), 4_096) + SLACK).all()


def test_kinds_given_a_number(learned):
    """A delay of 6 is that of ssh: P(kind | delay) by Bayes' rule."""
    out = learned.generate(4_096, seed=3, given={"delay": 6.0})
    density = np.exp(-((6.0 - DELAY) ** 2) / 2)
    p = P_JOINT @ density / (P_JOINT @ density).sum()
    # The model looks at a bin of 1/32 of the rows, so the density is averaged over its width.
    assert (np.abs(shares(out["kind"], KINDS) - p) <= 3 * error(p, 600, 4_096) + 2 * SLACK).all()


@pytest.mark.parametrize("x", [-1.5, 0.0, 1.0, 1.8])
def test_a_number_given_a_number(learned, x):
    y = learned.generate(4_096, seed=4, given={"x": x})["y"]
    spread = np.sqrt(1 - RHO**2)
    # The mean is learned from the rows near x, some 100 of them even at 1.8. The spread is
    # wider by what the model has not learned: it has to find out that bins are near each other.
    assert y.mean() == pytest.approx(RHO * x, abs=3 * spread / 10 + SLACK)
    assert y.std() == pytest.approx(spread, abs=0.15)


def test_known_numbers_that_are_independent_change_nothing(learned):
    out = learned.generate(4_096, seed=5, given={"x": 1.5})
    p = P_JOINT.sum(0)
    assert (np.abs(shares(out["service"], SERVICES) - p) <= 3 * error(p, 600, 4_096) + SLACK).all()


@pytest.mark.parametrize("name", ["x", "y", "delay", "extra"])
def test_marginals_are_within_the_bootstrap_bound(drawn, train, name):
    real, made = train[name].drop_nulls().to_numpy(), drawn[name].drop_nulls().to_numpy()
    # The distance that a resample of the rows stays under in 999 of 1,000 cases.
    effective = len(real) * len(made) / (len(real) + len(made))
    found: Any = ks_2samp(real, made)
    assert found.statistic < kstwo.ppf(0.999, round(effective))


def test_the_shares_of_categories(drawn, train):
    for column, values, p in (
        ("kind", KINDS, P_KIND),
        ("service", SERVICES, P_JOINT.sum(0)),
    ):
        off = np.abs(shares(drawn[column], values) - p)
        assert (off <= 3 * error(p, len(train), DRAWS) + SLACK / 2).all()


def test_the_dependence_of_a_pair_of_numbers(drawn):
    assert np.corrcoef(drawn["x"], drawn["y"])[0, 1] == pytest.approx(RHO, abs=0.06)
    # The residual of the regression is what remains of y, standard normal up to its scale.
    rest = (drawn["y"] - RHO * drawn["x"]).to_numpy() / np.sqrt(1 - RHO**2)
    assert kstest(rest, "norm").statistic < kstwo.ppf(0.999, DRAWS) + SLACK


@pytest.mark.parametrize("service", range(4), ids=SERVICES)
def test_missing_values_depend_on_what_they_depend_on(drawn, train, service):
    own = drawn.filter(pl.col("service") == SERVICES[service])
    there = (train["service"] == SERVICES[service]).sum()
    p = P_MISSING[service]
    assert missing_rate(own) == pytest.approx(p, abs=3 * error(p, there, len(own)) + SLACK)


def test_what_is_missing_tells_of_the_other_columns(learned):
    out = learned.generate(4_096, seed=6, given={"extra": None})
    assert out["extra"].null_count() == len(out)
    p = P_JOINT.sum(0) * P_MISSING
    p /= p.sum()
    assert (
        np.abs(shares(out["service"], SERVICES) - p) <= 3 * error(p, 6_000, 4_096) + SLACK
    ).all()


def joint_table(frame):
    """Shares of kind x service x missing x the third of x x the third of y."""
    cut = {n: (pl.col(n) > -0.43).cast(pl.Int8) + (pl.col(n) > 0.43) for n in "xy"}
    cells = frame.with_columns(pl.col("extra").is_null(), **cut)
    cells = cells.group_by("kind", "service", "extra", "x", "y").len()
    return cells.with_columns(pl.col("len") / pl.col("len").sum())


def distance(a, b):
    """Total variation."""
    keys = ["kind", "service", "extra", "x", "y"]
    both = joint_table(a).join(joint_table(b), on=keys, how="full", coalesce=True)
    return (both["len"].fill_null(0) - both["len_right"].fill_null(0)).abs().sum() / 2


def test_far_better_than_independent_columns_and_near_a_resample(drawn, train):
    fresh = rows(100_000, 99)
    columns = [
        train[n].sample(fraction=1, shuffle=True, seed=i) for i, n in enumerate(train.columns)
    ]
    independent, model, floor = (distance(f, fresh) for f in (pl.DataFrame(columns), drawn, train))
    assert model < 0.25 * independent
    assert model < floor + 0.05
