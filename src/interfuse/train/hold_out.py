"""Records that are held out of training, to decide when to stop."""

from __future__ import annotations

import torch

from interfuse.core.seeds import Purpose, generator_for
from interfuse.train.contracts import Examples

HELD_OUT_SHARE = 0.05
FEWEST_HELD_OUT = 100
MOST_HELD_OUT = 8_192


def hold_out(rows: Examples, seed: int) -> tuple[Examples, Examples]:
    """Split rows into those to train on and those that decide when to stop.

    A twentieth is held out, at least 100 and at most 8,192 rows; a table of fewer than 1,000 rows
    keeps a tenth, one of fewer than 200 none: a loss on so few rows would stop training by chance.
    """
    n = len(rows)
    k = how_many(n)
    order = torch.randperm(n, generator=generator_for(seed, Purpose.SPLIT))
    return rows.take(order[k:].sort().values), rows.take(order[:k].sort().values)


def how_many(n: int) -> int:
    """How many of n rows are held out; see `hold_out`."""
    if n < 200:
        return 0
    share = HELD_OUT_SHARE if n >= 1000 else 0.1
    return min(max(round(share * n), FEWEST_HELD_OUT if n >= 1000 else 20), MOST_HELD_OUT)
