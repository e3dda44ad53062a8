"""Contracts that every schedule of the registry keeps; the article's chain to the last digit."""

import math
from fractions import Fraction

import pytest
import torch
from diffusion_truths import SCHEDULE_NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from interfuse.core import SCHEDULES, Cosine, Gaussian, Karras, LinearBeta
from interfuse.errors import OptionError

T = torch.linspace(0, 1, 2001, dtype=torch.float64)
INSIDE = T[1:-1]


@pytest.mark.parametrize("name", SCHEDULE_NAMES)
class TestEverySchedule:
    def test_preserves_variance_in_float64(self, name):
        alpha, sigma = SCHEDULES[name]()(T)
        assert alpha.dtype == sigma.dtype == torch.float64
        assert (alpha**2 + sigma**2 - 1).abs().max() < 1e-14
        assert (alpha >= 0).all()
        assert (sigma >= 0).all()

    def test_signal_falls_and_noise_rises(self, name):
        schedule = SCHEDULES[name]()
        alpha, sigma = schedule(T)
        assert (alpha.diff() < 0).all()
        assert (sigma.diff() > 0).all()
        assert (schedule.logsnr(T).diff() < 0).all()

    def test_inverse_undoes_logsnr(self, name):
        schedule = SCHEDULES[name]()
        logsnr = schedule.logsnr(INSIDE)
        assert (schedule.inverse(logsnr) - INSIDE).abs().max() < 1e-9
        assert (schedule.logsnr(schedule.inverse(logsnr)) - logsnr).abs().max() < 1e-6

    def test_inverse_clamps(self, name):
        schedule = SCHEDULES[name]()
        assert schedule.inverse(math.inf) == 0
        assert schedule.inverse(-math.inf) == 1

    def test_logsnr_is_that_of_alpha_and_sigma(self, name):
        alpha, sigma = SCHEDULES[name]()(INSIDE)
        assert torch.allclose(SCHEDULES[name]().logsnr(INSIDE), (alpha**2 / sigma**2).log())

    def test_begins_near_the_data_and_ends_near_noise(self, name):
        alpha, sigma = SCHEDULES[name]()(torch.tensor([0.0, 1.0]))
        assert sigma[0] <= 0.002
        assert alpha[1] < 0.0125

    def test_any_shape_and_floats(self, name):
        schedule = SCHEDULES[name]()
        assert schedule(torch.rand(3, 2))[0].shape == (3, 2)
        assert float(schedule(0.3)[1]) == float(schedule(torch.tensor(0.3, dtype=torch.float64))[1])

    def test_equal_settings_are_equal(self, name):
        assert SCHEDULES[name]() == SCHEDULES[name]()

    def test_window_maps_and_clamps_time(self, name):
        narrow, wide = Gaussian(SCHEDULES[name](), (0.25, 0.75)), Gaussian(SCHEDULES[name]())
        t = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0], dtype=torch.float64)
        u = torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0], dtype=torch.float64)
        for a, b in zip(narrow.alpha_sigma(t), wide.alpha_sigma(u), strict=True):
            assert torch.equal(a, b)
        assert float(narrow.time(narrow.logsnr(0.6))) == pytest.approx(0.6, abs=1e-12)


@pytest.mark.parametrize("name", ["linear_beta", "cosine"])
def test_t_0_is_clean(name):
    alpha, sigma = SCHEDULES[name]()(0.0)
    assert (float(alpha), float(sigma)) == (1.0, 0.0)


def test_article_chain_is_the_product_of_its_steps():
    """alpha_bar_k against a product in exact rational arithmetic."""
    schedule, product = LinearBeta(steps=50, beta_min=1e-4, beta_max=0.02), Fraction(1)
    for k in range(1, 51):
        product *= 1 - Fraction(float(schedule.betas[k - 1]))
        alpha, sigma = schedule(k / 50)
        assert float(alpha**2) == pytest.approx(float(product), rel=1e-14)
        assert float(sigma**2) == pytest.approx(float(1 - product), rel=1e-13)


def test_article_chain_hits_grid_points_for_every_k():
    schedule = LinearBeta()
    k = torch.arange(1001)
    alpha, _ = schedule(k.double() / 1000)
    bars = torch.cat([torch.ones(1).double(), (1 - schedule.betas).cumprod(0)])
    assert torch.allclose(alpha**2, bars, rtol=1e-13, atol=0)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(0, 0.2))
def test_cosine_is_the_paper_formula(t, offset):
    def f(u):
        return math.cos((u + offset) / (1 + offset) * math.pi / 2) ** 2

    alpha, sigma = Cosine(offset)(t)
    assert float(alpha**2) == pytest.approx(f(t) / f(0), abs=1e-14)
    assert float(sigma**2) == pytest.approx(1 - f(t) / f(0), abs=1e-14)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(1, 10))
def test_karras_spaces_the_noise_levels_of_the_paper(t, rho):
    alpha, sigma = Karras(0.01, 50, rho)(t)
    levels = 50 ** (1 / rho) + (1 - t) * (0.01 ** (1 / rho) - 50 ** (1 / rho))
    assert float(sigma / alpha) == pytest.approx(levels**rho, rel=1e-9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LinearBeta(0),
        lambda: LinearBeta(10, 0.0, 0.1),
        lambda: LinearBeta(10, 0.2, 0.1),
        lambda: LinearBeta(10, 0.2, 1.0),
        lambda: Cosine(-0.1),
        lambda: Karras(0.0, 1.0),
        lambda: Karras(2.0, 1.0),
        lambda: Karras(1.0, 2.0, 0.0),
        lambda: Gaussian(Cosine(), (0.5, 0.5)),
        lambda: Gaussian(Cosine(), (0.5, 1.5)),
    ],
)
def test_impossible_settings_are_refused(make):
    with pytest.raises(OptionError, match="give"):
        make()
