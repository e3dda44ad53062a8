"""Values to normalised values and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from interfuse.kinds.series.data.scaling import Scaling, squash, unsquash

finite = st.floats(-1e12, 1e12, allow_nan=False, width=64)


@settings(max_examples=200, deadline=None)
@given(
    values=hnp.arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=finite)
)
def test_decoding_is_the_inverse_of_encoding(values):
    """Up to rounding: of the value, of the level that is taken off, and of the logarithm, whose
    rounding is multiplied by the value in units of the spread."""
    scale = Scaling.of(values)
    back = scale.decode(scale.encode(values))
    slack = 1e-13 * (1 + np.abs(values) + np.abs(scale.middle) + np.abs(values - scale.middle) * 50)
    assert (np.abs(back - values) <= slack).all()


@given(u=hnp.arrays(np.float64, 50, elements=st.floats(-1e9, 1e9)))
def test_squashing_is_odd_increasing_and_smooth_at_the_bend(u):
    u = np.sort(u)
    np.testing.assert_array_equal(squash(-u), -squash(u))
    assert (np.diff(squash(u)) >= 0).all()
    np.testing.assert_allclose(unsquash(squash(u)), u, rtol=1e-12)
    step = 1e-6  # the slope is 1 on both sides of 3, so a step differs by its square
    assert squash(np.array([3 + step]))[0] - 3 == pytest.approx(step, abs=step**2)


def test_the_spread_of_normal_data_is_its_standard_deviation():
    x = np.random.default_rng(0).normal(5, 2, (100_000, 1))
    scale = Scaling.of(x)
    # A 5 % quantile of n normal values has a standard error of .0067 sd; four of them.
    assert scale.spread[0] == pytest.approx(2, abs=2 * 4 * 0.0067 * 2 / 3.29)
    assert scale.middle[0] == pytest.approx(5, abs=4 * 1.2533 * 2 / np.sqrt(100_000))


def test_one_outlier_does_not_set_the_spread():
    x = np.random.default_rng(1).normal(size=(200, 1))
    x[17] = 1e9
    # 5 % quantiles of 200 normal values have a standard error of .15 each.
    assert Scaling.of(x).spread[0] == pytest.approx(1, abs=4 * 0.15 * 2 / 3.29)


def test_constants_gaps_and_outliers_have_a_scale():
    constant = Scaling.of(np.full((20, 1), 1e9))
    assert constant.middle == 1e9
    assert constant.spread == 1
    other = Scaling(np.array([4.0]), np.array([2.0]))
    assert Scaling.of(np.full((5, 1), np.nan), other) == other
    rare = np.zeros((1000, 1))
    rare[::200] = 7.0
    scale = Scaling.of(rare)
    assert 0 < scale.spread[0] < 7
    assert scale.encode(np.array([[1e300]]))[0, 0] < 5000
