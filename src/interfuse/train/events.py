"""What the training loop tells whoever drives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from interfuse.train.state import Progress


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: "tick" (still running), "evaluated", "decay" (the learning rate starts to fall),
            "rescued" (a loss that was not finite was survived), "stopped".
        progress: a copy of the counters.
        loss: mean training loss since the last event; None if there was no step.
        rows_per_second: speed since the last event.
        remaining: seconds to the end, by the budget and the present speed.
        message: the reason, for people.
    """

    kind: Literal["tick", "evaluated", "decay", "rescued", "stopped"]
    progress: Progress
    loss: float | None
    rows_per_second: float
    remaining: float
    message: str = ""
