"""The oracle: every sampler, schedule and parameterisation against data known in closed form."""

import functools
import math
from itertools import pairwise

import pytest
import torch
from diffusion_truths import (
    MIXTURE,
    SCHEDULE_NAMES,
    assert_moments,
    chi_square,
    even_times,
    gaussian,
    generator,
    normal,
)

from interfuse.core import (
    DDIM,
    DDPM,
    SAMPLERS,
    X0,
    Angular,
    DPMSolver,
    Eps,
    FiniteSet,
    GaussianData,
    Heun,
    Known,
    RowNoise,
    V,
    uniform_times,
    x0_to_eps,
    x0_to_v,
)
from interfuse.errors import OptionError

# Steps at which the bias of an order-1 or order-2 sampler is well below one standard error.
STEPS = {"heun": 60, "dpm_solver": 60}
N = 6000
VARIANTS = {
    **SAMPLERS,
    "ddim eta=0.5": lambda g: DDIM(g, eta=0.5),
    "ddim eta=1": lambda g: DDIM(g, eta=1.0),
    "ddpm forward": lambda g: DDPM(g, variance="forward"),
}


def parameterised(wrap, convert, kernel, data):
    """The exact denoiser as a network that predicts eps, x0 or v, and its wrapper."""
    exact = data.denoiser(kernel)

    def net(x, t):
        alpha, sigma = (c.reshape(-1, 1) for c in kernel.alpha_sigma(t[:1]))
        return convert(x, exact(x, t[0]).mean, alpha, sigma)

    return wrap(net, kernel)


TARGETS = {
    "eps": (Eps, x0_to_eps),
    "x0": (X0, lambda x_t, x_0, alpha, sigma: x_0),
    "v": (V, x0_to_v),
}


@pytest.mark.parametrize("schedule", SCHEDULE_NAMES)
@pytest.mark.parametrize("sampler", VARIANTS)
def test_draws_have_the_distribution_of_the_data(sampler, schedule):
    """Mean, covariance and the weight of a mode of 6,000 draws: within 4.5 standard errors."""
    kernel = gaussian(schedule)
    times = even_times(kernel, STEPS.get(sampler, 300))
    start = kernel.corrupt(MIXTURE.sample(N, generator(1)), times[0], noise=normal(N, 2, seed=2))
    denoiser = MIXTURE.denoiser(kernel)
    x = VARIANTS[sampler](kernel).run(denoiser, start, times, noise=generator(3))
    assert_moments(x, MIXTURE)
    deviation = MIXTURE.covs[:, 0, 0].sqrt()
    right = float(MIXTURE.weights @ torch.special.ndtr(MIXTURE.means[:, 0] / deviation))
    share = float((x[:, 0] > 0).double().mean())
    assert abs(share - right) < 4.5 * (right * (1 - right) / N) ** 0.5


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("schedule", SCHEDULE_NAMES)
@pytest.mark.parametrize("sampler", VARIANTS)
def test_draws_are_the_same_whatever_the_network_predicts(sampler, schedule, target):
    """Noise, data or v. The largest difference seen was 8e-7: the path divides by small sigmas."""
    kernel = gaussian(schedule)
    run, times = VARIANTS[sampler](kernel).run, even_times(kernel, 20)
    start = kernel.corrupt(MIXTURE.sample(50, generator(1)), times[0], noise=normal(50, 2, seed=2))
    exact = run(MIXTURE.denoiser(kernel), start, times, noise=generator(3))
    kind, convert = TARGETS[target]
    network = parameterised(kind, convert, kernel, MIXTURE)
    assert torch.allclose(run(network, start, times, noise=generator(3)), exact, atol=1e-5)


@pytest.mark.parametrize("sampler", ["ddim", "dpm_solver", "heun", "angular"])
def test_from_pure_noise_on_uniform_times(sampler):
    """As used in practice: N(0, I) at t = 1, even times, data at t = 0."""
    kernel = gaussian("cosine")
    steps = 400 if sampler == "ddim" else 100
    start = normal(N, 2, seed=4)
    x = SAMPLERS[sampler](kernel).run(MIXTURE.denoiser(kernel), start, uniform_times(steps))
    assert_moments(x, MIXTURE)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_finite_set_comes_back_with_its_weights(sampler):
    """Draws lie on the points, each as often as its weight: chi-square with 3 degrees."""
    data = FiniteSet([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.5, -1.0]], [1, 2, 3, 4])
    kernel, n = gaussian("cosine"), 4000
    times = even_times(kernel, STEPS.get(sampler, 200), high=10.0)
    start = kernel.corrupt(data.sample(n, generator(1)), times[0], noise=normal(n, 2, seed=2))
    x = SAMPLERS[sampler](kernel).run(data.denoiser(kernel), start, times, noise=generator(3))
    gap, nearest = torch.cdist(x, data.points).min(1)
    # An ODE takes the few starts between two basins to a point between them.
    assert (gap > 0.01).double().mean() < 0.005
    counts = torch.bincount(nearest, minlength=4).double()
    assert chi_square(counts, data.weights) < 5


