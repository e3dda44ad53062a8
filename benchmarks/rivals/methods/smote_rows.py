"""SMOTE as a synthesiser: new rows between neighbours of one class, as many of each as there are.

SMOTE-NC where there are numbers, SMOTE-N where all are categories, k = 5 neighbours. A target with
number values is no class, so classes are those of the target category. A class of n <= 5 rows has
k = n - 1 neighbours, a class of one row is copied.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from imblearn.over_sampling import (  # pyright: ignore[reportMissingImports]
    SMOTEN,
    SMOTENC,
    RandomOverSampler,
)

NEIGHBOURS = 5


def fit(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """Keep the rows; neighbours are looked for when drawing."""
    frame: pd.DataFrame = plain.frame
    x = frame.drop(columns=plain.target)
    y = frame[plain.target].to_numpy()
    category = np.flatnonzero(np.isin(x.columns, plain.categories)).tolist()

    def sample(n: int) -> Any:
        sizes = dict(zip(*np.unique(y, return_counts=True), strict=True))
        parts, labels = [], []
        for k in range(NEIGHBOURS + 1):
            some = {c: m for c, m in sizes.items() if min(NEIGHBOURS, m - 1) == k}
            if not some:
                continue
            options: dict[str, Any] = {
                "sampling_strategy": {c: 2 * int(m) for c, m in some.items()},
                "random_state": seed,
            }
            if k == 0:
                sampler = RandomOverSampler(**options)
            elif len(category) == x.shape[1]:
                sampler = SMOTEN(k_neighbors=k, **options)
            else:
                sampler = SMOTENC(categorical_features=category, k_neighbors=k, **options)
            both, both_labels = sampler.fit_resample(x.to_numpy(dtype=np.float64), y)
            parts.append(both[len(x) :])
            labels.append(both_labels[len(x) :])
        drawn = pd.DataFrame(np.concatenate(parts), columns=x.columns)
        drawn[plain.target] = np.concatenate(labels)
        return drawn[list(frame.columns)]

    return sample, f"{NEIGHBOURS} neighbours, classes of {plain.target}"
