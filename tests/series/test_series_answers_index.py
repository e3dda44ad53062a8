"""Answers of a fitted model of series to pandas frames have their index, in every question."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_index_equal
from tiny_series import small_network

import interfuse

N = 96
HOURS = pd.date_range("2024-03-01", periods=N, freq="h")
ORDER = np.random.default_rng(1).permutation(N)


def load(n: int) -> np.ndarray:
    out = 10 + 3 * np.sin(np.arange(n) * 2 * np.pi / 24)
    out[5::17] = np.nan
    return out


def two(index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({"load": load(len(index))}, index=index)


DATA = {
    "dates": two(HOURS.rename("at")),
    "periods": two(pd.period_range("2020-01-01", periods=N, freq="D", name="day")),
    "shuffled dates": two(HOURS)[["load"]].iloc[ORDER],
    "levels": two(pd.MultiIndex.from_product([["b", "a"], HOURS[: N // 2]], names=["store", "at"])),
    "labels": pd.DataFrame(
        {"time": HOURS[ORDER], "load": load(N)}, index=pd.Index([f"r{i}" for i in ORDER])
    ),
    "repeated": pd.DataFrame({"time": HOURS[ORDER], "load": load(N)}, index=ORDER // 4),
}


@pytest.mark.parametrize("name", DATA)
def test_every_question(name):
    data = DATA[name]
    before = data.copy()
    with small_network():
        model = interfuse.fit(data, kind="series", examples=64)
    filled = model.impute(data, draws=2)
    known = data["load"].notna().to_numpy()
    for frame in (filled.median(), filled.mean(), *filled.interval(0.5), *filled.frames()):
        assert_index_equal(frame.index, data.index)
        assert_frame_equal(frame[known], data[known])
        assert frame["load"].notna().all()
    assert_index_equal(filled.blank().index, data.index)
    out = model.detect(data).frame()
    assert_index_equal(out.index, data.index)
    assert_frame_equal(out[data.columns], data)
    ahead = model.forecast(data, 3, draws=2)
    for frame in (ahead.median(), *ahead.interval(0.5), *ahead.frames()):
        assert frame.index.nlevels == data.index.nlevels
        if name in ("labels", "repeated"):
            assert_index_equal(frame.index, pd.RangeIndex(3))
        else:
            assert frame.index.names == data.index.names
            stamps = frame.index.get_level_values(-1)
            last = data.index.get_level_values(-1).max()
            assert type(stamps) is type(data.index.get_level_values(-1))
            assert (stamps > last).all()
    assert_frame_equal(data, before)
