"""Frames of every kind and shape: the same figures, or an error that says what to do."""

import sys
from typing import Any

import numpy as np
import polars as pl
import pytest
from shop_sessions import KINDS, sessions

import interfuse
from interfuse.errors import DataError
from interfuse.evaluate import Limits, column_shapes, encode, evaluate, kinds_of

QUICK = Limits(draws=0, baselines=False, support=300, targets=300, most_targets=1, attacked=300)
PANDAS = {name: kind for name, kind in KINDS.items() if kind != "date"}


def figures(report):
    return {row["key"]: row["value"] for row in report.table()}


@pytest.fixture(scope="module")
def torn():
    return tuple(sessions(300, seed, missing=True).select(list(PANDAS)) for seed in (0, 1, 2))


@pytest.fixture(scope="module")
def expected(torn):
    return evaluate(*torn, schema=PANDAS, limits=QUICK, threads=1)


@pytest.mark.parametrize("kind", ["pandas", "arrow", "lazy", "columns in another order"])
def test_every_kind_of_frame_gives_the_same_report(torn, expected, kind):
    turn = {
        "pandas": lambda frame: frame.to_pandas(),
        "arrow": lambda frame: frame.to_arrow(),
        "lazy": lambda frame: frame.lazy(),
        "columns in another order": lambda frame: frame.select(sorted(frame.columns)[::-1]),
    }[kind]
    real, synthetic, held = torn
    given = (real if kind.startswith("columns") else turn(real), turn(synthetic), turn(held))
    report = evaluate(*given, schema=PANDAS, limits=QUICK, threads=1)
    assert figures(report) == pytest.approx(figures(expected), abs=1e-9)
    assert report.findings == expected.findings


def test_frames_may_be_of_different_kinds(torn, expected):
    real, synthetic, held = torn
    report = evaluate(
        real, synthetic.to_pandas(), held.to_arrow(), schema=PANDAS, limits=QUICK, threads=1
    )
    assert figures(report) == pytest.approx(figures(expected), abs=1e-9)


def test_the_package_itself_can_be_called(torn, expected):
    """`from interfuse.evaluate import x` puts the module where users expect the function."""
    real, synthetic, held = torn
    calls: list[Any] = [sys.modules["interfuse.evaluate"], interfuse.evaluate]
    for call in calls:
        report = call(real, synthetic, held, schema=PANDAS, limits=QUICK, threads=1)
        assert figures(report) == figures(expected)


def test_numbers_of_another_width_are_the_same_numbers():
    real = pl.DataFrame({"x": np.arange(50), "y": np.arange(50) / 2, "z": ["1", "2"] * 25})
    synthetic = real.with_columns(
        pl.col("x").cast(pl.Float32), pl.col("y").cast(pl.Float64), pl.col("z").cast(pl.Int8)
    )
    kinds = {"x": "number", "y": "number", "z": "category"}
    a, b, _ = encode(real, synthetic, schema=kinds)
    assert column_shapes(a, b).score == 1.0


@pytest.mark.parametrize("which", ["real", "synthetic", "hold-out"])
@pytest.mark.parametrize("rows", [0, 1])
def test_tables_without_rows_are_refused_by_name(real, which, rows):
    frames = {"real": real, "synthetic": real, "hold-out": real}
    frames[which] = real.head(rows)
    with pytest.raises(DataError, match=rf"the {which} table has {rows} rows; figures need rows"):
        evaluate(*frames.values(), schema=KINDS, limits=QUICK, threads=1)


def test_derived_columns_are_compared_by_their_type():
    frame = pl.DataFrame(
        {"total": np.arange(60.0), "flag": [True, False] * 30, "id": [f"u{i}" for i in range(60)]}
    )
    schema = {"total": "derived", "flag": "derived", "id": "key"}
    assert kinds_of(frame, schema) == {"total": "number", "flag": "category"}


