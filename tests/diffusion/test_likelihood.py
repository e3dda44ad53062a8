"""Bounds equal the exact negative log-likelihood for exact denoisers, and exceed it for others."""

import math

import pytest
import torch
from diffusion_truths import MIXTURE, SCHEDULE_NAMES, gaussian, generator, mean_of, normal

from interfuse.core import (
    X0,
    Chain,
    FiniteSet,
    GaussianData,
    LinearBeta,
    MarkovChain,
    MaskedCategorical,
    Normal,
    chain_bound,
    gaussian_bound,
    log_bin_mass,
    masked_bound,
    normal_kl,
    order_bound,
)

DATA = GaussianData([0.5, -1.0], [[1.0, 0.6], [0.6, 0.8]])
MARKOV = MarkovChain([0.5, 0.3, 0.2], [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.4, 0.4, 0.2]], 5)
MASKED = MaskedCategorical((3,) * 5)
N = 3000


def assert_mean_zero(gap, bias=0.0):
    """The mean is 0 within 4.5 of its standard errors and a stated bias."""
    error = float(gap.std()) / len(gap) ** 0.5
    assert abs(float(gap.mean())) < 4.5 * error + bias


@pytest.mark.parametrize("schedule", SCHEDULE_NAMES)
@pytest.mark.parametrize("data", [DATA, MIXTURE], ids=["gaussian", "mixture"])
def test_gaussian_bound_of_the_exact_denoiser_is_the_likelihood(data, schedule):
    """Row by row differences from -log p average to 0.

    The bias is the bound's own gap at its ends: e^-12 at the top; at the bottom, KL(q(x_low) ||
    N(0, I)) <= alpha^2 (|mean|^2 + tr cov) / 2, below 0.002 for the article's chain.
    """
    kernel = gaussian(schedule)
    x = data.sample(N, generator(1))
    bound = gaussian_bound(data.denoiser(kernel), kernel, x, noise=generator(2))
    assert bound.total.shape == x.shape
    assert_mean_zero(bound.total.sum(1) + data.log_prob(x), bias=0.002)


def test_a_worse_denoiser_has_a_larger_bound():
    kernel, x = gaussian("cosine"), DATA.sample(N, generator(1))
    prior_only = X0(lambda x_t, t: DATA.mean.expand_as(x_t), kernel)
    shrunk = X0(lambda x_t, t: 0.9 * mean_of(DATA.denoiser(kernel)(x_t, t)), kernel)
    exact = gaussian_bound(DATA.denoiser(kernel), kernel, x, noise=generator(2)).total.mean()
    for worse in (prior_only, shrunk):
        assert gaussian_bound(worse, kernel, x, noise=generator(2)).total.mean() > exact + 0.05


def test_gaussian_bound_given_known_cells_is_the_conditional_likelihood():
    kernel, x = gaussian("cosine"), DATA.sample(N, generator(3))
    known = torch.tensor([True, False])
    bound = gaussian_bound(DATA.denoiser(kernel), kernel, x, noise=generator(4), known=known)
    assert (bound.total[:, 0] == 0).all()
    marginal = GaussianData(DATA.means[0, :1], DATA.cov[:1, :1])
    conditional = DATA.log_prob(x) - marginal.log_prob(x[:, :1])
    assert_mean_zero(bound.total[:, 1] + conditional, bias=0.001)


def test_gaussian_bound_of_data_on_a_grid_is_its_entropy():
    """Five grid points: -log of a point's weight, in nats, from the discretised decoder."""
    data = FiniteSet([[-1.0], [-0.5], [0.0], [0.5], [1.0]], [1, 2, 3, 2, 2])
    kernel = gaussian("cosine")
    x = data.sample(N, generator(5))
    bound = gaussian_bound(
        data.denoiser(kernel), kernel, x, noise=generator(6), bin_width=0.5, ends=(-1.0, 1.0)
    )
    exact = -data.weights[((x[:, 0] + 1) * 2).long()].log()
    assert_mean_zero(bound.total[:, 0] - exact, bias=1e-4)


def test_bins_hold_all_of_the_mass():
    grid = torch.linspace(-1, 1, 256, dtype=torch.float64)
    for mean, std in [(0.0, 0.01), (0.3, 1.0), (-3.0, 0.2), (1.0, 1e-3)]:
        p = Normal(torch.tensor(mean).double(), torch.tensor(std).double())
        log_mass = log_bin_mass(p, grid, 2 / 255, (-1.0, 1.0))
        assert float(log_mass.logsumexp(0)) == pytest.approx(0, abs=1e-9)
        assert not log_mass.isnan().any()


def test_normal_kl_is_torch_distributions():
    a, b = (Normal(normal(9, seed=k), normal(9, seed=k + 5).exp()) for k in (0, 1))
    want = torch.distributions.kl_divergence(
        torch.distributions.Normal(*a), torch.distributions.Normal(*b)
    )
    assert torch.allclose(normal_kl(a, b), want)


