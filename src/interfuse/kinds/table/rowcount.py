"""How many rows a table has, and whether people could read its times."""

from __future__ import annotations

import polars as pl

from interfuse.errors import DataError
from interfuse.kinds.table.fields.physical import BEYOND, outside_calendar


def rows_of(lazy: pl.LazyFrame, types: dict[str, pl.DataType]) -> int:
    """How many rows there are, none of them with times that cannot be printed.

    Raises:
        DataError: a column has some.
    """
    times = {n: t for n, t in types.items() if t.is_temporal()}
    counts = [outside_calendar(pl.col(n), t) for n, t in times.items()]
    rows, *outside = (
        lazy.select(
            pl.len().alias("rows"), *(count.alias(f"{i}") for i, count in enumerate(counts))
        )
        .collect(engine="streaming")
        .row(0)
    )
    for name, count in zip(times, outside, strict=True):
        if count:
            raise DataError(
                f"column {name!r} holds {count:,} {BEYOND}; expected times that a calendar has. "
                "Mend them, or make the column 'drop' in the schema."
            )
    return rows
