"""Dropout from bytes: the rate, the scale, and the same mask in both directions."""

import math

import pytest
import torch

from interfuse.kinds.table.net.dropout import dropout


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_units_are_dropped_at_the_rate_and_the_mean_is_kept(rate, dtype):
    torch.manual_seed(0)
    n = 200_001  # no multiple of the eight units that share a draw
    kept = dropout(torch.ones(n, dtype=dtype), rate).float()
    exact = round(256 * rate) / 256
    error = math.sqrt(exact * (1 - exact) / n)
    assert abs(float((kept == 0).float().mean()) - exact) < 4 * error
    # bfloat16 rounds the factor 1 / (1 - rate) to 8 bits.
    slack = 2**-8 if dtype == torch.bfloat16 else 1e-6
    assert abs(float(kept.mean()) - 1) < 4 * error / (1 - exact) + slack


def test_neighbouring_units_are_dropped_independently():
    torch.manual_seed(1)
    n = 100_000
    gone = (dropout(torch.ones(n), 0.25) == 0).float() - 0.25
    for lag in (1, 4, 7, 8):
        # A correlation of n independent pairs has a standard error of 1 / sqrt(n).
        product = float((gone[:-lag] * gone[lag:]).mean()) / (0.25 * 0.75)
        assert abs(product) < 4 / math.sqrt(n)


def test_gradients_pass_where_values_did():
    torch.manual_seed(2)
    x = torch.randn(64, 64, requires_grad=True)
    y = dropout(x, 0.3)
    y.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(y.detach(), x.detach() * x.grad)


def test_without_a_rate_nothing_changes_and_nothing_is_drawn():
    state = torch.random.get_rng_state()
    x = torch.randn(3, generator=torch.Generator().manual_seed(0))
    assert dropout(x, 0.0) is x
    assert torch.equal(torch.random.get_rng_state(), state)
