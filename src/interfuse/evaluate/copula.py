r"""The second baseline: a Gaussian copula, perfect columns with the dependence of a normal law.

Each column goes to normal scores, :math:`z = \Phi^{-1}((r + \tfrac12) / n)` with the rank r among
its n values, ties in random order, missing values first. A row is a draw of the normal law with the
correlations of these scores, and each score goes back to the value of its rank in the real column.
So columns are exact, dependence is what one number per pair can say, and categories are ordered by
their codes.
"""

import numpy as np
from scipy.special import ndtr, ndtri

from interfuse.evaluate.table import Floats, Table

FIT_ROWS = 200_000
"""Correlations come from at most this many rows."""


def copula_table(real: Table, rows: int, *, seed: int) -> Table:
    """Return `rows` rows of the Gaussian copula of a table.

    Args:
        real: The table that is imitated.
        rows: Rows to draw.
        seed: Seed of ties and draws.
    """
    rng = np.random.default_rng([seed, 5])
    few = real.sample(FIT_ROWS, rng)
    scores = np.column_stack([_scores(few.column(name), rng) for name in few.kinds])
    deviation = scores.std(0)
    scores /= np.where(deviation > 0, deviation, 1.0)
    correlation = scores.T @ scores / len(scores)
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    draws = rng.standard_normal((rows, root.shape[1])) @ root.T
    place = np.minimum((ndtr(draws) * real.rows).astype(np.int64), real.rows - 1)
    at = {name: place[:, i] for i, name in enumerate(real.kinds)}
    return Table(
        real.kinds,
        {name: _sorted(values)[at[name]] for name, values in real.numbers.items()},
        {name: np.sort(codes)[at[name]] for name, codes in real.codes.items()},
        real.labels,
        real.temporal,
        rows,
    )


def _sorted(values: Floats) -> Floats:
    return values[np.argsort(np.where(np.isnan(values), -np.inf, values), kind="stable")]


def _scores(values: Floats, rng: np.random.Generator) -> Floats:
    order = np.lexsort((rng.random(len(values)), np.where(np.isnan(values), -np.inf, values)))
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values))
    return ndtri((ranks + 0.5) / len(values))
