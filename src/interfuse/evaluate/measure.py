"""All that is measured of one synthetic table, and of the tables it is held against.

A figure means little alone, so the same measurement runs on three kinds of tables made from the
real one, of the synthetic table's size:

* **floor**: real rows drawn with replacement (a bootstrap), several times: mean and standard
  deviation. No method can be expected to do better; the spread says which differences are noise;
* **independent**: every column permuted on its own: perfect columns, no dependence;
* **copula**: perfect columns with the dependence of a normal law.

Where an exact figure would take too long, rows are sampled (`Limits`), and `Measured` says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from interfuse.evaluate.chance import LEVEL
from interfuse.evaluate.detection import Detection, boosted_detection, logistic_with_error
from interfuse.evaluate.inference import ATTACKS
from interfuse.evaluate.missing import Missing, missing
from interfuse.evaluate.privacy import ROW_LIMIT
from interfuse.evaluate.shapes import Shapes, column_shapes
from interfuse.evaluate.support import SUPPORT_ROWS
from interfuse.evaluate.table import Table
from interfuse.evaluate.trends import Trends, pair_trends

BOOTSTRAP_ROWS = 20_000
MANY_PAIRS = 1_000


@dataclass(frozen=True)
class Limits:
    """Most rows of a table that a step uses; beyond it, rows are sampled with the report's seed.

    Attributes:
        trends: Shapes, trends, missing patterns. One million rows of 20 columns take seconds.
        detection: Both detections, on either side.
        utility: Training rows and test rows.
        closest: Distance search, on either side (quadratic).
        support: Alpha-precision and beta-recall, on either side (quadratic).
        targets: Training and test rows of each target's models.
        most_targets: Targets that are asked for.
        attacked: Rows attacked by membership inference; twice as many synthetic rows searched.
        secrets: Rows attacked for each secret.
        draws: Bootstrap draws of the floor; with 0 there is none.
        baselines: Whether independent columns and the Gaussian copula are measured.
    """

    trends: int = 1_000_000
    detection: int = 50_000
    utility: int = 100_000
    closest: int = ROW_LIMIT
    support: int = SUPPORT_ROWS
    targets: int = 3_000
    most_targets: int = 20
    attacked: int = 5_000
    secrets: int = ATTACKS
    draws: int = 5
    baselines: bool = True

    @classmethod
    def thorough(cls) -> "Limits":
        """Return limits for figures with smaller errors: about six times the time."""
        return cls(
            detection=200_000,
            utility=400_000,
            closest=40_000,
            support=15_000,
            targets=20_000,
            most_targets=100,
            attacked=20_000,
            secrets=10_000,
            draws=10,
        )


@dataclass(frozen=True)
class Measured:
    """One table, measured against the real one.

    Attributes:
        figures: Figure key to value; see `figures.FIGURES`.
        shapes: Column by column.
        trends: Pair by pair.
        missing: Missing values.
        detection: Boosted trees.
        logistic_error: Standard error of the logistic detection.
    """

    figures: dict[str, float]
    shapes: Shapes
    trends: Trends
    missing: Missing
    detection: Detection
    logistic_error: float


def measure(
    real: Table,
    synthetic: Table,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    threads: int | None = None,
    level: float = LEVEL,
) -> Measured:
    """Measure fidelity and detection of `synthetic`; both encoded together.

    Args:
        real: The real table.
        synthetic: The table to measure.
        limits: Row limits, None = the defaults.
        seed: Seed of folds, trees and sampling.
        threads: Threads for the boosted trees, None = all.
        level: Probability with which chance exceeds each threshold of a finding.
    """
    limits = limits or Limits()
    rng = np.random.default_rng(seed)

    def both(limit: int) -> tuple[Table, Table]:
        return real.sample(limit, rng), synthetic.sample(limit, rng)

    few = both(limits.trends)
    shapes, gaps = column_shapes(*few, level=level), missing(*few, level=level)
    trends = pair_trends(*few)
    few = both(limits.detection)
    detection = boosted_detection(*few, seed=seed, threads=threads)
    logistic, logistic_error = logistic_with_error(*few, seed=seed)
    figures = {
        "fidelity.shape": 100 * (1 - shapes.score),
        "fidelity.trend": 100 * (1 - trends.score),
        "fidelity.trend_strong": 100 * (1 - trends.strong_score),
        "fidelity.missing": 100 * gaps.error,
        "fidelity.missing_patterns": 100 * gaps.patterns,
        "detection.logistic": logistic,
        "detection.boosted": detection.auc,
    }
    return Measured(figures, shapes, trends, gaps, detection, logistic_error)


def spreads(
    real: Table, synthetic: Table, measured: Measured, *, draws: int = 20, seed: int = 0
) -> dict[str, float]:
    """Return the standard deviation of each figure of fidelity and detection.

    Fidelity: over bootstraps of the synthetic rows. Of a large table `BOOTSTRAP_ROWS` rows are
    drawn, and the deviation is scaled by the square root of the rows; of a wide table fewer times.
    """
    rng = np.random.default_rng([seed, 12])
    rows = min(BOOTSTRAP_ROWS, synthetic.rows)
    few = real.sample(BOOTSTRAP_ROWS, rng)
    found: dict[str, list[float]] = {}
    pairs = len(real.kinds) * (len(real.kinds) - 1) // 2
    for _ in range(max(5, min(draws, draws * MANY_PAIRS // max(1, pairs)))):
        again = synthetic.bootstrap(rows, rng)
        trends, gaps = pair_trends(few, again), missing(few, again)
        for key, value in {
            "fidelity.shape": 1 - column_shapes(few, again).score,
            "fidelity.trend": 1 - trends.score,
            "fidelity.trend_strong": 1 - trends.strong_score,
            "fidelity.missing": gaps.error,
            "fidelity.missing_patterns": gaps.patterns,
        }.items():
            found.setdefault(key, []).append(100 * value)
    scale = np.sqrt(rows / synthetic.rows)
    out = {key: float(np.std(values, ddof=1)) * scale for key, values in found.items()}
    return out | {
        "detection.logistic": measured.logistic_error,
        "detection.boosted": measured.detection.error,
    }


def floor_tables(real: Table, rows: int, *, draws: int, seed: int) -> Iterator[Table]:
    """Yield `draws` bootstraps of `rows` real rows."""
    rng = np.random.default_rng([seed, 1])
    for _ in range(draws):
        yield real.bootstrap(rows, rng)


def independent_table(real: Table, rows: int, *, seed: int) -> Table:
    """Return `rows` rows whose columns are permuted each on its own."""
    return real.independent(rows, np.random.default_rng([seed, 2]))
