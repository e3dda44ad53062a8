"""Data for a model that is fitted already: the columns, the step and the zone are its."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from interfuse.errors import DataError
from interfuse.kinds.series.data import read_series

HOURS = pd.date_range("2024-01-01", periods=96, freq="h")
BEGIN, HOUR = pd.Timestamp("2024-01-01").value, pd.Timedelta(hours=1).value


def frame(**more):
    base = {
        "host": ["a"] * 48 + ["b"] * 48,
        "region": ["x"] * 48 + ["y"] * 48,
        "time": [*HOURS[:48]] * 2,
        "cpu": np.arange(96.0),
        "text": [str(i) for i in range(96)],
    }
    return pd.DataFrame(base | more)


@pytest.fixture
def schema():
    return read_series(frame(), channels=["cpu"]).schema


def test_new_series_and_a_single_row_are_fine(schema):
    asked = pd.DataFrame(
        {"host": ["c"], "region": ["z"], "time": [HOURS[3]], "cpu": [1.0], "text": ["?"]}
    )
    read = read_series(asked, schema=schema)
    assert read.names == ("c",)
    assert read.future_times(0, 2).tolist() == [BEGIN + 4 * HOUR, BEGIN + 5 * HOUR]
    assert np.isnan(read.statics).all()
    assert any("never seen" in note for note in read.notes)


def test_ignored_columns_may_be_left_out_and_stamps_may_be_text(schema):
    asked = frame().drop(columns="text")
    asked["time"] = asked["time"].dt.strftime("%d.%m.%Y %H:%M")
    read = read_series(asked, schema=schema)
    np.testing.assert_array_equal(read.times(0), HOURS[:48].astype(np.int64))
    assert read.schema.time_dtype == "str:%d.%m.%Y %H:%M"
    assert read.schema.channels == schema.channels


def test_all_missing_is_fine_when_asked(schema):
    read = read_series(frame(cpu=np.nan), schema=schema)
    assert np.isnan(read.values[0]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="cpu"), "no column 'cpu'"),
        (lambda f: f.drop(columns="time"), "no column 'time'"),
        (lambda f: f.rename(columns={"cpu": "CPU"}), "no column 'cpu'.*Did you mean"),
        (lambda f: f.assign(gpu=1.0), "column 'gpu' that the model was not fitted to"),
        (lambda f: f.assign(cpu="high"), "column 'cpu' holds String"),
        (lambda f: f.assign(time=range(96)), "'time' holds Int64; expected dates"),
    ],
)
def test_other_columns_are_an_error(schema, change, message):
    with pytest.raises(DataError, match=message):
        read_series(change(frame()), schema=schema)


def test_arrays_need_the_same_channels():
    schema = read_series(np.arange(40.0).reshape(20, 2)).schema
    assert len(read_series(np.ones((7, 2)), schema=schema)) == 1
    assert read_series(np.ones((1, 2)), schema=schema).lengths.tolist() == [1]
    with pytest.raises(DataError, match="has 3 channels"):
        read_series(np.ones((7, 3)), schema=schema)
    with pytest.raises(DataError, match="is a frame"):
        read_series(pl.DataFrame({"u": [1.0], "v": [2.0]}), schema=schema)


def test_the_grid_is_the_models():
    schema = read_series(pd.DataFrame({"time": HOURS, "v": np.arange(96.0)})).schema
    fine = pd.date_range("2024-02-01", periods=120, freq="10min")
    read = read_series(pd.DataFrame({"time": fine, "v": np.arange(120.0)}), schema=schema)
    assert read.schema.step == schema.step
    assert len(read.values[0]) in (20, 21)
    assert any("averaged" in note for note in read.notes)


def test_the_zone_is_the_models():
    index = pd.date_range("2024-07-01", periods=48, freq="h", tz="Europe/Vienna")
    schema = read_series(pd.DataFrame({"time": index, "v": range(48)})).schema
    naive = pd.DataFrame({"time": index.tz_localize(None), "v": range(48)})
    read = read_series(naive, schema=schema)
    np.testing.assert_array_equal(read.times(0), index.astype(np.int64))
