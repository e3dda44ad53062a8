"""Floors: rows drawn with replacement (all copies), and columns drawn each by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl


def fit_bootstrap(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """Real rows, drawn with replacement."""
    rng = np.random.default_rng([seed, 7])
    return lambda n: rows[rng.integers(rows.height, size=n)], "real rows drawn with replacement"


def fit_independent(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """Each column's values, drawn with replacement without regard to the others."""
    rng = np.random.default_rng([seed, 8])

    def sample(n: int) -> pl.DataFrame:
        index = {name: rng.integers(rows.height, size=n) for name in rows.columns}
        return pl.DataFrame({name: rows[name].gather(i) for name, i in index.items()})

    return sample, "each column drawn by itself"