def solved(solver, schedule, steps):
    kernel = gaussian(schedule)
    levels = torch.linspace(-5, 4, steps + 1, dtype=torch.float64)
    start = normal(60, 2, seed=5)
    return solver(kernel).run(MIXTURE.denoiser(kernel), start, kernel.time(levels))


@functools.cache
def exact(schedule):
    """What all samplers come near to: 16 times more exact than the finest that is looked at."""
    return solved(Heun, schedule, 1280)


@pytest.mark.parametrize(
    ("sampler", "order"),
    [(DDIM, 1), (Heun, 2), (DPMSolver, 2), (Angular, 2)],
    ids=["ddim", "heun", "dpm_solver", "angular"],
)
@pytest.mark.parametrize("schedule", SCHEDULE_NAMES)
def test_order_of_convergence(sampler, order, schedule):
    """Halving the step divides the error by 2^order: the observed order is within 0.3 of it."""
    truth = exact(schedule)
    errors = [float((solved(sampler, schedule, k) - truth).abs().mean()) for k in (80, 160, 320)]
    for coarse, fine in pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.3)


@pytest.mark.parametrize("schedule", SCHEDULE_NAMES)
def test_ddim_with_eta_1_is_ddpm(schedule):
    kernel = gaussian(schedule)
    mean, start, times = MIXTURE.denoiser(kernel), normal(20, 2), uniform_times(30)
    noise = RowNoise(torch.arange(20))
    a = DDPM(kernel).run(mean, start, times, noise=noise)
    b = DDIM(kernel, eta=1.0).run(mean, start, times, noise=noise)
    assert torch.allclose(a, b, atol=1e-10)


@pytest.mark.parametrize("schedule", SCHEDULE_NAMES)
@pytest.mark.parametrize("sampler", VARIANTS)
class TestEverySampler:
    def test_a_point_is_found_in_any_number_of_steps(self, sampler, schedule):
        """If the denoiser knows x_0, one step is enough and more do no harm; never NaN."""
        kernel, point = gaussian(schedule), torch.tensor([3.0, -2.0])
        for dtype in (torch.float32, torch.float64):
            for steps in (1, 2, 3, 10):
                start = normal(50, 2).to(dtype)
                x = VARIANTS[sampler](kernel).run(
                    lambda x, t: point.to(x.dtype).expand_as(x),
                    start,
                    uniform_times(steps),
                    noise=generator(),
                )
                assert x.dtype == dtype
                if schedule != "karras":
                    assert (x - point).abs().max() < 1e-6
                elif sampler != "ddpm forward":  # whose last step is as noisy as it is long
                    assert (x - point).abs().max() < 0.02  # a noise of 0.002 is left at t = 0
                assert x.isfinite().all()

    def test_a_window_is_the_same_chain_elsewhere(self, sampler, schedule):
        wide, narrow = gaussian(schedule), gaussian(schedule, (0.25, 0.75))
        start, make = normal(10, 2), VARIANTS[sampler]
        times = uniform_times(8)
        outside = torch.cat([torch.ones(1).double(), 0.25 + 0.5 * times, torch.zeros(1).double()])
        a = make(wide).run(MIXTURE.denoiser(wide), start, times, noise=_Stream(10, 1))
        b = make(narrow).run(MIXTURE.denoiser(narrow), start, outside, noise=_Stream(10, 0))
        assert torch.allclose(a, b, atol=1e-9)

    def test_a_row_does_not_depend_on_its_batch(self, sampler, schedule):
        kernel, keys, start = gaussian(schedule), torch.arange(9) * 77, normal(9, 2)
        run = VARIANTS[sampler](kernel).run
        mean = MIXTURE.denoiser(kernel)
        whole = run(mean, start, uniform_times(6), noise=RowNoise(keys))
        part = run(mean, start[4:6], uniform_times(6), noise=RowNoise(keys[4:6]))
        assert torch.allclose(part, whole[4:6], atol=1e-12)

    def test_known_cells_come_back_bit_equal(self, sampler, schedule):
        kernel = gaussian(schedule)
        mask = torch.rand(30, 2, generator=generator(7)) < 0.5
        values = normal(30, 2, seed=8).float()
        x = VARIANTS[sampler](kernel).run(
            MIXTURE.denoiser(kernel),
            normal(30, 2).float(),
            uniform_times(5),
            known=Known(mask, values),
            noise=generator(),
        )
        assert torch.equal(x[mask], values[mask])
        assert x.isfinite().all()


