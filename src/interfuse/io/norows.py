"""Rows that are no data: the names again, a line of units, totals and remarks at the end."""

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
_REMARK = re.compile(
    r"(?i)[*©].*|(sources?|notes?|remarks?|footnotes?|quellen?|anmerkung(en)?|hinweise?|"
    r"fuentes?|notas?|remarques?|generated|exported|created|printed|as of|stand|erstellt)\b.*"
)
_MOST = 5
_BLANK = 100


def header_again(lazy: pl.LazyFrame, names: Sequence[str], gone: Sequence[int]) -> list[int]:
    """The numbers of the rows that hold the names of all columns, in whatever case.

    Of one column, none.
    """
    if len(names) < 2:
        return []
    index = "\0row"

    def same(some: Sequence[str]) -> pl.Expr:
        return pl.all_horizontal(
            pl.col(n).str.strip_chars().str.to_lowercase() == n.strip().lower() for n in some
        )

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
    """How many of the last rows are no rows.

    They are without values, hold a remark in their first field alone ("Source: ..."), or hold a
    word for a total that stands nowhere else in its column; totals and remarks end the file.
    """
    if len(names) < 2 or rows <= _MOST:
        return 0
    last = text.tail(_MOST).collect().rows()[::-1]
    found: list[tuple[int, str]] = []
    count = 0
    for row in last:
        filled = [(i, c.strip()) for i, c in enumerate(row) if c and c.strip()]
        word = next(((i, c) for i, c in filled if _TOTAL.fullmatch(c)), None)
        if len(filled) == 1 and filled[0][0] == 0 and _REMARK.fullmatch(filled[0][1]):
            word = filled[0]
        elif filled and (word is None or len(filled) < 2):
            break
        count += 1
        found += [word] if word else []
    if not found:
        return 0
    seen = [pl.col(names[i]).str.strip_chars() == word for i, word in found]
    times = text.select(pl.sum_horizontal(*[s.sum() for s in seen])).collect(engine="streaming")
    many = sum(found.count(f) for f in found)
    return count if times.item() == many else 0


def blank_end(text: pl.LazyFrame, names: Sequence[str]) -> int:
    """How many rows at the end, of the last `_BLANK`, hold no value in any of several columns."""
    if len(names) < 2:
        return 0
    last = text.tail(_BLANK).collect().rows()[::-1]
    held = [any(c and c.strip() for c in row) for row in last]
    return held.index(True) if True in held else 0
