"""The memory that a fit will take: what the process has, and what is to come.

What is to come is counted by each kind: data, codes, weights, activations. `WORKING` is what torch
takes for itself once it trains. What a step keeps for its way back is asked of torch, in two steps
of few records (`activation_bytes`).
"""

from __future__ import annotations

from typing import Any

import psutil
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from interfuse.core.seeds import Purpose, seeded
from interfuse.errors import DataError
from interfuse.io.memory import free_memory, size
from interfuse.train.precision import autocast
from interfuse.train.settings import Settings

WORKING = 60e6
_FEW = 2
WEIGHT_COPIES = 11
"""Value, gradient, two moments, average, best state, and all but the gradient on the way to the
file of a checkpoint."""


def used_memory() -> int:
    """Bytes that this process has."""
    return psutil.Process().memory_info().rss


def weights_bytes(net: nn.Module) -> float:
    """What the weights of a network take in training."""
    return 4.0 * sum(p.numel() for p in net.parameters()) * WEIGHT_COPIES


def activation_bytes(
    net: nn.Module, objective: Any, rows: Any, settings: Settings, device: torch.device
) -> float:
    """What a step of training takes beside the weights; nothing here where they are elsewhere.

    A step of n records keeps a + b n bytes for its way back; a and b are those of two small steps.
    On the way back about as much again as the largest part is in use.

    Args:
        net: the network, on the CPU.
        objective: what it learns.
        rows: encoded records.
        settings: of the training.
        device: where it will train.
    """
    if device.type != "cpu":
        return 0.0
    weights = {p.untyped_storage().data_ptr() for p in net.parameters()}

    def kept(count: int) -> tuple[int, int]:
        found: dict[int, int] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                found[storage.data_ptr()] = storage.nbytes()
            return tensor

        part = rows.take(torch.arange(count) % len(rows))
        noisy = objective.corrupt(part, torch.Generator().manual_seed(0))
        with (
            seeded(0, Purpose.DROPOUT, 0, device=device),
            autocast(device, settings.precision),
            saved_tensors_hooks(keep, lambda tensor: tensor),
        ):
            losses = objective.loss(net, noisy)
            total = losses.total()
        del total
        return sum(found.values()), max(found.values(), default=0)

    (few, _), (more, largest) = kept(_FEW), kept(2 * _FEW)
    each = max(more - few, 0) / _FEW
    return few + each * (settings.batch - _FEW) + largest / (2 * _FEW) * settings.batch


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
