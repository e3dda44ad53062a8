"""The real table and one that is held against it; what several figures need is measured once."""

from functools import cached_property

import numpy as np

from interfuse.evaluate.chance import LEVEL
from interfuse.evaluate.detection import Detection, boosted_detection, logistic_with_error
from interfuse.evaluate.limits import Limits
from interfuse.evaluate.missing import Missing, missing
from interfuse.evaluate.rules import Rule
from interfuse.evaluate.shapes import Shapes, column_shapes
from interfuse.evaluate.table import Table
from interfuse.evaluate.trends import Trends, pair_trends

Two = tuple[Table, Table]


def sampled(real: Table, synthetic: Table, limits: Limits, seed: int) -> tuple[Two, Two]:
    """Return both tables within the limits of trends, and within those of detection."""
    rng = np.random.default_rng(seed)

    def both(limit: int) -> Two:
        return real.sample(limit, rng), synthetic.sample(limit, rng)

    return both(limits.trends), both(limits.detection)


class Pair:
    """Two tables, encoded together.

    Args:
        few: The real and the other table, for what looks at columns and pairs of columns.
        some: The same within the rows that a classifier gets; None = as `few`.
        rules: Rules of the real table.
        seed: Seed of folds and trees.
        threads: Threads for the boosted trees, None = all.
        level: Probability with which chance exceeds each threshold of a finding.
    """

    def __init__(
        self,
        few: Two,
        some: Two | None = None,
        *,
        rules: tuple[Rule, ...] = (),
        seed: int = 0,
        threads: int | None = None,
        level: float = LEVEL,
    ) -> None:
        self.few, self.some = few, some or few
        self.rules = rules
        self.seed, self.threads, self.level = seed, threads, level

    @cached_property
    def shapes(self) -> Shapes:
        """Column by column."""
        return column_shapes(*self.few, level=self.level)

    @cached_property
    def trends(self) -> Trends:
        """Pair by pair."""
        return pair_trends(*self.few)

    @cached_property
    def missing(self) -> Missing:
        """Missing values."""
        return missing(*self.few, level=self.level)

    @cached_property
    def detection(self) -> Detection:
        """What boosted trees make of the rows."""
        return boosted_detection(*self.some, seed=self.seed, threads=self.threads)

    @cached_property
    def logistic(self) -> tuple[float, float]:
        """Logistic detection and its standard error."""
        return logistic_with_error(*self.some, seed=self.seed)
