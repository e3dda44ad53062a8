"""Inside scikit-learn and PyOD rows keep their labels, and what stays missing is said."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pandas.testing import assert_frame_equal, assert_index_equal
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from interfuse.errors import InterfuseWarning
from interfuse.pyod import DiffusionDetector
from interfuse.sklearn import InterfuseImputer

N = 60
ORDER = np.random.default_rng(2).permutation(N)
INDEXES = {
    "shuffled": pd.Index(ORDER),
    "repeated": pd.Index(ORDER // 7),
    "text": pd.Index([f"r{i}" for i in ORDER], name="host"),
    "dates": pd.date_range("2024", periods=N, name="day")[ORDER],
    "levels": pd.MultiIndex.from_arrays([ORDER % 3, ORDER], names=["a", "b"]),
}


def table(index: pd.Index) -> pd.DataFrame:
    x = np.random.default_rng(0).normal(size=N).round(3)
    frame = pd.DataFrame({"a": x, "b": 2 * x, "c": x + 1})
    frame.loc[::6, "b"] = np.nan
    frame.index = index
    return frame


@pytest.mark.parametrize("container", [None, "default", "pandas"])
@pytest.mark.parametrize("name", INDEXES)
def test_the_imputer_keeps_the_index(name, container):
    data = table(INDEXES[name])
    imputer = InterfuseImputer(examples=32, draws=2)
    if container is not None:
        imputer.set_output(transform=container)
    out = imputer.fit_transform(data)
    assert_index_equal(out.index, data.index)
    known = data["b"].notna().to_numpy()
    assert_frame_equal(out[known], data[known])


@pytest.mark.parametrize("strategy", ["median", "mean", "mode", "draw"])
def test_every_strategy_keeps_the_index_of_what_it_is_given(strategy):
    imputer = InterfuseImputer(examples=32, draws=2, strategy=strategy)
    imputer.fit(table(INDEXES["shuffled"]))
    later = table(INDEXES["text"]).iloc[5:20]
    assert_index_equal(imputer.transform(later).index, later.index)


@pytest.mark.parametrize("name", INDEXES)
def test_columns_put_side_by_side_stay_row_by_row(name):
    data = table(INDEXES[name])
    both = make_column_transformer(
        (InterfuseImputer(examples=32, draws=2), ["a", "b"]),
        (SimpleImputer(), ["c"]),
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    out = both.fit_transform(data)
    assert isinstance(out, pd.DataFrame)
    assert_frame_equal(out[["a", "c"]], data[["a", "c"]])
    scaled = make_pipeline(both, StandardScaler()).set_output(transform="pandas")
    assert_index_equal(scaled.fit_transform(data).index, data.index)
    part = data[data["a"] > 0]
    later = both.transform(part)
    assert isinstance(later, pd.DataFrame)
    assert_frame_equal(later[["a", "c"]], part[["a", "c"]])


@pytest.mark.parametrize("container", [None, "pandas", "polars"])
def test_other_frames_and_arrays_come_out_in_their_order(container):
    data = table(INDEXES["shuffled"]).reset_index(drop=True)
    for given in (pl.from_pandas(data), data.to_numpy()):
        imputer = InterfuseImputer(examples=32, draws=2)
        if container is not None:
            imputer.set_output(transform=container)
        out = np.asarray(imputer.fit_transform(given))
        assert out[:, 0].tolist() == data["a"].tolist()


@pytest.mark.parametrize("kind", ["pandas", "array", "polars", "constant missing text"])
def test_columns_that_nothing_is_known_of_are_said(kind):
    data = table(INDEXES["shuffled"]).assign(void=np.nan)
    if kind == "constant missing text":
        data["void"] = pd.Series([None] * N, dtype=object)
    given = {"array": data.to_numpy, "polars": lambda: pl.from_pandas(data)}.get(
        kind, lambda: data
    )()
    imputer = InterfuseImputer(examples=32, draws=2)
    with pytest.warns(InterfuseWarning, match="no value.*stay missing") as told:
        imputer.fit(given)
    assert any(("'x3'" if kind == "array" else "'void'") in str(w.message) for w in told)
    with pytest.warns(InterfuseWarning, match=f"{N} cells of .* stay missing"):
        out = imputer.transform(given)
    assert out.shape == data.shape


def test_cells_that_stay_missing_are_counted():
    data = table(INDEXES["text"]).assign(id=[f"user-{i:05d}-{i * 7919 % 97}" for i in range(N)])
    data.loc[data.index[:4], "id"] = None
    imputer = InterfuseImputer(examples=32, draws=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        imputer.fit(data)
    with pytest.warns(InterfuseWarning, match="4 cells of 'id' stay missing"):
        out = imputer.transform(data)
    assert out["id"].isna().sum() == 4


def test_nothing_is_said_where_all_is_filled():
    with warnings.catch_warnings():
        warnings.simplefilter("error", InterfuseWarning)
        out = InterfuseImputer(examples=32, draws=2).fit_transform(table(INDEXES["text"]))
    assert not out.isna().any().any()


@pytest.mark.parametrize("name", INDEXES)
def test_scores_of_pyod_are_in_the_order_of_the_rows(name):
    data = table(INDEXES[name])
    detector = DiffusionDetector(examples=32).fit(data)
    scores = detector.decision_function(data)
    assert scores.tolist() == detector.decision_function(data.reset_index(drop=True)).tolist()
    one = detector.decision_function(data.iloc[[3]])
    # Batches of another size round otherwise: a probability by 2^-8 in bf16, its logarithm as much.
    np.testing.assert_allclose(one, scores[[3]], atol=2**-7)
    assert detector.predict(data).shape == (N,)
