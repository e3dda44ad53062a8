"""A mixed table like a web-shop's sessions, and what the tests do to it."""

import numpy as np
import polars as pl

KINDS = {
    "visits": "number",
    "seconds": "number",
    "rate": "number",
    "start": "datetime",
    "day": "date",
    "month": "category",
    "browser": "category",
    "weekend": "boolean",
    "bought": "category",
}


def sessions(rows: int, seed: int, *, missing: bool = False) -> pl.DataFrame:
    """Heavy-tailed, tied and zero-inflated numbers, dates, categories, and dependence."""
    rng = np.random.default_rng(seed)
    visits = rng.poisson(3, rows)
    seconds = np.where(rng.random(rows) < 0.3, 0.0, rng.lognormal(3, 1.2, rows) * (1 + visits))
    rate = np.round(rng.beta(1, 20, rows), 4)
    month = rng.choice(["Feb", "Mar", "May", "Nov", "Dec"], rows, p=[0.05, 0.2, 0.35, 0.3, 0.1])
    browser = np.minimum(rng.geometric(0.4, rows), 9)
    chance = 1 / (1 + np.exp(-(np.log1p(seconds) - 4 + (month == "Nov") - 20 * rate)))
    bought = np.where(rng.random(rows) < chance, "yes", "no")
    start = np.datetime64("2024-01-01T00:00:00", "us") + rng.integers(0, 3 * 10**13, rows)
    frame = pl.DataFrame(
        {
            "visits": visits,
            "seconds": seconds,
            "rate": rate,
            "start": start,
            "day": start.astype("datetime64[D]"),
            "month": month,
            "browser": [f"b{code}" for code in browser],
            "weekend": rng.random(rows) < 0.25,
            "bought": bought,
        }
    )
    if not missing:
        return frame
    lost = rng.random((rows, 4)) < 0.15
    return frame.with_columns(
        pl.when(pl.Series(~lost[:, 0])).then("seconds").alias("seconds"),
        pl.when(pl.Series(~lost[:, 1])).then("month").alias("month"),
        pl.when(pl.Series(~lost[:, 2])).then("start").alias("start"),
        pl.when(pl.Series(~lost[:, 3])).then("rate").alias("rate"),
    )


def shuffled(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Shuffle the named columns (all without names), each on its own."""
    chosen = names or frame.columns
    return frame.with_columns(frame[name].shuffle(seed=i) for i, name in enumerate(chosen))
