"""Purposes of random streams: their numbers are part of every stored answer."""

import numpy as np
import torch

from interfuse.core.seeds import FIRST_OUTSIDE, Purpose, seed_of
from interfuse.kinds.images.ask.chain import forward_chain

NUMBERS = {
    "BATCH": 1, "ORDER": 2, "HELD_OUT": 3, "DROPOUT": 4, "SPLIT": 11, "WEIGHTS": 12,
    "SHRINK": 13, "HELD_OUT_BLOCKS": 13, "BLOCK_ORDER": 21, "BEYOND_SOBOL": 22, "KEYS": 23,
    "BLOCK_NOISE": 24, "ROW_SHIFT": 31, "CLASSES": 31, "ROW_ORDER": 32, "ROW_POINTS": 33,
    "PAIRS": 34, "LIMITS": 41, "PIXEL_NOISE": 41, "LIKELIHOOD": 42, "SCORE": 43, "CHAIN": 44,
    "WINDOW_NOISE": 51, "AUGMENTED_TURN": 51, "ORIGINS": 52, "AUGMENTED_CELLS": 52,
    "MEASURED_CELLS": 53, "MEASURED_DRAWS": 54, "SOBOL_ERA": 25, "BASE_PAIRS": 55, "BASE_DRAWS": 56,
    "GATE_DRAWS": 57, "AGAIN": 26, "FEW_WEIGHTS": 58, "FEW_DRAWS": 59,
}  # fmt: skip


def test_no_number_of_a_purpose_has_changed():
    assert {name: int(p) for name, p in Purpose.__members__.items()} == NUMBERS
    assert max(Purpose) < FIRST_OUTSIDE


def test_a_purpose_is_its_number():
    assert seed_of(7, Purpose.BATCH, 3) == seed_of(7, 1, 3)


def test_the_forward_chain_takes_any_seed():
    """Seeds of 32 bits and more, and seeds that differ in high bits only, have their own noise."""
    pixels = np.full((2, 4, 4), 90, np.uint8)

    def second(seed: int) -> torch.Tensor:
        steps = forward_chain(pixels, seed)
        next(steps)
        return next(steps)[1]

    ends = [second(seed) for seed in (0, 1, 1 << 31, 1 << 32, (1 << 32) + 1, (1 << 63) - 1)]
    assert all(not torch.equal(a, b) for i, a in enumerate(ends) for b in ends[:i])
    assert not torch.equal(ends[0][0], ends[0][1])
