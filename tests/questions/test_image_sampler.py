"""Questions to images: against a denoiser known in closed form, and the promises to keep."""

import math

import pytest
import torch
from torch import nn

from interfuse.core import Cosine, Gaussian, GaussianData
from interfuse.errors import ConditionError, OptionError
from interfuse.kinds.images.ask.sampler import BLOCK, ImageSampler
from interfuse.kinds.images.learn import to_pixels, to_unit
from interfuse.kinds.images.net import UNet

SHAPE, SIDE = (1, 4, 4), 4
GAUSSIAN = Gaussian(Cosine())


def g(seed=0):
    return torch.Generator().manual_seed(seed)


def truth(shift=0.0):
    """Smooth images of 4 x 4: neighbours go together. Spread .15: nothing reaches the ends."""
    place = torch.cartesian_prod(torch.arange(SIDE), torch.arange(SIDE)).double()
    cov = 0.15**2 * (torch.exp(-torch.cdist(place, place) / 2) + 1e-2 * torch.eye(16))
    return GaussianData(0.2 * torch.cos(place[:, 0] + place[:, 1]) + shift, cov)


class ExactNet(nn.Module):
    """v of Gaussian images in closed form, the known pixels taken in; class k is shifted by .1 k.

    "No class", label 2, is as class 0 here, so that guidance has a known answer.
    """

    def forward(self, x, known, t, label):
        out = torch.zeros_like(x)
        for k in range(3):
            rows = label == k
            if not bool(rows.any()):
                continue
            flat, mask = x[rows].flatten(1).double(), known[rows].expand_as(x[rows]).flatten(1)
            alpha, sigma = GAUSSIAN.alpha_sigma(t[rows].double())
            shift = 0.1 * (k % 2)
            if not bool(mask.any()):
                mean = truth(shift).posterior_mean(flat, alpha, sigma)
            else:
                mean = truth(shift).posterior_mean(flat, alpha, sigma, mask)
            v = (alpha[:, None] * flat - mean) / sigma[:, None].clamp_min(1e-9)
            out[rows] = v.reshape(x[rows].shape).float()
        return out


def sampler(steps=40, **options):
    options = {"seed": 5, "device": "cpu", "exact": True} | options
    return ImageSampler(ExactNet(), SHAPE, 2, steps=steps, **options)


def small_net(channels=1, size=(8, 8), classes=3):
    """A network whose every layer has weights."""
    torch.manual_seed(0)
    net = UNet(channels, size, classes, width=16, multiples=(1, 2), blocks=(1, 1))
    with torch.no_grad():
        for p in net.parameters():
            if not p.any():
                p.normal_(0, 0.1, generator=g(1))
    return net


def of_net(**options):
    options = {"seed": 3, "steps": 4, "device": "cpu"} | options
    return ImageSampler(small_net(), (1, 8, 8), 3, **options)


# -- the law of what is drawn ----------------------------------------------------------------------


@pytest.mark.parametrize(("solver", "steps", "blocks"), [("dpm_solver", 30, 25), ("ddpm", 200, 8)])
def test_drawn_images_have_the_mean_and_covariance_of_the_data(solver, steps, blocks):
    s = sampler(steps, solver=solver)
    x = torch.cat([to_unit(s.batch(i, labels=0)) for i in range(blocks)]).flatten(1).double()
    n, data = len(x), truth()
    mean, cov = data.means[0], data.covs[0]
    error = (cov.diagonal() / n).sqrt()
    assert bool(((x.mean(0) - mean).abs() < 4.5 * error).all())
    # An entry of the covariance of n normal rows: sqrt((c_ii c_jj + c_ij^2) / n). Pixels are
    # rounded (1e-5 of variance), and the solver's own error is a few percent at these steps.
    spread = (cov.diagonal().outer(cov.diagonal()) + cov**2).sqrt() / math.sqrt(n)
    assert bool(((x.T.cov() - cov).abs() < 4.5 * spread + 0.03 * cov.diagonal().max()).all())


def test_unknown_pixels_have_the_conditional_law_and_known_ones_are_bit_equal():
    known = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    known[:, :2] = True
    values = torch.randint(90, 170, (SIDE, SIDE), generator=g(), dtype=torch.uint8)
    mask = known.expand(BLOCK, 1, SIDE, SIDE)
    pixels = values.expand(BLOCK, 1, SIDE, SIDE)
    s = sampler()
    drawn = torch.cat([s.batch(i, 0, pixels, mask) for i in range(15)])
    assert bool((drawn[:, 0][:, known] == values[known]).all())
    mean, cov = truth().conditional(known.flatten(), to_unit(values).flatten())
    x = to_unit(drawn).flatten(1).double()[:, ~known.flatten()]
    error = (cov.diagonal() / len(x)).sqrt()
    assert bool(((x.mean(0) - mean).abs() < 4.5 * error).all())
    # A sample variance of n normal rows has a relative standard error of sqrt(2 / n) = .046.
    ratio = x.var(0) / cov.diagonal()
    assert bool(((ratio - 1).abs() < 0.24).all())


def test_classes_are_drawn_as_asked():
    x = to_unit(torch.cat([sampler(20).batch(i, labels=torch.arange(BLOCK) % 2) for i in range(8)]))
    difference = (x[1::2] - x[::2]).mean()
    error = float(x[::2].mean((1, 2, 3)).std()) * math.sqrt(2 / len(x[::2]))
    assert abs(float(difference) - 0.1) < 4 * error


