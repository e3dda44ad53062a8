"""TabDM: at most its 120 epochs, fewer where the time is over."""

from __future__ import annotations

from typing import Any

import polars as pl
from tabdm import TabDM, model  # pyright: ignore[reportMissingImports]
from tabdm.model import TabDMConfig  # pyright: ignore[reportMissingImports]

from benchmarks.rivals.clock import Until

EPOCHS = 120


def fit(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """Fit; the loop over epochs is the only `range` over their number in its module."""
    clock = Until(seconds)

    def counted(*bounds: int) -> Any:
        return clock(range(EPOCHS)) if bounds == (EPOCHS,) else range(*bounds)

    model.range = counted
    frame = plain.frame.copy()
    frame[plain.categories] = frame[plain.categories].astype(str)
    fitted = TabDM(TabDMConfig(epochs=EPOCHS, random_state=seed, device="cpu"))
    fitted.fit(frame, discrete_columns=plain.categories)
    del model.range

    def sample(n: int) -> Any:
        return fitted.sample(n, random_state=seed).astype(float)

    return sample, f"defaults, {clock.done} epochs of at most {EPOCHS}"
