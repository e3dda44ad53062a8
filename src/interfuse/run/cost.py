"""The memory that a fit will take: what the process has, and what is to come.

What is to come is counted by each kind: data, codes, weights, activations. `WORKING` is what torch
takes for itself once it trains.
"""

from __future__ import annotations

import psutil
from torch import nn

from interfuse.errors import DataError
from interfuse.io.memory import free_memory, size

WORKING = 60e6
WEIGHT_COPIES = 8
"""Value, gradient, two moments, average, best state, and two on the way to the file."""


def used_memory() -> int:
    """Bytes that this process has."""
    return psutil.Process().memory_info().rss


def weights_bytes(net: nn.Module) -> float:
    """What the weights of a network take in training."""
    return 4.0 * sum(p.numel() for p in net.parameters()) * WEIGHT_COPIES


def peak(coming: float) -> float:
    """Bytes at the peak of a fit, if so many are to come."""
    return used_memory() + WORKING + coming


def check_memory(memory: float, advice: str) -> str | None:
    """Hold the peak of a fit against what is free.

    Args:
        memory: bytes at the peak.
        advice: how the fit could need less, as a sentence.

    Returns:
        A warning, if the fit will have to swap.

    Raises:
        DataError: it does not fit into memory and swap space together.
    """
    coming, free = memory - used_memory(), free_memory()
    if coming <= free:
        return None
    swap = psutil.swap_memory().free
    found = (
        f"the fit needs about {size(memory)} of memory, {size(coming)} more than this process has "
        f"now; {size(free)} are free"
    )
    if coming > free + swap:
        raise DataError(f"memory: {found}. {advice}")
    return f"{found}, so that it will swap and be slow. {advice}"
