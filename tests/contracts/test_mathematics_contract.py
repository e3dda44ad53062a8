"""Every registered network, schedule and sampler keeps its promises; newcomers included."""

import inspect
import json
import math
import sys

import pytest
import torch

from interfuse.core import SAMPLERS, SCHEDULES, Cosine, Gaussian
from interfuse.core.plan import planned
from interfuse.kinds.images import net as images_net
from interfuse.kinds.series import net as series_net
from interfuse.kinds.table import net as table_net

NETWORKS = {**table_net.NETWORKS, **series_net.NETWORKS, **images_net.NETWORKS}

TIMES = torch.linspace(0, 1, 101, dtype=torch.float64)


def undocumented(cls):
    """Names of what says nothing of itself: the module, the class, its public methods."""
    said = {"its module": sys.modules[cls.__module__].__doc__, cls.__name__: cls.__doc__}
    for name, member in vars(cls).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            said[name] = inspect.getdoc(getattr(cls, name))
    return [name for name, words in said.items() if not words]


def table_records():
    seen = torch.tensor([[True, False], [False, True]])
    return torch.tensor([[3, 2], [1, 9]]), torch.randn(2, 2), seen, seen, torch.rand(2)


def images():
    known = (torch.rand(2, 1, 8, 12) < 0.3).float()
    return torch.randn(2, 3, 8, 12), known, torch.rand(2), torch.tensor([0, 4])


def windows():
    """Windows of 12 steps and 2 channels, as the encoder and the denoiser are told of them."""
    n, shape = 2, (2, 12, 2)
    unknown = torch.rand(shape) < 0.6
    encoder = {
        "cells": torch.randn(*shape, 6),
        "local": torch.randn(*shape, 10),
        "rough": torch.rand(n, 1, 2) + 0.1,
        "reach": torch.rand(shape),
        "unit": torch.randn(shape),
        "prior": torch.randn(shape),
        "steps": torch.randn(n, 12, 3),
        "answers": torch.randn(*shape, 5),
        "owner": torch.tensor([0, 2]),
        "statics": torch.randn(n, 2),
    }
    return encoder, torch.randn(*shape, 4), torch.randn(shape) * unknown, unknown, torch.rand(n)


# A newcomer's arguments, a batch of two records, and the shapes of its predictions.
NETWORK_CASES = {
    "table": (([3, 9], 2, [0, 9]), table_records, [(2, 12), (2, 2)]),
    "series": ((2, 12, 4, 6, 10, 3, [1.0] * 5, 2, 2, 32, 1, 32, 1), windows, [(2, 12, 2)] * 3),
    "unet": ((3, (8, 12), 4), images, [(2, 3, 8, 12)]),
}


def predictions(net, batch):
    if isinstance(net, NETWORKS["series"]):
        encoder, geometry, z_t, unknown, t = batch
        said = net.encode(**encoder)
        told = net.context(geometry, said.log_scale, encoder["steps"])
        return said.mean, said.log_scale, net.denoise(z_t, unknown, t, told, torch.arange(3))
    out = net(*batch)
    return out if isinstance(out, tuple) else (out,)


@pytest.mark.parametrize("name", sorted(NETWORKS))
class TestEveryNetwork:
    def make(self, name):
        torch.manual_seed(0)
        arguments, batch, _ = NETWORK_CASES[name]
        return NETWORKS[name](*arguments), batch()

    def test_it_is_documented(self, name):
        assert undocumented(NETWORKS[name]) == []

    def test_it_predicts_every_cell(self, name):
        net, batch = self.make(name)
        found = [tuple(part.shape) for part in predictions(net.eval(), batch)]
        assert found == NETWORK_CASES[name][2]

    def test_it_is_rebuilt_from_json_and_weights(self, name):
        net, batch = self.make(name)
        net.eval()
        config = json.loads(json.dumps(net.config(), allow_nan=False))
        twin = NETWORKS[name](**config).eval()
        twin.load_state_dict(net.state_dict())
        for a, b in zip(predictions(twin, batch), predictions(net, batch), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)
        # What is stored are the parameters alone: everything else follows from the config.
        assert set(net.state_dict()) == {k for k, _ in net.named_parameters()}

    def test_its_plan_has_its_shapes_and_no_values(self, name):
        arguments, _, _ = NETWORK_CASES[name]
        plan, net = planned(lambda: NETWORKS[name](*arguments)), NETWORKS[name](*arguments)
        for a, b in ((plan.named_parameters(), net.named_parameters()),
                     (plan.named_buffers(), net.named_buffers())):  # fmt: skip
            a, b = dict(a), dict(b)
            assert [(n, t.shape, t.dtype) for n, t in a.items()] == [
                (n, t.shape, t.dtype) for n, t in b.items()
            ]
            assert all(t.is_meta for t in a.values())

    def test_every_weight_learns(self, name):
        net, batch = self.make(name)
        with torch.no_grad():
            for p in net.parameters():
                p.add_(torch.randn(p.shape) * 0.1)
        torch.stack([part.square().sum() for part in predictions(net, batch)]).sum().backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


