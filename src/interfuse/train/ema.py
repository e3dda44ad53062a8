"""Exponential moving average of the weights.

The decay follows a power of time (Karras et al. 2024, arXiv 2312.02696, eq. 3-5): after step k

    beta_k = (1 - 1/k)^(gamma + 1),      average = beta_k average + (1 - beta_k) weights,

so that the average always covers the same share of the run so far, however long the run turns out
to be. gamma = 16 spans about the last tenth (relative standard deviation .055).
"""

from __future__ import annotations

import torch
from torch import Tensor

from interfuse.train.flat import FlatParameters

GAMMA = 16.0


class PowerEma:
    """A power-function average of a network's parameters.

    Args:
        parameters: those that are being trained.
        gamma: the exponent; larger follows faster.
    """

    def __init__(self, parameters: FlatParameters, gamma: float = GAMMA) -> None:
        self.gamma = gamma
        self.parameters = parameters
        self.average = parameters.weight.detach().clone()

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after optimiser step `step` (counted from 1)."""
        beta = (1 - 1 / step) ** (self.gamma + 1)
        self.average.lerp_(self.parameters.weight.detach(), 1 - beta)

    def state(self) -> dict[str, Tensor]:
        """The average by parameter name."""
        return self.parameters.views(self.average)

    @torch.no_grad()
    def load(self, state: dict[str, Tensor]) -> None:
        """Restore `state()`."""
        for name, into in self.state().items():
            into.copy_(state[name])
