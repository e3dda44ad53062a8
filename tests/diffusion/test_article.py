"""The article's class, and for each correction a property that the article's version violates.

The `article_*` functions do what the article's text or code does, written from its description.
"""

import pytest
import torch
from diffusion_truths import generator, normal
from torch import nn

from interfuse.core import Chain, LinearBeta, normal_kl
from interfuse.core.article import DiffusionModel
from interfuse.errors import OptionError

STEPS, LOW, HIGH = 200, 1e-3, 0.08
MEAN, SPREAD = 1.5, 0.5


def model(shape=(1,), **options):
    return DiffusionModel(shape, STEPS, LOW, HIGH, **options)


def exact_net(ddpm):
    """The best eps_theta for x_0 ~ N(MEAN, SPREAD^2): (x_t - signal E[x_0 | x_t]) / noise."""

    def net(x, t):
        a, s = (
            table[t + 1].reshape(-1, *[1] * (x.ndim - 1))
            for table in (ddpm.signal, ddpm.noise_level)
        )
        gain = a * SPREAD**2 / (a**2 * SPREAD**2 + s**2)
        return (x - a * (MEAN + gain * (x - a * MEAN))) / s

    return net


def data(n, seed=0):
    return (MEAN + SPREAD * normal(n, 1, seed=seed)).float()


# 1, 2: the noise in the loss


def article_losses(ddpm, x_0, t, net, g):
    """Draws one noise for x_t and compares the prediction with another."""
    x_t = ddpm.noise_sample(x_0, t, generator=g)
    other = torch.randn(x_0.shape, generator=g)
    return ((other - net(x_t, t)) ** 2).mean()


def test_the_best_net_has_a_lower_loss_than_the_zero_net():
    """Which is what there is to learn. Under the article's loss the zero net wins."""
    ddpm, x_0 = model(), data(20_000)
    t = ddpm.sample_timesteps(20_000, generator(1))
    best, zero = exact_net(ddpm), lambda x, t: torch.zeros_like(x)
    losses = [float(ddpm.p_losses(x_0, t, net, generator(2))) for net in (best, zero)]
    wrong = [float(article_losses(ddpm, x_0, t, net, generator(2))) for net in (best, zero)]
    error = (2 / 20_000) ** 0.5  # of the mean of eps^2
    assert losses[0] < losses[1] - 10 * error
    assert wrong[0] > wrong[1] + 10 * error


def test_forward_returns_the_noise_that_is_in_x_t():
    ddpm, x_0 = model((3, 4, 4)), normal(6, 3, 4, 4).float()
    t = torch.tensor([0, 1, 50, 100, 198, 199])
    x_t, noise = ddpm(x_0, t, generator(1))
    a, s = (table[t + 1][:, None, None, None] for table in (ddpm.signal, ddpm.noise_level))
    assert torch.allclose(x_t, a * x_0 + s * noise, atol=1e-6)
    other = torch.randn(x_0.shape, generator=generator(9))
    assert not torch.allclose(x_t, a * x_0 + s * other, atol=0.1)


def test_forward_draws_its_own_times():
    ddpm, x_0 = model((2,)), torch.zeros(5000, 2)
    x_t, noise = ddpm(x_0, generator=generator(1))
    ratio = (x_t / noise)[:, 0]  # noise level of each row: those of the chain, evenly
    nearest = (ratio[:, None] - ddpm.noise_level[1:]).abs().argmin(1)
    assert nearest.min() < 5
    assert nearest.max() > STEPS - 6
    assert abs(float(nearest.double().mean()) - (STEPS - 1) / 2) < 4.5 * STEPS / 12**0.5 / 5000**0.5


# 3, 4, 5: the denoising step


def article_denoise(ddpm, x_t, t, net):
    """Multiplies by sqrt(alpha_bar) and adds no noise."""
    eps = net(x_t, torch.full((len(x_t),), t))
    return ddpm.signal[t + 1] * (x_t - ddpm.noise_level[t + 1] * eps)


def textbook_denoise_without_z(ddpm, x_t, t, net):
    """The mean of the right step, and nothing added to it."""
    eps = net(x_t, torch.full((len(x_t),), t))
    return ddpm.chain.model(x_t, eps, t + 1).mean


def run(ddpm, step, n):
    x = torch.randn(n, 1, generator=generator(3))
    for t in reversed(range(STEPS)):
        x = step(ddpm, x, t, exact_net(ddpm))
    return x


