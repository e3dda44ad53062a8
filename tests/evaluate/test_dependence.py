"""Dependence by permutation: what joint frequencies miss is named, honest rows are not accused."""

import os
from importlib import resources

import numpy as np
import polars as pl
import pytest
from scipy.stats.contingency import association, crosstab

import interfuse
from interfuse.evaluate import Limits, encode, evaluate
from interfuse.evaluate.association import cut_by
from interfuse.evaluate.dependence import _Strengths, changed, joined

REPORTS = int(os.environ.get("INTERFUSE_FUZZ", "8"))
LEAN = Limits(draws=0, baselines=False, support=100, most_targets=0, attacked=100, closest=500)
COPYING = {"copies", "nearness", "membership"}


def tails(rows, seed, loose):
    """Two numbers whose correlation lives in their tails; `loose` shuffles just these rows."""
    rng = np.random.default_rng([seed, 5])
    x, y = rng.normal(size=rows), rng.normal(size=rows)
    far = np.flatnonzero(rng.random(rows) < 0.05)
    size = rng.exponential(8, len(far)) + 4
    x[far] += size
    y[far] += rng.permutation(size) if loose else size
    return pl.DataFrame({"x": x, "y": y})


def test_a_correlation_in_the_tails_is_named():
    real, fresh, spoilt = tails(2000, 0, False), tails(2000, 1, False), tails(2000, 1, True)
    r = [np.corrcoef(f["x"], f["y"])[0, 1] for f in (real, spoilt)]
    assert r[0] > r[1] + 0.15
    found = changed(*encode(real, spoilt)[:2])
    assert [(one.first, one.second) for one in found] == [("x", "y")]
    assert found[0].real == pytest.approx(r[0], abs=1e-9)
    assert found[0].synthetic == pytest.approx(r[1], abs=1e-9)
    assert changed(*encode(real, fresh)[:2]) == ()


def test_missing_cells_are_left_out_pair_by_pair():
    frame = tails(600, 0, False).with_columns(
        pl.when(pl.int_range(600) % 7 > 0).then(pl.col("x")).alias("x")
    )
    spoilt = frame.with_columns(pl.col("y").shuffle(seed=0))
    (found,) = changed(*encode(frame, spoilt)[:2])
    known = frame.drop_nulls()
    assert found.real == pytest.approx(np.corrcoef(known["x"], known["y"])[0, 1], abs=1e-9)


def test_heavy_tails_of_one_law_raise_no_alarm():
    """One row can hold a correlation of Cauchy values; 40 tests at .25% alarm with 10% at most."""
    for seed in range(40):
        rng = np.random.default_rng([seed, 6])
        frames = [pl.DataFrame(rng.standard_cauchy((200, 3)), schema=["a", "b", "c"]) for _ in "ab"]
        assert changed(*encode(*frames)[:2], seed=seed) == ()


def test_tiny_and_constant_tables_are_left_alone():
    two = pl.DataFrame({"x": [1.0, 2.0] * 3, "y": [1.0, 3.0] * 3})
    assert changed(*encode(two, two)[:2]) == ()
    same = pl.DataFrame({"x": [1.0] * 40, "y": np.arange(40.0)})
    assert changed(*encode(same, same)[:2]) == ()


@pytest.mark.parametrize("share", [0.5, 0.1, 0.0])
def test_strengths_of_some_rows_are_those_of_scipy(share):
    """Of all pairs at once; NaN where a column has one value left, or no row."""
    rng = np.random.default_rng(0)
    name = rng.choice(["a", "b", "c", "d"], 60, p=[0.6, 0.2, 0.1, 0.1])
    other = np.where(rng.random(60) < 0.8, name, "b")
    frame = pl.DataFrame({"x": rng.normal(size=60), "name": name, "other": other, "k": name == "a"})
    pooled = joined(*encode(frame, frame.reverse())[:2])
    strengths, some = _Strengths(pooled), rng.random(120) < share
    assert {("name", "other"), ("name", "k")} <= {one[:2] for one in strengths.names}
    for (a, b, _), found in zip(strengths.names, strengths.of(some), strict=True):
        cut = [cut_by(n, pooled, pooled)[some] for n in (a, b)]
        if min(len(np.unique(c)) for c in cut) < 2:
            assert np.isnan(found)
        else:
            truth = association(crosstab(*cut).count, method="cramer")
            assert found == pytest.approx(truth, abs=1e-12)


@pytest.fixture(scope="module")
def shoppers():
    with resources.as_file(resources.files("interfuse") / "shipped" / "shoppers.parquet") as path:
        return pl.read_parquet(path)


@pytest.mark.parametrize("seed", range(REPORTS))
def test_no_alarm_on_bootstraps_of_halves_of_the_shipped_table(shoppers, seed):
    """At a family-wise level of 1%, 8 reports have an alarm with probability 8% at most."""
    order = np.random.default_rng(seed).permutation(shoppers.height)
    half = shoppers[order[:1500]]
    again = half.sample(half.height, with_replacement=True, seed=seed)
    report = evaluate(
        half, again, schema=interfuse.infer_schema(half), limits=LEAN, threads=1, seed=seed
    )
    assert {fault["kind"] for fault in report.data["faults"]} <= COPYING, report.findings
