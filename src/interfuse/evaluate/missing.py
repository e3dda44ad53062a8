"""Missing values: their share per column, and the patterns in which they occur together.

A *pattern* is the set of columns missing in a row. Let p and q be the frequencies of the patterns
in the real and the synthetic rows; the pattern distance is the total variation distance
1/2 sum |p - q|, 0 = same patterns equally often, 1 = no pattern in common. It sees what shares per
column do not: columns that are always missing together.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.evaluate.chance import LEVEL, tv_chance
from interfuse.evaluate.table import Table


@dataclass(frozen=True)
class Missing:
    """Missing values of two tables.

    Attributes:
        shares: Column name to the missing share in the real and in the synthetic column; only
            columns with a missing value in either.
        error: Mean absolute difference of those shares over all columns.
        patterns: Total variation distance of the patterns, in [0, 1].
        chance: Pattern distance that chance hardly exceeds; see `chance`.
        pattern_count: Number of distinct patterns in the real table.
    """

    shares: dict[str, tuple[float, float]]
    error: float
    patterns: float
    chance: float
    pattern_count: int


def missing(real: Table, synthetic: Table, *, level: float = LEVEL) -> Missing:
    """Compare where values are missing in two tables encoded together.

    `level` is the probability with which chance exceeds `Missing.chance`.
    """
    shares: dict[str, tuple[float, float]] = {}
    for name in real.kinds:
        pair = float(real.missing(name).mean()), float(synthetic.missing(name).mean())
        if max(pair) > 0:
            shares[name] = pair
    if not shares:
        return Missing({}, 0.0, 0.0, 0.0, 1)
    error = sum(abs(a - b) for a, b in shares.values()) / len(real.kinds)
    counts = [_patterns(table, list(shares)) for table in (real, synthetic)]
    keys = [str(i) for i in range(len(shares))]
    joined = counts[0].join(counts[1], on=keys, how="full", coalesce=True, suffix="_synthetic")
    joined = joined.sort(keys)  # groups come in any order, and sums of floats depend on it
    p = joined["share"].fill_null(0.0).to_numpy()
    q = joined["share_synthetic"].fill_null(0.0).to_numpy()
    distance = float(0.5 * np.abs(p - q).sum())
    chance = tv_chance(p * real.rows, q * synthetic.rows, level)
    return Missing(shares, error, distance, chance, counts[0].height)


def _patterns(table: Table, names: list[str]) -> pl.DataFrame:
    flags = pl.DataFrame({str(i): table.missing(name) for i, name in enumerate(names)})
    return flags.group_by(flags.columns).agg((pl.len() / table.rows).alias("share"))
