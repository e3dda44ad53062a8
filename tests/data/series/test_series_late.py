"""Stamps that come late lie on the round grid that they were meant for."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from interfuse.kinds.series.data import read_series

S = 1_000_000_000
MIN, HOUR, DAY = 60 * S, 3600 * S, 86400 * S
START = 1_704_067_200 * S  # 2024-01-01


def late(step: int, latest: int, n: int = 300, seed: int = 0, phase: int = 0) -> np.ndarray:
    """Stamps `step` apart, each late by up to `latest`, in whole seconds where they are."""
    unit = S if step >= 10 * S else S // 1000
    rng = np.random.default_rng(seed)
    return START + phase + np.arange(n) * step + rng.integers(0, latest // unit + 1, n) * unit


def read(stamps: np.ndarray):
    column = pl.Series("time", stamps).cast(pl.Datetime("ns"))
    frame = pl.DataFrame({"time": column, "v": np.arange(len(stamps)) * 1.0})
    return read_series(frame)


CASES = {
    "5 min, 15 s": (5 * MIN, 15 * S),
    "5 min, 25 s": (5 * MIN, 25 * S),
    "1 min, 5 s": (MIN, 5 * S),
    "10 min, 40 s": (10 * MIN, 40 * S),
    "15 min, 1 min": (15 * MIN, MIN),
    "1 hour, 4 min": (HOUR, 4 * MIN),
    "6 hours, 30 min": (6 * HOUR, 30 * MIN),
    "1 day, 30 min": (DAY, 30 * MIN),
    "1 day, 4 hours": (DAY, 4 * HOUR),
    "1 week, 9 hours": (7 * DAY, 9 * HOUR),
    "30 s, 2 s": (30 * S, 2 * S),
    "1 s, 60 ms": (S, 60 * S // 1000),
    "100 ms, 6 ms": (S // 10, 6 * S // 1000),
    "45 s, 3 s": (45 * S, 3 * S),
    "90 min, 5 min": (90 * MIN, 5 * MIN),
    "7 min, 20 s": (7 * MIN, 20 * S),
}


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", CASES)
def test_the_round_step_is_found(name, seed):
    step, latest = CASES[name]
    for n in (40, 300):
        found = read(late(step, latest, n, seed))
        assert found.schema.step == step
        # One row a point, none lost, none left out.
        np.testing.assert_array_equal(found.values[0][:, 0], np.arange(n))


@pytest.mark.parametrize("lost", [0.1, 0.4])
@pytest.mark.parametrize("name", ["5 min, 15 s", "1 hour, 4 min", "1 day, 30 min"])
def test_with_rows_that_are_missing(name, lost):
    step, latest = CASES[name]
    keep = np.random.default_rng(3).random(300) >= lost
    keep[[0, -1]] = True
    found = read(late(step, latest)[keep])
    assert found.schema.step == step
    assert len(found.values[0]) == 300
    np.testing.assert_array_equal(np.isnan(found.values[0][:, 0]), ~keep)


@pytest.mark.parametrize("phase", [0, 2 * HOUR, 11 * HOUR + 50 * MIN, 18 * HOUR])
def test_days_that_begin_at_any_hour(phase):
    found = read(late(DAY, 30 * MIN, 60, phase=phase))
    assert found.schema.step_name == "1 day"
    np.testing.assert_array_equal(found.values[0][:, 0], np.arange(60))


@pytest.mark.parametrize(
    "step", [303 * S, 86_253 * S, 7 * S, 61 * S, 3_607 * S, 1_440 * S, 97 * S // 1000]
)
def test_an_odd_step_that_is_kept_stays(step):
    assert read(START + np.arange(200) * step).schema.step == step
    gaps = np.flatnonzero(np.random.default_rng(1).random(200) < 0.7)
    assert read(START + gaps * step).schema.step == step


def test_several_series_late_on_their_own():
    parts = [late(5 * MIN, 15 * S, 100, seed, phase=seed * 70 * S) for seed in range(4)]
    frame = pl.DataFrame(
        {
            "time": pl.Series(np.concatenate(parts)).cast(pl.Datetime("ns")),
            "host": np.repeat(["a", "b", "c", "d"], 100),
            "v": np.tile(np.arange(100.0), 4),
        }
    )
    found = read_series(frame)
    assert found.schema.step_name == "5 min"
    for values in found.values:
        np.testing.assert_array_equal(values[:, 0], np.arange(100))


@pytest.mark.parametrize(("step", "latest"), [(300, 15), (1000, 40), (3600, 200), (50, 2)])
def test_numbers_as_time(step, latest):
    at = np.arange(200) * step + np.random.default_rng(0).integers(0, latest + 1, 200)
    found = read_series(pl.DataFrame({"elapsed_time": at, "v": np.arange(200.0)}))
    assert found.schema.step == step
    np.testing.assert_array_equal(found.values[0][:, 0], np.arange(200))


def test_months_that_come_late_in_the_day():
    first = np.array([f"{2018 + k // 12}-{k % 12 + 1:02d}-01" for k in range(48)], "datetime64[ns]")
    stamps = first.astype(np.int64) + np.random.default_rng(0).integers(0, 3600, 48) * S
    found = read(stamps)
    assert found.schema.step_name == "1 month"
    np.testing.assert_array_equal(found.values[0][:, 0], np.arange(48))
