"""Sets and ranges: the rows are those of the conditional distribution, at the usual cost."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from known_truth import P_KIND, P_SERVICE, RHO
from polars.testing import assert_frame_equal
from scipy.stats import kstest, kstwo, norm, truncnorm

import interfuse
from interfuse.errors import ConditionError
from interfuse.kinds.table.ask.expressions import Range, parse_expressions
from interfuse.kinds.table.ask.generate import BLOCK
from interfuse.kinds.table.net.incremental import IncrementalNet

N = 8_192
MODEL = 0.03
"""What the model itself may be off by in a share or a distance, beside the sampling error."""


def far(n: int) -> float:
    """The largest distance of n rows from their own distribution, once in a thousand."""
    return float(kstwo.ppf(0.999, n)) + MODEL


def test_a_set_of_categories_has_their_shares(learned):
    out = learned.generate(N, given={"kind": ["home", "rare"]}, seed=1)
    assert set(out["kind"]) == {"home", "rare"}
    wanted = P_KIND[2] / (P_KIND[0] + P_KIND[2])
    error = np.sqrt(wanted * (1 - wanted) / N)
    assert abs((out["kind"] == "rare").mean() - wanted) < 4 * error + 0.01
    # What follows is drawn given what was chosen.
    for i, kind in ((0, "home"), (2, "rare")):
        rows = out.filter(pl.col("kind") == kind)
        for j, service in enumerate(("web", "mail", "dns", "ssh")):
            share = (rows["service"] == service).mean()
            error = np.sqrt(0.25 / len(rows))
            assert abs(share - P_SERVICE[i, j]) < 3 * error + MODEL, (kind, service)


def test_two_sets_have_their_joint_shares(learned):
    asked = {"kind": ["home", "rare"], "service": ["ssh", "mail"]}
    joint = {("home", "mail"): 0.6 * 0.2, ("rare", "mail"): 0.02 * 0.05, ("rare", "ssh"): 0.016}
    total = sum(joint.values())
    for given in (asked, dict(reversed(asked.items()))):
        out = learned.generate(N, given=given, seed=2)
        for (kind, service), mass in joint.items():
            found = ((out["kind"] == kind) & (out["service"] == service)).mean()
            # Drawn one after the other without weights, rare & ssh would have about a third of
            # its share or six times as much, by the order.
            error = np.sqrt(mass / total / (N / 4))
            assert abs(found - mass / total) < 4 * error + MODEL, (kind, service)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("x > 2", 2, np.inf), ("0.5 <= x < 1", 0.5, 1), ("x < -1", -np.inf, -1), ("2.5 > x", -9, 2.5)],
)
def test_a_range_cuts_the_distribution(learned, train, text, low, high):
    out = learned.generate(N, given=[text], seed=3)
    assert out["x"].is_between(low, high).all()
    # 455 of the training rows have x > 2: what was learned is as far from the truth as these are.
    seen = train.filter(pl.col("x").is_between(low, high))["x"]
    assert kstest(out["x"], seen.to_numpy()).statistic < far(N)
    cut = truncnorm(low, high)
    assert kstest(out["x"], cut.cdf).statistic < far(N) + kstest(seen, cut.cdf).statistic
    # y given x is N(RHO x, 1 - RHO^2), so y - RHO x does not depend on the range.
    rest = (out["y"] - RHO * out["x"]).to_numpy() / np.sqrt(1 - RHO**2)
    assert kstest(rest, norm.cdf).statistic < far(N) + MODEL


def test_ranges_of_two_dependent_columns(learned):
    out = learned.generate(N, given=["x > 1", "y > 1"], seed=4)
    assert (out["x"] > 1).all()
    assert (out["y"] > 1).all()
    rng = np.random.default_rng(0)
    x = rng.normal(size=1_000_000)
    y = RHO * x + np.sqrt(1 - RHO**2) * rng.normal(size=len(x))
    keep = (x > 1) & (y > 1)
    # Without the weights x would have the mean of x > 1, 1.53, which is .25 standard deviations
    # below the right one, 1.65. Resampled rows are worth a quarter of their number at least.
    for name, truth in (("x", x[keep]), ("y", y[keep])):
        assert abs(out[name].mean() - truth.mean()) < (0.12 + 4 / np.sqrt(N / 4)) * truth.std()


def test_the_cost_does_not_depend_on_how_rare_the_condition_is(learned, monkeypatch):
    rows = []
    evaluate = IncrementalNet.features
    monkeypatch.setattr(
        IncrementalNet, "features", lambda *a: rows.append(len(a[1])) or evaluate(*a)
    )

    def cost(given):
        rows.clear()
        learned.generate(BLOCK, given=given)
        return sum(rows)

    free = cost(None)
    for common, rare in ((["x > -1"], ["x > 3"]), ({"kind": ["home"]}, {"kind": ["rare"]})):
        assert cost(common) == cost(rare)
        assert cost(rare) <= 1.2 * free


def test_known_values_of_a_set_come_back_exactly(quick):
    for name, values in {
        "count": [17, 5, 100],
        "ratio": [0.5, 1 / 3, 1.2345],
        "day": [dt.date(2022, 1, 8), dt.date(2022, 3, 1)],
        "city": ["Rio", None],
        "one": ["same"],
    }.items():
        out = quick.generate(300, given={name: values}, seed=1)
        assert set(out[name].to_list()) == set(values), name


@pytest.mark.parametrize(
    ("text", "name", "holds"),
    [
        ("count > 17", "count", lambda c: c > 17),
        ("17 <= count < 19", "count", lambda c: c.is_in([17, 18])),
        ("count < 1.5", "count", lambda c: c <= 1),
        ("day >= 2022-05-01", "day", lambda c: c >= dt.date(2022, 5, 1)),
        ("price < 1", "price", lambda c: c.cast(pl.Float64) < 1),
        ("0.1 < gap < 0.38", "gap", lambda c: (c > 0.1) & (c < 0.38)),
        ("took <= 0.1", "took", None),
        ("ratio > 1.3", "ratio", lambda c: c > 1.3),
    ],
)
def test_ranges_of_every_type(quick, text, name, holds):
    if holds is None:
        with pytest.raises(ConditionError, match="cannot be read as Duration"):
            quick.generate(5, given=text)
        return
    out = quick.generate(400, given=text)
    assert holds(out[name]).all()
    assert out.schema == quick.generate(1).schema


def test_rows_depend_on_the_seed_and_their_number_alone(quick):
    given = ["count > 50", "city in [Rio]", "on in [true]"]
    long = quick.generate(BLOCK + 40, given=given, seed=5)
    assert_frame_equal(quick.generate(30, given=given, seed=5), long.head(30), check_exact=True)
    assert not quick.generate(30, given=given, seed=6)["ratio"].equals(long["ratio"].head(30))


def test_a_column_that_follows_from_a_limited_one_is_computed():
    import interfuse

    frame = pl.DataFrame({"a": [3, 5, 9, 12, 17] * 60, "b": [1, 4, 1, 5, 9, 2] * 50})
    model = interfuse.fit(frame.with_columns(sum=pl.col("a") + pl.col("b")), examples=1_000)
    free = next(c.name for c in model.schema.columns if c.kind != "derived")
    out = model.generate(200, given=[f"{free} > 4"])
    assert (out[free] > 4).all()
    assert (out["a"] + out["b"] == out["sum"]).all()
    out = model.generate(100, given=["7 <= sum < 11"])
    assert out["sum"].is_between(7, 10).all()
    assert (out["a"] + out["b"] == out["sum"]).all()
    with pytest.raises(ConditionError, match="99 < sum cannot be met together with what else"):
        model.generate(1, given=["sum > 99"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["count > 60", "count < 20"], "column 'count': no value has 60 < value < 20"),
        (["count > 17", "count < 18"], "column 'count': no value has"),
        (["ratio > inf"], "no value has inf < value"),
        (["city > Rio"], "column 'city': .* are in no order"),
        (["count > many"], "column 'count': 'many' cannot be read as a number"),
        (["count > nan"], "cannot be read as a number"),
        (["city in []"], "is no list"),
        (["city in [Rio, Roi]"], "'Roi' was never seen; .* Did you mean 'Rio'"),
        ({"count": []}, "column 'count': the list is empty"),
        ({"count": [[1]]}, "cannot be read as one value"),
        (["count = 3", "count > 1"], "column 'count' is given twice"),
        (["cuont > 3"], "column 'cuont': there is no column .* Did you mean 'count'"),
        (["id in [row-1]"], "column 'id' cannot be given: it is a key"),
        (["5 < count > 7"], "goes two ways"),
        (["count >"], "has no value after"),
        (["count"], "has no '='"),
    ],
)
def test_conditions_that_cannot_be_used(quick, given, message):
    with pytest.raises(ConditionError, match=message):
        quick.generate(1, given=given)


def test_what_the_data_never_shows_is_said(learned, quick):
    beyond = quick.generation(given=["count > 200"])
    assert "no value seen has 200 < value; the range seen is 0 to 100" in beyond.remarks(1)[0]
    assert "1.01 times the width" in beyond.remarks(1)[0]
    assert set(quick.generate(20, given=["count > 200"])["count"]) == {201}
    never = learned.generation(given=["service = ssh", "kind = home", "x > 3", "y < -1"])
    assert "once in" in never.remarks(1)[0]
    assert "fitted on 20,000" in never.remarks(1)[0]
    assert learned.generation(given=["service in [ssh, dns]", "x > 1"]).remarks(1) == ()


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("a=1", "a", "1"),
        ("a = x<5", "a", "x<5"),
        ("a in [1, 2,3]", "a", ["1", "2", "3"]),
        ('a in ["x,y", ""]', "a", ["x,y", None]),
        ("a >= 5", "a", Range(low="5")),
        ("a>5", "a", Range(low="5", open_low=True)),
        ("5 > a", "a", Range(high="5", open_high=True)),
        ("10 <= a < 1024", "a", Range("10", "1024", open_high=True)),
        ("9 >= a > 2", "a", Range("2", "9", open_low=True)),
        ("b > c <= 4", "b > c", Range(high="4")),
        ("in < 3", "in", Range(high="3", open_high=True)),
    ],
)
def test_conditions_as_text(text, name, value):
    assert parse_expressions([text], ["a", "b > c", "in"]) == {name: value}


def test_ranges_of_one_column_all_hold():
    found = parse_expressions(["a > 1", "a >= 3", "a < 9", "a <= 9"], ["a"])
    assert found == {"a": Range("3", "9", open_high=True)}


def test_values_of_numpy_and_what_pandas_calls_missing():
    frame = pl.DataFrame(
        {"took": [dt.timedelta(seconds=k % 9) for k in range(90)], "x": [0.5, None, 2.5] * 30}
    )
    model = interfuse.fit(frame.to_pandas(), examples=500, seed=0)
    for gone in (float("nan"), np.float32("nan"), None):
        assert model.generate(3, given={"x": gone}, seed=0)["x"].isna().all()
    took = model.generate(3, given={"took": np.timedelta64(5_000_000_000, "ns")}, seed=0)["took"]
    assert (took == np.timedelta64(5, "s")).all()
    with pytest.raises(ConditionError, match=r"column 'x': .*nan.* was never seen"):
        interfuse.fit(frame, examples=500, seed=0).generate(1, given={"x": np.float64("nan")})


def test_a_column_of_one_value_may_be_told_what_it_is_not(quick):
    for given in ("one != other", "one not in [x, y]"):
        assert quick.generate(3, given=[given], seed=1)["one"].to_list() == ["same"] * 3
    with pytest.raises(ConditionError, match="'one': is always 'same', which is left out"):
        quick.generate(3, given=["one != same"])
