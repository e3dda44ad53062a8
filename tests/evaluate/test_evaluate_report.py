"""The report: planted faults are named, nothing is named without one, the files are sound."""

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import polars as pl
import pytest
from shop_sessions import KINDS, sessions, shuffled

from interfuse.errors import DataError, SchemaError
from interfuse.evaluate import Limits, Report, evaluate

QUICK = Limits(draws=2, support=300, targets=300, most_targets=1, attacked=300)
LEAN = Limits(draws=0, baselines=False, support=300, most_targets=0, attacked=300)


def run(real, synthetic, holdout=None, **options):
    settings = {"schema": KINDS, "limits": LEAN, "threads": 1} | options
    return evaluate(real, synthetic, holdout, **settings)


def parse(page):
    return ET.fromstring(page.removeprefix("<!doctype html>"))


@pytest.fixture(scope="module")
def honest(real, fresh, unseen):
    curve = [(1.0, 2.0, None), (2.0, 1.0, 1.5), (3.0, float("nan"), 1.2)]
    rules = [("a <= b", 1.0, 1.0)]
    return run(real, fresh, unseen, limits=QUICK, training_curve=curve, rules=rules)


def test_fresh_rows_have_no_findings(honest):
    assert honest.findings == []
    assert "very close" in honest.verdict[0]
    assert "as good as" in honest.verdict[1]
    assert "no sign of memorising" in honest.verdict[2]


@pytest.mark.parametrize("seed", range(5))
def test_a_bootstrap_raises_no_alarm_about_fidelity(seed):
    real = sessions(600, 100 + seed, missing=True)
    report = run(real, real.sample(600, with_replacement=True, seed=seed))
    alarms = [line for line in report.findings if "copies" not in line and "nearest" not in line]
    assert alarms == []


def test_every_figure_stands_beside_its_floor_and_its_baseline(honest):
    rows = {row["key"]: row for row in honest.table()}
    assert {"fidelity.shape", "fidelity.trend", "detection.logistic", "detection.boosted"} <= set(
        rows
    )
    assert {"utility.synthetic", "utility.gap", "privacy.dcr_share", "privacy.copies"} <= set(rows)
    for row in rows.values():
        assert row["value"] is not None
        assert row["floor"] is not None
        assert row["independent"] is not None
        assert row["meaning"].endswith(".")
    assert rows["fidelity.trend"]["independent"] > rows["fidelity.trend"]["floor"]
    assert rows["detection.boosted"]["independent"] > 0.7
    assert honest["fidelity.shape"] == rows["fidelity.shape"]["value"]
    with pytest.raises(KeyError, match=r"fidelity\.shape"):
        honest["fidelity.colour"]


def test_shuffled_columns_are_named(real, fresh, unseen):
    report = run(real, shuffled(fresh, "start"), unseen)
    assert any("'start'" in line and "'day'" in line for line in report.findings)
    told_apart = report["detection.boosted"]
    assert told_apart is not None
    assert told_apart > 0.7
    assert "visibly different" in report.verdict[0]


def test_copied_rows_are_named(real, unseen):
    report = run(real, real.sample(1000, seed=0), unseen)
    assert any("exact copies" in line for line in report.findings)
    assert any("nearer to training rows" in line for line in report.findings)
    nearer = report["privacy.dcr_share"]
    assert nearer is not None
    assert nearer > 0.9
    assert "come through" in report.verdict[2]


def test_a_dropped_and_an_invented_category_are_named(real, fresh):
    report = run(real, fresh.with_columns(pl.col("month").replace({"May": "Mai"})))
    lines = "\n".join(report.findings)
    assert "'month' lacks the category 'May'" in lines
    assert "never seen" in lines


