"""Touches to learn from and touches to judge by."""

from __future__ import annotations

import numpy as np
import polars as pl

from interfuse.errors import DataError, OptionError
from interfuse.kinds.interactions.data.baskets import numbers
from interfuse.kinds.interactions.schema import InteractionsSchema

TIME_SHARE, RANDOM_SHARE = 0.1, 0.2
TRAIN, TEST = ("train", "training", "fit", "0"), ("test", "1")


def split(
    frame: pl.DataFrame, schema: InteractionsSchema, how: str | None, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    """Rows to learn from, rows to judge by, and what was done.

    Args:
        frame: a row for each touch.
        schema: says which column is which.
        how: "time": the last tenth of all rows; "last": the last row of every user; "random": a
            fifth of the rows; or a column that says train or test. None for time if there is one,
            else random.
        seed: of the random split.

    Raises:
        OptionError: it needs a time that is not there, or there is no such column.
        DataError: one part is empty.
    """
    how = how or ("time" if schema.time else "random")
    if how in frame.columns and how not in (schema.user, schema.item, schema.time):
        test = _by_column(frame[how])
        said = f"column {how!r}"
    elif how in ("time", "last"):
        test, said = _by_time(frame, schema, how)
    elif how == "random":
        test = pl.Series(np.random.default_rng(seed).random(frame.height) < RANDOM_SHARE)
        said = f"a random {RANDOM_SHARE:.0%} of the rows"
    else:
        raise OptionError(
            f"split: {how!r} is neither time, last, random nor a column; there are "
            f"{', '.join(map(repr, frame.columns[:8]))}."
        )
    before, after = frame.filter(~test), frame.filter(test)
    if before.is_empty() or after.is_empty():
        raise DataError(f"split: by {said} one part is empty. Choose another split.")
    return before, after, said


def _by_column(column: pl.Series) -> pl.Series:
    text = column.cast(pl.String).str.to_lowercase()
    other = text.filter(~text.is_in([*TRAIN, *TEST]) | text.is_null())
    if len(other):
        raise DataError(
            f"split: column {column.name!r} holds {other[0]!r}; expected train or test in each row."
        )
    return text.is_in(list(TEST))


def _by_time(frame: pl.DataFrame, schema: InteractionsSchema, how: str) -> tuple[pl.Series, str]:
    if schema.time is None:
        raise OptionError(
            f"split: {how} needs times, and the data has none. Use random, or name the column of "
            "time in the fit."
        )
    when = numbers(frame[schema.time])
    if how == "time":
        return when > when.quantile(1 - TIME_SHARE), f"time: the last {TIME_SHARE:.0%} of the rows"
    order = pl.DataFrame({"user": frame[schema.user], "when": when}).with_row_index("row")
    order = order.sort("when", maintain_order=True)
    last = order.group_by("user", maintain_order=True).agg(pl.col("row").last(), pl.len())
    rows = last.filter(pl.col("len") > 1)["row"]
    chosen = np.zeros(frame.height, bool)
    chosen[rows.to_numpy()] = True
    return pl.Series(chosen), "last: the last touch of every user"