@pytest.mark.parametrize("variance", ["forward", "posterior"])
def test_samples_have_the_distribution_of_the_data(variance):
    """Mean within 4.5 se, deviation within 4.5 se and the 3 % that 200 steps of ancestral cost."""
    ddpm, n = model(variance=variance), 4000
    x = ddpm.sample(exact_net(ddpm), batch_size=n, generator=generator(3))
    assert abs(float(x.mean()) - MEAN) < 4.5 * SPREAD / n**0.5
    assert abs(float(x.std()) / SPREAD - 1) < 4.5 * (0.5 / n) ** 0.5 + 0.03


def test_the_article_step_draws_every_sample_to_one_point():
    x = run(model(), article_denoise, 500)
    assert float(x.std()) < 1e-3 * SPREAD


def test_without_z_samples_have_too_small_a_spread():
    x = run(model(), textbook_denoise_without_z, 2000)
    assert float(x.std()) < 0.7 * SPREAD


def test_the_step_is_the_formula_of_the_text():
    ddpm, x_t, eps = model(), normal(4, 1).float(), normal(4, 1, seed=1).float()
    beta = torch.linspace(LOW, HIGH, STEPS, dtype=torch.float64)
    bar = (1 - beta).cumprod(0)
    for t in (1, 100, 199):
        mean = (x_t - beta[t] / (1 - bar[t]).sqrt() * eps) / (1 - beta[t]).sqrt()
        z = torch.randn(4, 1, generator=generator(5))
        got = ddpm.denoise_sample(x_t, t, lambda x, t: eps, generator(5))
        assert torch.allclose(got, mean + beta[t].sqrt() * z, atol=1e-5)


def test_the_last_step_adds_nothing():
    ddpm, x_t = model(), normal(4, 1).float()
    a, b = (ddpm.denoise_sample(x_t, 0, lambda x, t: x, generator(s)) for s in (1, 2))
    assert torch.equal(a, b)


# 6, 7: the tables


class ArticleTables(nn.Module):
    """Keeps a schedule tensor as a plain attribute, made in float32."""

    def __init__(self):
        super().__init__()
        self.alphas_cumprod = (1 - torch.linspace(1e-4, 0.02, 1000)).cumprod(0)


def test_tables_move_and_are_saved_with_the_module():
    ours, theirs = DiffusionModel((1,)), ArticleTables()
    assert set(ours.state_dict()) == {"beta", "signal", "noise_level"}
    assert ours.to("meta").signal.device.type == "meta"
    assert len(theirs.state_dict()) == 0
    assert theirs.to("meta").alphas_cumprod.device.type == "cpu"


def test_the_noise_of_the_first_step_has_all_its_digits():
    beta_1 = 1e-4
    assert float(DiffusionModel((1,)).noise_level[1]) == pytest.approx(beta_1**0.5, rel=1e-6)
    rounded = (1 - ArticleTables().alphas_cumprod[0]).sqrt()
    assert abs(float(rounded) / beta_1**0.5 - 1) > 1e-5


# 8, 9, 10: shapes, devices, generators


@pytest.mark.parametrize("shape", [(7,), (2, 9), (3, 8, 8), (1, 2, 3, 4)])
def test_any_shape_and_times_as_int_or_batch(shape):
    ddpm, x = model(shape), torch.randn(5, *shape, generator=generator(1))
    t, net = torch.full((5,), 17), lambda x, t: 0.1 * x
    assert torch.equal(ddpm.noise_sample(x, 17, x), ddpm.noise_sample(x, t, x))
    a = ddpm.denoise_sample(x, 17, net, generator(2))
    assert torch.equal(a, ddpm.denoise_sample(x, t, net, generator(2)))
    assert ddpm.sample(net, batch_size=2, generator=generator(3)).shape == (2, *shape)


def test_sample_takes_the_article_arguments():
    ddpm = model((1, 8, 8))
    x = ddpm.sample(lambda x, t: x, image_size=4, batch_size=3, channels=2, generator=generator())
    assert x.shape == (3, 2, 4, 4)
    with pytest.raises(OptionError, match="image_shape"):
        model((7,)).sample(lambda x, t: x, image_size=4)
    with pytest.raises(OptionError, match="variance"):
        model(variance="learned")


def test_same_generator_same_everything():
    ddpm, x_0, net = model((2,)), normal(6, 2).float(), lambda x, t: 0.5 * x
    t = ddpm.sample_timesteps(6, generator(1))
    assert torch.equal(t, ddpm.sample_timesteps(6, generator(1)))
    assert torch.equal(ddpm(x_0, generator=generator(1))[0], ddpm(x_0, generator=generator(1))[0])
    a, b = (ddpm.sample(net, batch_size=3, generator=generator(4)) for _ in range(2))
    assert torch.equal(a, b)


def test_times_are_uniform():
    """Counts of 200 times in 40,000 draws: chi-square with 199 degrees, within 5 sigma."""
    counts = torch.bincount(model().sample_timesteps(40_000, generator(1)), minlength=STEPS)
    assert len(counts) == STEPS
    chi2 = ((counts - 200.0) ** 2 / 200).sum()
    assert abs(float(chi2) - 199) < 5 * (2 * 199) ** 0.5


