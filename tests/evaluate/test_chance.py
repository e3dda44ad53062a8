"""The thresholds of the findings: beyond them by chance about once in ten thousand, not more."""

import numpy as np

from interfuse.evaluate.chance import ks_chance, share_chance, tv_chance
from interfuse.evaluate.shapes import ks_complement


def test_two_samples_of_one_distribution_stay_below_every_threshold():
    """2,000 tests each at a level of 1e-4 or less: more than 3 alarms has probability < 1e-4."""
    rng = np.random.default_rng(0)
    alarms = np.zeros(3)
    for trial in range(2000):
        n, m = rng.integers(50, 1500, 2)
        x, y = rng.random(n), rng.random(m)
        alarms[0] += 1 - ks_complement(x, y) > ks_chance(n, m)
        p = rng.dirichlet(np.full(2 + trial % 40, 0.5))
        a, b = rng.multinomial(n, p).astype(float), rng.multinomial(m, p).astype(float)
        alarms[1] += 0.5 * np.abs(a / n - b / m).sum() > tv_chance(a, b)
        alarms[2] += abs(a[0] / n - b[0] / m) > share_chance(a[0] / n, n, b[0] / m, m)
    assert (alarms <= 3).all()


def test_thresholds_shrink_with_the_rows():
    few, many = np.array([50.0, 30.0, 20.0]), np.array([5000.0, 3000.0, 2000.0])
    assert tv_chance(many, many) < tv_chance(few, few) / 9
    assert ks_chance(10_000, 10_000) < ks_chance(100, 100) / 9
    assert tv_chance(few, np.zeros(3)) == ks_chance(0, 5) == 1.0
