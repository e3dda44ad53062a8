"""Batches by rows and by what the budget has room for, and the rates that go with them."""

import math

import pytest

from interfuse.kinds.table.learn.setup import FEWEST_STEPS, settings_for


@pytest.mark.parametrize(
    ("rows", "examples", "batch", "rate"),
    [
        (11_000, math.inf, 256, 1e-3),
        (20_000, math.inf, 2_048, 2e-3),
        (74_000, 40_000_000, 2_048, 2e-3),
        (74_000, 300_000, 2_048, 2e-3),
        (74_000, 100_000, 1_024, 2**0.5 * 1e-3),
        (74_000, 1_000, 512, 1e-3),  # the least where matrices are moved by their singular vectors
        (500, 1_000, 64, 1e-3),  # tiny tables: a quarter of the rows, whatever the budget
    ],
)
def test_batches_leave_room_for_enough_steps(rows: int, examples: float, batch: int, rate: float):
    settings = settings_for(rows, 0, "fp32", examples=examples)
    assert settings.batch == batch
    assert settings.rate == pytest.approx(rate)
    if batch > 512:
        assert examples / batch >= FEWEST_STEPS * 2**-0.5


def test_a_repeated_batch_has_its_own_rate():
    """The rate follows the batch, whatever today's rule for batches is."""
    assert settings_for(74_000, 0, "fp32", batch=512).rate == pytest.approx(1e-3)
    assert settings_for(11_000, 0, "fp32", batch=2_048).rate == pytest.approx(1e-3)
