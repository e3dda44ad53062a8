"""All that is measured of one synthetic table, and of the tables it is held against.

A figure means little alone, so the same measurement runs on two kinds of tables made from the real
one, of the synthetic table's size (`floor_tables`, `independent_table`):

* **floor**: real rows drawn with replacement (a bootstrap), several times: mean and standard
  deviation. No method can be expected to do better; the spread says which differences are noise;
* **independent**: every column permuted on its own: perfect columns, no dependence.

Where an exact figure would take too long, rows are sampled (`Limits`), and `Measured` says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from interfuse.evaluate.detection import Detection, boosted_detection, logistic_detection
from interfuse.evaluate.missing import Missing, missing
from interfuse.evaluate.privacy import ROW_LIMIT
from interfuse.evaluate.shapes import Shapes, column_shapes
from interfuse.evaluate.table import Table
from interfuse.evaluate.trends import Trends, pair_trends


@dataclass(frozen=True)
class Limits:
    """Most rows of a table that a step uses; beyond it, rows are sampled with the report's seed.

    Attributes:
        trends: Shapes, trends, missing patterns. One million rows of 20 columns take seconds.
        detection: Both detections, on either side.
        utility: Training rows and test rows.
        closest: Distance search, on either side (quadratic).
        draws: Bootstrap draws of the floor.
    """

    trends: int = 1_000_000
    detection: int = 50_000
    utility: int = 100_000
    closest: int = ROW_LIMIT
    draws: int = 5


@dataclass(frozen=True)
class Measured:
    """One table, measured against the real one.

    Attributes:
        figures: Figure key to value; see `figures.FIGURES`.
        shapes: Column by column.
        trends: Pair by pair.
        missing: Missing values.
        detection: Boosted trees.
    """

    figures: dict[str, float]
    shapes: Shapes
    trends: Trends
    missing: Missing
    detection: Detection


def measure(
    real: Table,
    synthetic: Table,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Measured:
    """Measure fidelity and detection of `synthetic`; both encoded together.

    Args:
        real: The real table.
        synthetic: The table to measure.
        limits: Row limits, None = the defaults.
        seed: Seed of folds, trees and sampling.
        threads: Threads for the boosted trees, None = all.
    """
    limits = limits or Limits()
    rng = np.random.default_rng(seed)

    def both(limit: int) -> tuple[Table, Table]:
        return real.sample(limit, rng), synthetic.sample(limit, rng)

    few = both(limits.trends)
    shapes, trends, gaps = column_shapes(*few), pair_trends(*few), missing(*few)
    few = both(limits.detection)
    detection = boosted_detection(*few, seed=seed, threads=threads)
    figures = {
        "fidelity.shape": 100 * (1 - shapes.score),
        "fidelity.trend": 100 * (1 - trends.score),
        "fidelity.trend_strong": 100 * (1 - trends.strong_score),
        "fidelity.missing": 100 * gaps.error,
        "fidelity.missing_patterns": 100 * gaps.patterns,
        "detection.logistic": logistic_detection(*few, seed=seed),
        "detection.boosted": detection.auc,
    }
    return Measured(figures, shapes, trends, gaps, detection)


def floor_tables(real: Table, rows: int, *, draws: int, seed: int) -> Iterator[Table]:
    """Yield `draws` bootstraps of `rows` real rows."""
    rng = np.random.default_rng([seed, 1])
    for _ in range(draws):
        yield real.bootstrap(rows, rng)


def independent_table(real: Table, rows: int, *, seed: int) -> Table:
    """Return `rows` rows whose columns are permuted each on its own."""
    return real.independent(rows, np.random.default_rng([seed, 2]))
