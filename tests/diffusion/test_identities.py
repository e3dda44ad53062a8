"""Textbook identities, for values that hypothesis picks."""

import math

import pytest
import torch
from diffusion_truths import MIXTURE, SCHEDULE_NAMES, gaussian, generator, mean_of, normal
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import MultivariateNormal

from interfuse.core import (
    X0,
    Eps,
    FiniteSet,
    GaussianData,
    Mixed,
    MixtureData,
    Posterior,
    Record,
    V,
    eps_to_v,
    eps_to_x0,
    v_to_eps,
    v_to_x0,
    x0_to_eps,
    x0_to_v,
)
from interfuse.errors import OptionError

few = settings(max_examples=40, deadline=None)
value = st.floats(-5, 5)
inside = st.floats(0.02, 0.98)
schedules = st.sampled_from(SCHEDULE_NAMES)


@few
@given(value, value, st.floats(0.05, math.pi / 2 - 0.05))
def test_eps_x0_and_v_determine_each_other(x_0, eps, angle):
    numbers = torch.tensor([x_0, eps, math.cos(angle), math.sin(angle)], dtype=torch.float64)
    x_0, eps, alpha, sigma = numbers.unbind()
    x_t, v = alpha * x_0 + sigma * eps, alpha * eps - sigma * x_0
    c = (alpha, sigma)
    for got, want in [
        (eps_to_x0(x_t, eps, *c), x_0),
        (v_to_x0(x_t, v, *c), x_0),
        (x0_to_eps(x_t, x_0, *c), eps),
        (v_to_eps(x_t, v, *c), eps),
        (x0_to_v(x_t, x_0, *c), v),
        (eps_to_v(x_t, eps, *c), v),
    ]:
        assert float(got) == pytest.approx(float(want), abs=1e-11)


@few
@given(schedules, inside, inside, value, value)
def test_gaussian_posterior_is_bayes(name, t, s, x_t, x_0):
    """Mean and deviation of q(x_t | x_s) q(x_s | x_0), integrated over x_s on a grid."""
    s, t = min(s, t), max(s, t) + 0.01
    kernel = gaussian(name)
    (a_t, s_t), (a_s, s_s) = ([float(c) for c in kernel.alpha_sigma(u)] for u in (t, s))
    q = kernel.posterior(torch.tensor([[x_t]]).double(), torch.tensor([[x_0]]).double(), t, s)
    mean, std = float(q.mean), float(q.std)
    x_s = torch.linspace(mean - 12 * std, mean + 12 * std, 4001, dtype=torch.float64)
    ratio = a_t / a_s
    fresh = s_t**2 - ratio**2 * s_s**2
    log = -((x_t - ratio * x_s) ** 2) / (2 * fresh) - (x_s - a_s * x_0) ** 2 / (2 * s_s**2)
    p = log.softmax(0)
    assert float((p * x_s).sum()) == pytest.approx(mean, abs=1e-6 * (1 + abs(mean)))
    assert float((p * (x_s - mean) ** 2).sum().sqrt()) == pytest.approx(std, rel=1e-5)


@few
@given(schedules, st.floats(0.05, 1.0), value, value)
def test_gaussian_posterior_limits(name, t, x_t, x_0):
    kernel = gaussian(name)
    x_t, x_0 = torch.tensor([[x_t]]).double(), torch.tensor([[x_0]]).double()
    same = kernel.posterior(x_t, x_0, t, t)
    assert torch.equal(same.mean, x_t)
    assert float(same.std) == 0
    if name != "karras":  # whose t = 0 is not clean
        clean = kernel.posterior(x_t, x_0, t, 0.0)
        assert torch.allclose(clean.mean, x_0, atol=1e-12)
        assert float(clean.std) == 0


