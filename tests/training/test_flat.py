"""Parameters in one tensor: the same training as torch's own, parameter by parameter."""

import copy

import torch
from torch import nn

from interfuse.train.adamw import BETAS, AdamW
from interfuse.train.flat import FlatParameters


def network():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(12, 5), nn.Linear(5, 2))
    return net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def test_training_is_that_of_torch_optimiser_and_clipping():
    """AdamW and the clipped norm do not depend on how parameters are cut up."""
    plain, net = network(), network()
    flat = FlatParameters(net)
    a = torch.optim.AdamW(plain.parameters(), lr=0.01, betas=BETAS, weight_decay=0.1)
    b = AdamW(flat, 0.1)
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
        b.step(0.01)
    for p, q in zip(plain.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(q, p)


def test_a_step_is_that_of_torch_bit_by_bit():
    net, twin = network(), network()
    ours, theirs = FlatParameters(net), FlatParameters(twin)
    a = AdamW(ours, 0.1)
    b = torch.optim.AdamW([theirs.weight], betas=BETAS, weight_decay=0.1, fused=True)
    g = torch.Generator().manual_seed(1)
    for rate in (0.1, 0.01, 0.003):
        gradient = torch.randn(ours.weight.shape, generator=g)
        for weight in (ours.weight, theirs.weight):
            assert weight.grad is not None
            weight.grad.copy_(gradient)
        a.step(rate)
        b.param_groups[0]["lr"] = rate
        b.step()
        assert torch.equal(ours.weight, theirs.weight)
    state = b.state[theirs.weight]
    assert a.moments.keys() == state.keys()
    assert all(torch.equal(a.moments[name], state[name]) for name in state)


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
