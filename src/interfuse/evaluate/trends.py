r"""Pair trends: how far the dependence of each pair of columns is from the real one.

Two numbers, with Pearson correlations r (real) and s (synthetic) over the rows where both are
present:

.. math:: \mathrm{CorrelationSimilarity} = 1 - \tfrac12 |r - s|

Two categories, with joint frequencies P (real) and Q (synthetic), missing being a category:

.. math:: \mathrm{ContingencySimilarity} = 1 - \tfrac12 \sum_{u,v} |P_{uv} - Q_{uv}|

A number beside a category is cut into 10 bins of equal width first, then compared as a category.
Values agree with `sdmetrics` (Column Pair Trends of its QualityReport) to 1e-6, with its habits:
each table is cut over *its own* range; a missing number and the maximum share the last bin; pairs
of numbers with a constant column are not scored (but one without a value in one table alone has
the score 0). Above 50,000 rows `sdmetrics` samples rows without
a seed for contingencies; here all rows count.

Two totals. `Trends.score` is the mean over all scored pairs: the protocol of sdmetrics 0.11.1, with
which the published tables were made (100 (1 - score) is the *trend error*; TabSyn,
arXiv:2310.09656). Later versions measure a pair in the same way, but score only pairs whose real
dependence passes a threshold; with both thresholds at zero they give the total of 0.11.1. On UCI
Adult, and on tables with missing values and dates, every pair and the total here equal those of
0.11.1 itself to 1e-14. `Trends.strong_score` is the mean over pairs whose real dependence is
strong, |r| > 0.5 or Cramér's V > 0.3, the default of sdmetrics 0.32; NaN when no pair is.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from interfuse.evaluate.shapes import mean_of
from interfuse.evaluate.table import Codes, Floats, Table

STRONG_CORRELATION = 0.5
STRONG_ASSOCIATION = 0.3

_DENSE = 100_000
_TINY = 1e-6


@dataclass(frozen=True)
class PairTrend:
    """The trend score of one pair of columns.

    Attributes:
        first: Column name.
        second: Column name.
        metric: ``CorrelationSimilarity`` or ``ContingencySimilarity``.
        score: In [0, 1], higher = closer; NaN when a correlation is not defined.
        real: Pearson's r, or Cramér's V, in the real table.
        synthetic: The same in the synthetic table.
    """

    first: str
    second: str
    metric: str
    score: float
    real: float
    synthetic: float

    @property
    def strong(self) -> bool:
        """Whether the real dependence is above the thresholds of the module."""
        if self.metric == "CorrelationSimilarity":
            return abs(self.real) > STRONG_CORRELATION
        return self.real > STRONG_ASSOCIATION


@dataclass(frozen=True)
class Trends:
    """Trend scores of a table: per pair, over all pairs, over the strongly dependent pairs."""

    pairs: tuple[PairTrend, ...]
    score: float
    strong_score: float


def pair_trends(real: Table, synthetic: Table) -> Trends:
    """Score every pair of columns of `synthetic` against `real`; both encoded together."""
    correlations = [correlation_matrix(table) for table in (real, synthetic)]
    numbers = {name: i for i, name in enumerate(real.numbers)}
    sides = [[n for n in t.numbers if np.isnan(t.numbers[n]).all()] for t in (real, synthetic)]
    lost = set(sides[0]) ^ set(sides[1])
    codes = [{name: _bins(table, name) for name in table.kinds} for table in (real, synthetic)]
    pairs = []
    for a, b in combinations(real.kinds, 2):
        if a in numbers and b in numbers:
            r, s = (float(matrix[numbers[a], numbers[b]]) for matrix in correlations)
            score = 0.0 if {a, b} & lost else 1 - abs(r - s) / 2
            pairs.append(PairTrend(a, b, "CorrelationSimilarity", score, r, s))
        else:
            score, v, w = contingency(*(side[name] for side in codes for name in (a, b)))
            pairs.append(PairTrend(a, b, "ContingencySimilarity", score, v, w))
    strong = [pair.score for pair in pairs if pair.strong]
    return Trends(tuple(pairs), mean_of([pair.score for pair in pairs]), mean_of(strong))


def correlation_matrix(table: Table) -> Floats:
    """Return Pearson's r of all pairs of number columns, over the rows where both are present.

    Returns:
        Shape (k, k) for k number columns; NaN where a column is constant or under two rows remain.
    """
    if not table.numbers:
        return np.empty((0, 0))
    x = np.column_stack(list(table.numbers.values()))
    x[~np.isfinite(x)] = np.nan
    present = ~np.isnan(x)
    count = np.maximum(present.sum(0), 1)
    scaled = np.where(present, x, 0.0)
    scaled = np.where(present, scaled - scaled.sum(0) / count, 0.0)
    spread = np.abs(scaled).max(0, initial=0.0)
    scaled /= np.where(spread > 0, spread, 1.0)
    scaled /= np.maximum(np.sqrt((scaled**2).sum(0) / count), 1e-300)
    m = present.astype(np.float64)
    n = m.T @ m
    sums = scaled.T @ m
    squares = (scaled**2).T @ m
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = squares / n - (sums / n) ** 2
        covariance = scaled.T @ scaled / n - sums * sums.T / n**2
        r = np.clip(covariance / np.sqrt(variance * variance.T), -1.0, 1.0)
    constant = np.array([_constant(column) for column in x.T])
    r[constant, :] = r[:, constant] = np.nan
    # Where a pair's common rows vary far less than the column, the difference above cancels.
    for i, j in zip(*np.nonzero(np.triu((variance < _TINY) | (variance.T < _TINY))), strict=True):
        if not constant[i] and not constant[j]:
            r[i, j] = r[j, i] = _pearson(x[:, i], x[:, j])
    return r


def contingency(
    real_a: Codes, real_b: Codes, synthetic_a: Codes, synthetic_b: Codes
) -> tuple[float, float, float]:
    """Return ContingencySimilarity and Cramér's V of the real and of the synthetic pair.

    Args:
        real_a: Codes >= 0 of the first column in the real table, shape (n,).
        real_b: Codes of the second column, shape (n,).
        synthetic_a: First column in the synthetic table, shape (m,).
        synthetic_b: Second column, shape (m,).

    Returns:
        (similarity in [0, 1], V real, V synthetic); V is NaN where a column has one value.
    """
    cells, p, q, width = joint_counts(real_a, real_b, synthetic_a, synthetic_b)
    similarity = 1.0 - 0.5 * float(np.abs(p / len(real_a) - q / len(synthetic_a)).sum())
    return similarity, cramers_v(cells, p, width), cramers_v(cells, q, width)


def joint_counts(
    real_a: Codes, real_b: Codes, synthetic_a: Codes, synthetic_b: Codes
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """Return cells (a * width + b), the real and the synthetic rows in each, and width."""
    width = int(max(real_b.max(), synthetic_b.max())) + 1
    size = (int(max(real_a.max(), synthetic_a.max())) + 1) * width
    real = real_a.astype(np.int64) * width + real_b
    synthetic = synthetic_a.astype(np.int64) * width + synthetic_b
    if size <= _DENSE:
        cells = np.arange(size)
        p, q = np.bincount(real, minlength=size), np.bincount(synthetic, minlength=size)
    else:
        cells, inverse = np.unique(np.concatenate([real, synthetic]), return_inverse=True)
        p = np.bincount(inverse[: len(real)], minlength=len(cells))
        q = np.bincount(inverse[len(real) :], minlength=len(cells))
    return cells, p, q, width


def cramers_v(cells: NDArray[np.int64], counts: NDArray[np.int64], width: int) -> float:
    r"""Return Cramér's V of a contingency table given by its cells.

    With row sums r, column sums c and n in all, chi² = n (sum O²/(r c) - 1) and
    V = sqrt(chi² / (n (min(rows, columns) - 1))) over non-empty rows and columns.

    Args:
        cells: Cell numbers, row * width + column.
        counts: O, rows in each cell.
        width: Number of columns of the table.
    """
    keep = counts > 0
    rows, columns = np.divmod(cells[keep], width)
    o = counts[keep].astype(np.float64)
    r, c = np.bincount(rows, weights=o), np.bincount(columns, weights=o)
    smaller = min(np.count_nonzero(r), np.count_nonzero(c))
    if smaller < 2:
        return float("nan")
    phi = float((o * o / (r[rows] * c[columns])).sum()) - 1.0
    return float(np.sqrt(max(phi, 0.0) / (smaller - 1)))


def _bins(table: Table, name: str) -> Codes:
    if name in table.codes:
        codes = table.codes[name]
        return np.where(codes < 0, len(table.labels[name]), codes).astype(np.int32)
    values = table.numbers[name]
    finite = values[np.isfinite(values)]
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            edges = np.histogram_bin_edges(finite, bins=10)
        return np.digitize(values, edges).astype(np.int32)
    except ValueError:  # a range too wide or too narrow for floats to be cut in ten
        return np.zeros(len(values), dtype=np.int32)


def _constant(values: Floats) -> bool:
    values = values[~np.isnan(values)]
    return len(values) < 2 or bool((values == values[0]).all())


def _pearson(x: Floats, y: Floats) -> float:
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if _constant(x) or _constant(y):
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    return float(np.clip(x @ y, -1.0, 1.0))
