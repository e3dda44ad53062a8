"""Series back to the user's own frames and arrays."""

import io

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal as assert_pandas_equal
from polars.testing import assert_frame_equal

from interfuse.errors import DataError
from interfuse.kinds.series.data import FrameWriter, SeriesSchema, read_series

N = 60
RNG = np.random.default_rng(0)
HITS = RNG.poisson(5, 2 * N)
LOAD = RNG.normal(size=2 * N)


def long(index, **more):
    base = {"host": ["a"] * N + ["b"] * N, "time": [*index] * 2, "hits": HITS, "load": LOAD}
    return pd.DataFrame(base | more)


def own(read, writer):
    """The data once more, by `frame`."""
    return writer.frame([(n, read.times(i), read.values[i]) for i, n in enumerate(read.names)])


INDEXES = {
    "naive": pd.date_range("2024-03-30", periods=N, freq="h"),
    "zone": pd.date_range("2024-10-26", periods=N, freq="h", tz="Europe/Vienna"),
    "offset": pd.date_range("2024-10-26", periods=N, freq="h", tz="+02:00"),
    "seconds": pd.date_range("2024-03-30", periods=N, freq="h").astype("datetime64[s]"),
    "days": pd.date_range("2024-03-30", periods=N),
    "months": pd.date_range("2020-01-31", periods=N, freq="ME"),
    "working days": pd.bdate_range("2024-03-30", periods=N),
    "text": pd.date_range("2024-03-30", periods=N, freq="h").strftime("%d.%m.%Y %H:%M"),
    "text with seconds": pd.date_range("2024-03-30", periods=N, freq="s").strftime(
        "%Y/%m/%d %H:%M:%S"
    ),
    "text of months": pd.date_range("2024-03-01", periods=N, freq="MS").strftime("%Y-%m"),
    "epoch": pd.date_range("2024-03-30", periods=N, freq="h").astype(np.int64) // 10**9,
    "epoch with fractions": np.arange(N) / 4 + 1.7e9,
    "numbers": np.arange(100, 100 + 3 * N, 3),
    "seconds since the start": np.arange(N) * 0.25,
    "lengths of time": pd.to_timedelta(np.arange(N) * 5, unit="min"),
}


@pytest.mark.parametrize("name", INDEXES)
def test_a_long_pandas_frame_comes_back_as_it_was(name):
    frame = long(INDEXES[name])
    read = read_series(frame, time="time")
    assert_pandas_equal(own(read, FrameWriter(read)), frame)


@pytest.mark.parametrize(
    "dtype",
    [pl.Datetime("ms"), pl.Datetime("us", "Europe/Vienna"), pl.Datetime("ns", "UTC"), pl.Date],
)
def test_polars_types_of_time(dtype):
    freq = "1d" if dtype == pl.Date else "1h"
    time = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 1), freq, eager=True)
    if getattr(dtype, "time_zone", None):
        time = time.dt.replace_time_zone(dtype.time_zone)
    frame = pl.DataFrame({"time": time.cast(dtype), "v": np.arange(len(time), dtype=np.uint16)})
    read = read_series(frame)
    assert_frame_equal(own(read, FrameWriter(read)), frame)
    lazy = read_series(frame.lazy())
    assert_frame_equal(own(lazy, FrameWriter(lazy)).collect(), frame)
    arrow = frame.to_arrow()
    back = own(read_series(arrow), FrameWriter(read_series(arrow)))
    assert isinstance(back, pa.Table)
    assert back.equals(arrow)


def test_local_stamps_come_back_local_over_the_change_of_the_clock():
    index = pd.date_range("2024-10-26", periods=N, freq="h", tz="Europe/Vienna")
    frame = pd.DataFrame({"time": index.tz_localize(None), "hits": HITS[:N]})
    read = read_series(frame, zone="Europe/Vienna")
    assert_pandas_equal(own(read, FrameWriter(read)), frame)


def test_statics_identifiers_and_the_order_of_columns():
    frame = long(INDEXES["naive"], cores=[4] * N + [8] * N, disk=["ssd"] * N + ["hdd"] * N)
    frame["host"] = frame["host"].astype("category")
    frame = frame[["load", "disk", "host", "cores", "time", "hits"]]
    read = read_series(frame)
    writer = FrameWriter(read)
    assert_pandas_equal(own(read, writer), frame)
    new = writer.frame([("a", read.future_times(0, 2), np.ones((2, 2)))] * 1)
    assert new["cores"].tolist() == [4, 4]
    stranger = writer.frame([("new", read.future_times(0, 2), np.ones((2, 2)))])
    assert stranger["host"].tolist() == ["new", "new"]


def test_an_index_comes_back_as_the_index():
    index = INDEXES["zone"].rename("when")
    frame = pd.DataFrame({"hits": HITS[:N], "load": LOAD[:N]}, index=index)
    read = read_series(frame)
    assert_pandas_equal(own(read, FrameWriter(read)), frame, check_freq=False)
    series = pd.Series(LOAD[:N], index=index.rename(None), name="load")
    read = read_series(series)
    pd.testing.assert_series_equal(own(read, FrameWriter(read)), series, check_freq=False)
    levels = pd.MultiIndex.from_product([["a", "b"], INDEXES["naive"]], names=["host", None])
    frame = pd.DataFrame({"load": LOAD}, index=levels)
    read = read_series(frame)
    assert_pandas_equal(own(read, FrameWriter(read)), frame)


