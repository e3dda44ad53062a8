"""Parameters in one tensor: the same training as torch's own, parameter by parameter."""

import copy
from typing import Any

import torch
from torch import nn

from interfuse.train.flat import FlatParameters


def network():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(12, 5), nn.Linear(5, 2))
    return net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def test_training_is_that_of_torch_optimiser_and_clipping():
    """AdamW and the clipped norm do not depend on how parameters are cut up."""
    plain, net = network(), network()
    flat = FlatParameters(net)
    options: dict[str, Any] = {"lr": 0.01, "weight_decay": 0.1}
    a = torch.optim.AdamW(plain.parameters(), **options)
    b = torch.optim.AdamW([flat.weight], **options)
    g = torch.Generator().manual_seed(1)
    for _ in range(5):
        x = 10 * torch.randn(7, 1, 4, 4, generator=g)
        a.zero_grad()
        plain(x).square().mean().backward()
        norm = nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        a.step()
        flat.clear_gradients()
        net(x).square().mean().backward()
        torch.testing.assert_close(flat.clip(1.0), norm)
        b.step()
    for p, q in zip(plain.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(q, p)


def test_values_strides_and_names_are_kept():
    net = network()
    before = copy.deepcopy(net)
    flat = FlatParameters(net)
    for (name, p), q in zip(net.named_parameters(), before.parameters(), strict=True):
        assert torch.equal(p, q)
        assert p.stride() == q.stride()
        assert flat.views(flat.weight.detach())[name].data_ptr() == p.data_ptr()


def test_frozen_parameters_stay_out():
    net = network()
    net[2].requires_grad_(False)
    flat = FlatParameters(net)
    assert set(flat.views(flat.weight.detach())) == {"0.weight", "0.bias", "3.weight", "3.bias"}
