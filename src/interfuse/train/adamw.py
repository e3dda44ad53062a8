"""AdamW (Loshchilov and Hutter, 2019, arXiv:1711.05101) over all parameters at once.

    m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2
    w <- w - rate (m / (1 - b1^k) / (sqrt(v / (1 - b2^k)) + eps) + decay w)

The step is torch's own function. Its class `torch.optim.AdamW` is passed by: the first call of it
imports torch's compiler, which takes longer than many a small fit (3.4 s of processor time).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from interfuse.train.flat import FlatParameters

BETAS = (0.9, 0.99)
EPS = 1e-8


class AdamW:
    """What is remembered of the gradients, and the step.

    Args:
        parameters: that are trained; what is remembered stays on their device.
        weight_decay: share of the weights that goes at each step, times the learning rate.

    Attributes:
        moments: `exp_avg` m and `exp_avg_sq` v, each (k,), and `step` k, as torch names them.
            Empty before the first step.
    """

    def __init__(self, parameters: FlatParameters, weight_decay: float) -> None:
        self.parameters = parameters
        self.weight_decay = weight_decay
        self.moments: dict[str, Tensor] = {}

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Change the weights by their gradients.

        Args:
            rate: the learning rate of this step.
        """
        weight = self.parameters.weight
        fused = weight.device.type in ("cpu", "cuda")
        if not self.moments:
            counter = torch.zeros((), device=weight.device if fused else None)
            zero = torch.zeros_like
            self.moments = {"step": counter, "exp_avg": zero(weight), "exp_avg_sq": zero(weight)}
        assert weight.grad is not None
        adamw(
            [weight], [weight.grad], [self.moments["exp_avg"]], [self.moments["exp_avg_sq"]], [],
            [self.moments["step"]], fused=fused, amsgrad=False, beta1=BETAS[0], beta2=BETAS[1],
            lr=rate, weight_decay=self.weight_decay, eps=EPS, maximize=False,
        )  # fmt: skip

    def load(self, moments: dict[str, Tensor]) -> None:
        """Take over a copy of `moments`, such as those of a checkpoint."""
        device = self.parameters.weight.device
        self.moments = {name: value.clone().to(device) for name, value in moments.items()}

    def forget(self) -> None:
        """Begin anew."""
        self.moments = {}
