"""interfuse, with its defaults; its own budget leaves time for what comes on top of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

import interfuse

SHARE = 0.95
"""Of the budget; reading and encoding take the rest."""


def fit(
    rows: pl.DataFrame, plain: Any, seconds: float, seed: int, visits: int | None = None
) -> tuple[Any, str]:
    """Fit, with so many visits a row at most; the draw's seed is the fit's."""
    examples = visits * rows.height if visits else None
    model: Any = interfuse.fit(rows, seconds=SHARE * seconds, examples=examples, seed=seed)
    training = model.record["training"]
    settings = (
        f"defaults, {SHARE} of the budget, {training['examples']:,} examples; {training['reason']}"
    )
    return lambda n: model.generate(n, seed=seed), settings


# What a user asks for who fears that drawn rows come too near to real ones.
fit_interfuse_20 = partial(fit, visits=20)
fit_interfuse_10 = partial(fit, visits=10)
