"""Rules are found in the real table, nothing else is, and each broken row is counted."""

import numpy as np
import polars as pl
import pytest
from planted import KINDS, flows

from interfuse.evaluate import encode
from interfuse.evaluate.chance import count_chance
from interfuse.evaluate.counts import odd_values
from interfuse.evaluate.rule_search import find_rules
from interfuse.evaluate.rules import broken_share, check_rules


def texts(table):
    return {rule.text for rule in find_rules(table)}


def encoded(frame, other=None, kinds=KINDS):
    a, b, _ = encode(frame, frame if other is None else other, schema=kinds)
    return a, b


def test_the_rules_of_a_table_are_found_and_no_others():
    found = {r.text for r in find_rules(encoded(flows(800, 0))[0]) if r.kind != "range"}
    assert found == {
        "start <= end",
        "total = sent + got",
        "country determines code",
        "sent is a whole number",
        "got is a whole number",
        "total is a whole number",
        "rows are in rising order of start",
        "start falls on the steps of the real times",
        "end falls on the steps of the real times",
        "sent <= total",
        "got <= total",
    }


def test_independent_columns_have_no_rules_between_them():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        frame = pl.DataFrame(
            {
                "a": rng.normal(size=300),
                "b": rng.poisson(0.05, 300) / 2 + 7.0,
                "c": rng.choice(["x", "y"], 300, p=[0.99, 0.01]),
                "d": rng.choice(list("pqrstuv"), 300),
            }
        )
        kinds = {"a": "number", "b": "number", "c": "category", "d": "category"}
        between = [r for r in find_rules(encoded(frame, kinds=kinds)[0]) if len(r.columns) > 1]
        assert between == []


@pytest.mark.parametrize("sign", [1, -1])
def test_what_rises_or_falls_with_another_column(sign):
    rng = np.random.default_rng(0)

    def frame(rows):
        x = rng.lognormal(size=rows)
        return pl.DataFrame({"x": x, "y": sign * np.log1p(x)})

    kinds = {"x": "number", "y": "number"}
    real = frame(500)
    fresh = frame(500)
    a, b = encoded(real, fresh, kinds)
    (rule,) = (r for r in find_rules(a) if r.kind == "rising")
    assert rule.text == ("y rises with x" if sign > 0 else "y falls with x")
    (kept,) = check_rules([rule], a, b)
    assert kept.real == (0, 500)
    assert kept.synthetic[0] == 0
    _, wrong = encoded(real, fresh.with_columns(pl.col("y").shuffle(seed=0)), kinds)
    # A shuffled value lies between its neighbours' in 2 / 500 of the rows.
    assert check_rules([rule], a, wrong)[0].synthetic[0] > 450


def test_constants_copies_and_grids():
    rng = np.random.default_rng(1)
    x = rng.integers(0, 500, 200) * 5
    frame = pl.DataFrame(
        {"x": x, "again": x, "price": np.round(rng.random(200), 2), "one": ["k"] * 200}
    )
    kinds = {"x": "number", "again": "number", "price": "number", "one": "category"}
    a, _ = encoded(frame, kinds=kinds)
    assert {"again = x", "x is a multiple of 5", "price is a multiple of 0.01"} <= texts(a)
    assert "one is always k" in texts(a)
    broken = frame.with_columns(
        pl.when(pl.int_range(200) < 30).then(pl.col("x") + 1).otherwise("x").alias("x"),
        pl.when(pl.int_range(200) < 10).then(pl.lit("z")).otherwise("one").alias("one"),
    )
    a, b = encoded(frame, broken, kinds)
    counts = {kept.rule.text: kept.synthetic for kept in check_rules(find_rules(a), a, b)}
    assert counts["again = x"] == (30, 200)
    assert counts["x is a multiple of 5"] == (30, 200)
    assert counts["one is always k"] == (10, 200)
    assert broken_share(find_rules(a), b) == pytest.approx(0.15)


def test_missing_cells_break_no_rule():
    frame = flows(400, 0)
    a, b = encoded(frame, frame.with_columns(pl.lit(None, pl.Int64).alias("total")))
    kept = {k.rule.text: k.synthetic for k in check_rules(find_rules(a), a, b)}
    assert kept["total = sent + got"] == (0, 0)


def test_the_count_test_is_exact():
    """By hand: 3 of 5 real and 0 of 4 synthetic rows; C(6, 4) / C(9, 4) = 15 / 126."""
    more, fewer = count_chance(3, 5, 0, 4)
    assert more == pytest.approx(1.0)
    assert fewer == pytest.approx(15 / 126)
    assert count_chance(1, 0, 0, 4) == (1.0, 1.0)


def test_rare_and_lost_values_are_counted():
    rng = np.random.default_rng(2)
    labels = rng.choice(["a", "b", "c"], 3000, p=[0.9, 0.08, 0.02])
    real = pl.DataFrame({"label": labels, "x": np.where(rng.random(3000) < 0.3, 0.0, 1.0)})
    real = real.with_columns(pl.col("x") * pl.Series(rng.normal(size=3000)))
    kinds = {"label": "category", "x": "number"}
    other = real.with_columns(
        pl.col("label").replace({"c": "a"}),
        pl.when(pl.col("x") == 0).then(0.5).otherwise(pl.col("x")).alias("x"),
    )
    found = {(v.column, v.shown): v for v in odd_values(*encoded(real, other, kinds), level=1e-5)}
    assert set(found) == {("label", "c"), ("x", "0"), ("x", "0.5")}
    assert found["label", "c"].synthetic == 0.0
    assert found["x", "0.5"].real == 0.0
    again = real.sample(3000, with_replacement=True, seed=1)
    assert odd_values(*encoded(real, again, kinds), level=1e-5) == []
