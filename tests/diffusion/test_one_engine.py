"""What the kinds do through the core: noise and target, one loop, one way to draw codes."""

import pytest
import torch
from diffusion_truths import SCHEDULE_NAMES, gaussian, generator

from interfuse.core import SAMPLERS, GaussianData, GeneratorNoise, uniform_times, v_to_eps, v_to_x0
from interfuse.core.masked import draw, draw_codes


@pytest.mark.parametrize("name", SCHEDULE_NAMES)
def test_target_is_the_v_of_corrupt(name):
    """x_t and v give x_0 and eps back; float32, so to a few of its roundings."""
    kernel, g = gaussian(name), generator(0)
    x_0, eps = torch.randn(2, 50, 3, generator=g)
    t = torch.rand(50, generator=g)
    x_t, v = kernel.noised(x_0, t, noise=eps)
    assert torch.equal(x_t, kernel.corrupt(x_0, t, noise=eps))
    assert torch.equal(v, kernel.target(x_0, t, noise=eps))
    alpha, sigma = (c[:, None].float() for c in kernel.alpha_sigma(t))
    torch.testing.assert_close(v_to_x0(x_t, v, alpha, sigma), x_0, atol=2e-6, rtol=0)
    torch.testing.assert_close(v_to_eps(x_t, v, alpha, sigma), eps, atol=2e-6, rtol=0)


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_watch_sees_every_time_and_changes_nothing(name):
    kernel = gaussian("cosine")
    data = GaussianData([1.0, -1.0], [[1.0, 0.5], [0.5, 2.0]])
    start, seen = torch.randn(7, 2, generator=generator(1)), []

    def run(watch=None):
        noise = GeneratorNoise(7, generator(2))
        times = uniform_times(5)
        return SAMPLERS[name](kernel).run(
            data.denoiser(kernel), start, times, noise=noise, watch=watch
        )

    end = run(seen.append)
    assert len(seen) == 6
    assert torch.equal(seen[0], start)
    assert torch.equal(seen[-1], end)
    assert torch.equal(end, run())


def test_codes_are_the_inverse_of_the_distribution_function():
    """Against the definition: how many partial sums are not above u, for 200,000 cells."""
    g = generator(3)
    share = torch.rand(50_000, 4, 9, generator=g) * (torch.rand(50_000, 4, 9, generator=g) < 0.6)
    share[..., 2] += 1e-3
    u = torch.rand(50_000, 4, generator=g)
    total = share.double().cumsum(-1)
    want = (total <= (u.double() * total[..., -1])[..., None]).sum(-1)
    assert torch.equal(draw(share, u), want)
    assert bool((share.gather(-1, draw(share, u)[..., None]) > 0).all())
    # float32 differs where u falls within a rounding of a step: 9 steps, each of some 1e-7.
    assert float((draw_codes(share, u) != want).float().mean()) < 9 * 4e-7 + 2e-5
