"""TabularARGN of mostlyai-engine, with its budget option; rare values are not replaced."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd
import polars as pl
from mostlyai.engine import TabularARGN  # pyright: ignore[reportMissingImports]


def fit(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """Fit; what the package does before training comes on top of its own clock, so it gets less."""
    start = time.perf_counter()
    names = {name: f"c{i}" for i, name in enumerate(plain.frame.columns)}
    frame = plain.frame.rename(columns=names)
    categories = [names[name] for name in plain.categories]
    frame[categories] = frame[categories].astype(str)
    kinds = {
        name: "TABULAR_CATEGORICAL" if name in categories else "TABULAR_NUMERIC_AUTO"
        for name in frame.columns
    }
    model = TabularARGN(
        max_training_time=0.9 * (seconds - (time.perf_counter() - start)) / 60,
        value_protection=False,
        tgt_encoding_types=kinds,
        device="cpu",
        random_state=seed,
    )
    model.fit(frame)

    def sample(n: int) -> pd.DataFrame:
        drawn = model.sample(n_samples=n, device="cpu").rename(
            columns={short: name for name, short in names.items()}
        )
        return drawn.astype(float)

    return sample, "defaults, 0.9 of the budget for training, no value protection"
