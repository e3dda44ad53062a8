r"""Column shapes: how far each column's distribution is from the real one.

Let F and G be the empirical distribution functions of a number column in the real and the
synthetic table, and p, q the relative frequencies of a category column. Missing values are left
out of both (`missing` counts them).

.. math::
    \mathrm{KSComplement} = 1 - \max_x |F(x) - G(x)|, \qquad
    \mathrm{TVComplement} = 1 - \tfrac12 \sum_v |p_v - q_v|

Both lie in [0, 1], 1 = same distribution. A column with values in one table and none in the other
has the score 0; `sdmetrics` leaves it out. The score of a table is the mean over its columns that
can be scored, and the *shape error* of the literature is 100 (1 - score) percent (TabSyn,
arXiv:2310.09656). Other values agree with `sdmetrics` (Column Shapes of its QualityReport) to 1e-6,
including two of its habits: numbers are rounded to 14 decimals, and a category that the real
column lacks enters the real counts with 1e-6.
"""

from dataclasses import dataclass

import numpy as np

from interfuse.evaluate.chance import LEVEL, ks_chance, tv_chance
from interfuse.evaluate.table import MISSING, Codes, Floats, Table

_DECIMALS = 14
_ROUNDED_BELOW = 256.0
_UNSEEN = 1e-6


@dataclass(frozen=True)
class ColumnShape:
    """The shape score of one column.

    Attributes:
        name: Column name.
        metric: ``KSComplement`` or ``TVComplement``.
        score: In [0, 1], higher = closer; 0 when one column is all missing, NaN when both are.
        absent: Categories of the real column that the synthetic one never shows, and their share
            of the real column, most frequent first (empty for numbers).
        invented: Share of the synthetic column held by categories that the real one lacks.
        unseen: The share that such categories have among fresh rows, estimated by the share of the
            real column's values that occur once (Good and Turing).
        chance: 1 - score that chance hardly exceeds; see `chance`.
    """

    name: str
    metric: str
    score: float
    absent: tuple[tuple[str, float], ...] = ()
    invented: float = 0.0
    unseen: float = 0.0
    chance: float = 1.0


@dataclass(frozen=True)
class Shapes:
    """Shape scores of a table: per column, and their mean over the columns that have one."""

    columns: tuple[ColumnShape, ...]
    score: float


def ks_complement(real: Floats, synthetic: Floats) -> float:
    """Return 1 - D, D the two-sample Kolmogorov-Smirnov distance; NaN = missing, left out.

    Args:
        real: Values, shape (n,).
        synthetic: Values, shape (m,).

    Returns:
        A value in [0, 1], or NaN when either side has no value.
    """
    a, b = _sorted(real), _sorted(synthetic)
    if not len(a) or not len(b):
        return float("nan")
    points = np.concatenate([a, b])
    gap = np.searchsorted(a, points, side="right") / len(a)
    gap -= np.searchsorted(b, points, side="right") / len(b)
    return float(1.0 - np.abs(gap).max())


def tv_complement(real: Codes, synthetic: Codes, size: int) -> float:
    """Return 1 - total variation distance of two code columns; -1 = missing, left out.

    Args:
        real: Codes in {-1, ..., size - 1}, shape (n,).
        synthetic: The same code book, shape (m,).
        size: Number of codes.

    Returns:
        A value in [0, 1], or NaN when either side has no value.
    """
    p, q = _counts(real, size), _counts(synthetic, size)
    if not p.sum() or not q.sum():
        return float("nan")
    p[(p == 0) & (q > 0)] += _UNSEEN
    return float(1.0 - 0.5 * np.abs(p / p.sum() - q / q.sum()).sum())


def column_shapes(real: Table, synthetic: Table, *, level: float = LEVEL) -> Shapes:
    """Score every column of `synthetic` against `real`; both encoded together.

    `level` is the probability with which chance exceeds `ColumnShape.chance`.
    """
    columns = tuple(_shape(name, real, synthetic, level) for name in real.kinds)
    return Shapes(columns, mean_of([column.score for column in columns]))


def mean_of(scores: list[float]) -> float:
    """Return the mean of the scores that are not NaN, NaN when there is none."""
    valid = [score for score in scores if not np.isnan(score)]
    return float(np.mean(valid)) if valid else float("nan")


def _shape(name: str, real: Table, synthetic: Table, level: float) -> ColumnShape:
    if real.kinds[name] == "number":
        values = real.numbers[name], synthetic.numbers[name]
        n, m = (int(np.count_nonzero(~np.isnan(side))) for side in values)
        chance = ks_chance(n, m, level)
        score = _or_lost(ks_complement(*values), n, m)
        return ColumnShape(name, "KSComplement", score, chance=chance)
    labels = real.labels[name]
    p = _counts(real.codes[name], len(labels))
    q = _counts(synthetic.codes[name], len(labels))
    score = tv_complement(real.codes[name], synthetic.codes[name], len(labels))
    score = _or_lost(score, p.sum(), q.sum())
    lost = np.flatnonzero((p > 0) & (q == 0)) if q.sum() else np.empty(0, dtype=np.int64)
    lost = lost[np.argsort(-p[lost], kind="stable")][:20]
    absent = tuple((labels[code], float(p[code] / p.sum())) for code in lost)
    invented = float(q[p == 0].sum() / q.sum()) if q.sum() else 0.0
    unseen = float((p == 1).sum() / max(1.0, p.sum()))
    chance = tv_chance(p, q, level)
    return ColumnShape(name, "TVComplement", score, absent, invented, unseen, chance)


def _or_lost(score: float, n: float, m: float) -> float:
    """Return the score, 0 where only one side has values."""
    return 0.0 if (n > 0) != (m > 0) else score


def _sorted(values: Floats) -> Floats:
    values = values[~np.isnan(values)]
    small = np.abs(values) < _ROUNDED_BELOW
    values[small] = np.round(values[small], _DECIMALS)
    values.sort()
    return values


def _counts(codes: Codes, size: int) -> Floats:
    return np.bincount(codes[codes != MISSING], minlength=size).astype(np.float64)
