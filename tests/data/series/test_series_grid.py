"""Grids against pandas' date ranges."""

import numpy as np
import pandas as pd
import pytest

from interfuse.kinds.series.data import Grid, read_series
from interfuse.kinds.series.data.zones import DAY, from_wall, instants_of, to_wall

HOUR = DAY // 24


def ns(stamps):
    index = pd.DatetimeIndex(stamps)
    if index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    return index.to_numpy().astype("datetime64[ns]").astype(np.int64)


RANGES = {
    "5 min": ("5min", None),
    "1 hour": ("h", "Europe/Vienna"),
    "6 hours": ("6h", "America/New_York"),
    "1 day": ("D", "Europe/Vienna"),
    "1 week": ("7D", "Europe/Vienna"),
    "1 business day": ("B", None),
    "1 month": ("MS", "Europe/Vienna"),
    "3 months": ("QS", None),
    "1 year": ("YS", None),
}


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("start", ["2023-10-01", "2023-01-16 04:00"])
def test_a_regular_range_is_its_own_grid_and_goes_on_as_pandas_says(name, start):
    freq, zone = RANGES[name]
    # Up to 2036 only: the zones of polars know no summer time after 2037.
    index = pd.date_range(start, periods=150, freq=freq, tz=zone)
    known, after = index[:100], index[100:]
    read = read_series(pd.DataFrame({"time": known, "v": np.arange(100.0)}))
    assert read.schema.step_name == name
    assert read.notes == []
    np.testing.assert_array_equal(read.times(0), ns(known))
    np.testing.assert_array_equal(read.future_times(0, 50), ns(after))
    np.testing.assert_array_equal(read.values[0][:, 0], np.arange(100.0))


def test_month_ends_go_on_as_month_ends_even_from_february():
    index = pd.date_range("2023-02-28", periods=30, freq="ME")
    read = read_series(pd.DataFrame({"time": index[:20], "v": 1.0}))
    assert read.schema.grid == "month end"
    np.testing.assert_array_equal(read.future_times(0, 10), ns(index[20:]))


def test_a_day_of_the_month_that_some_months_lack():
    index = pd.DatetimeIndex(
        [pd.Timestamp("2023-01-30") + pd.DateOffset(months=m) for m in range(40)]
    )
    read = read_series(pd.DataFrame({"time": index[:30], "v": 1.0}))
    assert read.schema.grid == "month"
    np.testing.assert_array_equal(read.future_times(0, 10), ns(index[30:]))


@pytest.mark.parametrize(
    "grid",
    [
        Grid("even", 300 * 10**9),
        Grid("even", DAY, "Europe/Vienna"),
        Grid("rows", 7),
        Grid("business day", DAY, "Asia/Tokyo"),
        Grid("month", 30 * DAY, "America/New_York"),
        Grid("month end", 91 * DAY),
    ],
)
def test_nearest_is_the_inverse_of_at_within_less_than_half_a_step(grid):
    rng = np.random.default_rng(0)
    start = ns(["2024-01-31 06:00"])[0]
    k = rng.integers(-500, 500, 300)
    stamps = grid.at(start, k)
    back, off = grid.nearest(start, stamps)
    np.testing.assert_array_equal(back, k)
    assert not off.any()
    # An hour of summer time, and the shortest month, are well below the rest of half a step.
    away = rng.integers(-grid.step // 5, grid.step // 5 + 1, 300)
    np.testing.assert_array_equal(grid.nearest(start, stamps + away)[0], k)


def test_walls_against_pandas_and_back():
    zone = "America/St_Johns"
    instants = ns(pd.date_range("2024-01-01", "2024-12-31", freq="97min"))
    local = pd.DatetimeIndex(instants, tz="UTC").tz_convert(zone).tz_localize(None)
    wall = to_wall(instants, zone)
    np.testing.assert_array_equal(wall, ns(local))
    back, never = from_wall(wall, zone)
    late, _ = from_wall(wall, zone, latest=True)
    assert not never.any()
    assert ((back == instants) | (late == instants)).all()


@pytest.mark.parametrize("minutes", [60, 30, 15, 1])
@pytest.mark.parametrize("down", [False, True])
def test_the_hour_that_the_clock_shows_twice_is_told_by_the_order(minutes, down):
    index = pd.date_range(
        "2024-10-26 12:00", periods=36 * 60 // minutes, freq=f"{minutes}min", tz="Europe/Vienna"
    )
    wall, truth = ns(index.tz_localize(None)), ns(index)
    groups = np.zeros(2 * len(wall), np.int64)
    groups[len(wall) :] = 1
    order = slice(None, None, -1) if down else slice(None)
    found, twice, never = instants_of(
        np.tile(wall[order], 2), groups, "Europe/Vienna"
    )  # two series, each in order
    np.testing.assert_array_equal(found, np.tile(truth[order], 2))
    assert twice == 2 * 2 * (60 // minutes)
    assert never == 0


def test_a_reading_that_the_clock_skips_is_the_instant_without_the_change():
    wall = ns(["2024-03-31 02:30"])
    found, never = from_wall(wall, "Europe/Vienna")
    assert never.all()
    assert found[0] == ns([pd.Timestamp("2024-03-31 02:30", tz="+01:00")])[0]