class _Stream:
    """Row noise whose streams are shifted: step i of one run is step i + shift of another."""

    def __init__(self, n, shift):
        self.noise, self.shift = RowNoise(torch.arange(n)), shift

    def normal(self, shape, stream):
        return self.noise.normal(shape, stream + self.shift)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_known_cells_give_the_conditional_distribution(sampler):
    """Gaussian data in 3 cells, one known: mean and covariance of the others within 4.5 se."""
    cov = [[1.0, 0.6, 0.3], [0.6, 0.8, -0.2], [0.3, -0.2, 0.5]]
    data, kernel, n = GaussianData([0.5, -1.0, 2.0], cov), gaussian("cosine"), 6000
    known = torch.tensor([False, True, False])
    values = torch.tensor([0.0, 0.7, 0.0], dtype=torch.float64)
    mean, cov = data.conditional(known, values)
    times = uniform_times({"ddim": 400, "ddpm": 800}.get(sampler, 100))
    x = SAMPLERS[sampler](kernel).run(
        data.denoiser(kernel), normal(n, 3), times, known=Known(known, values), noise=generator(1)
    )
    assert (x[:, 1] == 0.7).all()
    assert_moments(x[:, ~known], GaussianData(mean, cov))


def spread_error(sampler, times, std):
    """By how much N(0, std^2) comes out too wide or too narrow: its flow is a factor, known."""
    kernel = gaussian("cosine")
    start = torch.ones(1, 1, dtype=torch.float64)
    data = GaussianData([0.0], [[std**2]])
    x = sampler(kernel).run(data.denoiser(kernel), start, times)
    return abs(float(x) - std)


@pytest.mark.parametrize("std", [1.0, 0.95, 0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02])
def test_five_angular_steps_are_nearer_than_ten_of_dpm_solver(std):
    own = Angular(gaussian("cosine")).times(5)
    error = spread_error(Angular, own, std)
    assert error < 0.025
    assert error < spread_error(DPMSolver, uniform_times(10), std)


def test_a_normal_score_of_which_nothing_is_known_stays_as_it_is():
    """E[x_0 | x_t] = alpha x_t: v is 0. The last step is of order four in its angle, pi / 50."""
    error = spread_error(Angular, Angular(gaussian("cosine")).times(5), 1.0)
    assert error < (math.pi / 50) ** 4


@pytest.mark.parametrize("schedule", SCHEDULE_NAMES)
def test_angular_times_go_through_the_window(schedule):
    kernel = gaussian(schedule)
    times = Angular(kernel).times(6)
    assert len(times) == 7
    assert (times[0], times[-1]) == (kernel.window[1], kernel.window[0])
    assert (times.diff() < 0).all()


def test_ode_samplers_are_functions_of_the_start():
    kernel = gaussian("cosine")
    for sampler in (DDIM, Heun, DPMSolver, Angular):
        a, b = (
            sampler(kernel).run(MIXTURE.denoiser(kernel), normal(5, 2), uniform_times(7))
            for _ in range(2)
        )
        assert torch.equal(a, b)


def test_run_is_its_steps():
    kernel = gaussian("cosine")
    sampler, mean = DPMSolver(kernel), MIXTURE.denoiser(kernel)
    times, done = uniform_times(5), []
    x, memory = normal(5, 2), None
    for t, s in pairwise(times):
        x, memory = sampler.step(mean, x, t, s, memory=memory)
    whole = sampler.run(mean, normal(5, 2), times, progress=lambda k, n: done.append((k, n)))
    assert torch.equal(x, whole)
    assert done == [(k, 5) for k in range(1, 6)]


def test_images_keep_their_shape():
    kernel = gaussian("linear_beta")
    x = DDPM(kernel).run(
        lambda x, t: 0.5 * x, normal(2, 3, 4, 5), uniform_times(4), noise=generator()
    )
    assert x.shape == (2, 3, 4, 5)


def test_misuse_is_refused():
    kernel = gaussian("cosine")
    mean, start = MIXTURE.denoiser(kernel), normal(3, 2)
    with pytest.raises(OptionError, match="noise"):
        DDPM(kernel).run(mean, start, uniform_times(3))
    with pytest.raises(OptionError, match="times"):
        DDIM(kernel).run(mean, start, torch.tensor([0.0, 1.0]))
    with pytest.raises(OptionError, match="times"):
        DDIM(kernel).run(mean, start, torch.tensor([1.0]))
    with pytest.raises(OptionError, match="eta"):
        DDIM(kernel, eta=1.5)
    with pytest.raises(OptionError, match="steps"):
        uniform_times(0)
