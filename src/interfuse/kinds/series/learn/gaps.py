"""Which cells of a window are known while training: every pattern that a question may have.

A window of `length` steps is asked one of these, by random choice:

    forecast   the future of a random time is unknown: half of the         FORECAST_SHARE
               times its length is uniform, else its logarithm is
    scattered  each time is unknown with a random probability              half of the rest
    blocks     one to four blocks of random lengths are unknown            the other half
    nothing    everything is unknown, as for `generate`                    EMPTY_SHARE

A pattern covers the seasons before and after the window too: what is asked about the future must
not be copied from it, and where half of the points are missing they are missing everywhere. With
several channels, a random subset of them may be left known (`OTHERS_SHARE`): what-ifs.
"""

from __future__ import annotations

import torch
from torch import Tensor

FORECAST_SHARE = 0.45
EMPTY_SHARE = 0.08
OTHERS_SHARE = 0.25
SHORTEST_HISTORY = 0.25


def draw_hidden(
    n: int, length: int, channels: int, before: int, after: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw what is hidden.

    Args:
        n: windows.
        length: steps of a window.
        channels: of the series.
        before: steps before the window that may be looked at.
        after: steps after it.
        generator: of all draws.

    Returns:
        (n, before + length + after) bool, times at which cells are hidden, and (n, channels) bool,
        the channels it holds for.
    """
    device = generator.device

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device)

    total = before + length + after
    place = torch.arange(total, device=device)[None] - before
    kind = uniform(n, 1)
    longest = (1 - SHORTEST_HISTORY) * (length - 1)
    size = uniform(n, 1)
    start = length - 1 - torch.where(uniform(n, 1) < 0.5, longest * size, longest**size)
    out = place >= start
    rest = (1 - FORECAST_SHARE - EMPTY_SHARE) / 2
    scattered = uniform(n, total) < 0.02 + 0.93 * uniform(n, 1)
    blocks = torch.zeros_like(out)
    count = (uniform(n, 1) * 4).long() + 1
    for k in range(4):
        # Log-uniform from one step to three quarters of the window.
        size = (0.75 * length) ** uniform(n, 1)
        first = uniform(n, 1) * (length - size + 1)
        blocks |= (k < count) & (place >= first.floor()) & (place < first.floor() + size.ceil())
    out = torch.where(kind < FORECAST_SHARE, out, torch.where(kind < 1 - rest - EMPTY_SHARE,
                      scattered, torch.where(kind < 1 - EMPTY_SHARE, blocks, True)))  # fmt: skip
    some = uniform(n, channels) < uniform(n, 1)
    some |= torch.arange(channels, device=device)[None] == (uniform(n, 1) * channels).long()
    every = (uniform(n, 1) >= OTHERS_SHARE) | (kind >= 1 - EMPTY_SHARE)
    return out, some | every