# the text: sign of the KL, mean in the loss


def test_kl_is_not_negative_as_with_the_article_sign():
    """E_q[log p - log q] is -KL: below 0 wherever the net is not exact."""
    chain, x_0, eps = Chain.of(LinearBeta(STEPS, LOW, HIGH)), normal(500, 1), normal(500, 1, seed=1)
    q_k = chain.closed_form(x_0, 100)
    x_k = q_k.mean + q_k.std * eps
    q, p = chain.posterior(x_k, x_0, 100), chain.model(x_k, 0 * eps, 100, "forward")
    kl = chain.kl_step(x_k, x_0, 0 * eps, 100, "forward")
    assert (kl >= 0).all()
    x = q.mean + q.std * normal(500, 2000, seed=2)
    log_q, log_p = (
        torch.distributions.Normal(d.mean, d.std.expand_as(d.mean)).log_prob(x).mean(1)
        for d in (q, p)
    )
    article = (log_p - log_q).mean()  # of 10^6 draws
    assert float(article) == pytest.approx(-float(kl.mean()), rel=0.02)
    assert article < 0


def article_mean(chain, x_0, k):
    """beta_t / sqrt(1 - alpha_bar_t) x_0: no x_t in it, and the wrong factor."""
    return chain.beta[k] / chain.noise[k] * x_0


def test_the_mean_of_the_loss_is_that_of_the_posterior():
    """Drawn through the right mean x_{k-1} has its marginal; through the article's, not."""
    chain, k, n = Chain.of(LinearBeta(STEPS, LOW, HIGH)), 60, 20_000
    x_0 = torch.full((n, 1), MEAN, dtype=torch.float64)
    q_k, marginal = chain.closed_form(x_0, k), chain.closed_form(x_0, k - 1)
    x_k = q_k.mean + q_k.std * normal(n, 1)
    q = chain.posterior(x_k, x_0, k)
    right = q.mean + q.std * normal(n, 1, seed=1)
    wrong = article_mean(chain, x_0, k) + q.std * normal(n, 1, seed=1)
    error = float(marginal.std) / n**0.5
    assert abs(float((right - marginal.mean).mean())) < 4.5 * error
    assert abs(float(right.var() / marginal.std**2) - 1) < 4.5 * (2 / n) ** 0.5
    assert abs(float((wrong - marginal.mean).mean())) > 50 * error


def test_the_loss_is_least_at_the_posterior_mean():
    chain, k = Chain.of(LinearBeta(STEPS, LOW, HIGH)), 60
    x_k, x_0 = normal(50, 1), normal(50, 1, seed=1)
    q = chain.posterior(x_k, x_0, k)
    at_article = q._replace(mean=article_mean(chain, x_0, k))
    assert normal_kl(q, q).abs().max() < 1e-12
    assert (normal_kl(q, at_article) > 0).all()
    assert normal_kl(q, at_article).mean() > 1


# as a whole


def test_training_reaches_the_best_loss():
    """The article's loop with a small net comes within 5 % of the best net's loss."""
    torch.manual_seed(0)
    ddpm = DiffusionModel((1,), 20, 0.01, 0.3)
    best = exact_net(ddpm)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(2, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU())
            self.out = nn.Linear(48, 1)

        def forward(self, x, t):
            return self.out(self.layers(torch.cat([x, t[:, None] / 10 - 1], 1)))

    net, g = Net(), generator(1)
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    for step in range(1000):
        for group in optimiser.param_groups:
            group["lr"] = 5e-3 * (1 - step / 1000)
        x_0 = data(512, seed=step)
        loss = ddpm.p_losses(x_0, ddpm.sample_timesteps(512, g), net, g)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    x_0, t = data(20_000, seed=10**6), ddpm.sample_timesteps(20_000, g)
    with torch.no_grad():
        got, want = (float(ddpm.p_losses(x_0, t, f, generator(2))) for f in (net, best))
    assert got < 1.05 * want


@pytest.mark.parametrize("wrong", [lambda x, t: x[:, :1], lambda x, t: x.mean((1, 2))])
def test_a_network_that_returns_another_shape_is_one_clear_error(wrong):
    """Both of these shapes would broadcast against the noise."""
    ddpm, x = model((3, 4)), torch.zeros(4, 3, 4)
    for ask in (lambda: ddpm.p_losses(x, 1, wrong), lambda: ddpm.denoise_sample(x, 1, wrong)):
        with pytest.raises(OptionError, match=r"returned shape .* for x_t of shape \(4, 3, 4\)"):
            ask()
