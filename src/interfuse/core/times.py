"""Times of the chain as features that a network takes."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def time_features(t: Tensor, octaves: int) -> Tensor:
    """phi(t) = (t, sin(pi 2^k t / 2), cos(pi 2^k t / 2)), k < octaves, of times in [0, 1].

    Args:
        t: (n,).
        octaves: 4 where what is asked for is smooth in t, as of tables; more for sharper changes.

    Returns:
        (n, 2 octaves + 1) float32.
    """
    frequency = 2.0 ** torch.arange(octaves, device=t.device) * (math.pi / 2)
    angle = t.float()[:, None] * frequency
    return torch.cat([t.float()[:, None], angle.sin(), angle.cos()], dim=1)
