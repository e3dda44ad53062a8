"""Files whose rows are in the order of a time: logs, captures, measurements.

Row i that is drawn depends on the seed and on i alone, so that rows come in no order of time. Where
the rows of a file were in one, a file of drawn rows is sorted by it: who opens a log expects that,
and programs that read logs do. A log is written when what it tells of has ended and may have the
time when it began, so that two neighbours are in order mostly and not always.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from interfuse.errors import note
from interfuse.kinds.table.fields.spec import Spec

MOSTLY = 0.65
"""Of neighbours. Of rows in no order half are, with a deviation of 1 / (2 sqrt n); of 359 rows of a
conn.log of Zeek, which is in the order in which connections ended, .75."""
DEVIATIONS = 4.0
MOST_CELLS = 100_000_000
"""Of rows that are sorted in memory, of which 8 bytes a cell is the least."""
_CHUNK = 1 << 16


def order_of(columns: Sequence[Spec], facts: Mapping[str, Any]) -> str:
    """The column of times that rows are in the order of; empty if there is none.

    Args:
        columns: what each column is.
        facts: under `i:in_order` the share of neighbours of column i that are in order.
    """
    shares = [
        (facts.get(f"{i}:in_order") or 0.0, -i, c.name)
        for i, c in enumerate(columns)
        if c.dtype == pl.Datetime and c.kind != "drop"
    ]
    best = max(shares, default=(0.0, 0, ""))
    least = max(MOSTLY, 0.5 + DEVIATIONS / (2 * math.sqrt(max(facts["rows"], 1))))
    return best[2] if best[0] >= least else ""


def in_order(frames: Iterable[pl.DataFrame], name: str, rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in the order of a column, rows without a time last.

    Args:
        frames: of drawn rows.
        name: the column; empty, or one that they do not have, to leave them as they are.
        rows: how many there are in all.
    """
    parts = iter(frames)
    first = next(parts)
    if name not in first.columns or rows * first.width > MOST_CELLS:
        if name in first.columns:
            note(
                f"{rows:,} rows of {first.width} columns are too many to be sorted by {name!r} in "
                "memory: they are written in no order of time."
            )
        yield first
        yield from parts
        return
    whole = pl.concat([first, *parts]).sort(name, nulls_last=True, maintain_order=True)
    yield from whole.iter_slices(_CHUNK) if whole.height else (whole,)
