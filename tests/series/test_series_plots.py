"""Pictures of series' answers show their numbers; a fit can be repeated."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_series import known_pair

import interfuse


@pytest.fixture(autouse=True)
def closed():
    """Pictures are closed after each test."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    yield
    pyplot.close("all")


def test_the_fan_shows_the_median_of_the_draws(model):
    pair = known_pair()
    draws = model.forecast(pair, 24, draws=30)
    past = np.arange(10.0)
    ax = draws.plot(past, series=1)
    history, median = ax.get_lines()[:2]
    np.testing.assert_array_equal(history.get_ydata(), past)
    wanted = np.quantile(draws.values[1][:, :, 0], 0.5, axis=0, method="weibull")
    # The median begins at the last value of the past.
    np.testing.assert_allclose(median.get_ydata(), [past[-1], *wanted])
    assert len(set(np.diff(history.get_xdata()))) == 1


def test_odd_points_are_marked(model):
    scores = model.detect(known_pair())
    values = np.arange(len(scores.times[0]), dtype=float)
    ax = scores.plot(values)
    line, odd = ax.get_lines()
    np.testing.assert_array_equal(line.get_ydata(), values)
    least = np.quantile(scores.series_score[0], 0.99)
    np.testing.assert_array_equal(odd.get_ydata(), values[scores.series_score[0] >= least])


def test_a_fit_of_series_is_reproduced(tiny, tmp_path):
    from interfuse.reproduce import reproduce

    known_pair().write_parquet(tmp_path / "pair.parquet")
    interfuse.fit(tmp_path / "pair.parquet", kind="series", examples=320, folder=tmp_path / "run")
    found = reproduce(tmp_path / "run")
    assert found.same_weights
    assert found.same_answers == 1
