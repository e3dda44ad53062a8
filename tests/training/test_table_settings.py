"""Batches by rows and by what the budget has room for."""

import math

import pytest

from interfuse.kinds.table.learn.setup import FEWEST_STEPS, settings_for


@pytest.mark.parametrize(
    ("rows", "examples", "batch"),
    [
        (11_000, math.inf, 256),
        (74_000, math.inf, 2_048),
        (74_000, 40_000_000, 2_048),
        (74_000, 1_400_000, 512),
        (74_000, 3_900_000, 1_024),
        (74_000, 1_000, 512),  # the least where matrices are moved by their singular vectors
        (500, 1_000, 64),  # tiny tables: a quarter of the rows, whatever the budget
    ],
)
def test_batches_leave_room_for_enough_steps(rows: int, examples: float, batch: int):
    assert settings_for(rows, 0, "fp32", examples=examples).batch == batch
    if batch > 512:
        assert examples / batch >= FEWEST_STEPS * 2**-0.5
