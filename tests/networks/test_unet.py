"""The U-Net: shapes of every size, what it may depend on, and that it learns."""

import pytest
import torch
from safetensors.torch import load, save
from torch.nn import functional as F

from interfuse.core.article import DiffusionModel
from interfuse.kinds.images.learn import image_network_for
from interfuse.kinds.images.net import (
    NETWORKS,
    Attention,
    IntegerTime,
    UNet,
    from_patches,
    to_patches,
)


def g(seed=0):
    return torch.Generator().manual_seed(seed)


def awake(net, seed=1):
    """The layers that start at zero are given weights, so that every path matters."""
    with torch.no_grad():
        for p in net.parameters():
            if not p.any():
                p.normal_(0, 0.1, generator=g(seed))
    return net.eval()


def small(channels=1, size=(8, 8), classes=3, **options):
    torch.manual_seed(0)
    options = {"width": 16, "multiples": (1, 2), "blocks": (1, 1), "patch": 2} | options
    return awake(UNet(channels, size, classes, **options))


def inputs(n=4, channels=1, size=(8, 8), seed=0):
    x = torch.randn(n, channels, *size, generator=g(seed))
    known = torch.rand(n, 1, *size, generator=g(seed + 1)) < 0.3
    return x, known, torch.rand(n, generator=g(seed + 2)), torch.arange(n) % 3


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(4, 4), (8, 8), (28, 28), (12, 20), (4, 36), (128, 8)])
def test_every_size_and_number_of_channels_has_a_network(size, channels):
    net = awake(image_network_for((channels, *size), 3, 1000, 0))
    x, known, t, label = inputs(2, channels, size)
    v = net(x, known, t, label)
    assert v.shape == x.shape
    assert v.isfinite().all()
    # No row or column is left out by the padding.
    assert bool((v.abs().sum((0, 1)) > 0).all())


def test_the_default_for_32_pixels_is_as_large_as_the_rival_of_the_benchmark():
    net = image_network_for((1, 32, 32), 10, 60_000, 0)
    assert sum(p.numel() for p in net.parameters()) >= 2_600_000


def test_patches_come_back_and_hold_neighbours():
    x = torch.randn(2, 6, 4, 3, generator=g())
    assert torch.equal(from_patches(to_patches(x, 2), 2), x)
    assert torch.equal(to_patches(x, 2)[0, 1, 1], x[0, 2:4, 2:4].reshape(-1))


def test_attention_is_softmax_attention():
    """Beside torch's own."""
    torch.manual_seed(0)
    layer = awake(Attention(64))
    h = torch.randn(2, 3, 5, 64, generator=g())
    qkv = F.linear(layer.norm(h), layer.inner.weight, layer.inner.bias)
    q, k, v = (x.reshape(2, 15, 2, 32).transpose(1, 2) for x in qkv.chunk(3, -1))
    a = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(2, 3, 5, 64)
    torch.testing.assert_close(layer(h), h + layer.outer(a), rtol=1e-4, atol=1e-5)


def test_the_untrained_network_answers_nothing():
    net = UNet(1, (8, 8), 3, width=16, multiples=(1, 2), blocks=(1, 1))
    assert not net(*inputs()).any()


@pytest.mark.parametrize("which", range(4))
def test_it_looks_at_each_input(which):
    net, before = small(), list(inputs())
    after = list(before)
    changed = (before[0] + 0.1, ~before[1], 1 - before[2], (before[3] + 1) % 4)
    after[which] = changed[which]
    difference = (net(*before) - net(*after)).abs().flatten(1).amax(1)
    assert bool((difference > 1e-4).all())


def test_images_of_a_batch_do_not_see_each_other():
    net, (x, known, t, label) = small(), inputs(6)
    whole = net(x, known, t, label)
    alone = net(x[2:3], known[2:3], t[2:3], label[2:3])
    # Rounding of products of another size; weights of order 1.
    torch.testing.assert_close(whole[2:3], alone, rtol=1e-4, atol=1e-5)


def test_config_and_weights_make_the_same_network_again():
    net = small(dropout=0.1)
    again = NETWORKS["unet"](**net.config())
    again.load_state_dict(load(save({k: v.contiguous() for k, v in net.state_dict().items()})))
    x = inputs()
    assert torch.equal(net(*x), again.eval()(*x))


def test_bfloat16_is_near_float32_and_keeps_the_finest_noise():
    """Noise of a 1000th is below bfloat16's rounding of a pixel near 1 (1 / 256)."""
    net, (x, known, t, label) = small(), inputs()
    with torch.autocast("cpu", torch.bfloat16):
        near = net(x, known, t, label)
        base = net._stem(torch.ones(1, 8, 8, 2))
        moved = net._stem(torch.ones(1, 8, 8, 2) + 1e-3 * torch.randn(1, 8, 8, 2, generator=g()))
    exact = net(x, known, t, label)
    # 8 bits of mantissa through about ten layers: 1/256 each, at random.
    assert (near - exact).square().mean().sqrt() < 0.03 * exact.square().mean().sqrt()
    assert near.dtype == torch.float32
    assert not torch.equal(base, moved)


def test_by_the_articles_procedure_it_learns_a_constant_image():
    """x_0 = 1 everywhere: eps = (x_t - signal) / noise can be read off each pixel."""
    torch.manual_seed(0)
    ddpm = DiffusionModel((1, 8, 8), 50, 1e-3, 0.2)
    net = IntegerTime(UNet(1, (8, 8), 0, width=32, multiples=(1, 2), blocks=(1, 1)), 50)
    x_0 = torch.ones(64, 1, 8, 8)
    optimiser = torch.optim.AdamW(net.parameters(), 3e-3)
    for _ in range(150):
        loss = ddpm.p_losses(x_0, ddpm.sample_timesteps(64, g(len(optimiser.state))), net)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    drawn = ddpm.sample(net.eval(), batch_size=16, generator=g(5))
    assert drawn.shape == (16, 1, 8, 8)
    # Noise itself is 1 away on average; the images drawn must be near the only one there is.
    assert float((drawn - 1).abs().mean()) < 0.1
