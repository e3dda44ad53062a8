"""Muon: steps are those of its formula, and of another's code; what it leaves alone is AdamW's."""

import math

import numpy as np
import polars as pl
import pytest
import torch
from torch import nn

import interfuse
from interfuse.kinds.table.learn import setup
from interfuse.reproduce import reproduce
from interfuse.train.adamw import BETAS, AdamW
from interfuse.train.flat import FlatParameters
from interfuse.train.muon import SCALE, Muon, orthogonal


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(40, 24), nn.SiLU(), nn.Linear(24, 24), nn.Linear(24, 3))


def first_matrix():
    """Where the first matrix of the network starts."""
    return next(network().parameters()).detach().clone()


def stepped(optimiser_of, steps=3, rate=1e-2):
    """The parameters of a network after some steps with made-up gradients."""
    net = network()
    flat = FlatParameters(net)
    optimiser = optimiser_of(flat)
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        assert flat.weight.grad is not None
        flat.weight.grad.copy_(torch.randn(flat.weight.shape, generator=generator))
        optimiser.step(rate)
    return {name: p.detach().clone() for name, p in net.named_parameters()}, optimiser


@pytest.mark.parametrize("shape", [(24, 24), (24, 60), (64, 128)])
def test_singular_values_come_near_to_one_and_vectors_stay(shape):
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    near = orthogonal(x)
    s = torch.linalg.svdvals(near)
    # What four polynomials make of (.001, 1); smaller values of a square matrix stay below.
    assert s.max() < 1.57
    assert (s > 0.43).double().mean() > 0.9
    u, _, v = torch.linalg.svd(x, full_matrices=False)
    rest = u.mT @ near @ v.mT
    off = rest - torch.diag_embed(torch.diagonal(rest, dim1=-2, dim2=-1))
    assert off.abs().max() < 1e-9


def test_all_but_the_named_matrices_moves_as_by_adamw():
    plain, _ = stepped(lambda flat: AdamW(flat, 0.01))
    moved, _ = stepped(lambda flat: Muon(flat, 0.01, ["0.weight", "2.weight"]))
    for name in plain:
        assert torch.equal(plain[name], moved[name]) == (name not in ("0.weight", "2.weight"))


def test_a_step_is_that_of_the_formula():
    rate, decay = 1e-2, 0.1
    before = first_matrix()
    after, optimiser = stepped(lambda flat: Muon(flat, decay, ["0.weight"]), steps=1, rate=rate)
    gradient = torch.randn(
        optimiser.parameters.weight.shape, generator=torch.Generator().manual_seed(1)
    )
    gradient = optimiser.parameters.views(gradient)["0.weight"]
    mean = (1 - BETAS[0]) * gradient
    look = (1 - BETAS[0]) * gradient + BETAS[0] * mean
    u, _, v = torch.linalg.svd(look, full_matrices=False)
    moved = (before * (1 - rate * decay) - after["0.weight"]) / (rate * SCALE * math.sqrt(40))
    # Singular values spread by .4 around 1 are at a cosine of 1 / sqrt(1 + .4^2) = .93.
    cosine = (moved * (u @ v)).sum() / (moved.norm() * (u @ v).norm())
    assert cosine > 0.85
    assert moved.norm() / (u @ v).norm() == pytest.approx(1, abs=0.25)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has had Muon since 2.9")
def test_steps_are_those_of_torch():
    """Its polynomials are others: lengths and directions agree nearly, as with the formula."""
    rate, decay = 1e-2, 0.1
    start = first_matrix()
    weight = nn.Parameter(start.clone())
    theirs = torch.optim.Muon(
        [weight], lr=rate, weight_decay=decay, momentum=BETAS[0], adjust_lr_fn="match_rms_adamw"
    )
    ours, optimiser = stepped(lambda flat: Muon(flat, decay, ["0.weight"]), rate=rate)
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        gradient = torch.randn(optimiser.parameters.weight.shape, generator=generator)
        weight.grad = optimiser.parameters.views(gradient)["0.weight"].clone()
        theirs.step()
    kept = start * (1 - rate * decay) ** 3
    a, b = ours["0.weight"] - kept, weight.detach() - kept
    assert (a * b).sum() / (a.norm() * b.norm()) > 0.85
    assert a.norm() / b.norm() == pytest.approx(SCALE / 0.2, rel=0.3)


def test_it_goes_on_from_what_adamw_remembers():
    """The same tensors, so that checkpoints need not know which of the two it was."""
    _, first = stepped(lambda flat: AdamW(flat, 0.01))
    _, second = stepped(lambda flat: Muon(flat, 0.01, ["0.weight"]))
    assert first.moments.keys() == second.moments.keys()
    assert all(torch.equal(first.moments[k], second.moments[k]) for k in first.moments)


def table(rows):
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows)
    y, c = x + rng.normal(size=rows), rng.choice(list("abc"), rows)
    return pl.DataFrame({"x": x, "y": y, "c": c})


@pytest.mark.parametrize(("rows", "some"), [(2_000, False), (setup.MANY_ROWS + 2_000, True)])
def test_large_tables_have_it(rows, some, monkeypatch):
    seen = []
    usual = Muon.__init__
    monkeypatch.setattr(Muon, "__init__", lambda self, *a: (seen.append(a[2]), usual(self, *a))[1])
    model = interfuse.fit(table(rows), examples=1_500)
    assert bool(seen) == some
    assert model.record["training"]["settings"]["batch"] == (512 if some else 256)
    assert not some or all(name.startswith(("blocks.", "stem_w", "head_w")) for name in seen[0])


def test_short_budgets_have_narrower_networks_and_are_repeated_with_them(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "WIDTH", 64)
    table(400).write_csv(tmp_path / "data.csv")
    model = interfuse.fit(tmp_path / "data.csv", seconds=0.5, device="cpu")
    model.save(tmp_path / "run")
    assert model.net.width == model.record["training"]["width"] == 32
    again = reproduce(tmp_path / "run", tmp_path / "data.csv")
    assert again.same
    assert interfuse.fit(table(400), examples=500).net.width == 64
