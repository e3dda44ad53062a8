"""The gradient of one step, by one process or several."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from interfuse.core.seeds import Purpose, seeded
from interfuse.train.contracts import BatchLosses, Objective
from interfuse.train.precision import autocast
from interfuse.train.ranks import Alone
from interfuse.train.settings import Settings


def descend(
    net: Any,
    objective: Objective,
    noisy: Any,
    gradient: Tensor,
    settings: Settings,
    step: int,
    device: torch.device,
    ranks: Alone,
    parts: int,
) -> tuple[Tensor, BatchLosses | None]:
    """Add the gradient of a batch's loss to `gradient`, where the net's parameters keep theirs.

    Args:
        net: the network.
        objective: scores it.
        noisy: the batch. Of several parts it has `part(k, parts)`, whose losses sum up to its own.
        gradient: cleared.
        settings: of the training.
        step: the number of the step, which seeds dropout.
        device: where to compute.
        ranks: the processes that share the parts.
        parts: into how many the batch is cut.

    Returns:
        The loss, and the last part's losses.
    """
    total, losses = torch.zeros((), device=device), None
    for k in ranks.parts(parts):
        own = (step,) if parts == 1 else (step, k)
        dropout = seeded(settings.seed, Purpose.DROPOUT, *own, device=device)
        with dropout, autocast(device, settings.precision):
            losses = objective.loss(net, noisy if parts == 1 else noisy.part(k, parts))
        one = losses.total()
        one.backward()
        total = total + one.detach()
    return ranks.summed(gradient, total), losses
