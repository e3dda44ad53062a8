"""Exponential moving average of the weights.

The decay follows a power of time (Karras et al. 2024, arXiv 2312.02696, eq. 3-5): after step k

    beta_k = (1 - 1/k)^(gamma + 1),      average = beta_k average + (1 - beta_k) weights,

so that the average always covers the same share of the run so far, however long the run turns out
to be. gamma = 16 spans about the last tenth (relative standard deviation .055).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

GAMMA = 16.0


class PowerEma:
    """A power-function average of a module's parameters.

    Args:
        net: the module that is being trained.
        gamma: the exponent; larger follows faster.
    """

    def __init__(self, net: nn.Module, gamma: float = GAMMA) -> None:
        self.gamma = gamma
        self.parameters = [p for _, p in net.named_parameters()]
        self.names = [name for name, _ in net.named_parameters()]
        self.average = [p.detach().clone() for p in self.parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after optimiser step `step` (counted from 1)."""
        beta = (1 - 1 / step) ** (self.gamma + 1)
        weights = [p.detach() for p in self.parameters]
        torch._foreach_lerp_(self.average, weights, 1 - beta)  # pyright: ignore

    def state(self) -> dict[str, Tensor]:
        """The average by parameter name."""
        return dict(zip(self.names, self.average, strict=True))

    @torch.no_grad()
    def load(self, state: dict[str, Tensor]) -> None:
        """Restore `state()`."""
        for name, into in zip(self.names, self.average, strict=True):
            into.copy_(state[name])