def test_missing_values_and_broken_rules_are_named(real, fresh):
    torn = sessions(1500, 5, missing=True)
    report = run(torn, fresh, rules=[("added - deleted = delta", 1.0, 0.4)])
    lines = "\n".join(report.findings)
    assert "'seconds': 0.0% missing" in lines
    assert "missing together" in lines
    assert "added - deleted = delta holds in 40.0%" in lines
    missing = report["fidelity.missing"]
    assert missing is not None
    assert missing > 5


def test_the_same_seed_gives_the_same_report(real, fresh):
    small = real.head(200), fresh.head(200)
    assert run(*small, seed=4).to_json() == run(*small, seed=4).to_json()


def test_json_is_strict_and_comes_back(honest):
    def refuse(text):
        raise AssertionError(text)

    data = json.loads(honest.to_json(), parse_constant=refuse)
    assert data["tables"]["holdout"] == 1500
    again = Report.from_json(honest.to_json())
    assert again == honest
    assert again.to_html() == honest.to_html()
    with pytest.raises(DataError, match="format"):
        Report.from_json("{}")
    with pytest.raises(DataError, match="not JSON"):
        Report.from_json("<html>")


def test_the_page_is_well_formed_and_self_contained(honest):
    page = honest.to_html()
    root = parse(page)
    for element in root.iter():
        assert not {"src", "onload", "onclick"} & set(element.attrib)
        assert element.get("href", "#").startswith("#")
        assert element.tag.rpartition("}")[2] not in {"script", "link", "iframe", "img", "object"}
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)", page)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert "width=device-width" in page
    titles = [e.text for e in root.iter() if e.tag.endswith("}h2")]
    assert titles[:2] == ["Contents", "Where it stands"]
    assert {"Training", "All figures", "Rules", "What gave it away"} <= set(titles)
    assert titles.index("Training") < titles.index("All figures")


def test_names_and_values_are_escaped():
    evil = '</style><script>alert("1")</script>&\x00'
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {evil: rng.normal(size=80), "b": rng.choice([evil, "$body", "x"], 80).tolist()}
    )
    report = evaluate(frame, shuffled(frame), limits=QUICK, threads=1, rules=[(evil, 1.0, 0.5)])
    page = report.to_html()
    parse(page)
    assert "<script" not in page
    assert "$body" in page


def test_names_with_underscores_give_well_formed_pages():
    frame = pl.DataFrame({"a_b_c": np.arange(40.0), "d_e": list("ab") * 20})
    page = evaluate(frame, frame.reverse(), limits=LEAN, threads=1).to_html()
    parse(page)
    assert "a_<wbr/>b_<wbr/>c" in page


def test_save_writes_both_files_whole(tmp_path, honest):
    page, data = honest.save(tmp_path / "new" / "report.html")
    assert page.read_text("utf-8") == honest.to_html()
    assert Report.from_json(data.read_text("utf-8")) == honest
    assert sorted(p.name for p in page.parent.iterdir()) == ["report.html", "report.json"]
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write"):
        honest.save(tmp_path / "file" / "report.html")


