"""ForestDiffusion: flow matching with boosted trees, the largest setting that the time allows.

Its default (50 noise levels, 100 trees, each row with 100 noises) takes hours on one core. The time
of two noise levels with few trees is measured, and the largest of `SETTINGS` that should end within
the budget is fitted. Categories stand first: its way back from one-hot columns confuses columns 1
and 11.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from ForestDiffusion import ForestDiffusionModel  # pyright: ignore[reportMissingImports]

SETTINGS = (
    (50, 100, 100),
    (50, 100, 10),
    (50, 100, 1),
    (50, 50, 1),
    (20, 50, 1),
    (20, 20, 1),
    (10, 20, 1),
    (10, 10, 1),
    (5, 5, 1),
)
"""Noise levels, trees, noises a row."""


def largest(model: Callable[[int, int, int], Any], end: float) -> tuple[Any, tuple[int, int, int]]:
    """Fit the largest setting that should end in time.

    Args:
        model: fits with this many noise levels, trees and noises a row.
        end: when `time.perf_counter` should be at most.

    Returns:
        The fitted model and its setting.

    Raises:
        SystemExit: not even the smallest setting fits in; the message says what it needs.
    """
    times = []
    for trees in (1, 3):
        begun = time.perf_counter()
        model(2, trees, 1)
        times.append((time.perf_counter() - begun) / 2)
    tree = max((times[1] - times[0]) / 2, 1e-3)
    fixed = max(times[0] - tree, 0.0)
    left = end - time.perf_counter()
    for setting in SETTINGS:
        levels, trees, noises = setting
        if levels * noises * (fixed + trees * tree) < left:
            return model(*setting), setting
    need = SETTINGS[-1][0] * (fixed + SETTINGS[-1][1] * tree)
    raise SystemExit(
        f"its smallest setting, {SETTINGS[-1]}, needs {need:.0f} s and {left:.0f} s are left"
    )


def fit(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """Measure, choose, fit."""
    start = time.perf_counter()
    frame: pd.DataFrame = plain.frame
    many = [name for name in plain.categories if frame[name].nunique() > 2]
    names = many + [name for name in frame.columns if name not in many]
    x = frame[names].to_numpy(dtype=np.float64)
    two = [names.index(name) for name in plain.categories if name not in many]
    options = {
        "cat_indexes": list(range(len(many))),
        "bin_indexes": two,
        "int_indexes": [names.index(name) for name in plain.whole],
        "n_jobs": 1,
        "nthread": 1,
        "seed": seed,
    }

    def model(levels: int, trees: int, noises: int) -> Any:
        return ForestDiffusionModel(
            x.copy(), n_t=levels, n_estimators=trees, duplicate_K=noises, **options
        )

    fitted, (levels, trees, noises) = largest(model, start + seconds)

    def sample(n: int) -> pd.DataFrame:
        return pd.DataFrame(fitted.generate(batch_size=n), columns=pd.Index(names))

    return sample, f"{levels} noise levels, {trees} trees, {noises} noises a row (50, 100, 100)"
