"""What is no data: the names again, lines under them, totals, a column without a name."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from interfuse.io.textforms import Typed
from interfuse.io.textvalues import MISSING
from interfuse.io.wide import GROUP

_TOTAL = re.compile(
    r"(?i)((grand[ -]|sub[ -]?|overall )?totals?|sums?|(gesamt|end|zwischen)?summe|insgesamt|"
    r"gesamt|(gesamt|teil|zwischen)ergebnis|zusammen|averages?|mean|mittelwert|durchschnitt|"
    r"(sous-)?total[ei]?|total g[eé]n[eé]ral|(sous-)?somme|total geral|(sub)?totaal|"
    r"razem|suma( ko[nń]cowa)?|celkem|összesen|yhteensä|totalt|toplam|итого|всего|合计|总计|小计|"
    r"合計|総計|小計|합계|총계)\s*:?"
)
_LIKE_TOTAL = f"^(?:{_TOTAL.pattern})$"
_WORD = re.sub(r"\((?!\?)", "(?:", _TOTAL.pattern.removesuffix(r"\s*:?"))
_BEFORE, _BEHIND = rf"^{_WORD}\s+(\S.*?)\s*:?$", rf"^(\S.*?)\s+(?:{_WORD[4:]}|ergebnis)\s*:?$"
"""A word for a total with that of which it is one: "Total North", "North Total"."""
_REMARK = re.compile(
    r"(?i)[*©].*|(sources?|notes?|remarks?|footnotes?|quellen?|anmerkung(en)?|hinweise?|"
    r"fuentes?|notas?|remarques?|generated|exported|created|printed|as of|stand|erstellt)\b.*"
)
_ROW = "\0row"
_MOST = 5
_SMALL, _SHARE = 100_000, 0.02
_RULE = re.compile(r"-{2,}|={2,}|_{2,}|[-=]")
_COMMENTS = ("//", "--", "%", ";", "/*")


def begins_as_names(lazy: pl.LazyFrame, names: Sequence[str]) -> pl.Series:
    """The numbers of the rows whose first cell is the name of a column, in whatever case.

    Of one column, none. Most files have no such row: `header_again` and `shuffled_header` look at
    these alone.
    """
    if len(names) < 2:
        return pl.Series([], dtype=pl.UInt32)
    like = _as_name(names[0]).is_in([n.strip().lower() for n in names])
    rows = lazy.select(names[0]).with_row_index(_ROW).filter(like).select(_ROW)
    return rows.collect(engine="streaming").to_series()


def _as_name(name: str) -> pl.Expr:
    """Cells as names are compared: a file put behind another may begin with a byte-order mark."""
    return pl.col(name).str.strip_chars("\ufeff\"' \t").str.to_lowercase()


def header_again(lazy: pl.LazyFrame, names: Sequence[str], rows: pl.Series) -> list[int]:
    """Which of some rows hold the names of all columns, in whatever case."""
    for at in range(0, len(names), GROUP):
        if rows.is_empty():
            break
        some = names[at : at + GROUP]
        same = pl.all_horizontal(_as_name(n) == n.strip().lower() for n in some)
        part = lazy.select(some).with_row_index(_ROW).filter(pl.col(_ROW).is_in(rows.implode()))
        rows = part.filter(same).select(_ROW).collect(engine="streaming").to_series()
    return rows.cast(pl.Int64).to_list()


def shuffled_header(lazy: pl.LazyFrame, names: Sequence[str], rows: pl.Series) -> int | None:
    """The first of some rows that holds the names of all columns in another order."""
    plain = sorted({n.strip().lower() for n in names})
    if rows.is_empty() or len(plain) < len(names):
        return None
    some = lazy.with_row_index(_ROW).filter(pl.col(_ROW).is_in(rows.implode()))
    cells = pl.concat_list(_as_name(n) for n in names).list.sort().list.join("\0")
    found = some.filter(cells == "\0".join(plain)).select(_ROW).collect(engine="streaming")
    return int(found.item(0, 0)) if found.height else None


def commented(text: pl.LazyFrame, typed: Typed, names: Sequence[str]) -> list[int]:
    """The numbers of rows that begin as comments and hold words wherever columns hold values."""
    held = [n for n, t in typed.frame.collect_schema().items() if t != pl.String]
    lost = {loss.column for loss in typed.losses}
    if not held or not lost.issuperset(held):
        return []
    word = pl.all_horizontal(pl.col(n).is_null() for n in held)
    both = typed.frame.select(word.alias("\0word")), text.select(pl.col(names[0]).alias("\0first"))
    rows = pl.concat(both, how="horizontal").with_row_index(_ROW)
    first = pl.col("\0first")
    # Of dashes alone are missing values and lines under the names.
    other = pl.any_horizontal(first.str.starts_with(c) for c in _COMMENTS)
    begins = first.str.starts_with("#") | (other & first.str.contains(r"\w"))
    return rows.filter(begins & pl.col("\0word")).collect()[_ROW].to_list()


def is_units(text: pl.LazyFrame, typed: Typed) -> bool:
    """Whether the first row holds units wherever columns hold numbers or times.

    At least two, or one beside nothing but words for missing values.
    """
    first = text.head(1).collect().row(0, named=True)
    values = typed.frame.head(1).collect().row(0, named=True)
    types = typed.frame.collect_schema()
    lost = {loss.column for loss in typed.losses}
    held = [n for n, t in types.items() if t != pl.String]
    words = [n for n in held if (first[n] or "").strip() not in MISSING]
    others = [c for n, c in first.items() if n not in words]
    empty = all((c or "").strip() in (*MISSING, "[]", "()", "[-]", "1") for c in others)
    return (
        (len(words) >= 2 or (len(words) == 1 and empty and len(first) > 1))
        and all(n in lost and values[n] is None for n in words)
        and all(_may_be_unit(first[n].strip()) for n in words)
    )


def _may_be_unit(text: str) -> bool:
    """A word without digits but for powers, or anything in brackets."""
    if text[0] + text[-1] in ("[]", "()"):
        return True
    return not re.search(r"\d", re.sub(r"(?<=[a-z^])-?[23]|^1(?=/)", "", text))


def is_ruled(lazy: pl.LazyFrame, names: Sequence[str]) -> bool:
    """Whether the first row is a line drawn under the names: dashes in every field."""
    cells = [(c or "").strip() for c in next(iter(lazy.head(1).collect().rows()), ())]
    return len(names) > 1 and bool(cells) and all(_RULE.fullmatch(c) for c in cells)


def totals(text: pl.LazyFrame, rows: int, names: Sequence[str], typed: Typed) -> int:
    """How many of the last rows are no rows.

    They are without values, hold a remark in their first field alone ("Source: ..."), or hold a
    word for a total that stands nowhere else in its column, or of a value of it beside an empty
    field ("North Total"); totals and remarks end the file. A last
    row without any word, whose numbers are the sums of those above, is a total as well.
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
        if word is None and len(filled) < len(row):
            word = next((f for f in filled if _is_of_group(text, names[f[0]], f[1])), None)
        if filled and word is None:
            break
        count += 1
        found += [word] if word else []
    if not found:
        return _sums(last, rows, typed)
    seen = [pl.col(names[i]).str.strip_chars() == word for i, word in found]
    times = text.select(pl.sum_horizontal(*[s.sum() for s in seen])).collect(engine="streaming")
    many = sum(found.count(f) for f in found)
    return count if times.item() == many else 0


