"""Answers about the rows of a pandas frame carry its index, whatever that is, in its order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_index_equal

import interfuse
from interfuse.errors import DataError, SchemaError
from interfuse.io.frames import from_polars, to_polars
from interfuse.io.origin import Origin

N = 24
RNG = np.random.default_rng(7)
ORDER = RNG.permutation(N)
INDEXES = {
    "plain": pd.RangeIndex(N),
    "later range": pd.RangeIndex(100, 100 + 3 * N, 3, name="row"),
    "shuffled": pd.Index(ORDER),
    "repeated": pd.Index(ORDER // 5, name="house"),
    "all the same": pd.Index([7] * N),
    "text": pd.Index([f"r{i}" for i in ORDER], name="host"),
    "text with missing": pd.Index(["a", None] * (N // 2)),
    "floats with NaN": pd.Index([np.nan, *range(N - 1)]),
    "unsigned": pd.Index(ORDER, dtype="uint8", name=3),
    "booleans": pd.Index(ORDER % 2 == 0),
    "dates": pd.date_range("2024-01-31", periods=N, freq="h", name="at")[ORDER],
    "zone": pd.date_range("2024-03-30", periods=N, freq="h", tz="Europe/Vienna"),
    "periods": pd.period_range("2020-01", periods=N, freq="M", name="month"),
    "durations": pd.timedelta_range("1s", periods=N)[ORDER],
    "category": pd.CategoricalIndex(list("bac") * (N // 3), ["c", "b", "a"], ordered=True),
    "interval": pd.interval_range(0, N),
    "mixed": pd.Index([1, "a", None, 2.5] * (N // 4), dtype=object),
    "levels": pd.MultiIndex.from_arrays(
        [ORDER // 6, [f"i{i}" for i in ORDER]], names=["store", None]
    ),
    "levels repeated": pd.MultiIndex.from_arrays([[1] * N, ["x"] * N]),
    "nullable": pd.Index(ORDER, dtype="Int64", name=("a", "b")),
}


def table(index: pd.Index) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    a = rng.normal(size=N).round(3)
    frame = pd.DataFrame({"a": a, "b": 2 * a, "c": rng.choice(["u", "v"], N)})
    frame.loc[::5, "b"] = np.nan
    frame.loc[2::7, "c"] = None
    frame.columns.name = "feature"
    frame.index = index
    return frame


@pytest.fixture(scope="module")
def model():
    return interfuse.fit(table(INDEXES["shuffled"]), examples=64)


def same(frame: pd.DataFrame, index: pd.Index) -> bool:
    assert_index_equal(frame.index, index, exact="equiv")
    assert frame.index.names == index.names
    return True


@pytest.mark.parametrize("name", INDEXES)
def test_a_frame_comes_back_with_its_index(name):
    data = table(INDEXES[name])
    frame, origin = to_polars(data)
    back = from_polars(frame.lazy().collect(), origin)
    assert_frame_equal(back, data)
    assert back.columns.name == "feature"
    assert type(back.index) is type(data.index)


@pytest.mark.parametrize("name", INDEXES)
def test_every_answer_about_the_rows_has_their_index(model, name):
    index = INDEXES[name]
    data = table(index)
    before = data.copy()
    filled = model.impute(data, draws=3)
    low, high = filled.interval(0.5)
    answers = [filled.median(), filled.mean(), filled.mode(), filled.quantile(0.2), low, high]
    answers += [filled.uncertainty(), *filled.frames(), filled.frame(-1)]
    scores = model.detect(data)
    for frame in (*answers, scores.frame()):
        assert same(frame, index)
    for frame in answers[:-1]:  # what was known is where it was, row by row
        if frame["a"].dtype == data["a"].dtype and not (frame["a"] == 0).all():
            assert frame["a"].to_numpy().tolist() == data["a"].to_numpy().tolist()
    order = np.argsort(-scores.score, kind="stable")[:4]
    assert same(scores.top(4), index.take(order))
    assert scores.top(4)["a"].tolist() == data["a"].iloc[order].tolist()
    assert_frame_equal(data, before)


@pytest.mark.parametrize("name", INDEXES)
def test_rows_made_of_rows_have_their_labels(model, name):
    index = INDEXES[name]
    data = table(index)
    made = model.generate(2, given=data[["a"]])
    assert same(made, index.repeat(2))
    assert made["a"].tolist() == np.repeat(data["a"].to_numpy(), 2).tolist()
    more = model.augment(data, 2 * N + 3, keep=0.0, fixed=["a"])
    assert len(more) == 2 * N + 3
    # Values of `a` are distinct and stay, so they tell which row each one began from.
    row = {v: i for i, v in enumerate(data["a"])}
    assert same(more, index.take([row[v] for v in more["a"]]))


def test_writing_back_by_label_changes_no_known_cell(model):
    data = table(INDEXES["shuffled"])
    out = data.copy()
    out["b"] = model.impute(data, draws=2).median()["b"]
    known = data["b"].notna()
    assert (out.loc[known, "b"] == data.loc[known, "b"]).all()
    assert out["b"].notna().to_numpy().all()


def test_a_selection_keeps_its_labels(model):
    data = table(INDEXES["dates"]).sort_index().iloc[3:17:2]
    assert same(model.impute(data, draws=2).median(), data.index)


def test_new_rows_have_an_index_of_their_own(model):
    assert same(model.generate(N), pd.RangeIndex(N))
    assert same(model.generate(3, given={"c": "u"}), pd.RangeIndex(3))
    assert same(model.augment(table(INDEXES["text"]), 0), pd.RangeIndex(0))


def test_a_stored_model_knows_no_rows(model, tmp_path):
    model.save(tmp_path / "run")
    loaded = interfuse.load(tmp_path / "run", kind="table")
    assert loaded.schema.origin.rows is None
    assert model.schema.origin.rows is None
    assert same(loaded.generate(N), pd.RangeIndex(N))
    assert loaded.generate(2).columns.name == "feature"
    assert same(loaded.impute(table(INDEXES["text"]), draws=1).median(), INDEXES["text"])


def test_a_new_name_of_an_answers_index_is_not_the_datas(model):
    data = table(INDEXES["text"])
    model.impute(data, draws=1).median().index.name = "other"
    assert data.index.name == "host"


@pytest.mark.parametrize("levels", [2, 3])
def test_columns_of_levels_are_refused_with_a_word(levels):
    data = table(INDEXES["plain"])
    data.columns = pd.MultiIndex.from_tuples([(c,) * levels for c in data.columns])
    with pytest.raises(DataError, match=f"names of {levels} levels.*'_'.join"):
        interfuse.fit(data, examples=64)
    data.columns = ["_".join(map(str, c)) for c in data.columns]
    assert to_polars(data)[0].columns[0] == "_".join(["a"] * levels)


@pytest.mark.parametrize("bad", [3, ["x"], {"a": 1}])
def test_a_heading_that_is_no_text_is_refused(bad):
    with pytest.raises(SchemaError, match="heading"):
        Origin.from_json({"library": "pandas", "heading": bad})
