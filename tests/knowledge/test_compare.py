"""`compare`, of a run and of two tables: what it says, the page, what it refuses."""

import json
import warnings
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest
from known_rows import rows

import interfuse
from interfuse.errors import DataError, InterfuseWarning, OptionError
from interfuse.kinds.table.ask.know.source import read_both


@pytest.fixture(scope="module")
def flipped():
    """Labels that no longer follow from `kind`, in shares as before."""
    b = rows(1500, 3)
    return b.with_columns(b["label"].shuffle(seed=0))


@pytest.fixture(scope="module")
def both(flipped):
    return interfuse.compare(rows(1500, 2), flipped, target="label", examples=6_000, seed=0)


def test_rows_of_the_same_are_no_change(model):
    found = model.compare(rows(1500, 6))
    assert not found.changed
    assert found.divergence is None
    assert found.sentences[0].startswith("Verdict: no difference is shown")


def test_a_shift_is_found_in_its_column(model):
    found = model.compare(rows(1500, 7, shift=0.3))
    assert found.changed
    assert found.columns["column"][0] in ("size", "double")
    assert found.p_value == pytest.approx(0.002)


def test_a_change_of_dependence_alone_is_found_by_a_run(model, flipped):
    found = model.compare(flipped)
    assert found.changed
    named = found.columns.filter(pl.col("p") <= 0.05)["column"].to_list()
    assert set(named[:2]) <= {"kind", "label", "size"}
    assert "day" not in named


def test_new_and_missing_values_are_seen(model):
    new = rows(800, 8).with_columns(pl.lit("smtp").alias("kind"))
    found = model.compare(new)
    assert found.columns["column"][0] == "kind"
    gone = rows(800, 8).with_columns(pl.lit(None, pl.String).alias("label"))
    assert model.compare(gone).columns["column"][0] == "label"


def test_a_concept_change_is_told_from_one_of_the_others(both):
    parts = dict(both.conditional.select("part", "value").iter_rows())
    errors = dict(both.conditional.select("part", "error").iter_rows())
    assert parts["concept"] > 4 * errors["concept"]
    assert parts["covariate"] < 3 * errors["covariate"]
    assert both.changed
    low, high = both.interval
    assert 0 < low < both.divergence < high < 0.6932
    assert set(both.columns["column"][:2]) <= {"kind", "label", "size"}


def test_a_size_that_matters_can_be_asked_for(flipped):
    found = interfuse.compare(rows(600, 2), flipped[:600], examples=2_000, at_least=0.6)
    assert not found.changed
    with pytest.raises(OptionError, match="at_least: is -1"):
        interfuse.compare(rows(300, 2), rows(300, 3), at_least=-1)


@pytest.mark.parametrize("name", ["both", "of_run"])
def test_the_page_is_one_well_formed_file(name, both, model, flipped, tmp_path):
    found = both if name == "both" else model.compare(flipped[:400])
    page, data = found.save(tmp_path / "change.html")
    text = page.read_text(encoding="utf-8")
    tree = ET.fromstring(text.removeprefix("<!doctype html>"))
    assert json.loads(data.read_text(encoding="utf-8"))["p_value"] == found.p_value
    assert not [e for e in tree.iter() if e.tag.endswith("script")]
    assert "What changed?" in [e.text for e in tree.iter() if e.tag.endswith("h1")]


def test_columns_of_one_side_are_left_out_and_said(model):
    b = rows(400, 9).drop("day").with_columns(more=pl.lit(1))
    with pytest.warns(InterfuseWarning) as said:
        found = model.compare(b)
    words = " ".join(str(w.message) for w in said)
    assert "do not have column 'day'" in words
    assert "column 'more'" in words
    assert "day" not in found.columns["column"].to_list()
    with pytest.warns(InterfuseWarning, match="of one side alone, and not compared"):
        found = interfuse.compare(rows(400, 2), b, examples=500)
    assert found.data["left_out"] == ["day", "more"]


def test_what_cannot_be_compared(model):
    a, b = rows(300, 0), rows(300, 1)
    with pytest.raises(DataError, match="B: has 150 rows; expected 200 or more"):
        interfuse.compare(a, b[:150], examples=500)
    with pytest.raises(DataError, match="column 'size' is Float64 in A and String in B"):
        interfuse.compare(a, b.with_columns(pl.col("size").cast(pl.String) + "x"), examples=500)
    with pytest.raises(DataError, match="no column in common"):
        interfuse.compare(a, b.rename(lambda n: n + "2"), examples=500)
    with pytest.raises(DataError, match="no column 'week' in both"):
        interfuse.compare(a, b, blocks="week", examples=500)
    with pytest.raises(OptionError, match="target: there is no column 'labl'"):
        interfuse.compare(a, b, target="labl", examples=500)
    with pytest.raises(OptionError, match=r"blocks: .*'week'"):
        model.compare(b, blocks="week")


def test_whole_blocks_stay_together():
    a, b = rows(900, 0), rows(900, 1)
    found = interfuse.compare(a, b, blocks="day", examples=1_000)
    assert found.p_value > 0.05
    assert "day" not in found.columns["column"].to_list()


def test_rows_in_the_order_of_time_are_warned_of():
    at = pl.datetime_range(datetime(2024, 1, 1), datetime(2024, 1, 1, 5), "1m", eager=True)[:300]
    a, b = (rows(300, seed).with_columns(at=at) for seed in (0, 1))
    with pytest.warns(InterfuseWarning, match="stand in the order of 'at'.*--blocks"):
        read_both(a, b)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_both(a, b, blocks="day")
        read_both(a.sample(fraction=1, shuffle=True, seed=0), b.sample(fraction=1, shuffle=True))


def test_two_runs_are_compared_by_the_rows_that_the_second_keeps(model):
    """One of the same, one with a planted shift; what its network learned does not matter."""
    same = interfuse.fit(rows(2000, 7), examples=500, seed=1)
    other = interfuse.fit(rows(2000, 8, shift=0.3), examples=500, seed=1)
    assert not model.compare(same).changed
    found = model.compare(other)
    assert found.changed
    assert found.data["columns"][0]["column"] in ("size", "double")
    assert found.data["b"] == "2,000 rows of the other run"
    bare = replace(other, reference=None)
    with pytest.raises(DataError, match="the other run keeps none"):
        model.compare(bare)
