"""The learning rate, the budget and the average of the weights, against closed forms."""

import numpy as np
import pytest
import torch

from interfuse.core.seeds import generator_for, seed_of
from interfuse.errors import OptionError
from interfuse.train.budget import (
    FEWEST_EXAMPLES,
    MOST_EXAMPLES,
    WARM_UP_EXAMPLES,
    Budget,
    learning_rate,
)
from interfuse.train.ema import PowerEma
from interfuse.train.flat import FlatParameters


def test_rate_warms_up_stays_and_falls_to_zero_linearly():
    def at(examples, decay_from=None, length=1_000):
        return learning_rate(2.0, examples, decay_from, length)

    warm = [at(e) for e in range(0, WARM_UP_EXAMPLES, 500)]
    np.testing.assert_allclose(np.diff(warm), 2.0 * 500 / WARM_UP_EXAMPLES)
    assert at(WARM_UP_EXAMPLES) == at(10**9) == 2.0
    decay = [at(100_000 + d, 100_000) for d in range(0, 1_001, 100)]
    np.testing.assert_allclose(decay, np.linspace(2, 0, 11), atol=1e-12)
    assert at(105_000, 100_000) == 0.0


def test_the_default_visits_each_row_300_times_within_bounds():
    assert Budget.of(None, None, 10) == Budget(examples=FEWEST_EXAMPLES)
    assert Budget.of(None, None, 10_000) == Budget(examples=3_000_000)
    assert Budget.of(None, None, 10**9) == Budget(examples=MOST_EXAMPLES)
    assert Budget.of(5.0, None, 10) == Budget(seconds=5.0)


@pytest.mark.parametrize(
    "wrong", [{}, {"seconds": 1.0, "examples": 0}, {"seconds": 0.0}, {"examples": -5}]
)
def test_a_budget_is_of_numbers_above_zero(wrong):
    with pytest.raises(OptionError, match="budget"):
        Budget(**wrong)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_budget_is_finite(value):
    with pytest.raises(OptionError, match="budget: seconds"):
        Budget(seconds=value)


def test_decay_takes_what_is_left():
    assert Budget(examples=1_000).decay_examples(3.0, 700) == 300
    # 700 examples took 7 s: 3 s more are 300.
    assert Budget(seconds=10.0).decay_examples(7.0, 700) == 300
    assert Budget(seconds=10.0).spent(7.0, 1) == pytest.approx(0.7)


def test_of_two_limits_the_nearer_one_counts():
    both = Budget(seconds=10.0, examples=1_000)
    assert both.spent(7.0, 100) == pytest.approx(0.7)
    assert both.spent(1.0, 900) == pytest.approx(0.9)
    # 100 examples a second: 300 more in the time that is left; 300 of the number.
    assert both.decay_examples(7.0, 700) == 300
    assert both.decay_examples(7.0, 350) == 150
    assert both.decay_examples(1.0, 700) == 300
    assert both.left(0.0, 0, speed=50.0) == 500
    assert both.left(0.0, 0, speed=500.0) == 1_000
    assert both.left(11.0, 10, speed=50.0) == 0
    assert both.limit("images") == "10 s or 1,000 images"


@pytest.mark.parametrize("gamma", [4.0, 16.0])
def test_average_is_the_power_function_of_karras_2024(gamma):
    """Eq. 3-5: after K steps the weights of step k count as k^gamma, to first order in 1/k."""
    net = torch.nn.Linear(1, 1, bias=False).double()
    ema = PowerEma(FlatParameters(net), gamma)
    steps = 400
    trace = np.sin(np.arange(1, steps + 1) / 30)
    for k, value in enumerate(trace, 1):
        with torch.no_grad():
            net.weight.fill_(value)
        ema.update(k)
    # Exactly: weights (1 - beta_k) prod_{i > k} beta_i with beta_k = (1 - 1/k)^(gamma + 1), whose
    # products telescope to ((k / K)^(gamma + 1) - ((k - 1) / K)^(gamma + 1)).
    k = np.arange(1, steps + 1)
    exact = ((k / steps) ** (gamma + 1) - ((k - 1) / steps) ** (gamma + 1)) @ trace
    assert ema.state()["weight"].item() == pytest.approx(exact, abs=1e-12)
    power = k**gamma / (k**gamma).sum() @ trace
    assert ema.state()["weight"].item() == pytest.approx(power, abs=2 * (gamma + 1) / steps)


def test_average_starts_at_the_first_weights_and_survives_a_round_trip():
    net = torch.nn.Linear(2, 2)
    ema = PowerEma(FlatParameters(net))
    with torch.no_grad():
        net.weight.fill_(7.0)
    ema.update(1)
    assert (ema.state()["weight"] == 7).all(), "what was there before step 1 does not count"
    saved = {k: v.clone() for k, v in ema.state().items()}
    with torch.no_grad():
        net.weight.fill_(-1.0)
    ema.update(2)
    ema.load(saved)
    assert torch.equal(ema.state()["weight"], saved["weight"])


def test_seeds_for_different_purposes_differ():
    seeds = {seed_of(s, *path) for s in range(50) for path in [(), (1,), (2,), (1, 1), (1, 2)]}
    assert len(seeds) == 250
    assert all(0 <= s < 1 << 63 for s in seeds)
    # A full avalanche: neighbouring steps differ in about half of 63 bits (standard error .25).
    bits = [(seed_of(7, 1, k) ^ seed_of(7, 1, k + 1)).bit_count() for k in range(250)]
    assert np.mean(bits) == pytest.approx(31.5, abs=4 * np.sqrt(63 / 4 / 250))
    a, b = (torch.rand(3, generator=generator_for(5, 1, k)) for k in (1, 2))
    assert not torch.equal(a, b)
