"""CTGAN and TVAE: at most their 300 epochs, fewer where the time is over."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
from ctgan import CTGAN, TVAE  # pyright: ignore[reportMissingImports]
from ctgan.synthesizers import ctgan, tvae  # pyright: ignore[reportMissingImports]

from benchmarks.rivals.clock import Until


def fit_ctgan(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """The conditional adversarial network."""
    return _fit(CTGAN(enable_gpu=False), ctgan, plain, seconds, seed)


def fit_tvae(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """The variational autoencoder."""
    return _fit(TVAE(enable_gpu=False), tvae, plain, seconds, seed)


def _fit(model: Any, module: Any, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    clock = module.tqdm = Until(seconds)
    model.set_random_state(seed)
    frame: pd.DataFrame = plain.frame
    model.fit(frame, plain.categories)
    return model.sample, f"defaults, {clock.done} epochs of at most 300"