@pytest.mark.parametrize("name", sorted(SCHEDULES))
class TestEverySchedule:
    def test_it_is_documented(self, name):
        assert undocumented(SCHEDULES[name]) == []

    def test_it_preserves_variance_and_forgets(self, name):
        alpha, sigma = SCHEDULES[name]()(TIMES)
        assert alpha.dtype == sigma.dtype == torch.float64
        torch.testing.assert_close(alpha**2 + sigma**2, torch.ones_like(alpha))
        assert (alpha.diff() < 0).all()
        assert (sigma.diff() > 0).all()

    def test_the_ratio_has_an_inverse(self, name):
        schedule = SCHEDULES[name]()
        inner = TIMES[1:-1]
        logsnr = schedule.logsnr(inner)
        assert (logsnr.diff() < 0).all()
        torch.testing.assert_close(schedule.inverse(logsnr), inner, rtol=0, atol=1e-6)
        assert float(schedule.inverse(torch.tensor(1e4))) <= 1e-3
        assert float(schedule.inverse(torch.tensor(-1e4))) >= 1 - 1e-3


@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
@pytest.mark.parametrize("name", sorted(SAMPLERS))
class TestEverySampler:
    def run(self, name, schedule, std, mean, steps=400, n=20_000):
        gaussian = Gaussian(SCHEDULES[schedule]())
        sampler = SAMPLERS[name](gaussian)

        def exact(x, t):
            """E[x_0 | x_t] of x_0 ~ N(mean, std^2)."""
            alpha, sigma = (float(c) for c in gaussian.alpha_sigma(t))
            gain = alpha * std**2 / (alpha**2 * std**2 + sigma**2)
            return mean + gain * (x - alpha * mean)

        g = torch.Generator().manual_seed(0)
        start = torch.randn(n, 1, generator=g, dtype=torch.float64)
        times = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
        return sampler.run(exact, start, times, noise=g)

    def test_a_normal_law_comes_out_of_its_own_denoiser(self, name, schedule):
        x = self.run(name, schedule, std=0.5, mean=0.7)
        error = 0.5 / math.sqrt(len(x))
        # Besides the standard error: discretisation, of order 1 / steps for the slowest.
        assert float(x.mean()) == pytest.approx(0.7, abs=4 * error + 0.02)
        assert float(x.std()) == pytest.approx(0.5, abs=4 * error + 0.02)

    def test_a_point_is_hit_exactly(self, name, schedule):
        x = self.run(name, schedule, std=0.0, mean=-1.3, n=50)
        _, sigma = Gaussian(SCHEDULES[schedule]()).alpha_sigma(0.0)
        # Schedules that do not reach clean data leave their smallest noise.
        assert (x + 1.3).abs().max() <= 5 * float(sigma) + 1e-9


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_samplers_are_documented_and_keep_known_cells(name):
    assert undocumented(SAMPLERS[name]) == []
    from interfuse.core import Known

    g = torch.Generator().manual_seed(0)
    start = torch.randn(5, 3, generator=g)
    mask = torch.tensor([True, False, True])
    values = torch.tensor([0.123, 0.0, -4.5])
    times = torch.linspace(1, 0, 6, dtype=torch.float64)
    sampler = SAMPLERS[name](Gaussian(Cosine()))
    out = sampler.run(lambda x, t: 0.5 * x, start, times, known=Known(mask, values), noise=g)
    assert torch.equal(out[:, mask], values[mask].expand(5, 2))
