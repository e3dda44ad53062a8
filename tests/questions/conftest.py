"""Two fitted models that the tests share: one quick and mixed, one that has learned."""

from decimal import Decimal

import polars as pl
import pytest
from known_truth import rows

import interfuse


def mixed_frame(n: int = 360) -> pl.DataFrame:
    """A column of every sort that can be asked for, and some that cannot."""
    i = pl.int_range(n, eager=True)
    start = 1_714_550_400_000_000
    return pl.DataFrame(
        {
            "id": [f"row-{k:07d}" for k in range(0, 37 * n, 37)],
            "city": [["Łódź", "Rio", None][k % 7 % 3] for k in range(n)],
            "level": pl.Series([["low", "high"][k % 5 % 2] for k in range(n)]).cast(
                pl.Enum(["low", "mid", "high"])
            ),
            "on": [[True, False, None][k % 11 % 3] for k in range(n)],
            "count": (i * 37 % 101).cast(pl.UInt16),
            "ratio": (i * 71 % 997) / 997 + 1 / 3,
            "price": [Decimal(k * 53 % 701) / 100 for k in range(n)],
            "gap": pl.Series(
                [None if k % 4 == 0 else k * 0.37 for k in range(n)], dtype=pl.Float32
            ),
            "day": (i * 13 % 400 + 19_000).cast(pl.Int32).cast(pl.Date),
            "at": (start + i * 1_000_003 % 10**9 * 1_000)
            .cast(pl.Datetime("us"))
            .dt.replace_time_zone("Europe/Paris"),
            "took": (i * 17 % 250).cast(pl.Duration("ms")),
            "one": ["same"] * n,
            "none": pl.Series([None] * n, dtype=pl.String),
        },
        schema_overrides={"price": pl.Decimal(10, 2)},
    ).with_columns(twice=pl.col("count").cast(pl.Int64) + pl.col("gap").is_null() * 7)


@pytest.fixture(scope="session")
def mixed():
    return mixed_frame()


@pytest.fixture(scope="session")
def quick(mixed):
    """A model that has learned next to nothing: what it draws is valid all the same."""
    return interfuse.fit(mixed, examples=2_000, seed=1)


@pytest.fixture(scope="session")
def train():
    return rows(20_000, 0)


@pytest.fixture(scope="session")
def learned(train):
    """A model fitted to rows of a known distribution; 1,200,000 examples are 590 steps."""
    return interfuse.fit(train, examples=1_200_000, seed=0)
