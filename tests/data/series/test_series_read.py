"""Rows onto grids: gaps, repeats, disorder, irregular stamps, strange values."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from interfuse.errors import DataError, OptionError
from interfuse.kinds.series.data import read_series

HOURS = pd.date_range("2024-01-01", periods=200, freq="h")
BEGIN, HOUR = pd.Timestamp("2024-01-01").value, pd.Timedelta(hours=1).value


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=200)


def test_unsorted_rows_of_two_series_in_any_order(x):
    frame = pd.DataFrame(
        {"host": ["b"] * 100 + ["a"] * 100, "time": [*HOURS[:100], *HOURS[50:150]], "v": x}
    )
    mixed = frame.sample(frac=1, random_state=1)
    read = read_series(mixed)
    assert set(read.names) == {"a", "b"}
    assert read.names[0] == mixed["host"].iloc[0]
    assert "rows were sorted by time" in read.notes
    for name, begin, part in (("b", BEGIN, x[:100]), ("a", BEGIN + 50 * HOUR, x[100:])):
        i = read.names.index(name)
        assert read.starts[i] == begin
        np.testing.assert_array_equal(read.values[i][:, 0], part)
    assert read.rows is not None
    series, place = read.rows.T
    found = [read.values[s][p, 0] for s, p in zip(series, place, strict=True)]
    np.testing.assert_array_equal(found, mixed["v"])


def test_gaps_are_missing(x):
    keep = np.random.default_rng(1).random(200) < 0.6
    keep[[0, -1]] = True
    read = read_series(pd.DataFrame({"time": HOURS[keep], "v": x[keep]}))
    np.testing.assert_array_equal(read.values[0][:, 0], np.where(keep, x, np.nan))


def test_repeats_are_averaged_as_pandas_does(x):
    rng = np.random.default_rng(2)
    at = rng.permutation(np.concatenate([np.arange(182), rng.integers(0, 30, 18)]))
    frame = pd.DataFrame({"time": HOURS[at], "v": x, "n": rng.poisson(4, 200)})
    frame.loc[::7, "v"] = np.nan
    read = read_series(frame)
    mean = frame.groupby("time").mean().reindex(HOURS[at.min() : at.max() + 1])
    np.testing.assert_allclose(read.values[0][:, 0], mean["v"], rtol=1e-12)
    np.testing.assert_array_equal(read.values[0][:, 1], np.rint(mean["n"]))
    assert f"{200 - len(set(at))} repeated stamps were averaged" in read.notes


def test_jitter_is_snapped_and_told(x):
    away = np.random.default_rng(3).normal(scale=30, size=200)
    read = read_series(pd.DataFrame({"time": HOURS + pd.to_timedelta(away, unit="s"), "v": x}))
    assert read.schema.step_name == "1 hour"
    np.testing.assert_array_equal(read.times(0), HOURS.astype(np.int64))
    np.testing.assert_array_equal(read.values[0][:, 0], x)
    assert any("moved onto a grid of 1 hour" in note for note in read.notes)


def test_irregular_stamps_take_the_median_step_and_keep_every_mean():
    rng = np.random.default_rng(4)
    seconds = np.cumsum(rng.exponential(300, 500))
    stamps = HOURS[0] + pd.to_timedelta(seconds, unit="s")
    read = read_series(pd.DataFrame({"time": stamps, "v": seconds}))
    step = read.schema.step / 1e9
    assert step == pytest.approx(np.median(np.diff(seconds)), rel=0.05)
    # A mean of seconds in a cell lies within half a step of the cell.
    since = (read.times(0) - BEGIN) / 1e9
    seen = ~np.isnan(read.values[0][:, 0])
    assert np.abs(read.values[0][seen, 0] - since[seen]).max() <= step / 2 + 1e-6
    assert read.rows is not None
    assert seen.sum() == len({tuple(r) for r in read.rows})


def test_a_common_difference_among_irregular_ones_is_no_step():
    rng = np.random.default_rng(7)
    moves = np.where(rng.random(600) < 0.4, 60.0, rng.uniform(60, 1200, 600))
    stamps = HOURS[0] + pd.to_timedelta(np.cumsum(moves), unit="s")
    read = read_series(pd.DataFrame({"time": stamps, "v": moves}))
    assert read.schema.step / 1e9 == pytest.approx(np.median(moves), rel=0.05)


def test_a_longer_step_of_half_the_data_does_not_hide_the_shorter():
    times = [*HOURS[:100:2], *HOURS[100:]]
    read = read_series(pd.DataFrame({"time": times, "v": np.arange(150.0)}))
    assert (read.schema.step_name, len(read.values[0])) == ("1 hour", 200)


def test_a_series_of_a_longer_step_lies_on_the_grid_of_the_model_that_is_asked():
    five = pd.date_range("2024-01-01", periods=1000, freq="5min")
    frame = pd.DataFrame({"id": "a", "time": five, "v": np.arange(1000) % 7.0})
    schema = read_series(pd.concat([frame, frame.assign(id="c")])).schema
    other = pd.DataFrame({"id": "b", "time": HOURS[:80], "v": 2.0})
    read = read_series(pd.concat([frame, other]), schema=schema)
    assert read.schema.step_name == "5 min"
    assert np.isnan(read.values[1]).sum() == 79 * 11
    assert any("1 of 2 series have longer steps" in note for note in read.notes)


def test_series_of_another_world_are_refused():
    second = pd.DataFrame({"id": "a", "time": pd.date_range("2024", periods=3000, freq="s")})
    daily = pd.DataFrame({"id": "b", "time": pd.date_range("2024", periods=60, freq="D")})
    with pytest.raises(DataError, match=r"series 'b' has 60 stamps.*own step is 1 day"):
        read_series(pd.concat([second, daily]).assign(v=1.0))


@pytest.mark.parametrize("wrong", ["1970-01-01 00:00:00", "2099-12-31 00:00:00"])
def test_a_wrong_stamp_is_named(x, wrong):
    times = [pd.Timestamp(wrong), *HOURS[1:]]
    with pytest.raises(DataError, match=wrong.replace(" ", "T")):
        read_series(pd.DataFrame({"time": times, "v": x}))


def test_a_stamp_beyond_nanoseconds_is_named(x):
    times = [dt.datetime(2024, 1, 1) + dt.timedelta(hours=i) for i in range(200)]
    times[7] = dt.datetime(9999, 1, 1)
    frame = pl.DataFrame({"time": times, "v": x})
    with pytest.raises(DataError, match=r"row 7 has the stamp 9999.*1700 to 2240"):
        read_series(frame)


def test_infinite_values_count_as_missing(x):
    v = x.copy()
    v[3:6] = [np.inf, -np.inf, np.nan]
    read = read_series(pd.DataFrame({"time": HOURS, "v": v}))
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(read.values[0][:, 0])), [3, 4, 5])
    assert "2 infinite values count as missing" in read.notes
    array = read_series(v)
    assert np.isnan(array.values[0]).sum() == 3


def test_a_channel_that_only_some_series_have(x):
    frame = pd.DataFrame({"id": ["a"] * 100 + ["b"] * 100, "time": [*HOURS[:100]] * 2, "v": x})
    frame["w"] = np.where(frame["id"] == "a", x, np.nan)
    read = read_series(frame)
    assert read.schema.names == ["v", "w"]
    assert np.isnan(read.values[1][:, 1]).all()
    np.testing.assert_array_equal(read.values[0][:, 1], x[:100])


def test_rows_without_time_or_series_are_left_out(x):
    frame = pd.DataFrame({"id": ["a"] * 100 + ["b"] * 100, "time": [*HOURS[:100]] * 2, "v": x})
    frame.loc[99, "time"] = pd.NaT
    frame.loc[199, "id"] = None
    read = read_series(frame)
    assert list(read.lengths) == [99, 99]
    assert read.rows is not None
    assert (read.rows[[99, 199]] == -1).all()
    assert "rows without a time were left out: 1" in read.notes
    assert "rows without a series were left out: 1" in read.notes


def test_constant_series_and_channels_without_values(x):
    read = read_series(pd.DataFrame({"time": HOURS, "v": 3.0, "gone": np.nan}))
    assert read.schema.names == ["v"]
    assert read.schema.ignored == ("gone",)
    assert (read.schema.channels[0].minimum, read.schema.channels[0].maximum) == (3.0, 3.0)
    assert read.schema.periods == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame({"time": HOURS[:1], "v": [1.0]}), "no series has two stamps"),
        (np.ones(1), "one point in time"),
        (pd.DataFrame({"time": HOURS, "v": np.nan}), "no channel holds a value: 'v'"),
        (np.full((5, 2), np.nan), "no channel holds a value"),
        (pd.DataFrame({"time": [pd.NaT] * 3, "v": [1.0, 2, 3]}), "no value|no column|stamps"),
        (np.array(["a", "b"]), "expected numbers"),
        (np.ones((2, 3, 4, 5)), "expected"),
        ({"a": np.ones((5, 2)), "b": np.ones((5, 3))}, "2, 3 channels"),
    ],
)
def test_nothing_to_learn_from_is_an_error(data, message):
    if isinstance(data, pd.DataFrame) and data["time"].isna().to_numpy().all():
        with pytest.raises(DataError, match=message):
            read_series(data, time="time")
        return
    with pytest.raises(DataError, match=message):
        read_series(data)


def test_empty_files(tmp_path):
    (tmp_path / "a.csv").write_text("")
    (tmp_path / "b.csv").write_text("time,v\n")
    (tmp_path / "c.npz").write_bytes(b"no zip")
    for name, message in (("a.csv", "empty"), ("b.csv", "no rows"), ("c.npz", "cannot be read")):
        with pytest.raises(DataError, match=message):
            read_series(tmp_path / name)


def test_an_unknown_zone_is_an_error(x):
    with pytest.raises(OptionError, match="Mars"):
        read_series(pd.DataFrame({"time": HOURS, "v": x}), zone="Mars/Olympus")


def test_local_stamps_over_both_changes_of_the_clock():
    index = pd.date_range("2024-01-01", "2024-12-31", freq="h", tz="Europe/Vienna")
    frame = pd.DataFrame({"time": index.tz_localize(None), "v": np.arange(len(index))})
    read = read_series(frame, zone="Europe/Vienna")
    np.testing.assert_array_equal(read.times(0), index.tz_convert("UTC").astype(np.int64))
    np.testing.assert_array_equal(read.values[0][:, 0], np.arange(len(index)))
    # Read as UTC, the same stamps lack an hour and repeat one.
    plain = read_series(frame)
    assert np.isnan(plain.values[0]).sum() == 1
    assert "1 repeated stamp was averaged" in plain.notes


def test_covariates_known_ahead(x):
    v = np.where(np.arange(200) < 180, x, np.nan)
    frame = pd.DataFrame({"time": HOURS, "v": v, "holiday": np.arange(200) % 24 < 3})
    frame["price"] = np.arange(200.0)
    read = read_series(frame, known_future=["holiday", "price"])
    assert read.lengths[0] == 180
    assert [(c.name, c.kind) for c in read.schema.covariates] == [
        ("holiday", "category"),
        ("price", "number"),
    ]
    np.testing.assert_array_equal(read.covariates[0][:, 1], np.arange(180))
    future = read.future_covariates(0, 30)
    np.testing.assert_array_equal(future[:20, 1], np.arange(180, 200))
    np.testing.assert_array_equal(future[:20, 0], np.arange(180, 200) % 24 < 3)
    assert np.isnan(future[20:]).all()


def test_arrays_of_several_forms(tmp_path):
    rng = np.random.default_rng(5)
    cube, flat = rng.normal(size=(3, 20, 2)), rng.normal(size=20)
    assert [len(read_series(a)) for a in (flat, cube[0], cube)] == [1, 1, 3]
    assert [len(read_series(a)) for a in ([*flat], [[1, 2], [3, 4]], [[1, 2], [3]])] == [1, 1, 2]
    np.testing.assert_array_equal(np.stack(read_series(cube).values), cube)
    np.savez(tmp_path / "one.npz", values=flat, labels=np.arange(5))
    np.testing.assert_array_equal(read_series(tmp_path / "one.npz").values[0][:, 0], flat)
    np.savez(tmp_path / "many.npz", a_train=cube[0], a_test=cube[1], b_train=cube[2][:9])
    read = read_series(tmp_path / "many.npz")
    assert (read.names, list(read.lengths)) == (("a", "b"), [20, 9])
    one = read_series(tmp_path / "many.npz", series="a_test")
    np.testing.assert_array_equal(one.values[0], cube[1])
    np.savez(tmp_path / "odd.npz", a=cube, b=cube[0])
    with pytest.raises(DataError, match="different shapes"):
        read_series(tmp_path / "odd.npz")
    np.save(tmp_path / "text.npy", np.array([{}], dtype=object))
    with pytest.raises(DataError, match="cannot be read"):
        read_series(tmp_path / "text.npy")


def test_the_day_of_two_million_seconds_is_found():
    rng = np.random.default_rng(6)
    n = 2_000_000
    day = 5 + 4 * np.sin(2 * np.pi * np.arange(n) / 86_400)
    read = read_series(pl.DataFrame({"requests": rng.poisson(day).astype(np.int16)}))
    assert read.schema.channels[0].integer
    # 23 days: the peak of day m is placed to about a block of 41 s; 14 of them average it.
    assert read.schema.periods[0] == pytest.approx(86_400, rel=0.003)