def test_missing_and_fractions_in_whole_numbers():
    read = read_series(long(INDEXES["naive"]))
    writer = FrameWriter(read)
    part = [("a", read.future_times(0, 3), np.array([[1.4, 1], [np.nan, 2], [2.6, np.nan]]))]
    rounded, exact = writer.frame(part), writer.frame(part, whole=False)
    assert rounded["hits"].dtype == "Int64"
    assert rounded["hits"].tolist() == [1, pd.NA, 3]
    np.testing.assert_array_equal(exact["hits"], [1.4, np.nan, 2.6])
    frame = pl.DataFrame({"t": range(20), "v": pl.Series(range(20), dtype=pl.Int8)})
    read = read_series(frame)
    beyond = FrameWriter(read).frame([(None, read.future_times(0, 2), np.array([[1.0], [300]]))])
    assert beyond["v"].to_list() == [1, 300]
    full = writer.frame([("a", read.future_times(0, 1), np.array([[1e30, 1.0]]))])
    assert full["hits"].dtype == np.int64
    assert full["hits"][0] > 9e18


def test_a_schema_alone_writes_frames_of_new_series(tmp_path):
    read = read_series(long(INDEXES["zone"]))
    read.schema.save(tmp_path / "schema.json")
    writer = FrameWriter(SeriesSchema.load(tmp_path / "schema.json"))
    frame = writer.frame([(f"g{i}", read.times(0)[:5], read.values[0][:5]) for i in range(3)])
    assert frame["host"].tolist() == [f"g{i}" for i in range(3) for _ in range(5)]
    assert frame["time"].dtype == long(INDEXES["zone"])["time"].dtype


def test_several_series_of_a_wide_layout_get_a_column_of_names():
    read = read_series(pl.DataFrame({"u": LOAD, "v": LOAD}))
    frame = FrameWriter(read).frame([(i, np.arange(4), np.ones((4, 2))) for i in range(2)])
    assert frame["series"].to_list() == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow", "csv"])
def test_restoring_changes_missing_cells_alone(library, tmp_path):
    rng = np.random.default_rng(1)
    frame = long(INDEXES["naive"], note=[f"n{i}" for i in range(2 * N)])
    gone = rng.random(2 * N) < 0.3
    frame["load"] = frame["load"].where(~gone)
    frame["hits"] = frame["hits"].astype("Int64").where(rng.random(2 * N) > 0.3)
    mixed = frame.sample(frac=1, random_state=2).reset_index(drop=True)
    data = {
        "pandas": lambda: mixed,
        "polars": lambda: pl.from_pandas(mixed),
        "arrow": lambda: pa.Table.from_pandas(mixed),
        "csv": lambda: tmp_path / "a.csv",
    }[library]()
    mixed.to_csv(tmp_path / "a.csv", index=False)
    read = read_series(data, channels=["hits", "load"])
    fill = [np.full(v.shape, 7.25) for v in read.values]
    out = FrameWriter(read).restore(data, fill)
    out = out.to_pandas() if not isinstance(out, pd.DataFrame) else out
    assert out["note"].tolist() == mixed["note"].tolist()
    np.testing.assert_array_equal(out["load"], mixed["load"].fillna(7.25))
    np.testing.assert_array_equal(out["hits"].astype(float), mixed["hits"].fillna(7).astype(float))


def test_restoring_what_was_observed_is_the_data_itself():
    frame = long(INDEXES["naive"])
    frame.loc[5:9, "load"] = np.nan
    repeated = pd.concat([frame, frame.iloc[[3]].assign(hits=99)])
    read = read_series(repeated)
    assert_pandas_equal(FrameWriter(read).restore(repeated, read.values), repeated)


def test_restoring_with_rows_that_were_not_there():
    frame = long(INDEXES["naive"], cores=[4] * N + [8] * N)
    lost = [3, 4, 5, 80]
    short = frame.drop(index=lost).sample(frac=1, random_state=3)
    read = read_series(short)
    values = [frame.loc[frame["host"] == n, ["hits", "load"]].to_numpy(float) for n in read.names]
    out = FrameWriter(read).restore(short, values, add_rows=True)
    out = out.sort_values(["host", "time"]).reset_index(drop=True)
    assert_pandas_equal(out, frame)


def test_restoring_other_data_is_an_error():
    read = read_series(long(INDEXES["naive"]))
    with pytest.raises(DataError, match="120"):
        FrameWriter(read).restore(long(INDEXES["naive"]).head(7), read.values)


@pytest.mark.parametrize("shape", [(50,), (50, 3), (4, 50, 3)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int16"])
def test_arrays_come_back_in_shape_and_type(shape, dtype):
    array = (RNG.normal(size=shape) * 100).astype(dtype)
    read = read_series(array)
    back = own(read, FrameWriter(read))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_arrays_and_files_are_restored():
    array = RNG.normal(size=(3, 20, 2))
    holes = np.where(RNG.random(array.shape) < 0.3, np.nan, array)
    read = read_series(holes)
    np.testing.assert_array_equal(FrameWriter(read).restore(holes, list(array)), array)
    parts = [array[0], array[1][:7]]
    read = read_series(parts)
    for back, part in zip(FrameWriter(read).restore(parts, parts), parts, strict=True):
        np.testing.assert_array_equal(back, part)


def test_a_written_frame_can_be_read_again_as_the_same_series():
    frame = long(INDEXES["zone"], cores=[4] * N + [8] * N)
    read = read_series(frame)
    buffer = io.BytesIO()
    pl.from_pandas(own(read, FrameWriter(read))).write_parquet(buffer)
    buffer.seek(0)
    again = read_series(pl.read_parquet(buffer), schema=read.schema)
    assert again.names == read.names
    np.testing.assert_array_equal(np.stack(again.values), np.stack(read.values))
    np.testing.assert_array_equal(again.statics, read.statics)
