"""What a fit is made with."""

from __future__ import annotations

from dataclasses import dataclass

from interfuse.train.budget import WARM_UP_EXAMPLES

PATIENCE = 5
RATE = 1e-3


@dataclass(frozen=True)
class Settings:
    """What a fit is made with.

    Attributes:
        seed: of every random draw.
        batch: records a step.
        rate: peak learning rate of AdamW.
        weight_decay: decoupled weight decay.
        precision: "bf16" or "fp32".
        held_out_draws: records scored by one held-out evaluation at most; the loop's own number if
            None.
        warm_up: examples until the learning rate has reached its peak.
        patience: held-out evaluations without a new best before the learning rate starts to fall.
    """

    seed: int = 0
    batch: int = 1024
    rate: float = RATE
    weight_decay: float = 0.01
    precision: str = "fp32"
    held_out_draws: int | None = None
    warm_up: int = WARM_UP_EXAMPLES
    patience: int = PATIENCE