def test_progress_rises_to_one(real, fresh):
    seen = []
    run(real.head(60), fresh.head(60), progress=lambda what, share: seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_large_tables_are_sampled_and_the_report_says_so(real, fresh, unseen, monkeypatch):
    monkeypatch.setattr("interfuse.evaluate.detection.CELL_LIMIT", 5_000)
    monkeypatch.setattr("interfuse.evaluate.run.CELL_LIMIT", 5_000)
    limits = Limits(
        trends=500, detection=300, utility=400, closest=200, targets=300, most_targets=2, draws=2
    )
    report = run(real, fresh, unseen, limits=limits)
    notes = "\n".join(report.data["notes"])
    for text in ("over 500 rows", "over 300 rows", "over 400 rows", "over 200 rows", "5,000 cells"):
        assert text in notes


DEGENERATE = {
    "five rows": pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.5], "c": list("aabbc")}),
    "two rows": pl.DataFrame({"x": [1.0, 2.5], "c": ["a", "b"]}),
    "one column": pl.DataFrame({"x": np.arange(40.0)}),
    "one category column": pl.DataFrame({"c": list("abcd") * 10}),
    "constants": pl.DataFrame({"x": [3.0] * 30, "c": ["a"] * 30}),
    "an empty column": pl.DataFrame(
        {"x": np.arange(30.0), "e": pl.Series([None] * 30, dtype=pl.String), "c": list("ab") * 15}
    ),
    "infinities": pl.DataFrame({"x": [np.inf, -np.inf, 1.0, np.nan] * 10, "y": np.arange(40.0)}),
    "huge": pl.DataFrame({"x": [1e308, -1e308, 0.0] * 10, "y": np.arange(30.0)}),
    "integers beyond 2^53": pl.DataFrame({"x": [2**62 + i for i in range(30)]}),
    "times": pl.DataFrame({"t": pl.Series(range(30), dtype=pl.Int64).cast(pl.Time)}),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_tables_give_a_report(name, tmp_path):
    frame = DEGENERATE[name]
    for holdout in (None, frame):
        report = evaluate(frame, frame.reverse(), holdout, limits=QUICK, threads=1)
        parse(report.to_html())
        json.loads(report.to_json())
        assert len(report.verdict) == 3


def test_declared_empty_and_constant_columns_give_a_report():
    frame = pl.DataFrame({"n": pl.Series([None] * 20, dtype=pl.Float64), "c": [None] * 20})
    report = evaluate(
        frame, frame, schema={"n": "number", "c": "constant"}, limits=QUICK, threads=1
    )
    parse(report.to_html())
    assert len(report.verdict) == 3
    assert report.findings == []  # equal tables


def test_pandas_frames_serve_as_well(real, fresh):
    few = real.head(80), fresh.head(80)
    report = run(*(frame.to_pandas() for frame in few))
    assert report["fidelity.shape"] == pytest.approx(run(*few)["fidelity.shape"], abs=1e-9)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.rename({n: f"{n}_" for n in f.columns}), "share no column"),
        (lambda f: f.drop("month"), "lacks 'month'"),
        (lambda f: f.with_columns(extra=1), "'extra', which the real table has not"),
        (lambda f: f.with_columns(seconds=pl.lit("fast")), "column 'seconds' is Float64"),
        (lambda f: f.with_columns(start=pl.lit(1.5)), "column 'start' is Datetime"),
        (lambda f: f.clear(), "has 0 rows; figures need rows"),
        (lambda f: f.head(1), "has 1 rows; figures need rows"),
        (lambda f: [1, 2], "expected a polars, pandas or Arrow data frame"),
    ],
)
def test_bad_tables_are_refused_by_name(real, spoil, message):
    with pytest.raises(DataError, match=re.escape(message)):
        run(real, spoil(real))


def test_a_kind_that_is_not_known_is_compared_by_equality_and_said(real, fresh):
    few = real.head(200), fresh.head(200)
    report = run(*few, schema=KINDS | {"month": "colour"})
    assert report["fidelity.shape"] == run(*few)["fidelity.shape"]
    assert any("'month' is of kind 'colour'" in note for note in report.data["notes"])


def test_columns_that_are_not_compared_are_in_the_verdict(real, fresh):
    few = real.head(200), fresh.head(200)
    report = run(*few, schema=KINDS | {"month": "key"})
    assert "not compared: 'month' (key)" in report.verdict[0]
    assert report.data["tables"]["ignored_as"] == {"month": "key"}


def test_bad_schemas_and_targets_are_refused_by_name(real):
    with pytest.raises(SchemaError, match="does not describe column 'visits'"):
        run(real, real, schema={})
    with pytest.raises(DataError, match="'price' is not among"):
        run(real, real, target="price")
    with pytest.raises(DataError, match="no column can be compared"):
        run(real, real, schema=dict.fromkeys(KINDS, "drop"))