def test_posterior_of_pure_noise_is_the_forward_marginal():
    kernel = gaussian("cosine")  # alpha(1) = 0
    q = kernel.posterior(normal(4, 2), torch.ones(4, 2).double(), 1.0, 0.3)
    alpha, sigma = kernel.alpha_sigma(0.3)
    assert torch.allclose(q.mean, alpha.expand(4, 2), atol=1e-12)
    assert float(q.std) == pytest.approx(float(sigma))


@pytest.mark.parametrize("name", SCHEDULE_NAMES)
def test_corrupt_then_step_has_the_marginal(name):
    """x_s drawn through x_t and the posterior is distributed as x_s drawn at once: 4.5 se."""
    kernel, n = gaussian(name), 20_000
    x_0 = torch.full((n, 1), 1.5, dtype=torch.float64)
    x_t = kernel.corrupt(x_0, 0.7, noise=normal(n, 1, seed=1))
    x_s = kernel.step(x_t, Posterior(mean=x_0), 0.7, 0.4, noise=normal(n, 1, seed=2))
    alpha, sigma = (float(c) for c in kernel.alpha_sigma(0.4))
    assert abs(float(x_s.mean()) - 1.5 * alpha) < 4.5 * sigma / n**0.5
    assert abs(float(x_s.var()) / sigma**2 - 1) < 4.5 * (2 / n) ** 0.5


@few
@given(schedules, inside)
def test_loss_is_the_error_of_its_target(name, t):
    kernel = gaussian(name)
    x_0, eps, guess = (normal(5, 3, seed=k) for k in range(3))
    alpha, sigma = kernel.alpha_sigma(t)
    x_t = kernel.corrupt(x_0, t, noise=eps)
    answer = Posterior(mean=guess)
    v, v_hat = alpha * eps - sigma * x_0, x0_to_v(x_t, guess, alpha, sigma)
    assert torch.allclose(kernel.loss(answer, x_0, x_t, t), (v - v_hat) ** 2)
    eps_hat = x0_to_eps(x_t, guess, alpha, sigma)
    assert torch.allclose(kernel.loss(answer, x_0, x_t, t, "eps"), (eps - eps_hat) ** 2)
    assert torch.allclose(kernel.loss(answer, x_0, x_t, t, "x0"), (x_0 - guess) ** 2)


def test_times_broadcast_over_rows():
    kernel, x_0, eps = gaussian("cosine"), normal(6, 2, 3), normal(6, 2, 3, seed=1)
    t = torch.linspace(0.1, 0.9, 6)
    together = kernel.corrupt(x_0, t, noise=eps)
    for i in range(6):
        assert torch.allclose(together[i], kernel.corrupt(x_0[i], t[i], noise=eps[i]))


def parts(data, kernel, seed=0):
    t = torch.linspace(0.1, 0.9, 50)
    x_t = kernel.corrupt(data.sample(50, generator(seed)), t, noise=normal(50, 2, seed=seed + 1))
    return x_t, t


@pytest.mark.parametrize("name", SCHEDULE_NAMES)
def test_parameterisations_of_one_denoiser_agree(name):
    kernel = gaussian(name)
    exact = MIXTURE.denoiser(kernel)
    x_t, t = parts(MIXTURE, kernel)

    def as_target(convert):
        def net(x, time):
            alpha, sigma = (c[:, None] for c in kernel.alpha_sigma(time))
            return convert(x, mean_of(exact(x, time)), alpha, sigma)

        return net

    want = mean_of(exact(x_t, t))
    assert torch.allclose(mean_of(Eps(as_target(x0_to_eps), kernel)(x_t, t)), want)
    assert torch.allclose(mean_of(V(as_target(x0_to_v), kernel)(x_t, t)), want)
    assert torch.equal(mean_of(X0(lambda x, time: mean_of(exact(x, time)), kernel)(x_t, t)), want)


