"""Seeds of random streams: one number and a path of purposes make independent streams.

`Purpose` is the one table of purposes. A number is never changed: stored answers would. Some stand
for two things, which no one model does both of; a new purpose takes a number of its own. Kinds that
are registered from outside of this package take theirs from `FIRST_OUTSIDE` on, in an enum of their
own: no number below it will ever mean anything of theirs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import IntEnum

import torch

_MIX = 0x9E3779B97F4A7C15
_MASK = (1 << 63) - 1
FIRST_OUTSIDE = 1000
"""The smallest purpose of a kind from outside of this package."""


class Purpose(IntEnum):
    """What a random stream is for: the first part of `seed_of`'s path, and what follows it."""

    # Training
    BATCH = 1  # noise of a step; step
    ORDER = 2  # of the rows in an epoch; epoch
    HELD_OUT = 3  # noise and rows of the held-out loss; batch
    DROPOUT = 4  # of a step; step
    SPLIT = 11  # which rows are held out
    WEIGHTS = 12  # a network before its first step
    SHRINK = 13  # noise that predictions of numbers are measured with; batch
    HELD_OUT_BLOCKS = 13  # which times of a series are held out

    # Records drawn in blocks
    BLOCK_ORDER = 21  # in which cells appear; block
    BEYOND_SOBOL = 22  # columns that Sobol's directions do not reach
    KEYS = 23  # values of columns that hold keys
    BLOCK_NOISE = 24  # scrambling of the points
    SOBOL_ERA = 25  # scrambling of each further 2^30 points; which
    AGAIN = 26  # rows that are drawn again; then as for a block
    LIMITS = 41  # cells held in sets and ranges; block
    CLASSES = 31  # which class an image is drawn from

    # Rows that are known in part
    ROW_SHIFT = 31  # of a row's points
    ROW_ORDER = 32  # in which its cells appear; block, draw
    ROW_POINTS = 33  # scrambling of the points; stream
    PAIRS = 34  # candidates for two parts of a sum
    AUGMENTED_TURN = 51  # which rows are made more of
    AUGMENTED_CELLS = 52  # which cells of them are drawn anew

    # Pixels
    PIXEL_NOISE = 41
    LIKELIHOOD = 42
    SCORE = 43
    CHAIN = 44  # the forward chain, to be looked at

    # Windows of series
    WINDOW_NOISE = 51  # series, first step, pair of draws
    ORIGINS = 52  # where generated series begin; series
    MEASURED_CELLS = 53  # hidden to measure widths; round
    MEASURED_DRAWS = 54  # drawn there; round, pair of draws
    BASE_PAIRS = 55  # steps that the closed-form base is fitted to
    BASE_DRAWS = 56  # paths that follow a series; series
    GATE_DRAWS = 57  # held-out futures that network and base are compared on
    FEW_WEIGHTS = 58  # steps that channels of few values are weighed on; channel
    FEW_DRAWS = 59  # of such channels; series, channel


def seed_of(seed: int, *path: int) -> int:
    """A 63-bit seed for one purpose: splitmix64's finaliser over (seed, path...)."""
    x = seed & ((1 << 64) - 1)
    for part in path:
        x = (x ^ ((part + 1) * _MIX)) & ((1 << 64) - 1)
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & ((1 << 64) - 1)
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & ((1 << 64) - 1)
        x ^= x >> 31
    return x & _MASK


def generator_for(seed: int, *path: int, device: str | torch.device = "cpu") -> torch.Generator:
    """A generator seeded by `seed_of(seed, *path)`."""
    return torch.Generator(device=device).manual_seed(seed_of(seed, *path))


@contextlib.contextmanager
def seeded(seed: int, *path: int, device: torch.device) -> Iterator[None]:
    """Seed torch's own generator, from which dropout draws, and leave it as it was before."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed_of(seed, *path))
        yield
