"""A budget of seconds is of all that a fit does: reading and preparing, training, measuring."""

from __future__ import annotations

import math
from dataclasses import replace
from time import monotonic

from interfuse.train.budget import Budget

LEAST = 0.1
"""Of a budget in seconds: trained at least, whatever reading and preparing took."""


class Clock:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self.began = monotonic()

    def left(self, seconds: float) -> float:
        """What is left of so many seconds; below 0 if they are over."""
        return self.began + seconds - monotonic()

    def until(self, seconds: float | None, share: float) -> float:
        """When a share of so many seconds is over, by `monotonic`; never if there is no limit."""
        return math.inf if seconds is None else self.began + share * seconds

    def training(self, budget: Budget, kept: float) -> Budget:
        """What of a budget is left for training.

        Args:
            budget: of the whole fit. One without seconds stays as it is.
            kept: share of what is left that the work after training needs.
        """
        if budget.seconds is None:
            return budget
        left = (1 - kept) * self.left(budget.seconds)
        return replace(budget, seconds=max(left, LEAST * budget.seconds))
