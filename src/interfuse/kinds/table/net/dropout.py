"""Dropout that asks the generator for a byte a unit.

Torch's draws a real number for each unit, one after the other on a CPU, which took a tenth of a
training step. Eight units share one 64-bit draw here; the rate is rounded to the next 256th and
the units that are kept are scaled by exactly its inverse, so that the mean is unbiased.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def dropout(x: Tensor, rate: float) -> Tensor:
    """Set each entry to 0 with probability `rate`, scale the others by 1 / (1 - rate).

    Args:
        x: any shape.
        rate: in [0, 1), rounded to a 256th on a CPU. Draws from torch's own generator.
    """
    if rate == 0:
        return x
    if x.device.type != "cpu":
        return F.dropout(x, rate)
    dropped = min(round(256 * rate), 255)
    draws = torch.empty(-(-x.numel() // 8), dtype=torch.long).random_(-(2**63), None)
    keep = draws.view(torch.uint8)[: x.numel()].view(x.shape) >= dropped
    return x * keep.to(x.dtype).mul_(256 / (256 - dropped))
