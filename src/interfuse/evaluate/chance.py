r"""What chance alone explains: the largest distance that two samples of one distribution show.

A synthesiser that had learnt the distribution itself would give fresh rows of it, not the real rows
again. With n real and m synthetic rows and s = 1/n + 1/m, a distance is called off only beyond

* Kolmogorov-Smirnov: :math:`\sqrt{\tfrac12 \ln(2/\alpha)\, s}`, the limit law's quantile at
  :math:`\alpha = 10^{-4}`;
* total variation over cells of pooled frequencies p: mean + `DEVIATIONS` standard deviations, with
  the normal approximation of the mean, :math:`\sum \sqrt{p(1-p)s / 2\pi}`, and the Efron-Stein
  bound of the variance, :math:`\tfrac12 (1 - \sum p^2) s`. Both are at least the true ones but for
  terms of higher order, so the level is conservative.
"""

import math

import numpy as np

from interfuse.evaluate.table import Floats

LEVEL = 1e-4
DEVIATIONS = 4.0


def ks_chance(n: int, m: int) -> float:
    """Return the Kolmogorov-Smirnov distance that chance exceeds with probability `LEVEL`."""
    if not n or not m:
        return 1.0
    return min(1.0, math.sqrt(0.5 * math.log(2 / LEVEL) * (1 / n + 1 / m)))


def tv_chance(real: Floats, synthetic: Floats) -> float:
    """Return the total variation distance that chance hardly exceeds.

    Args:
        real: Rows per cell in the real sample.
        synthetic: Rows per cell in the synthetic one.
    """
    n, m = float(real.sum()), float(synthetic.sum())
    if not n or not m:
        return 1.0
    p = (real + synthetic) / (n + m)
    s = 1 / n + 1 / m
    mean = float(np.sqrt(p * (1 - p) * s / (2 * math.pi)).sum())
    spread = math.sqrt(0.5 * max(0.0, 1 - float((p * p).sum())) * s)
    return min(1.0, mean + DEVIATIONS * spread)


def share_chance(a: float, n: int, b: float, m: int) -> float:
    """Return the difference of two shares a (of n rows) and b (of m) that chance hardly exceeds."""
    p = (a * n + b * m) / (n + m)
    p = max(p, 1 / (n + m))
    return DEVIATIONS * math.sqrt(p * (1 - p) * (1 / n + 1 / m))
