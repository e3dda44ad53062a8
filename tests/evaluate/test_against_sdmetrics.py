"""Shapes, trends and logistic detection are those of sdmetrics, to 1e-6."""

import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from shop_sessions import KINDS, sessions

from interfuse.evaluate import column_shapes, encode, logistic_detection, pair_trends

SDTYPES = {
    "number": "numerical",
    "datetime": "datetime",
    "date": "datetime",
    "category": "categorical",
    "boolean": "categorical",
}
METADATA = {"columns": {name: {"sdtype": SDTYPES[kind]} for name, kind in KINDS.items()}}


@pytest.fixture(scope="module", autouse=True)
def installed():
    """Imported by the process that runs these tests only."""
    pytest.importorskip("sdmetrics")


def perturbed(rows, seed, *, missing):
    """Off in margins and pairs, with categories that the real table lacks, and other missing."""
    frame = sessions(rows, seed, missing=missing)
    return frame.with_columns(
        pl.col("seconds") * 1.1 + 0.5,
        pl.col("browser").replace({"b3": "zz", "b4": "b1"}),
        pl.col("bought").shuffle(seed=3),
        pl.col("visits").shuffle(seed=4),
    )


def quality(real, synthetic, *, correlation, association):
    from sdmetrics.reports.single_table import QualityReport

    report: Any = QualityReport()  # not every version has thresholds
    report.real_correlation_threshold = correlation
    report.real_association_threshold = association
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report.generate(real.to_pandas(), synthetic.to_pandas(), METADATA, verbose=False)
    return report


@pytest.fixture(scope="module", params=[False, True], ids=["complete", "missing"])
def tables(request):
    missing = request.param
    return sessions(1200, 0, missing=missing), perturbed(900, 7, missing=missing)


def test_every_column_shape(tables):
    a, b, _ = encode(*tables, schema=KINDS)
    ours = column_shapes(a, b)
    report = quality(*tables, correlation=0, association=0)
    theirs = report.get_details("Column Shapes").set_index("Column")
    for column in ours.columns:
        assert column.metric == theirs.loc[column.name, "Metric"]
        assert column.score == pytest.approx(theirs.loc[column.name, "Score"], abs=1e-6)
    assert ours.score == pytest.approx(report.get_properties()["Score"][0], abs=1e-6)


def test_every_pair_trend_and_the_published_total(tables):
    a, b, _ = encode(*tables, schema=KINDS)
    ours = pair_trends(a, b)
    report = quality(*tables, correlation=0, association=0)
    details = report.get_details("Column Pair Trends")
    theirs = {(r["Column 1"], r["Column 2"]): r for _, r in details.iterrows()}
    assert len(theirs) == len(ours.pairs) == 36
    for pair in ours.pairs:
        row = theirs[pair.first, pair.second]
        assert pair.metric == row["Metric"]
        assert pair.score == pytest.approx(row["Score"], abs=1e-6)
        if pair.metric == "CorrelationSimilarity":
            assert pair.real == pytest.approx(row["Real Correlation"], abs=1e-6)
            assert pair.synthetic == pytest.approx(row["Synthetic Correlation"], abs=1e-6)
    assert ours.score == pytest.approx(report.get_properties()["Score"][1], abs=1e-6)


def test_the_total_over_strong_pairs_is_the_default_of_the_quality_report(tables):
    from sdmetrics.reports.single_table import QualityReport

    default: Any = QualityReport()
    if not hasattr(default, "real_association_threshold"):
        pytest.skip("this sdmetrics has no thresholds")
    a, b, _ = encode(*tables, schema=KINDS)
    ours = pair_trends(a, b)
    report = quality(
        *tables,
        correlation=default.real_correlation_threshold,
        association=default.real_association_threshold,
    )
    assert sum(pair.strong for pair in ours.pairs) >= 2
    assert ours.strong_score == pytest.approx(report.get_properties()["Score"][1], abs=1e-6)


def test_constant_and_empty_columns_are_left_out_as_sdmetrics_does():
    from sdmetrics.column_pairs import ContingencySimilarity

    rng = np.random.default_rng(0)
    real = pl.DataFrame(
        {
            "x": rng.normal(size=50),
            "constant": np.full(50, 3.0),
            "none": pl.Series([None] * 50, dtype=pl.Float64),
            "label": ["a"] * 50,
        }
    )
    kinds = {"x": "number", "constant": "number", "none": "number", "label": "category"}
    synthetic = real.with_columns(pl.lit("b").alias("label"))
    a, b, _ = encode(real, synthetic, schema=kinds)
    trends = {(p.first, p.second): p.score for p in pair_trends(a, b).pairs}
    assert np.isnan(trends["x", "constant"])
    assert np.isnan(trends["x", "none"])
    assert trends["constant", "label"] == pytest.approx(0.0)
    one, two = (frame.select("label", other="label").to_pandas() for frame in (real, synthetic))
    assert ContingencySimilarity.compute(one, two) == pytest.approx(0.0)
    shapes = {c.name: c.score for c in column_shapes(a, b).columns}
    assert np.isnan(shapes["none"])
    assert shapes["constant"] == 1.0
    assert shapes["label"] == pytest.approx(0.0, abs=1e-6)


def test_large_codes_take_the_sorted_path_to_the_same_value():
    from sdmetrics.column_pairs import ContingencySimilarity

    rng = np.random.default_rng(0)
    frames = [
        pl.DataFrame({name: rng.integers(0, 700, 900).astype(str) for name in ("a", "b")})
        for _ in range(2)
    ]
    a, b, _ = encode(*frames, schema={"a": "category", "b": "category"})
    one, two = (frame.to_pandas() for frame in frames)
    theirs = ContingencySimilarity.compute(one, two)
    assert pair_trends(a, b).score == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("missing", [False, True])
def test_logistic_detection(missing):
    """The same folds (numpy's legacy seed) give the same score."""
    from sdmetrics.single_table import LogisticDetection

    names = [n for n, kind in KINDS.items() if kind in ("number", "category")]
    kinds = {name: KINDS[name] for name in names}
    real = sessions(900, 0, missing=missing).select(names)
    synthetic = sessions(700, 1, missing=missing).select(names)
    synthetic = synthetic.with_columns(pl.col("visits") + 1, pl.col("seconds").shuffle(seed=0))
    synthetic = synthetic.with_columns(pl.col("browser").replace({"b9": "b1"}))
    real, synthetic = (f.with_columns(pl.col("visits").cast(pl.Float64)) for f in (real, synthetic))
    metadata = {"columns": {name: {"sdtype": SDTYPES[kind]} for name, kind in kinds.items()}}
    np.random.seed(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = LogisticDetection.compute(real.to_pandas(), synthetic.to_pandas(), metadata)
    a, b, _ = encode(real, synthetic, schema=kinds)
    ours = logistic_detection(a, b, seed=5)
    assert 0.2 < ours < 0.95
    assert ours == pytest.approx(theirs, abs=1e-6)
