"""interfuse, with its defaults; its own budget leaves time for what comes on top of it."""

from __future__ import annotations

from typing import Any

import polars as pl

import interfuse

SHARE = 0.95
"""Of the budget; reading and encoding take the rest."""


def fit(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """Fit; the draw's seed is the fit's."""
    model: Any = interfuse.fit(rows, seconds=SHARE * seconds, seed=seed)
    training = model.record["training"]
    settings = (
        f"defaults, {SHARE} of the budget, {training['examples']:,} examples; {training['reason']}"
    )
    return lambda n: model.generate(n, seed=seed), settings
