"""The article's chain: its functions against each other, and against diffusers' schedulers."""

from typing import Any

import pytest
import torch
from diffusion_truths import gaussian, generator, normal

from interfuse.core import DDIM, DDPM, Chain, LinearBeta, normal_kl

CHAIN = Chain.of()


def test_t_one_steps_are_the_closed_form():
    """The mean's factor and the variance, composed step by step, for every k of the chain."""
    factor, variance = torch.ones(1, 1).double(), torch.zeros(1, 1).double()
    for k in range(1, 1001):
        q = CHAIN.one_step(factor, k)
        variance = (1 - CHAIN.beta[k]) * variance + q.std**2
        factor = q.mean
        closed = CHAIN.closed_form(torch.ones(1, 1).double(), k)
        assert abs(float(closed.mean - factor)) < 1e-12
        assert abs(float(closed.std**2 - variance)) < 1e-12


def test_sampled_one_steps_have_the_moments_of_the_closed_form():
    """40 drawn steps from a point, 20,000 times: 4.5 standard errors."""
    chain, n = Chain.of(LinearBeta(40, 1e-3, 0.1)), 20_000
    x, g = torch.full((n, 1), 2.0, dtype=torch.float64), generator(1)
    for k in range(1, 41):
        q = chain.one_step(x, k)
        x = q.mean + q.std * torch.randn(n, 1, generator=g, dtype=torch.float64)
    closed = chain.closed_form(torch.tensor([[2.0]]).double(), 40)
    std = float(closed.std)
    assert abs(float(x.mean() - closed.mean)) < 4.5 * std / n**0.5
    assert abs(float(x.var()) / std**2 - 1) < 4.5 * (2 / n) ** 0.5


@pytest.mark.parametrize("k", [2, 3, 100, 999, 1000])
def test_posterior_is_bayes_by_integration(k):
    x_k, x_0 = torch.tensor([[0.7]]).double(), torch.tensor([[-0.4]]).double()
    q = CHAIN.posterior(x_k, x_0, k)
    mean, std = float(q.mean), float(q.std)
    x = torch.linspace(mean - 12 * std, mean + 12 * std, 4001, dtype=torch.float64)[:, None]
    forward, closed = CHAIN.one_step(x, k), CHAIN.closed_form(x_0, k - 1)
    log = -((x_k - forward.mean) ** 2) / (2 * forward.std**2) - (x - closed.mean) ** 2 / (
        2 * closed.std**2
    )
    p = log[:, 0].softmax(0)
    assert float((p * x[:, 0]).sum()) == pytest.approx(mean, abs=1e-9)
    assert float((p * (x[:, 0] - mean) ** 2).sum().sqrt()) == pytest.approx(std, rel=1e-6)


def test_posterior_is_the_kernel_in_other_symbols():
    kernel = gaussian("linear_beta")
    x_k, x_0 = normal(4, 3), normal(4, 3, seed=1)
    for k in (1, 2, 500, 1000):
        ours, theirs = (
            CHAIN.posterior(x_k, x_0, k),
            kernel.posterior(x_k, x_0, k / 1000, (k - 1) / 1000),
        )
        assert torch.allclose(ours.mean, theirs.mean, atol=1e-9)
        assert torch.allclose(ours.std, theirs.std, atol=1e-9)


def test_model_mean_is_the_posterior_mean_at_the_predicted_x0():
    x_k, eps = normal(4, 3), normal(4, 3, seed=1)
    for k in (1, 2, 500, 1000):
        want = CHAIN.posterior(x_k, CHAIN.predicted_x0(x_k, eps, k), k)
        got = CHAIN.model(x_k, eps, k, "posterior")
        assert torch.allclose(got.mean, want.mean, atol=1e-9)
        assert torch.allclose(got.std, want.std)
        assert float(CHAIN.model(x_k, eps, k, "forward").std) == pytest.approx(
            float(CHAIN.beta[k].sqrt())
        )


@pytest.mark.parametrize("variance", ["forward", "posterior"])
def test_kl_term_is_the_weighted_simple_loss(variance):
    """L_{k-1} = beta^2 / (2 sigma_k^2 alpha noise^2) |eps - eps_theta|^2 + const (Ho, eq. 12)."""
    x_0, eps, guess = normal(5, 2), normal(5, 2, seed=1), normal(5, 2, seed=2)
    for k in (2, 300, 1000):
        q = CHAIN.closed_form(x_0, k)
        x_k = q.mean + q.std * eps
        beta, sigma = CHAIN.beta[k], CHAIN.model(x_k, eps, k, variance).std
        weight = beta**2 / (2 * sigma**2 * (1 - beta) * CHAIN.noise[k] ** 2)
        floor = CHAIN.kl_step(x_k, x_0, eps, k, variance)
        got = CHAIN.kl_step(x_k, x_0, guess, k, variance) - floor
        assert torch.allclose(got, weight * CHAIN.simple_loss(eps, guess), rtol=1e-8)
        if variance == "posterior":
            assert floor.abs().max() < 1e-9


