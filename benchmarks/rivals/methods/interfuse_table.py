"""interfuse, with its defaults; its own budget leaves time for what comes on top of it."""

from __future__ import annotations

from typing import Any

import polars as pl

import interfuse

SHARE = 0.95
"""Of the budget; reading and encoding take the rest."""


def fit(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """Fit; the draw's seed is the fit's."""
    return _fit(rows, seconds, seed, None)


def fit_interfuse_20(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """The same with few visits a row: what a user asks for with `examples` who fears copies."""
    return _fit(rows, seconds, seed, 20 * rows.height)


def fit_interfuse_10(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """The same with half as many."""
    return _fit(rows, seconds, seed, 10 * rows.height)


def _fit(rows: pl.DataFrame, seconds: float, seed: int, examples: int | None) -> tuple[Any, str]:
    model: Any = interfuse.fit(rows, seconds=SHARE * seconds, examples=examples, seed=seed)
    training = model.record["training"]
    settings = (
        f"defaults, {SHARE} of the budget, {training['examples']:,} examples; {training['reason']}"
    )
    return lambda n: model.generate(n, seed=seed), settings
