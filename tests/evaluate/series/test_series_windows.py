"""Distances of windows against processes whose autocorrelation and spectrum are known."""

import math

import numpy as np
import pytest

from interfuse.errors import InterfuseError
from interfuse.kinds.series.judge import (
    autocorrelation,
    block_bootstrap,
    discriminate,
    likeness,
    spectrum,
)


def ar1(n, length, phi, seed):
    """Stationary windows of x_t = phi x_{t-1} + noise, variance 1."""
    rng = np.random.default_rng(seed)
    out = np.empty((n, length))
    out[:, 0] = rng.normal(size=n)
    for t in range(1, length):
        out[:, t] = phi * out[:, t - 1] + math.sqrt(1 - phi**2) * rng.normal(size=n)
    return out


def test_autocorrelation_is_that_of_the_process():
    """4,000 independent windows; a lag's estimate is a mean over windows, error below 1/sqrt(n)."""
    phi = 0.8
    found = autocorrelation(ar1(4000, 40, phi, 0), 10)
    np.testing.assert_allclose(found, phi ** np.arange(1, 11), atol=4 / math.sqrt(4000))


def test_spectrum_is_flat_for_noise_and_a_peak_for_a_wave():
    rng = np.random.default_rng(1)
    flat = spectrum(rng.normal(size=(3000, 64)))[2:-1]
    # Each bin is a mean of 3,000 exponentials of mean 1.
    np.testing.assert_allclose(flat, 1.0, atol=5 / math.sqrt(3000))
    wave = np.sin(2 * np.pi * 8 * np.arange(64) / 64 + rng.uniform(0, 6.28, (50, 1)))
    assert np.argmax(spectrum(wave)) == 8 - 1  # the mean's bin is left out


def test_likeness_of_a_sample_with_itself_is_perfect():
    x = ar1(50, 30, 0.5, 2)
    found = likeness(x, x[::-1])
    assert max(vars(found).values()) < 1e-12


def test_each_distance_sees_what_it_is_for():
    x, fresh = ar1(2000, 32, 0.9, 3), ar1(2000, 32, 0.9, 4)
    same = likeness(x, fresh)
    shuffled = np.random.default_rng(5).permuted(fresh, axis=1)
    mixed = likeness(x, shuffled)
    assert mixed.marginal == pytest.approx(same.marginal, abs=1e-12)
    assert mixed.autocorrelation > 0.1 > 3 * same.autocorrelation
    assert mixed.spectrum > 0.3 > 10 * same.spectrum
    moved = likeness(x, x + 0.5 * x.std())
    assert moved.marginal == pytest.approx(0.5, abs=1e-9)
    assert moved.spectrum < 1e-9
    wider = likeness(x, 2 * x)
    assert wider.power == pytest.approx(math.log(4), abs=1e-9)
    assert wider.autocorrelation < 1e-9


def test_the_correlation_of_channels_counts():
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(2, 3000, 16))
    together = np.stack([a, 0.6 * a + 0.8 * b], 2)
    apart = np.stack([a, b], 2)
    # A correlation of 48,000 values: 4 standard errors are .018.
    assert likeness(together, apart).cross == pytest.approx(0.6, abs=0.018)


def test_a_classifier_finds_nothing_in_equals_and_something_in_shuffled():
    """The AUC of equals stays within 4 standard errors of one half."""
    x, fresh = ar1(400, 24, 0.9, 7), ar1(400, 24, 0.9, 8)
    same = discriminate(x, fresh)
    assert abs(same.auc - 0.5) < 4 * same.error
    assert same.score < 4 * 0.5 / math.sqrt(400)
    shuffled = np.random.default_rng(9).permuted(fresh, axis=1)
    found = discriminate(x, shuffled)
    assert found.auc > 0.95
    assert found.score > 0.4
    assert discriminate(x, shuffled) == found
    assert math.isnan(discriminate(x[:5], fresh).auc)


def test_the_bootstrap_is_made_of_blocks_of_the_series():
    series = np.arange(500.0)
    windows = block_bootstrap(series, 40, 25, 10, seed=1)
    assert windows.shape == (40, 25)
    steps = np.diff(windows, axis=1)
    inside = np.ones(24, dtype=bool)
    inside[[9, 19]] = False
    assert (steps[:, inside] == 1).all()
    assert (steps[:, ~inside] != 1).any()
    np.testing.assert_array_equal(block_bootstrap(series, 2, 500, 500), [series, series])
    two = block_bootstrap(np.stack([series, -series], 1), 5, 12, 6)
    np.testing.assert_array_equal(two[..., 0], -two[..., 1])


@pytest.mark.parametrize(
    ("real", "generated", "words"),
    [
        (np.zeros((5, 10)), np.zeros((5, 12)), "cut both to the same"),
        (np.zeros(10), np.zeros((5, 10)), r"real windows: shape \(10,\)"),
        (np.zeros((5, 10)), np.full((5, 10), np.inf), "generated windows: some values"),
    ],
)
def test_windows_that_do_not_fit_are_refused(real, generated, words):
    with pytest.raises(InterfuseError, match=words):
        likeness(real, generated)


def test_a_block_longer_than_the_series_is_refused():
    with pytest.raises(InterfuseError, match="blocks of 9 steps"):
        block_bootstrap(np.zeros(5), 2, 4, 9)
