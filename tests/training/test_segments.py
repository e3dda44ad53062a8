"""The fused cross-entropy is torch's own, cell by cell, in value and gradient."""

import pytest
import torch
from torch.nn import functional as F

from interfuse.kinds.table.learn import segments
from interfuse.kinds.table.learn.segments import LIMIT, cell_cross_entropy

SIZES = [2, 1, 7, 300]
STARTS = torch.tensor([0, 2, 3, 10])


def batch(n, seed=0, scale=3.0):
    g = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, sum(SIZES), generator=g) * scale
    codes = (torch.rand(n, len(SIZES), generator=g) * torch.tensor(SIZES)).long()
    weight = torch.rand(n, len(SIZES), generator=g) * (torch.rand(n, 4, generator=g) < 0.7)
    return logits, codes, weight


def by_torch(logits, codes, weight):
    parts = logits.split(SIZES, 1)
    each = [F.cross_entropy(p, codes[:, j], reduction="none") for j, p in enumerate(parts)]
    return (torch.stack(each, 1) * weight).sum(0)


def test_value_and_gradient_are_those_of_torch():
    logits, codes, weight = batch(64)
    a, b = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    mine, theirs = cell_cross_entropy(a, codes, weight, SIZES, STARTS), by_torch(b, codes, weight)
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5)
    upstream = torch.randn(mine.shape, generator=torch.Generator().manual_seed(1))
    (mine * upstream).sum().backward()
    (theirs * upstream).sum().backward()
    torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-6)


def test_gradient_against_finite_differences():
    # The function computes in float32; central differences of a step of 1e-2 have an error of
    # order 1e-4 from the third derivative and eps / step = 1e-5 from rounding.
    logits, codes, weight = batch(3, scale=1.0)
    a = logits.clone().requires_grad_()
    cell_cross_entropy(a, codes, weight, SIZES, STARTS).sum().backward()
    assert a.grad is not None
    for i in range(0, sum(SIZES), 13):
        step = torch.zeros_like(logits)
        step[:, i] = 1e-2
        up, down = (
            # A row at a time, as the sum of all would be rounded.
            torch.stack(
                [
                    cell_cross_entropy(
                        logits[r : r + 1] + s * step[r : r + 1],
                        codes[r : r + 1],
                        weight[r : r + 1],
                        SIZES,
                        STARTS,
                    )
                    .double()
                    .sum()
                    for r in range(len(logits))
                ]
            )
            for s in (1, -1)
        )
        torch.testing.assert_close(((up - down) / 2e-2).float(), a.grad[:, i], rtol=0, atol=5e-4)


def test_weight_zero_passes_no_loss_and_no_gradient():
    logits, codes, weight = batch(16)
    logits.requires_grad_()
    weight[:, 2] = 0
    loss = cell_cross_entropy(logits, codes, weight, SIZES, STARTS)
    assert loss[2] == 0
    loss.sum().backward()
    assert logits.grad is not None
    assert (logits.grad[:, 3:10] == 0).all()


def test_a_cell_of_one_value_costs_nothing():
    logits, codes, weight = batch(16)
    loss = cell_cross_entropy(logits, codes, weight, SIZES, STARTS)
    torch.testing.assert_close(loss[1], torch.tensor(0.0), rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [1e2, 1e4, 1e30])
def test_extreme_logits_stay_finite(scale):
    logits, codes, weight = batch(16)
    logits = (logits * scale).requires_grad_()
    loss = cell_cross_entropy(logits, codes, weight, SIZES, STARTS)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert logits.grad.isfinite().all()
    # Softmax differences are within [-1, 1], times a weight below 1.
    assert logits.grad.abs().max() <= 1 + 1e-6


def test_differences_within_the_limit_are_not_clamped():
    logits = torch.zeros(1, sum(SIZES))
    logits[0, 3] = LIMIT - 1
    codes = torch.tensor([[0, 0, 1, 0]])
    mine = cell_cross_entropy(logits, codes, torch.ones(1, 4), SIZES, STARTS)
    torch.testing.assert_close(mine[2].item(), LIMIT - 1, rtol=1e-6, atol=0)


@pytest.mark.parametrize("shift", [-1e3, 60.0, 1e3])
def test_what_all_logits_of_a_cell_have_in_common_changes_nothing(shift):
    """A loss that clamped each logit fell without an end where certain ones grew."""
    logits, codes, weight = batch(16)
    cell = torch.arange(sum(SIZES)) >= 10
    mine = cell_cross_entropy(logits + shift * cell, codes, weight, SIZES, STARTS)
    # Of a shift of 1,000 a float32 keeps 6e-5 of each of the logits; 16 rows are summed.
    torch.testing.assert_close(mine, by_torch(logits, codes, weight), rtol=1e-4, atol=1e-3)


def test_a_second_backward_pass_is_refused_rather_than_wrong():
    logits, codes, weight = batch(8)
    loss = cell_cross_entropy(logits.requires_grad_(), codes, weight, SIZES, STARTS).sum()
    torch.autograd.grad(loss, logits, retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad(loss, logits)


def test_rows_are_visited_in_parts_without_a_seam(monkeypatch):
    logits, codes, weight = batch(64)
    found = []
    for visited in (1, 5 * sum(SIZES), 10**9):
        monkeypatch.setattr(segments, "VISITED", visited)
        a = logits.clone().requires_grad_()
        loss = cell_cross_entropy(a, codes, weight, SIZES, STARTS)
        loss.sum().backward()
        found.append((loss.detach(), a.grad))
    for loss, gradient in found[1:]:
        # The losses are added in another order; the gradient of a row knows no other.
        torch.testing.assert_close(loss, found[0][0], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(gradient, found[0][1], rtol=1e-6, atol=1e-7)


def test_bfloat16_logits_give_bfloat16_gradients():
    logits, codes, weight = batch(64)
    rough = logits.bfloat16().requires_grad_()
    loss = cell_cross_entropy(rough, codes, weight, SIZES, STARTS)
    assert loss.dtype == torch.float32
    # Only the inputs are rounded: the sums are float32.
    torch.testing.assert_close(loss, by_torch(rough.float(), codes, weight), rtol=1e-5, atol=1e-5)
    loss.sum().backward()
    assert rough.grad is not None
    assert rough.grad.dtype == torch.bfloat16