def _group(text: pl.Expr) -> pl.Expr:
    """What cells are totals of, where they name it."""
    behind = "(?i)" + _BEHIND
    return pl.coalesce(text.str.extract(_BEFORE, 1), text.str.extract(behind, 1))


def _is_of_group(text: pl.LazyFrame, name: str, cell: str) -> bool:
    """Whether a cell is the total of a value that its column has elsewhere."""
    group = pl.select(_group(pl.lit(cell))).item()
    if group is None:
        return False
    there = (pl.col(name).str.strip_chars() == group).any()
    return bool(text.select(there).collect(engine="streaming").item())


def _sums(last: list[tuple[str | None, ...]], rows: int, typed: Typed) -> int:
    """How many of the last rows end with one of sums: a number more than chance, and no word.

    All its numbers are sums of the column, or means of it beside a sum; one field at least is
    empty. The row, and rows without a value above it; none if it is like the others.
    """
    filled = [any(c and c.strip() for c in row) for row in last]
    end = filled.index(True) if any(filled) else len(last)
    above = end + 1
    if above >= len(last) or all(c and c.strip() for c in last[end]):
        return 0
    row = typed.frame.slice(rows - above, 1).collect().row(0, named=True)
    types = typed.frame.collect_schema()
    names = [n for n, cell in row.items() if cell is not None]
    if not names or not all(types[n].is_numeric() for n in names):
        return 0
    facts = []
    for i, name in enumerate(names):
        value = pl.col(name).cast(pl.Float64)
        some = {"sum": value.sum(), "mean": value.mean(), "most": value.abs().max(),
                "many": (value != 0).sum()}  # fmt: skip
        facts += [expr.alias(f"{i}:{fact}") for fact, expr in some.items()]
    seen = (
        typed.frame.head(rows - above).select(facts).collect(engine="streaming").row(0, named=True)
    )
    sums = 0
    for i, name in enumerate(names):
        value, near = float(row[name]), 1e-6 * abs(float(row[name]))
        if seen[f"{i}:many"] <= _MOST:
            return 0
        if abs(value - seen[f"{i}:sum"]) <= near and abs(value) > seen[f"{i}:most"]:
            sums += 1
        elif abs(value - seen[f"{i}:mean"]) > near:
            return 0
    if not sums:
        return 0
    return above + next((k for k, f in enumerate(filled[above:]) if f), 0)


