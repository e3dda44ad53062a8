r"""What chance alone explains: the largest distance that two samples of one distribution show.

A synthesiser that had learnt the distribution itself would give fresh rows of it, not the real rows
again. With n real and m synthetic rows and s = 1/n + 1/m, a distance is called off only beyond

* Kolmogorov-Smirnov: :math:`\sqrt{\tfrac12 \ln(2/\alpha)\, s}`, the limit law's quantile;
* total variation over cells of pooled frequencies p: mean + z standard deviations, z the normal
  quantile of :math:`1 - \alpha`, with the normal approximation of the mean,
  :math:`\sum \sqrt{p(1-p)s / 2\pi}`, and the Efron-Stein bound of the variance,
  :math:`\tfrac12 (1 - \sum p^2) s`. Both are at least the true ones but for terms of higher order,
  so the level is conservative;
* a count of rows (of a category, of a spike, of rows that break a rule): the exact hypergeometric
  test of equal shares.

**Family-wise.** A report asks hundreds of such questions. Together they have `FAMILY`, of which
`PERMUTATION` goes to the one test of all dependences by permutation (`dependence`); what is left is
divided by the number of the others (Bonferroni). So a table of fresh real rows gets any finding at
all in at most 1 of 100 reports, however its columns depend on one another. `LEVEL` is for a
question asked alone.
"""

import math
from functools import lru_cache

import numpy as np
from scipy.stats import hypergeom, norm

from interfuse.evaluate.table import Floats

FAMILY = 0.01
"""Probability that a report on fresh real rows has a finding."""

PERMUTATION = 0.0025
"""Its share for the test of dependences, 1 / (permutations + 1)."""

LEVEL = 1e-4


@lru_cache(maxsize=64)
def deviations(level: float) -> float:
    """Return how many standard deviations chance exceeds with probability `level`."""
    return float(norm.isf(level))


def ks_chance(n: int, m: int, level: float = LEVEL) -> float:
    """Return the Kolmogorov-Smirnov distance that chance exceeds with probability `level`."""
    if not n or not m:
        return 1.0
    return min(1.0, math.sqrt(0.5 * math.log(2 / level) * (1 / n + 1 / m)))


def tv_chance(real: Floats, synthetic: Floats, level: float = LEVEL) -> float:
    """Return the total variation distance that chance hardly exceeds.

    Args:
        real: Rows per cell in the real sample.
        synthetic: Rows per cell in the synthetic one.
        level: Probability with which chance exceeds it.
    """
    n, m = float(real.sum()), float(synthetic.sum())
    if not n or not m:
        return 1.0
    p = (real + synthetic) / (n + m)
    s = 1 / n + 1 / m
    mean = float(np.sqrt(p * (1 - p) * s / (2 * math.pi)).sum())
    spread = math.sqrt(0.5 * max(0.0, 1 - float((p * p).sum())) * s)
    return min(1.0, mean + deviations(level) * spread)


def share_chance(a: float, n: int, b: float, m: int, level: float = LEVEL) -> float:
    """Return the difference of two shares a (of n rows) and b (of m) that chance hardly exceeds."""
    p = (a * n + b * m) / (n + m)
    p = max(p, 1 / (n + m))
    return deviations(level / 2) * math.sqrt(p * (1 - p) * (1 / n + 1 / m))


def count_chance(k: int, n: int, j: int, m: int) -> tuple[float, float]:
    """Return how likely chance makes a count so large, and so small, given the sum of both counts.

    Args:
        k: Rows of the real table that have some property.
        n: Rows of the real table.
        j: Rows of the synthetic table that have it.
        m: Rows of the synthetic table.

    Returns:
        Probabilities of at least, and of at most, `j` such synthetic rows.
    """
    if not n or not m:
        return 1.0, 1.0
    law = hypergeom(n + m, k + j, m)
    return float(law.sf(j - 1)), float(law.cdf(j))