def test_prior_term_is_a_kl():
    x_0 = normal(6, 2)
    standard = type(CHAIN.closed_form(x_0, 1000))(torch.zeros(()), torch.ones(()))
    assert torch.allclose(CHAIN.kl_prior(x_0), normal_kl(CHAIN.closed_form(x_0, 1000), standard))


def test_article_example_ends_in_noise():
    """T = 1000, 1e-4 to 0.02: for any |x_0| <= 1, KL to N(0, 1) below 3e-5 nats a cell.

    Hence total variation below sqrt(KL / 2) = 0.004 (Pinsker); the mean is within 0.0064 of 0.
    """
    x_0 = torch.linspace(-1, 1, 101, dtype=torch.float64)[:, None]
    kl, q = CHAIN.kl_prior(x_0), CHAIN.closed_form(x_0, 1000)
    assert (kl >= 0).all()
    assert kl.max() < 3e-5
    assert q.mean.abs().max() < 0.0064
    assert abs(float(q.std) - 1) < 2.1e-5


def test_steps_may_differ_by_row():
    x_k, eps, z = (normal(4, 2, 3, seed=s) for s in range(3))
    k = torch.tensor([1, 2, 500, 1000])
    together = CHAIN.step(x_k, eps, k, z)
    for i in range(4):
        alone = CHAIN.step(x_k[i : i + 1], eps[i : i + 1], int(k[i]), z[i : i + 1])
        assert torch.equal(together[i], alone[0])


def in_float64(scheduler):
    """Their tables are float32, which alone moves a trajectory by 5e-3: give them float64."""
    scheduler.betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    scheduler.alphas = 1 - scheduler.betas
    scheduler.alphas_cumprod = scheduler.alphas.cumprod(0)
    return scheduler


WORST = 1e-5  # of a state anywhere on a trajectory, beside states of up to 50


def net(x, t):
    """Any smooth prediction of the noise."""
    return torch.tanh(x + 0.3) * 0.7 + 0.2 * torch.sin(3 * x) * (t / 1000)


@pytest.mark.parametrize(
    ("variance", "theirs"), [("forward", "fixed_large"), ("posterior", "fixed_small")]
)
def test_ddpm_trajectory_is_diffusers(variance, theirs):
    """All 1000 steps, same noise."""
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    scheduler: Any = DDPMScheduler(
        1000, beta_start=1e-4, beta_end=0.02, variance_type=theirs, clip_sample=False
    )
    in_float64(scheduler).set_timesteps(1000)
    x = y = normal(3, 2, seed=1)
    a, b = generator(2), generator(2)
    worst = 0.0
    for t in scheduler.timesteps.tolist():
        y = scheduler.step(net(y, t), t, y, generator=a).prev_sample
        z = torch.zeros_like(x) if t == 0 else torch.randn(3, 2, generator=b, dtype=torch.float64)
        x = CHAIN.step(x, net(x, t), t + 1, z, variance)
        worst = max(worst, float((x - y).abs().max()))
    assert worst < WORST
    assert torch.equal(torch.rand(3, generator=a), torch.rand(3, generator=b))  # same draws


@pytest.mark.parametrize("eta", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("steps", [20, 100])
def test_ddim_trajectory_is_diffusers(eta, steps):
    """Their strided chain in our times: t + 1 of 1000, and 0 at the end."""
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler

    scheduler: Any = DDIMScheduler(
        1000, beta_start=1e-4, beta_end=0.02, clip_sample=False, set_alpha_to_one=True
    )
    in_float64(scheduler).set_timesteps(steps)
    stride = 1000 // steps
    kernel = gaussian("linear_beta")
    sampler = DDIM(kernel, eta=eta)
    x = y = normal(3, 2, seed=1)
    a, b = generator(2), generator(2)

    def mean(x_t, t):
        alpha, sigma = kernel.alpha_sigma(t)
        return (x_t - sigma * net(x_t, round(t * 1000) - 1)) / alpha

    for t in scheduler.timesteps.tolist():
        y = scheduler.step(net(y, t), t, y, eta=eta, generator=a).prev_sample
        z = torch.randn(3, 2, generator=b, dtype=torch.float64) if eta else None
        now, then = (t + 1) / 1000, max(t - stride + 1, 0) / 1000
        x = sampler.step(mean, x, now, then, noise=z).x
        if then > 0:
            assert (x - y).abs().max() < WORST
    # At the end they go to alpha_bar = 1 from t = 0.
    assert (x - y).abs().max() < WORST


def test_ddpm_sampler_is_the_chain():
    """`DDPM` at the chain's own times takes the chain's own steps."""
    kernel = gaussian("linear_beta")
    x, eps, z = (normal(4, 2, seed=s) for s in range(3))
    for variance in ("forward", "posterior"):
        for k in (1, 2, 500, 1000):
            x_0 = CHAIN.predicted_x0(x, eps, k)
            got = DDPM(kernel, variance=variance).step(
                lambda x_t, t, x_0=x_0: x_0, x, k / 1000, (k - 1) / 1000, noise=z
            )
            assert torch.allclose(got.x, CHAIN.step(x, eps, k, z, variance), atol=1e-8)