def test_network_sees_times_known_and_context():
    seen = {}

    def net(x, t, **given):
        seen.update(given, t=t)
        return x

    x, mask = torch.rand(4, 3), torch.zeros(4, 3, dtype=torch.bool)
    X0(net, gaussian("cosine"))(x, 0.25, known=mask, context="label")
    assert torch.equal(seen["t"], torch.full((4,), 0.25))
    assert seen["known"] is mask
    assert seen["context"] == "label"


def test_mixed_denoiser_converts_its_numbers_only():
    kernel = gaussian("cosine")
    x = Record(normal(4, 2), torch.zeros(4, 3).long())
    v, logits = normal(4, 2, seed=1), normal(4, 3, 5)
    answer = Mixed(lambda z, c, t: (v, logits), V, kernel)(x, 0.3)
    alpha, sigma = kernel.alpha_sigma(0.3)
    assert torch.allclose(mean_of(answer), alpha * x.numbers - sigma * v)
    assert answer.logits is logits


@pytest.mark.parametrize("name", SCHEDULE_NAMES)
def test_exact_denoiser_obeys_tweedie(name):
    """E[x_0 | x_t] = (x_t + sigma^2 grad log p(x_t)) / alpha, the gradient by autograd."""
    kernel = gaussian(name)
    x_t, t = parts(MIXTURE, kernel)
    alpha, sigma = kernel.alpha_sigma(t)
    x_t.requires_grad_()
    (score,) = torch.autograd.grad(MIXTURE.log_prob(x_t, alpha, sigma).sum(), x_t)
    want = (x_t + sigma[:, None] ** 2 * score) / alpha[:, None]
    assert torch.allclose(mean_of(MIXTURE.denoiser(kernel)(x_t, t)), want, atol=1e-8)


def test_mixture_density_is_torch_distributions():
    x = normal(20, 2)
    ours = MIXTURE.log_prob(x)
    normals = MultivariateNormal(MIXTURE.means, MIXTURE.covs)
    theirs = (MIXTURE.weights.log() + normals.log_prob(x[:, None])).logsumexp(1)
    assert torch.allclose(ours, theirs)


def test_finite_set_is_the_limit_of_narrow_gaussians():
    points = [[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]]
    narrow = MixtureData([1, 2, 3], points, torch.eye(2).expand(3, 2, 2) * 1e-9)
    x_t = normal(30, 2)
    want = narrow.posterior_mean(x_t, 0.6, 0.8)
    data = FiniteSet(points, [1, 2, 3])
    assert torch.allclose(data.posterior_mean(x_t, 0.6, 0.8), want, atol=1e-6)
    known = torch.tensor([True, False])
    x_t[:, 0] = 2.0
    answer = FiniteSet(points, [1, 2, 3]).posterior_mean(x_t, 0.6, 0.8, known)
    assert torch.allclose(answer, torch.tensor([2.0, -1.0]).double().expand(30, 2))


def test_known_cells_condition_the_gaussian_denoiser():
    """With no signal left in the unknown cells the denoiser is the conditional mean."""
    data = GaussianData([1.0, -1.0, 0.5], [[1.0, 0.5, 0.2], [0.5, 2.0, -0.3], [0.2, -0.3, 0.7]])
    known, values = torch.tensor([True, False, True]), torch.tensor([2.0, 0.0, 0.1]).double()
    mean, cov = data.conditional(known, values)
    got = data.posterior_mean(values[None], 0.0, 1.0, known)
    assert torch.allclose(got[0, 1], mean[0])
    assert torch.equal(got[0, known].float(), values[known].float())
    precision = torch.linalg.inv(data.cov)
    assert float(cov) == pytest.approx(1 / float(precision[1, 1]))


def test_malformed_data_is_refused():
    with pytest.raises(OptionError, match="weights"):
        MixtureData([-1.0, 2.0], [[0.0], [1.0]], [[[1.0]], [[1.0]]])
    with pytest.raises(OptionError, match="covs"):
        MixtureData([1.0], [[0.0, 1.0]], [[[1.0]]])
