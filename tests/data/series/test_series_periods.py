"""Periods on series whose period is known, and on series that have none."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from interfuse.kinds.series.data import Grid, read_series
from interfuse.kinds.series.data.coherence import repeats
from interfuse.kinds.series.data.level import autocorrelation, moving_average
from interfuse.kinds.series.data.periods import calendar_periods, find_periods
from interfuse.kinds.series.data.zones import DAY

FIVE = Grid("even", 300 * 10**9)
ROWS = Grid("rows", 1)


def wave(n, period, noise, rng):
    return (np.sin(2 * np.pi * np.arange(n) / period) + noise * rng.normal(size=n))[:, None]


def test_autocorrelation_with_gaps_is_the_mean_over_pairs():
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    x[rng.random(60) < 0.3] = np.nan
    r = autocorrelation(x, 20)
    for k in range(20):
        wanted = np.nanmean(x[: 60 - k] * x[k:]) / np.nanmean(x * x)
        assert r[k] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("width", [1, 2, 7, 24])
def test_a_moving_average_leaves_a_line_and_takes_a_season_away(width):
    t = np.arange(120.0)
    wave = np.sin(2 * np.pi * t / width) if width > 1 else 0 * t
    found = moving_average(3 * t + wave, width)
    inside = slice(width // 2, 120 - width // 2)
    assert found[inside] == pytest.approx(3 * t[inside], abs=1e-9)
    assert np.isnan(found[: width // 2]).all()


def test_no_memory_makes_the_test_too_sure():
    """Of 1,000 random walks one in a hundred is below .01: 10, and three standard errors are 10;
    as many again, since the moments of the rolls are those of a gamma only about."""
    rng = np.random.default_rng(3)
    walks = np.cumsum(rng.normal(size=(1000, 600)), 1)
    p = np.array([repeats(x, 24, near=False).p_value for x in walks])
    assert (p < 0.01).sum() <= 30
    assert (p < 0.001).sum() <= 7


def test_a_day_and_a_week_on_a_random_walk():
    """A level that strays further than the day is high must not hide them; 20 % of gaps neither."""
    hits, n = 0, 2000
    for seed in range(8):
        rng = np.random.default_rng(seed)
        t = np.arange(n)
        day = 3 * np.sin(2 * np.pi * t / 24) * np.where(t // 24 % 7 >= 5, 0.2, 1.0)
        x = day + np.cumsum(0.3 * rng.normal(size=n))
        x[rng.random(n) < 0.2] = np.nan
        hits += find_periods([x[:, None]], Grid("even", DAY // 24), True) == (24, 168)
    assert hits >= 7


def test_a_year_beside_a_week():
    rng = np.random.default_rng(5)
    t = np.arange(5 * 365)
    x = 2 * np.sin(2 * np.pi * t / 365) + (t % 7 >= 5) + 0.5 * rng.normal(size=len(t))
    assert find_periods([x[:, None]], Grid("even", DAY), True) == (7, 365)


def test_a_phase_that_drifts():
    """A day of 283 steps is one of 288 that comes five steps too early each day."""
    rng = np.random.default_rng(6)
    x = np.sin(2 * np.pi * np.arange(40 * 283) / 283) + 0.3 * rng.normal(size=40 * 283)
    drifting = np.concatenate([x, x])[:, None]
    assert 288 in find_periods([drifting], FIVE, True)


@pytest.mark.parametrize("noise", [0.3, 1, 2])
def test_a_day_and_a_week(noise):
    rng = np.random.default_rng(1)
    t = np.arange(8 * 2016)
    day = np.sin(2 * np.pi * t / 288)
    weekend = t // 288 % 7 >= 5
    assert find_periods([wave(len(t), 288, noise, rng)], FIVE, True) == (288,)
    both = day * np.where(weekend, 0.2, 1) - weekend + noise * rng.normal(size=len(t))
    assert find_periods([both[:, None]], FIVE, True) == (288, 2016)


def test_a_period_that_the_calendar_does_not_know_is_a_peak():
    rng = np.random.default_rng(2)
    # A peak of 30 cycles is placed to well below a fiftieth of the period.
    found = find_periods([wave(30 * 283, 283, 0.5, rng)], ROWS, False)
    assert found == (pytest.approx(283, abs=5),)
    assert find_periods([wave(30 * 210, 210, 0.5, rng)], FIVE, True) == (pytest.approx(210, abs=4),)
    assert find_periods([wave(400, 12, 0.3, rng)], ROWS, False)[0] == 12


def test_the_week_of_a_day_that_is_not_named():
    rng = np.random.default_rng(3)
    t = np.arange(10 * 7 * 96)
    x = np.sin(2 * np.pi * t / 96) * np.where(t // 96 % 7 >= 5, 0.2, 1) + 0.3 * rng.normal(
        size=len(t)
    )
    found = find_periods([x[:, None]], ROWS, False)
    assert found == (pytest.approx(96, abs=1), pytest.approx(672, abs=3))


@pytest.mark.parametrize("kind", ["noise", "slow", "walk", "trend"])
def test_none_where_there_is_none(kind):
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(20):
        e = rng.normal(size=6048)
        x = {
            "noise": e,
            "slow": lfilter([1], [1, -0.98], e),
            "walk": np.cumsum(e),
            "trend": np.arange(6048) + 100 * e,
        }[kind]
        found += len(find_periods([np.asarray(x)[:, None]], FIVE, True))
    # 3 candidates at 3 standard errors on one side: a rate of .0013 each, .08 in 60.
    assert found <= 1


def test_of_many_series_some_need_the_period():
    rng = np.random.default_rng(5)
    quiet = [rng.normal(size=(2016, 1)) for _ in range(6)]
    daily = [wave(2016, 288, 0.5, rng) for _ in range(4)]
    assert find_periods(quiet + daily, FIVE, True) == (288,)
    assert find_periods(quiet, FIVE, True) == ()
    # One of twenty is not a tenth.
    quiet = [rng.normal(size=(10_000, 1)) for _ in range(19)]
    assert find_periods([*quiet, wave(10_000, 288, 0, rng)], FIVE, True) == ()


def test_gaps_and_scales_do_not_matter():
    rng = np.random.default_rng(6)
    x = wave(288 * 30, 288, 0.5, rng)
    x[rng.random(len(x)) < 0.5] = np.nan
    for scale in (1e-200, 1, 1e200):
        assert find_periods([x * scale], FIVE, True) == (288,)
    assert find_periods([np.where(np.arange(8640) % 12, np.nan, x[:, 0])[:, None]], FIVE, True) == (
        288,
    )


@pytest.mark.parametrize(
    ("grid", "known"),
    [
        (Grid("even", DAY // 1440), [60, 1440, 10080, 525949]),
        (Grid("even", DAY // 24), [24, 168, 8766]),
        (Grid("even", DAY), [7, 365]),
        (Grid("even", 7 * DAY), [52]),
        (Grid("business day", DAY), [5, 261]),
        (Grid("month", 30 * DAY), [12]),
        (Grid("month", 91 * DAY), [4]),
        (Grid("even", 7 * DAY // 1000), []),
    ],
)
def test_candidates_of_the_calendar(grid, known):
    assert calendar_periods(grid) == known or (known == [] and calendar_periods(grid)[:1] != [])


@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_short_series_have_none(n):
    rng = np.random.default_rng(7)
    assert find_periods([rng.normal(size=(n, 2))], ROWS, False) == ()
    assert find_periods([rng.normal(size=(n, 2))], Grid("even", DAY), True) == ()


def test_monthly_data_have_a_year():
    rng = np.random.default_rng(8)
    index = pd.date_range("2010-01-01", periods=120, freq="MS")
    v = np.sin(2 * np.pi * np.arange(120) / 12) + 0.02 * np.arange(120) + 0.3 * rng.normal(size=120)
    schema = read_series(pd.DataFrame({"month": index, "v": v})).schema
    assert schema.periods == (12,)
    assert "12 steps (1 year)" in schema.describe()


def test_a_week_of_few_cycles_is_found_without_a_calendar():
    """Six weeks of rows, a day that drifts by one part in sixty: 283 steps, not 288."""
    n, day = 12_000, 283
    found = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        t = np.arange(n)
        height = np.where(t // day % 7 >= 5, 0.4, 1.0)
        noise = np.asarray(lfilter([1], [1, -0.9], rng.normal(size=n))) / 4
        x = 2 * height * np.sin(2 * np.pi * t / day) + noise
        found.append(find_periods([x[:, None]], ROWS, calendar=False))
    assert all(len(f) == 2 and abs(f[0] - day) <= 2 and abs(f[1] - 7 * day) <= 14 for f in found)


def test_a_day_alone_makes_no_week():
    """At most 3 of 60: noise with memory on a day whose height wanders from one to the next."""
    n, day, false = 3_000, 24, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        t = np.arange(n)
        walk = np.asarray(lfilter([1], [1, -0.8], rng.normal(size=n // day + 1)))
        height = np.exp(0.3 * walk)[t // day]
        noise = np.asarray(lfilter([1], [1, -0.8], rng.normal(size=n))) / 2
        x = 2 * height * np.sin(2 * np.pi * t / day) + noise
        false += any(p > 1.5 * day for p in find_periods([x[:, None]], ROWS, calendar=False))
    assert false <= 3
