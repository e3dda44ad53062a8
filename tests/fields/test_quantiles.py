"""Bins and ranks: exact both ways, standard normal inside a bin, sensible outside the range."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import kstest, kstwo

from interfuse.kinds.table.fields.quantiles import (
    KNOTS,
    SPLIT_ROWS,
    BinnedQuantiles,
    assign_bins,
    make_knots,
)

SETTINGS = settings(deadline=None, max_examples=60, derandomize=True)
INT64, UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)
EDGES = {
    "i": [INT64.min, INT64.min + 1, -1, 0, 1, 2**53 + 1, INT64.max - 1, INT64.max],
    "u": [0, 1, 2**53 + 1, 2**63 - 1, 2**63, UINT64.max - 1, UINT64.max],
    "f": [-1.7e308, -5e-324, -0.0, 0.0, 5e-324, 2.2e-308, 0.1, 1.0, 2.0**53, 1.7e308],
}


def fit(x, bins=32):
    values, counts = np.unique(x, return_counts=True)
    label = assign_bins(values, counts, bins)
    return BinnedQuantiles(make_knots(values, counts, label))


def middle(low, high):
    """The middle of an interval in probability, rounded as the network's inputs are."""
    low, high = (np.float32(e).astype(float) for e in (low, high))
    return np.where(low == high, low, ndtri((ndtr(low) + ndtr(high)) / 2))


def inside(low, high, rng):
    return ndtri(ndtr(low) + rng.random(len(low)) * (ndtr(high) - ndtr(low)))


@st.composite
def columns(draw):
    kind = draw(st.sampled_from("iuf"))
    element = {
        "i": st.integers(INT64.min, INT64.max) | st.integers(-5, 5),
        "u": st.integers(0, UINT64.max) | st.integers(0, 9),
        "f": st.floats(allow_nan=False, allow_infinity=False) | st.floats(-2, 2, width=16),
    }[kind]
    values = draw(st.lists(element | st.sampled_from(EDGES[kind]), min_size=1, max_size=60))
    repeats = draw(st.integers(1, 40))
    dtype = {"i": np.int64, "u": np.uint64, "f": np.float64}[kind]
    x = np.repeat(np.array(values, dtype), repeats)
    # Singles beside the ties.
    return np.concatenate([x, np.array(draw(st.lists(element, max_size=20)), dtype)])


@SETTINGS
@given(columns(), st.sampled_from([1, 4, 32]))
def test_every_value_comes_back_exactly(x, bins):
    q = fit(x, bins)
    code, low, high = q.to_cells(x)
    back = q.to_values(code, middle(low, high))
    assert back.dtype == x.dtype
    np.testing.assert_array_equal(back, x)


@SETTINGS
@given(columns(), st.integers(0, 2**32))
def test_drawn_values_stay_inside_their_bin_and_rise_with_z(x, seed):
    q = fit(x)
    rng = np.random.default_rng(seed)
    z = np.sort(np.concatenate([rng.normal(size=50) * 2, [-50.0, -8, 0, 8, 50]]))
    code, _, _ = q.to_cells(x)
    for b in range(q.bins):
        back = q.to_values(np.full(len(z), b), z)
        own = x[code == b]
        assert own.min() <= back[0]
        assert back[-1] <= own.max()
        assert (back[1:] >= back[:-1]).all()


@SETTINGS
@given(columns())
def test_each_value_belongs_to_one_bin_and_bins_are_counted(x):
    q = fit(x)
    code, low, high = q.to_cells(x)
    np.testing.assert_array_equal(np.bincount(code, minlength=q.bins), q.knots.rows)
    absent = np.isnan(low)
    np.testing.assert_array_equal(absent, q.single[code])
    assert (low[~absent] < high[~absent]).all()


SHAPES = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tail": lambda rng, n: rng.pareto(1.1, n),
    "ties": lambda rng, n: rng.poisson(40, n),
    "spike of zeros": lambda rng, n: np.where(rng.random(n) < 0.6, 0.0, rng.lognormal(3, 2, n)),
    "two decimals": lambda rng, n: rng.gamma(2, 10, n).round(2),
    "large integers": lambda rng, n: rng.integers(-(2**62), 2**62, n),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_draws_inside_the_intervals_are_standard_normal(shape):
    rng = np.random.default_rng(5)
    x = SHAPES[shape](rng, 8_000)
    q = fit(x)
    code, low, high = q.to_cells(x)
    z = inside(low, high, rng)
    # One test a bin with a Bonferroni correction: all of them pass with probability 0.999. Each
    # interval gets one draw, which makes the distance smaller than that of independent draws.
    for b in np.flatnonzero(~q.single):
        own = z[code == b]
        assert kstest(own, "norm").statistic < kstwo.ppf(1 - 1e-3 / q.bins, len(own))


def test_new_values_follow_the_column():
    rng = np.random.default_rng(0)
    x = rng.lognormal(0, 1, 20_000)
    q = fit(x)
    code = q.to_cells(x)[0]
    back = q.to_values(code, rng.normal(size=len(x)))
    assert len(np.intersect1d(back, x)) < 0.01 * len(x)
    # Two independent samples would differ by more; bins are kept, so only the inside is drawn.
    distance = kstest(np.log(back), "norm").statistic
    assert distance < kstwo.ppf(0.999, len(x))