def test_a_column_that_came_back_all_missing_is_named(real, fresh):
    lost = fresh.with_columns(pl.lit(None, pl.Float64).alias("rate"), pl.lit(None).alias("month"))
    report = evaluate(real, lost, schema=KINDS, limits=QUICK, threads=1)
    lines = "\n".join(report.findings)
    assert "'rate': 100.0% missing, 0.0% in the real table" in lines
    assert "'month': 100.0% missing, 0.0% in the real table" in lines
    told_apart = report["detection.boosted"]
    assert told_apart is not None
    assert told_apart > 0.99
    errors = {row["name"]: row["error"] for row in report.data["columns"]}
    assert errors["rate"] == errors["month"] == 100
    mean = sum(errors.values()) / len(errors)
    assert report["fidelity.shape"] == pytest.approx(mean), "a lost column counts, and in full"
    lost_pairs = [p for p in report.data["pairs"] if {"rate", "month"} & {p["first"], p["second"]}]
    assert lost_pairs
    assert all(p["error"] > 99 for p in lost_pairs)


def test_one_lost_column_is_not_off_by_nothing():
    real = pl.DataFrame({"a": np.arange(60.0), "b": ["u", "v"] * 30})
    report = evaluate(real, real.with_columns(a=pl.lit(None, pl.Float64)), limits=QUICK, threads=1)
    assert report["fidelity.shape"] == 50
    assert "very close" not in report.verdict[0]


def test_a_column_that_is_empty_in_the_real_table_alone_is_said(real, fresh):
    empty = real.with_columns(pl.lit(None, pl.Float64).alias("rate"))
    report = evaluate(empty, fresh, limits=QUICK, threads=1)
    assert "'rate' (empty in the real table, with values in the synthetic one)" in report.verdict[0]


@pytest.mark.parametrize("rows", [60, 400])
@pytest.mark.parametrize("strength", [0.0, 0.3, 0.6, 0.9])
def test_verdict_and_findings_never_speak_against_each_other(rows, strength):
    """One pair of .9 that is drawn weaker: found, or else "close" as far as rows can tell."""
    rng = np.random.default_rng(rows)

    def pair(r, offset=0.0):
        x = rng.normal(size=rows)
        y = r * x + np.sqrt(1 - r * r) * rng.normal(size=rows)
        return pl.DataFrame({"x": x, "y": y + offset, "z": rng.normal(size=rows)})

    report = evaluate(pair(0.9), pair(strength), limits=QUICK, threads=1)
    off = [f for f in report.data["faults"] if f["kind"] not in ("copies", "nearness")]
    assert bool(off) == (strength < 0.9 and not (rows == 60 and strength == 0.6))
    close = "very close" in report.verdict[0] or "as close to the real one as" in report.verdict[0]
    assert close == (not off)


@pytest.mark.parametrize("seed", range(3))
def test_fresh_rows_with_missing_values_raise_no_alarm(seed):
    """Every threshold is exceeded by chance once in 10^4: 3 x 100 of them hardly ever."""
    frames = [sessions(700, 10 * seed + i, missing=True) for i in range(3)]
    report = evaluate(*frames, schema=KINDS, limits=QUICK, threads=1)
    assert report.findings == []


def test_a_synthesiser_with_every_fault_has_every_one_named(real, fresh, unseen):
    """Half shuffled, a third copied, one category dropped, a rule broken: four sentences."""
    bad = pl.concat([fresh.head(1000), real.head(500)]).with_columns(
        pl.col("day").shuffle(seed=1), pl.col("month").replace({"Nov": "Dec"})
    )
    copied = bad.tail(500).with_columns(real.head(500)["day"], real.head(500)["month"])
    bad = pl.concat([bad.head(1000), copied.filter(pl.col("month") != "Nov")])
    report = evaluate(
        real,
        bad,
        unseen,
        schema=KINDS,
        limits=QUICK,
        threads=1,
        rules=[("day = date of start", 1.0, 0.4)],
    )
    lines = "\n".join(report.findings)
    for said in (
        "Column 'month' lacks the category 'Nov'",
        "'start'",
        "'day'",
        "exact copies of training rows",
        "The rule day = date of start holds in 40.0% of rows, 100.0% of real ones.",
    ):
        assert said in lines
    assert "visibly different" in report.verdict[0]
    assert "come through" in report.verdict[2]
