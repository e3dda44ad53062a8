"""`explain` of a fitted model: what it says, the page, what it refuses."""

import json
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from known_rows import rows

import interfuse
from interfuse.errors import DataError, OptionError


def test_what_drives_the_label_is_named(explained):
    drivers = explained.drivers
    assert drivers["name"][0] == "kind"
    assert drivers["share"][0] > 5 * drivers["share_error"][0]
    total = explained.data["total"]["value"]
    assert drivers["share"].sum() == pytest.approx(total, abs=1e-6)  # float32 sums
    assert any("kind" in s for s in explained.sentences)


def test_edges_are_those_that_the_rows_were_drawn_with(explained):
    edges = explained.dependence.filter(pl.col("edge"))
    assert {frozenset(e) for e in edges.select("one", "two").iter_rows()} == {
        frozenset({"kind", "label"}),
        frozenset({"kind", "size"}),
    }


def test_a_curve_moves_as_the_rows_do(explained, fresh):
    curves = explained.curves.filter(pl.col("column") == "kind")
    share = dict(fresh.group_by("kind").agg((pl.col("label") == "odd").mean()).iter_rows())
    found = {level: (plain, held) for level, plain, held in
             curves.select("level", "plain", "supported").iter_rows()}  # fmt: skip
    for level, (plain, _) in found.items():
        # Shares are .05 and .95; a short fit has not come all the way to either.
        assert plain == pytest.approx(share[level], abs=0.2)
    for place in (0, 1):
        known = {level: values[place] for level, values in found.items() if values[place]}
        assert max(known, key=lambda level: known[level]) == "dns"


def test_groups_of_rows_are_in_the_words_of_given(explained, model):
    best = explained.row_groups[0]
    assert "kind=dns" in best["given"][0]
    assert best["p"][0] <= 0.05
    drawn = model.generate(5, given=best["given"][0].split(" and "), seed=0)
    assert drawn["kind"].to_list() == ["dns"] * 5


def test_a_rule_is_told_and_not_scored(explained):
    assert explained.rules["words"][0] == "double = round(2 * size, 3)"
    ruled = explained.data["rules"][0]["column"]
    assert ruled not in explained.determination["column"].to_list()


def test_a_determined_column_says_by_what(explained):
    by = dict(explained.determination.select("column", "by").iter_rows())
    assert by["label"] == "kind"
    assert by["day"] == ""


def test_the_same_seed_says_the_same(model, fresh, explained):
    assert model.explain(fresh, target="label", rows=600).to_json() == explained.to_json()


def test_given_rows_are_asked_with_their_column_known(model, fresh):
    found = model.explain(fresh, given=["kind=web"], target="label")
    assert found.data["asked"] == fresh.filter(pl.col("kind") == "web").height
    assert "kind" not in found.determination["column"].to_list()
    assert found.data["total"]["value"] == pytest.approx(0, abs=0.02)  # of "web" nothing tells more


def test_groups_of_columns_are_one_player(model, fresh, tmp_path):
    file = tmp_path / "groups.json"
    file.write_text(json.dumps({"both": ["kind", "day"]}))
    found = model.explain(fresh, target="label", groups=file, rows=300)
    assert set(found.drivers["name"]) == {"both", "size"}
    for wrong in ({"g": ["kind"], "h": ["kind"]}, {"g": "kind"}, {"g": ["nowhere"]}):
        with pytest.raises(OptionError, match="groups: "):
            model.explain(fresh, target="label", groups=wrong)


def test_without_data_the_rows_held_out_are_asked(model):
    found = model.explain(rows=250)
    assert "held out" in found.data["rows"]
    assert found.drivers.is_empty()


def test_blocks_widen_errors_and_need_data(model, fresh):
    with pytest.raises(OptionError, match="blocks: names a column of DATA"):
        model.explain(blocks="day")
    found = model.explain(fresh, blocks="day", rows=400)
    assert found.dependence["given_error"].null_count() == 0


def test_the_page_is_one_well_formed_file(explained, tmp_path):
    page, data = explained.save(tmp_path / "explain")
    text = page.read_text(encoding="utf-8")
    tree = ET.fromstring(text.removeprefix("<!doctype html>"))
    assert page.name == "explain.html"
    assert json.loads(data.read_text(encoding="utf-8")) == json.loads(explained.to_json())
    assert not [e for e in tree.iter() if e.tag.endswith("script")]
    assert "http" not in text.replace("http://www.w3.org/1999/xhtml", "")
    heads = [e.text for e in tree.iter() if e.tag.endswith("h2")]
    assert heads[:4] == ["Contents", "What depends on what", "What drives label", "How it moves"]


def test_names_are_escaped_in_the_page(fresh):
    odd = {"kind": "<b>&kind", "label": "x\x01"}
    frames = [f.rename(odd).drop("size", "day") for f in (fresh, rows(300, 5))]
    model = interfuse.fit(frames[0].to_pandas(), examples=1_000, seed=0)
    found = model.explain(frames[1], target="x\x01")
    assert isinstance(found.dependence, pd.DataFrame)  # as what was fitted
    page = found.to_html()
    ET.fromstring(page.removeprefix("<!doctype html>"))
    assert "<b>&kind" not in page


# -- what is refused -------------------------------------------------------------------------------


def test_fitted_rows_are_refused(model, fitted_rows):
    with pytest.raises(DataError, match="rows that the model was fitted to"):
        model.explain(fitted_rows)
    with pytest.raises(DataError, match="rows that the model was fitted to"):
        model.compare(fitted_rows[:2000])


def test_too_few_rows_are_refused(model, fresh):
    with pytest.raises(DataError, match="199 in all; expected 200 or more"):
        model.explain(fresh[:199])
    with pytest.raises(DataError, match=r"given: \d+ of .* expected 200 or more"):
        model.explain(fresh[:300], given=["kind=dns"])


def test_a_run_without_rows_says_what_to_give(fresh):
    model: Any = interfuse.fit(fresh, examples=1_000, seed=0, keep_rows=False)
    with pytest.raises(DataError, match=r"keeps 0 rows .* Give fresh rows as DATA"):
        model.explain()


def test_a_target_that_cannot_be_explained(model, fresh):
    with pytest.raises(OptionError, match=r"target: .*'labl'.*label"):
        model.explain(fresh, target="labl")
    ruled = model.explain(fresh, rows=250).data["rules"][0]["column"]
    with pytest.raises(OptionError, match="is computed by the rule"):
        model.explain(fresh, target=ruled)
    with pytest.raises(OptionError, match="is the target"):
        model.explain(fresh, target="kind", given=["kind=web"])


def test_a_target_of_thousands_of_values():
    rng = np.random.default_rng(0)
    names = rng.permutation(np.repeat([f"page {i:04d}" for i in range(1500)], 2))
    frame = pl.DataFrame({"page": names, "hits": rng.integers(0, 9, 3000)})
    model = interfuse.fit(frame, examples=300, seed=0, kinds={"page": "category"})
    with pytest.raises(OptionError, match=r"target: column 'page' has up to \d+,\d+ values"):
        model.explain(frame[:200], target="page")