def test_a_heavy_value_is_alone_in_its_bin():
    rng = np.random.default_rng(1)
    x = np.concatenate([np.zeros(300), rng.normal(size=9_700)])
    q = fit(x)
    code = q.to_cells(x)[0]
    assert len(np.unique(x[code == code[0]])) == 1
    # 2 % of the rows are too few to be heavy in a table of two rows a value.
    few = fit(np.repeat(np.arange(100), 2))
    assert not few.single.any()


def test_each_of_few_values_is_a_bin():
    x = np.repeat([1, 5, 6, 900], [1, 700, 2, 1])
    q = fit(x, 2)
    assert q.bins == 4
    assert q.single.all()


@pytest.mark.parametrize(("distinct", "each", "bins"), [(60, 1, 6), (60, 2, 60), (12, 1, 12)])
def test_measurements_that_all_differ_are_no_codes(distinct, each, bins):
    label = assign_bins(np.arange(distinct), np.full(distinct, each), 32)
    assert label.max() + 1 == bins


@pytest.mark.parametrize("n", [20_000, 160_000])
def test_a_wide_bin_is_cut(n):
    rng = np.random.default_rng(2)
    x = rng.pareto(1.0, n)
    q = fit(x, 16)
    assert q.bins > 16
    code = q.to_cells(x)[0]
    width = np.array([np.ptp(x[code == b]) for b in range(q.bins)])
    rows = np.bincount(code)
    # What is still wide has too few rows to be cut again.
    assert (rows[width > np.ptp(x) / 16] < 2 * SPLIT_ROWS + 2).all()
    assert rows.min() >= SPLIT_ROWS


def test_a_long_bin_keeps_few_knots_and_small_errors():
    x = np.random.default_rng(3).normal(size=50_000)
    q = fit(x, 4)
    assert np.bincount(q.knots.bin).max() <= KNOTS + 2  # the steps at both ends stay whole
    code, low, high = q.to_cells(x)
    back = q.to_values(code, middle(low, high))
    rank = np.argsort(np.argsort(x)) / len(x)
    there = np.searchsorted(np.sort(x), back) / len(x)
    # A bin holds a quarter of the rows: a value moves by less than one gap between its knots.
    assert np.abs(rank - there).max() < 0.3 / KNOTS + 2 / len(x)


def test_unseen_values_inside_the_range_rank_between_their_neighbours():
    x = np.arange(0, 2_000, 10)
    q = fit(x, 1)
    new = np.arange(5, 1_990, 10)
    _, low, high = q.to_cells(new)
    _, seen_low, seen_high = q.to_cells(x)
    z, seen = middle(low, high), middle(seen_low, seen_high)
    assert (seen[:-1] < z).all()
    assert (z < seen[1:]).all()
    assert np.array_equal(q.to_values(np.zeros(len(new), int), z), new)


@pytest.mark.parametrize("bins", [1, 32])
def test_values_beyond_the_range_have_a_z_linear_in_the_distance(bins):
    x = np.random.default_rng(4).normal(size=3_000)
    q = fit(x, bins)
    last, low, high = q.to_cells(np.array([x.max()]))
    edge = middle(low, high)[0]
    width = np.ptp(x[q.to_cells(x)[0] == last[0]])
    far = x.max() + width * np.array([1e-9, 0.5, 1, 2, 50])
    code, low, high = q.to_cells(far)
    assert (code == last).all()
    assert (low == high).all()
    assert (low >= edge - 1e-5).all()  # the edge is rounded to float32
    np.testing.assert_allclose(np.diff(low), np.diff(far) / width, rtol=1e-9)
    if bins == 1:  # with more, the cuts between bins are not symmetric
        np.testing.assert_allclose(fit(-x, 1).to_cells(-far)[1], -low, rtol=1e-9)


def test_the_distance_beyond_the_range_of_64_bits_does_not_wrap():
    q = fit(np.arange(INT64.max - 100, INT64.max, dtype=np.int64), 1)
    _, low, _ = q.to_cells(np.array([INT64.min, 0, INT64.max - 101]))
    assert (np.diff(low) > 0).any()
    assert low[0] <= low[1] < low[2] < 0
    assert np.isfinite(low).all()


@SETTINGS
@given(columns(), columns())
def test_any_unseen_value_has_a_bin_and_a_finite_rank(x, new):
    q = fit(x)
    new = new[np.abs(new.astype(float)) < 2.0**63].astype(x.dtype)
    code, low, high = q.to_cells(new)
    light = ~q.single[code] if len(code) else np.zeros(0, bool)
    assert ((code >= 0) & (code < q.bins)).all()
    assert np.isfinite(low[light]).all()
    assert (low[light] <= high[light]).all()
    own = np.unique(x)
    back = q.to_values(code, middle(low, high)) if len(new) else new
    assert (own[0] <= back).all()
    assert (back <= own[-1]).all()
