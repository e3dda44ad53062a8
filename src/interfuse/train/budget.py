"""How long to train, and the learning rate that goes with it.

The rate is warmed up, held, and at the end lowered linearly to zero (warm-up, stable, decay: Hu et
al. 2024, arXiv 2404.06395). Unlike a cosine it need not know the end beforehand: the decay starts
when most of the budget is spent *or* when the held-out loss stops falling, and takes the same share
of the run either way. A budget in seconds is turned into examples by the measured speed when the
decay starts, so a finished fit is always described by two numbers of examples and can be repeated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from interfuse.errors import OptionError

EXAMPLES_PER_ROW = 300
FEWEST_EXAMPLES = 400_000
MOST_EXAMPLES = 40_000_000
WARM_UP_EXAMPLES = 20_000
DECAY_SHARE = 0.3


@dataclass(frozen=True)
class Budget:
    """What may be spent on one fit: seconds, examples, or both, and then what is spent first."""

    seconds: float | None = None
    examples: int | None = None

    def __post_init__(self) -> None:
        if self.seconds is None and self.examples is None:
            raise OptionError("budget: give seconds, examples or both.")
        for name, value in (("seconds", self.seconds), ("examples", self.examples)):
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise OptionError(f"budget: {name} is {value}; expected a number above 0.")

    @classmethod
    def of(cls, seconds: float | None, examples: int | None, rows: int) -> Budget:
        """The budget asked for, or the default for a table of `rows` rows.

        The default visits each row 300 times, at least 400,000 and at most 40 million visits in
        all. On public tables of 10^4 rows the best held-out loss came after 60 to 150 visits, where
        the plateau rule ends the fit; larger tables gain from more visits than they can be given.
        """
        if seconds is None and examples is None:
            examples = min(max(EXAMPLES_PER_ROW * rows, FEWEST_EXAMPLES), MOST_EXAMPLES)
        return cls(seconds, examples)

    def spent(self, seconds: float, examples: int) -> float:
        """Share of the budget used so far; of two limits, of the nearer one."""
        by_clock = seconds / self.seconds if self.seconds is not None else 0.0
        by_count = examples / self.examples if self.examples is not None else 0.0
        return max(by_clock, by_count)

    def decay_examples(self, seconds: float, examples: int) -> int:
        """How many examples the decay gets if it starts now, because the budget says so."""
        return max(int(self.left(seconds, examples, examples / max(seconds, 1e-9))), 1)

    def left(self, seconds: float, examples: int, speed: float) -> float:
        """Examples until the budget is spent, at `speed` examples a second."""
        by_clock = speed * (self.seconds - seconds) if self.seconds is not None else math.inf
        by_count = self.examples - examples if self.examples is not None else math.inf
        return max(min(by_clock, by_count), 0.0)

    def within(self, examples: int, more: int) -> int:
        """So many more examples, or as many as there may be; at least 1."""
        return more if self.examples is None else min(more, max(self.examples - examples, 1))

    def limit(self, unit: str) -> str:
        """In words: "60 s", "1,000 images", or "60 s or 1,000 images"."""
        by_clock = [f"{self.seconds:.0f} s"] if self.seconds is not None else []
        by_count = [f"{self.examples:,} {unit}"] if self.examples is not None else []
        return " or ".join(by_clock + by_count)


def batch_size(usual: int, examples: int, *ends: int | None) -> int:
    """How many records the next step takes: fewer in the last, so that no end is overrun.

    Args:
        usual: of all steps but the last.
        examples: records seen so far.
        ends: after how many records the fit ends, by budget and by decay; None if not known.
    """
    left = min((end - examples for end in ends if end is not None), default=usual)
    return min(max(left, 1), usual)


def learning_rate(
    peak: float,
    examples: int,
    decay_from: int | None,
    decay_examples: int,
    warm_up: int = WARM_UP_EXAMPLES,
) -> float:
    """The rate after `examples` records: warm-up, then `peak`, then linearly to zero.

    Args:
        peak: the largest rate.
        examples: records seen so far.
        decay_from: where the decay started; None before it has.
        decay_examples: how long the decay takes.
        warm_up: examples until the peak is reached.
    """
    warm = min(1.0, (examples + 1) / warm_up)
    if decay_from is None:
        return peak * warm
    left = 1 - (examples - decay_from) / max(decay_examples, 1)
    return peak * warm * max(left, 0.0)
