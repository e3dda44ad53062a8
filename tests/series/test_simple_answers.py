"""Interpolation and seasonal copies against numpy, scipy and the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.interpolate import CubicHermiteSpline

from interfuse.kinds.series.learn.view import Clock, SeriesRows
from interfuse.kinds.series.learn.windows import Looker
from interfuse.kinds.series.net.simple import curve, line, nearest_known, steps_away

PERIOD, LENGTH = 7, 21


def draw(seed: int, n: int = 40, length: int = 30, share: float = 0.4):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, length, 2)).cumsum(1)
    known = rng.random((n, length, 2)) < share
    return torch.from_numpy(x), torch.from_numpy(known)


def test_the_line_is_that_of_numpy():
    x, known = draw(0)
    got = line(torch.where(known, x, np.nan).nan_to_num(7e7), nearest_known(known)).numpy()
    place = np.arange(x.shape[1])
    for i in range(len(x)):
        for c in range(2):
            at = np.flatnonzero(known[i, :, c])
            wanted = np.interp(place, at, x[i, at, c]) if len(at) else np.zeros(len(place))
            # Shares of a gap are float32, values about 10.
            np.testing.assert_allclose(got[i, :, c], wanted, atol=1e-5)


def test_the_curve_is_the_hermite_cubic_of_scipy():
    """Slopes are those between the neighbours of a knot, one-sided at the ends."""
    x, known = draw(1)
    near = nearest_known(known)
    got = curve(x, line(x, near), near).numpy()
    for i in range(len(x)):
        for c in range(2):
            at = np.flatnonzero(known[i, :, c])
            if len(at) < 2:
                continue
            y = x[i, at, c].numpy()
            before, after = np.maximum(np.arange(len(at)) - 1, 0), np.arange(len(at)) + 1
            after = np.minimum(after, len(at) - 1)
            slope = (y[after] - y[before]) / (at[after] - at[before])
            inside = np.arange(at[0], at[-1] + 1)
            wanted = CubicHermiteSpline(at, y, slope)(inside)
            # Shares of a gap are float32, values about 10.
            np.testing.assert_allclose(got[i, inside, c], wanted, atol=1e-4)


def test_known_cells_are_their_own_answer():
    x, known = draw(2)
    near = nearest_known(known)
    ruler = line(x, near)
    for answer in (ruler, curve(x, ruler, near)):
        np.testing.assert_array_equal(answer[known], x[known])


@pytest.mark.parametrize("period", [1, 2, 24])
def test_the_first_season_that_is_known(period):
    distance = torch.arange(1, 100)
    k = steps_away(period, distance)
    assert (k * period >= distance).all()
    assert ((k - 1) * period < distance).logical_or(k == 1).all()


def rows_of(values: np.ndarray, seen: np.ndarray, start: int) -> SeriesRows:
    m = len(values)
    one = torch.tensor
    return SeriesRows(
        values=torch.from_numpy(np.where(seen, values, 0.0).astype(np.float32))[:, None],
        seen=torch.from_numpy(seen)[:, None],
        held=torch.zeros(m, dtype=torch.bool),
        tick=torch.arange(m, dtype=torch.float64),
        future=torch.zeros(m, 0),
        first=one([0]),
        last=one([m]),
        start=one([start]),
        owner=one([0]),
        statics=torch.zeros(1, 0),
        jitter=torch.zeros(1, 1),
    )


@pytest.mark.parametrize("seed", range(6))
def test_seasonal_copies_are_those_that_the_definition_finds(seed):
    """Nearest known copies back; no copy lies after what is known on the left."""
    rng = np.random.default_rng(seed)
    m, start = 70, 42
    values = rng.normal(size=m)
    seen = rng.random(m) < 0.7
    seen[start + rng.integers(2, 18) :] = False  # a forecast
    looker = Looker(Clock((PERIOD,), ()), LENGTH)
    view = looker.look(rows_of(values, seen, start), None, None)
    # The four answers of a season come last: back, usual, ahead, shifted.
    back = (view.answers[0, :, 0, -4] + view.anchor[0, :, 0]).numpy()
    usual = (view.answers[0, :, 0, -3] + view.anchor[0, :, 0]).numpy()
    inside = seen[start : start + LENGTH]
    found = 0
    for t in range(LENGTH):
        left = np.flatnonzero(inside[: t + 1])
        distance = t - left[-1] if len(left) else t + 1
        k = max(-(-distance // PERIOD), 1)
        copies = [start + t - (k + extra) * PERIOD for extra in range(3)]
        copies = [at for at in copies if at >= 0 and seen[at]]
        if copies:
            found += 1
            # float32 sums with the window's level.
            np.testing.assert_allclose(back[t], values[copies[0]], atol=1e-5)
            np.testing.assert_allclose(usual[t], np.median(values[copies]), atol=1e-5)
    assert found > LENGTH // 2


def test_nothing_that_is_hidden_can_be_seen():
    """Other values where cells are hidden: the network is told the same."""
    rng = np.random.default_rng(3)
    m, start = 90, 42
    seen = np.ones(m, bool)
    looker = Looker(Clock((PERIOD,), (7.0,)), LENGTH)
    total = looker.before + LENGTH + looker.after
    hidden = torch.from_numpy(rng.random((1, total)) < 0.5)
    a = rng.normal(size=m)
    at = np.arange(m) - start + looker.before
    covered = (at >= 0) & (at < total)
    gone = np.zeros(m, bool)
    gone[covered] = hidden[0].numpy()[at[covered]]
    b = np.where(gone, rng.normal(size=m) + 50, a)
    views = [
        looker.look(rows_of(v, seen, start), hidden, torch.ones(1, 1, dtype=torch.bool))
        for v in (a, b)
    ]
    assert gone[start : start + LENGTH].sum() > 3
    told = ("cells", "local", "rough", "reach", "unit", "prior", "steps", "answers", "anchor")
    for name in told:
        one, other = (getattr(v, name) for v in views)
        torch.testing.assert_close(one, other, rtol=0, atol=0, msg=name)
