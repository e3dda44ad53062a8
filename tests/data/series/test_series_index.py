"""The index of a pandas frame of series: its levels are read, and come back with the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_index_equal, assert_series_equal

from interfuse.errors import DataError
from interfuse.kinds.series.answer import SeriesScores
from interfuse.kinds.series.data import FrameWriter, read_series

N = 48
HOURS = pd.date_range("2024-03-01", periods=N, freq="h")
ORDER = np.random.default_rng(3).permutation(N)


def values(n: int = N) -> np.ndarray:
    out = np.random.default_rng(0).normal(10, 2, n).round(3)
    out[[4, 5, n // 2, n - 3]] = np.nan
    return out


def dated(index: pd.Index) -> pd.DataFrame:
    """Stamps in a column; the index says nothing of time."""
    return pd.DataFrame({"time": HOURS[ORDER], "load": values()}, index=index)


def indexed(index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({"load": values(len(index))}, index=index)


PLAIN = {
    "shuffled": dated(pd.Index(ORDER)),
    "repeated": dated(pd.Index(ORDER // 7, name="batch")),
    "text": dated(pd.Index([f"row {i}" for i in ORDER], name="label")),
    "floats": dated(pd.Index(ORDER / 2)),
    "levels of numbers": dated(pd.MultiIndex.from_arrays([ORDER // 5, ORDER], names=["a", None])),
    "category": dated(pd.CategoricalIndex([f"row {i}" for i in ORDER])),
}
TIMES = {
    "dates": indexed(HOURS),
    "dates shuffled": indexed(HOURS[ORDER].rename("at")),
    "zone": indexed(HOURS.tz_localize("Asia/Tokyo")),
    "periods": indexed(pd.period_range("2020-01", periods=N, freq="M", name="month")),
    "quarters": indexed(pd.period_range("2010Q1", periods=N, freq="Q")),
    "text": indexed(pd.Index(HOURS.strftime("%Y-%m-%d %H:%M"), name="stamp")),
    "dates of python": indexed(pd.Index([d.date() for d in pd.date_range("2024", periods=N)])),
    "durations": indexed(pd.timedelta_range("0s", periods=N, freq="10s")),
    "series and dates": indexed(
        pd.MultiIndex.from_product([["b", "a"], HOURS[: N // 2]], names=["store", "at"])
    ),
    "series and periods": indexed(
        pd.MultiIndex.from_product(
            [[2, 1], pd.period_range("2020", periods=N // 2, freq="M")], names=["item", "month"]
        )
    ),
}
ALL = PLAIN | TIMES


@pytest.mark.parametrize("name", ALL)
def test_filling_gaps_keeps_the_index(name):
    data = ALL[name]
    read = read_series(data)
    filled = [np.where(np.isnan(v), 77.0, v) for v in read.values]
    out = FrameWriter(read).restore(data, filled)
    assert_frame_equal(out, data.fillna({"load": 77.0}), check_freq=True)
    again = read_series(data, schema=read.schema)
    assert_frame_equal(FrameWriter(again).restore(data, filled), out)


@pytest.mark.parametrize("name", ALL)
def test_scores_stand_beside_their_rows(name):
    data = ALL[name]
    read = read_series(data)
    lengths = read.lengths
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    point = np.arange(lengths.sum(), dtype=float)
    cells = np.stack([point], 1)
    bands = [np.zeros((n, 3, 1)) for n in lengths]
    out = SeriesScores.of(read, first, point, cells, bands, np.zeros(0)).beside(data).frame()
    assert_index_equal(out.index, data.index)
    assert_frame_equal(out[list(data.columns)], data)
    assert read.rows is not None
    flat = first[read.rows[:, 0]] + read.rows[:, 1]
    assert out["score"].tolist() == point[flat].tolist()


@pytest.mark.parametrize("name", TIMES)
def test_new_rows_go_on_in_the_same_kind_of_index(name):
    data = TIMES[name]
    read = read_series(data)
    writer = FrameWriter(read)
    parts = [
        (read.names[i], read.future_times(i, 3), np.full((3, 1), 1.5)) for i in range(len(read))
    ]
    out = writer.frame(parts)
    assert out.index.nlevels == data.index.nlevels
    assert list(out.index.names) == list(data.index.names)
    for i in range(data.index.nlevels):
        old, new = data.index.get_level_values(i), out.index.get_level_values(i)
        assert new.dtype == old.dtype, (old, new)
    if isinstance(data.index, pd.PeriodIndex):
        last: Any = data.index.max()
        assert out.index.tolist() == [last + k for k in (1, 2, 3)]


def test_a_series_of_pandas_is_scored_and_filled():
    data = indexed(HOURS)["load"]
    read = read_series(data)
    filled = FrameWriter(read).restore(data, [np.nan_to_num(read.values[0], nan=7.0)])
    assert_series_equal(filled, data.fillna(7.0))
    point = np.arange(N, dtype=float)
    bands = [np.zeros((N, 3, 1))]
    scores = SeriesScores.of(read, np.zeros(1, int), point, point[:, None], bands, np.zeros(0))
    out = scores.beside(data).frame()
    assert_index_equal(out.index, data.index)
    assert_series_equal(out["load"], data)


ADDED = {
    "plain": (pd.RangeIndex(N), [*range(N), N, N + 1]),
    "numbers": (pd.Index(ORDER + 5), [*(ORDER + 5), N + 5, N + 6]),
    "text": (pd.Index([f"r{i}" for i in range(N)]), [*(f"r{i}" for i in range(N)), None, None]),
}


@pytest.mark.parametrize("name", ADDED)
def test_rows_that_are_added_take_no_label_of_another(name):
    index, labels = ADDED[name]
    stamps = pd.date_range("2024-03-01", periods=N + 2, freq="h").delete([10, 11])
    data = pd.DataFrame({"time": stamps, "load": 1.0}, index=index)
    read = read_series(data)
    out = FrameWriter(read).restore(data, read.values, add_rows=True)
    assert len(out) == N + 2
    assert [*out.index[:10], *out.index[12:]] == labels[:N]
    new = list(out.index[10:12])
    assert new == labels[N:] or pd.isna(new).all()
    assert out["time"].is_monotonic_increasing


def test_rows_that_are_added_have_the_levels_that_are_columns():
    data = indexed(HOURS).drop(HOURS[7:8].to_list())
    read = read_series(data)
    out = FrameWriter(read).restore(data, read.values, add_rows=True)
    assert out.index.equals(HOURS)


def test_levels_tell_series_apart_without_dates():
    index = pd.MultiIndex.from_product([["a", "b"], range(N // 2)], names=["store", None])
    read = read_series(indexed(index))
    assert read.names == ("a", "b")
    assert read.lengths.tolist() == [N // 2, N // 2]


def test_an_index_that_a_model_does_not_know_is_left_alone():
    fitted = read_series(dated(pd.RangeIndex(N)))
    data = dated(HOURS)  # both an index and a column of dates
    read = read_series(data, schema=fitted.schema)
    assert_frame_equal(FrameWriter(read).restore(data, read.values), data)
    with pytest.raises(DataError, match="could all be the time"):
        read_series(data)


def test_a_level_with_the_name_of_a_column():
    with pytest.raises(DataError, match="'load' is both a column and the index"):
        read_series(indexed(HOURS.rename("load")))