def chain_expectation(chain, c, variance):
    """The expected bound for x_0 ~ N(0, c) and the exact eps, term by term in closed form."""
    signal, noise, beta = (x.tolist() for x in (chain.signal, chain.noise, chain.beta))
    prior = 0.5 * (signal[-1] ** 2 * c + noise[-1] ** 2 - 1) - math.log(noise[-1])
    diffusion = 0.0
    for k in range(2, chain.steps + 1):
        tilde = beta[k] * noise[k - 1] ** 2 / noise[k] ** 2
        var = beta[k] if variance == "forward" else tilde
        pull = signal[k - 1] * beta[k] / noise[k] ** 2
        miss = c * noise[k] ** 2 / (signal[k] ** 2 * c + noise[k] ** 2)
        diffusion += 0.5 * (math.log(var / tilde) + (tilde + pull**2 * miss) / var - 1)
    miss = c * noise[1] ** 2 / (signal[1] ** 2 * c + noise[1] ** 2)
    reconstruction = 0.5 * (miss / beta[1] + math.log(2 * math.pi * beta[1]))
    return prior, diffusion, reconstruction


@pytest.mark.parametrize("variance", ["forward", "posterior"])
def test_chain_bound_has_its_closed_form_expectation(variance):
    c, n = 0.6, 4000
    chain = Chain.of(LinearBeta(60, 1e-3, 0.2))
    x = normal(n, 1, seed=1) * c**0.5

    def eps(x_k, k):
        a, s = chain.signal[k], chain.noise[k]
        return (x_k - a * (a * c / (a**2 * c + s**2) * x_k)) / s

    bound = chain_bound(eps, chain, x, noise=generator(2), variance=variance)
    for part, want in zip(bound, chain_expectation(chain, c, variance), strict=True):
        assert_mean_zero(part - want)


def test_chain_bound_falls_to_the_entropy_as_the_chain_is_refined():
    """Same noise in more steps: the gap to the entropy of N(0, c) shrinks as 1 / T."""
    c = 0.6
    entropy = 0.5 * math.log(2 * math.pi * math.e * c)
    gaps = []
    for steps in (250, 500, 1000):
        chain = Chain.of(LinearBeta(steps, 0.1 / steps, 20 / steps))
        gaps.append(sum(chain_expectation(chain, c, "forward")) - entropy)
    assert gaps[0] > 1.8 * gaps[1] > 3.2 * gaps[2] > 0


def test_order_bound_of_the_exact_denoiser_has_no_variance():
    x = MARKOV.sample(500, generator(1))
    for seed in range(3):
        bound = order_bound(MARKOV, MASKED, x, noise=generator(seed))
        assert torch.allclose(bound.sum(1), -MARKOV.log_prob(x), atol=1e-9)


@pytest.mark.parametrize("power", [1.0, 2.5])
def test_masked_bound_is_the_likelihood(power):
    kernel = MaskedCategorical((3,) * 5, power=power)
    x = MARKOV.sample(N, generator(1))
    bound = masked_bound(MARKOV, kernel, x, noise=generator(2))
    assert_mean_zero(bound.sum(1) + MARKOV.log_prob(x))


def test_masked_bound_is_the_mean_of_the_training_loss():
    """E over t of `MaskedCategorical.loss` is the same number: 4.5 standard errors."""
    kernel, x = MaskedCategorical((3,) * 5, power=2.0), MARKOV.sample(20_000, generator(1))
    t = torch.rand(20_000, generator=generator(2)).double().clamp_min(1e-6)
    x_t = kernel.corrupt(x, t, noise=torch.rand(x.shape, generator=generator(3)))
    loss = kernel.loss(MARKOV(x_t, t), x, x_t, t).sum(1)
    assert_mean_zero(loss + MARKOV.log_prob(x))


@pytest.mark.parametrize("bound", [order_bound, masked_bound])
def test_categorical_bounds_given_known_cells(bound):
    """Cells 0 and 1 known: -log p(x) + log p(x_0, x_1), a chain's prefix being a chain."""
    x = MARKOV.sample(N, generator(1))
    known = torch.tensor([True, True, False, False, False])
    prefix = MarkovChain(MARKOV.initial, MARKOV.transition, 2).log_prob(x[:, :2])
    got = bound(MARKOV, MASKED, x, noise=generator(2), known=known)
    assert (got[:, :2] == 0).all()
    assert_mean_zero(got.sum(1) + MARKOV.log_prob(x) - prefix, bias=1e-12)


def test_a_wrong_chain_has_a_larger_bound():
    """By KL(true || wrong) exactly, for the order bound."""
    wrong = MarkovChain([1, 1, 1], [[1, 1, 1]] * 3, 5)
    x = MARKOV.sample(200, generator(1))
    bound = order_bound(wrong, MASKED, x, noise=generator(2)).sum(1)
    assert torch.allclose(bound, torch.full((200,), 5 * math.log(3)).double())
