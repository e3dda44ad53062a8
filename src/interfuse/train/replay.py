"""The turns of a fit that is done, as the budget of another.

A fit with a budget in seconds reads the clock for three things only: when its first held-out
evaluation is due (the interval of all others), when the learning rate starts to fall, and how long
it falls. Once they are known in examples the fit depends on the clock no more. A decay that a
plateau started needs no help: the same losses start it again, and it is looked for first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from interfuse.train.budget import DECAY_SHARE, Budget

_BEFORE_DECAY = 0.5  # any share between that of the first evaluation and that of the decay


@dataclass(frozen=True)
class Replay(Budget):
    """A budget whose shares are those that make a trainer turn where another turned.

    Attributes:
        first_evaluation: examples before the first held-out evaluation; 0 if there was none.
        decay_from: examples before the decay; None if there was none.
        decay_of: examples that the decay took.
    """

    first_evaluation: int = 0
    decay_from: int | None = None
    decay_of: int = 0

    @classmethod
    def of_record(cls, training: Mapping[str, Any]) -> Budget:
        """The budget that repeats a fit.

        Args:
            training: of its `run.json`. One without a schedule gives a plain number of examples.
        """
        schedule = training.get("schedule")
        if schedule is None:
            return Budget(examples=training["examples"])
        return cls(
            examples=training["examples"],
            first_evaluation=schedule["first_evaluation"],
            decay_from=schedule["decay_from"],
            decay_of=schedule["decay_examples"],
        )

    def spent(self, seconds: float, examples: int) -> float:
        """0 before the first evaluation, 1 - DECAY_SHARE where the decay starts, 1 at the end."""
        if examples >= (self.examples or 0):
            return 1.0
        if not self.first_evaluation or examples < self.first_evaluation:
            return 0.0
        if self.decay_from is None or examples < self.decay_from:
            return _BEFORE_DECAY
        return 1 - DECAY_SHARE + DECAY_SHARE * min((examples - self.decay_from) / self.decay_of, 1)

    def decay_examples(self, seconds: float, examples: int) -> int:
        """As many as before."""
        return self.decay_of