def blank_rows(text: pl.LazyFrame, names: Sequence[str]) -> int:
    """How many rows hold no value in any of several columns."""
    if len(names) < 2:
        return 0
    blank = pl.lit(True)
    for at in range(0, len(names), GROUP):
        some = names[at : at + GROUP]
        blank &= pl.all_horizontal(
            pl.col(n).is_null() | (pl.col(n).str.strip_chars() == "") for n in some
        )
    return text.select(blank.sum()).collect(engine="streaming").item()


def inner_totals(text: pl.LazyFrame, names: Sequence[str]) -> list[tuple[int, str]]:
    """The first few rows that seem to be totals between the others, and their words.

    A word for a total beside an empty field, or in the first, in few rows of a file of at most
    `_SMALL`: in a long file it is more likely a value, and to look for it takes as long as to read
    it.
    """
    if len(names) < 2:
        return []
    some = text.head(_SMALL + 1).collect()
    if some.height > _SMALL:
        return []
    plain = some.select(pl.all().str.strip_chars())
    like = {
        n: pl.col(n).str.contains(_LIKE_TOTAL) | _group(pl.col(n)).is_in(pl.col(n).implode())
        for n in names
    }
    word = pl.concat_list(pl.when(like[n]).then(n) for n in names)
    empty = pl.any_horizontal(pl.col(n).is_null() | (pl.col(n) == "") for n in names)
    empty |= pl.col(names[0]).str.contains(_LIKE_TOTAL)
    found = (
        plain.with_row_index(_ROW)
        .select(_ROW, word=word.list.drop_nulls().list.first(), empty=empty)
        .filter(pl.col("empty") & pl.col("word").is_not_null())
    )
    if found.height > max(_MOST, _SHARE * some.height):
        return []
    return [(int(row), str(cell)) for row, cell, _ in found.head(_MOST).iter_rows()]


def without_last(lazy: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame | None:
    """The frame without a last column that has no name; None if it holds a value."""
    column = pl.col(names[-1]).str.strip_chars()
    held = lazy.select((column != "").any()).collect(engine="streaming").item()
    return None if held else lazy.drop(names[-1])