def test_guidance_moves_by_its_formula():
    """Class 1 and "none" differ by a shift of .1, so guidance w is the exact net shifted .1 w."""
    plain = to_unit(sampler(20).batch(0, labels=2))
    for w in (0.0, 1.0, 2.0):
        moved = to_unit(sampler(20, guidance=w).batch(0, labels=1))
        # Rounding to 8 bits, twice: up to 1 / 127.5 a pixel, and less on average.
        assert abs(float((moved - plain).mean()) - 0.1 * w) < 2e-3


# -- promises --------------------------------------------------------------------------------------


def test_guidance_of_one_is_the_plain_conditional_and_zero_leaves_the_class_out():
    one, zero, two = (of_net(guidance=w, exact=True) for w in (1.0, 0.0, 2.0))
    labels = torch.arange(BLOCK) % 3
    doubled = of_net(guidance=1.0 + 1e-9, exact=True)
    # Rounding of a batch of another size may move a pixel across a half.
    gap = (one.batch(0, labels).int() - doubled.batch(0, labels).int()).abs()
    assert int(gap.max()) <= 1
    assert float((gap > 0).float().mean()) < 0.01
    gap = (zero.batch(0, labels).int() - one.batch(0).int()).abs()
    assert int(gap.max()) <= 1
    assert not torch.equal(one.batch(0, labels), two.batch(0, labels))


def test_an_image_depends_on_its_seed_and_number_alone():
    a, b = of_net(), of_net()
    a.batch(0)
    assert torch.equal(a.batch(1), b.batch(1))
    assert not torch.equal(a.batch(0), a.batch(1))
    assert not torch.equal(a.batch(0), of_net(seed=4).batch(0))
    # Rows of a block have noise of their own.
    assert len({bytes(x.numpy()) for x in a.batch(0)}) == BLOCK


@pytest.mark.parametrize("solver", ["dpm_solver", "ddpm", "ddim", "heun"])
def test_known_pixels_come_back_bit_equal_whatever_they_are(solver):
    pixels = torch.randint(0, 256, (BLOCK, 1, 8, 8), generator=g(), dtype=torch.uint8)
    known = torch.rand(BLOCK, 1, 8, 8, generator=g(1)) < 0.5
    known[0], known[1] = True, False
    drawn = of_net(solver=solver, guidance=1.5).batch(0, 1, pixels, known)
    assert torch.equal(drawn[known], pixels[known])
    assert torch.equal(drawn[0], pixels[0])
    # What lies under unknown pixels is not looked at.
    other = torch.where(known, pixels, 255 - pixels)
    assert torch.equal(of_net(solver=solver, guidance=1.5).batch(0, 1, other, known), drawn)


def test_a_trajectory_goes_from_noise_to_what_is_drawn():
    s = of_net(steps=6)
    frames = s.trajectory(0, labels=1)
    assert frames.shape == (7, BLOCK, 1, 8, 8)
    assert torch.equal(frames[-1], s.batch(0, labels=1))
    x = to_unit(frames[0])
    # Standard normal, cut at -1 and 1: mean 0, variance .516 (by integration).
    assert abs(float(x.mean())) < 0.05
    assert abs(float(x.var()) - 0.516) < 0.03


def test_wrong_questions_are_clear_errors():
    with pytest.raises(ConditionError, match="7 is no class; expected 0 to 2, or 3 for none"):
        of_net().batch(0, labels=7)
    with pytest.raises(OptionError, match="guidance"):
        of_net(guidance=-1.0)
    with pytest.raises(OptionError, match="solver: 'euler' is unknown"):
        of_net(solver="euler")
    known = torch.ones(BLOCK, 1, 8, 8)
    with pytest.raises(OptionError, match=r"pixels: has shape .* expected \(64, 1, 8, 8\)"):
        of_net().batch(0, pixels=known.to(torch.uint8)[:, :, :4], known=known)


# -- likelihood ------------------------------------------------------------------------------------


def test_bits_are_those_of_the_data():
    """Against -log2 of the density times a bin's volume, which is its mass up to second order."""
    data, n = truth(), 512
    pixels = to_pixels(data.sample(n, g(3)).reshape(n, *SHAPE))
    x = to_unit(pixels).flatten(1).double()
    bits = -(data.log_prob(x) / math.log(2) + 16 * math.log2(2 / 255)) / 16
    found = sampler().bits_per_dim(pixels, labels=0, draws=32)
    # The noise of the integral: its standard error, from the spread around each image's value.
    error = float((found.each - bits).std()) / math.sqrt(n)
    # Rounding to 8 bits blurs the density a little: the mass of a bin is not its middle's density.
    assert abs(found.mean - float(bits.mean())) < 4 * error + 0.01
    assert found.error == pytest.approx(float(found.each.std()) / math.sqrt(n))
    assert sampler().bits_per_dim(pixels[:1], draws=2).error == math.inf


def test_odd_images_score_higher():
    data, n = truth(), 128
    usual = to_pixels(data.sample(n, g(3)).reshape(n, *SHAPE))
    shuffled = usual.flatten(1)[:, torch.randperm(16, generator=g(4))].reshape(n, *SHAPE)
    s = sampler()
    # Neighbours no longer go together. Half of the pairs by chance.
    a, b = s.score(usual, 0), s.score(shuffled, 0)
    assert float((b > a).double().mean()) > 0.95


def test_a_score_depends_on_the_image_alone():
    s = of_net()
    pixels = torch.randint(0, 256, (BLOCK + 9, 1, 8, 8), generator=g(), dtype=torch.uint8)
    whole = s.score(pixels)
    assert torch.equal(whole, s.score(pixels.flip(0)).flip(0))
    assert torch.equal(whole[5:12], s.score(pixels[5:12]))
    assert whole.shape == (BLOCK + 9,)
    assert s.score_map(pixels[:2]).shape == (2, 1, 8, 8)
    assert s.score(pixels[:0]).shape == (0,)
