"""Rows that are no data: the names again, a line of units, totals at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from interfuse.io.textforms import Typed
from interfuse.io.textvalues import MISSING
from interfuse.io.wide import GROUP

_TOTAL = re.compile(
    r"(?i)((grand |sub|overall )?totals?|sums?|summe|gesamt(summe)?|insgesamt|zusammen|averages?|"
    r"mean|mittelwert|durchschnitt|totale|total g[eé]n[eé]ral|итого|всего|合计|总计|小计)\s*:?"
)
_MOST = 5


def header_again(lazy: pl.LazyFrame, names: Sequence[str], gone: Sequence[int]) -> list[int]:
    """The numbers of the rows that hold the names of all columns; of one column, none."""
    if len(names) < 2:
        return []
    index = "\0row"

    def same(some: Sequence[str]) -> pl.Expr:
        return pl.all_horizontal(pl.col(n).str.strip_chars() == n.strip() for n in some)

    # Of the first column alone first: most files have no such row.
    like = lazy.select(names[0]).with_row_index(index).filter(same(names[:1])).select(index)
    rows = like.collect(engine="streaming").to_series()
    for at in range(1, len(names), GROUP):
        if rows.is_empty():
            break
        some = names[at : at + GROUP]
        part = lazy.select(some).with_row_index(index).filter(pl.col(index).is_in(rows.implode()))
        rows = part.filter(same(some)).select(index).collect(engine="streaming").to_series()
    return rows.cast(pl.Int64).to_list()


def is_units(text: pl.LazyFrame, typed: Typed) -> bool:
    """Whether the first row holds words wherever columns hold numbers or times, at least two."""
    first = text.head(1).collect().row(0, named=True)
    values = typed.frame.head(1).collect().row(0, named=True)
    types = typed.frame.collect_schema()
    lost = {loss.column for loss in typed.losses}
    held = [n for n, t in types.items() if t != pl.String]
    words = [n for n in held if (first[n] or "").strip() not in MISSING]
    letters = [re.sub(r"(?<=[a-z])[23]", "", first[n]) for n in words]
    return (
        len(words) >= 2
        and all(n in lost and values[n] is None for n in words)
        and not any(c.isdigit() for unit in letters for c in unit)
    )


def totals(text: pl.LazyFrame, rows: int, names: Sequence[str]) -> int:
    """How many of the last rows begin with a word for a total, which stands nowhere else."""
    if len(names) < 2 or rows <= _MOST:
        return 0
    last = text.tail(_MOST).collect().rows()[::-1]
    found: list[tuple[int, str]] = []
    for row in last:
        cells = [(i, (c or "").strip()) for i, c in enumerate(row)]
        filled = [(i, c) for i, c in cells if c]
        if not filled or not _TOTAL.fullmatch(filled[0][1]) or len(filled) < 2:
            break
        found.append(filled[0])
    if not found:
        return 0
    column = pl.col(names[found[0][0]]).str.strip_chars()
    words = [word for _, word in found]
    seen = text.select(column.is_in(words).sum()).collect(engine="streaming").item()
    return len(found) if seen == len(found) else 0
