"""Delimited text to a typed lazy frame, or one clear error with its line.

The rules of the format:

* UTF-8 with or without a byte-order mark; the first line names the columns; the delimiter is the
  one of comma, semicolon, tab and bar by which the first lines agree best
  (`interfuse.io.csvlayout`: comments, files without names).
* Every row has as many fields as the header. A blank line is skipped, but in a table of one column
  it is a missing value. An empty field is missing; a quoted empty field is empty text.
* Lines that are no rows are left out and told of: the names again, comments between the rows, a
  line of units under the names, totals at the end (`interfuse.io.norows`).
* The whole file is read as text first and typed by `interfuse.io.texttypes` and `textforms`, which
  look at every value, so that no type depends on which rows come first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from interfuse.errors import DataError, NoRowsError
from interfuse.io.blankquotes import without_blanks
from interfuse.io.csvlayout import (
    DELIMITERS,
    Layout,
    check_blanks,
    check_drawn,
    layout_of,
    records,
)
from interfuse.io.norows import (
    begins_as_names,
    blank_rows,
    commented,
    header_again,
    inner_totals,
    is_ruled,
    is_units,
    shuffled_header,
    totals,
    without_last,
)
from interfuse.io.oddquotes import unreadable
from interfuse.io.plaintext import check_text
from interfuse.io.sheet import AS_IT_IS, Reading, Sheet, words_of
from interfuse.io.textforms import read_text


def read_csv(
    source: Path | bytes,
    where: str,
    how: Reading = AS_IT_IS,
    *,
    tabs: bool = False,
) -> Sheet:
    """The rows of a delimited text file, or of its bytes.

    Args:
        source: the file, or its unpacked content.
        where: how messages call it.
        tabs: prefer the tab where the first lines fit several delimiters equally well.
        how: what is known of its columns.

    Raises:
        DataError: not text, not UTF-8, no header, no rows, unnamed or repeated columns, rows that
            differ in length, or an unclosed quote.
    """
    check_text(source, where)
    source = without_blanks(source)
    check_drawn(source, where)
    layout = layout_of(source, tabs)
    names = _checked(layout, source, where)
    lazy, gone, notes, gaps = _scanned(source, where, layout, names)
    if not names[-1].strip():
        shorter = without_last(lazy, names)
        if shorter is None:
            raise _nameless(names, where)
        lazy, names = shorter, names[:-1]
        notes.append(f"column {len(names) + 1} has neither a name nor a value and is left out")
    if layout.missing:
        words = list(layout.missing)
        lazy = lazy.with_columns(
            pl.when(pl.col(n).is_in(words).not_()).then(pl.col(n)).alias(n) for n in names
        )
    like = begins_as_names(lazy, names) if layout.named else pl.Series([], dtype=pl.UInt32)
    again = header_again(lazy, names, like)
    if again:
        notes.append(_said(source, layout, gone, again, "repeat the names of the columns"))
        gone = sorted({*gone, *again})
    if layout.named and 0 not in gone and is_ruled(lazy, names):
        notes.append(_said(source, layout, gone, [0], "be drawn under the names"))
        gone = sorted({0, *gone})
    left_out = set(gone)
    like = pl.Series([row for row in like.to_list() if row not in left_out], dtype=pl.UInt32)
    if (other := shuffled_header(lazy, names, like)) is not None:
        raise DataError(
            f"{where}: line {_lines(source, layout, [other])[0]} names the columns in another "
            "order than the first; expected one order. Make files of their own of the two parts."
        )
    text = _without(lazy, names, gone)
    rows = text.select(pl.len()).collect(engine="streaming").item()
    if not rows:
        raise NoRowsError(
            f"{where}: has a header of {len(names)} columns but no rows. Expected at least one row."
        )
    comma = True if layout.delimiter == ";" else None
    typed = read_text(text, names, said=how.said, comma=comma, times=how.times)
    ends = totals(text, rows, names, typed)
    units = rows > 2 and is_units(text, typed)
    remarks = commented(text, typed, names)
    if ends or units or remarks:
        off = _raw([*range(1 if units else 0), *remarks, *range(rows - ends, rows)], gone)
        if units:
            notes.append(_said(source, layout, gone, off[:1], "hold units"))
        if remarks:
            notes.append(_said(source, layout, gone, _raw(remarks, gone), "hold comments"))
        if ends:
            notes.append(_said(source, layout, gone, off[-ends:], "hold totals or remarks"))
        gone = sorted({*gone, *off})
        text = _without(lazy, names, gone)
        typed = read_text(text, names, said=how.said, comma=comma, times=how.times)
    notes += [_said_of_kept(source, layout, gone, *row) for row in inner_totals(text, names)]
    if blank := blank_rows(text, names) if gaps else 0:
        # A row that is to be filled may be without values as well: told of, and kept.
        notes.append(
            "1 line holds no value in any column and counts as a row of missing values"
            if blank == 1
            else f"{blank:,} lines hold no value in any column and count as rows of missing values"
        )
    told_of = (*typed.losses, *typed.doubts, *typed.inexact)
    examples = [row for one in told_of for row, _ in one.examples]
    lines = dict(zip(examples, _lines(source, layout, _raw(examples, gone)), strict=True))
    told = words_of(typed, lambda row: f"line {lines[row]}", how.advice)
    notes = [*layout.notes, *notes, *told]
    columns = {n: f.to_json() for n, f in typed.forms.items()}
    if layout.delimiter not in (",", "\t"):
        columns[""] = {"delimiter": layout.delimiter}
    notes = [f"{where}: {note}" for note in notes]
    versions = frozenset(typed.versions)
    return Sheet(typed.frame, columns, text, tuple(notes), versions, typed.unread)


def _without(lazy: pl.LazyFrame, names: Sequence[str], gone: Sequence[int]) -> pl.LazyFrame:
    """The frame without the rows of these numbers."""
    if not gone:
        return lazy
    index = _free_name(names)
    lazy = lazy.with_row_index(index)
    return lazy.filter(~pl.col(index).is_in(list(gone))).drop(index)


def _raw(rows: Sequence[int], gone: Sequence[int]) -> list[int]:
    """Numbers of rows as they were before those in `gone` were left out."""
    out = []
    for row in rows:
        for left_out in gone:
            if left_out > row:
                break
            row += 1
        out.append(row)
    return out


def _said(
    source: Path | bytes, layout: Layout, gone: Sequence[int], rows: Sequence[int], why: str
) -> str:
    lines = [str(line) for line in _lines(source, layout, rows[:3])]
    some = ", ".join(lines) + (", ..." if len(rows) > 3 else "")
    if len(rows) == 1:
        return f"line {some} is left out: it seems to {why}"
    return f"{len(rows):,} lines are left out (lines {some}): they seem to {why}"


def _said_of_kept(
    source: Path | bytes, layout: Layout, gone: Sequence[int], row: int, word: str
) -> str:
    line = _lines(source, layout, _raw([row], gone))[0]
    return (
        f"line {line} seems to hold a total ({word!r}) and counts as a row; take it out if it sums "
        "up others"
    )


def _lines(source: Path | bytes, layout: Layout, rows: Sequence[int]) -> list[int]:
    """The lines where these rows start."""
    if not rows:
        return []
    found, most = {}, max(rows)
    row = -2 if layout.named else -1
    for line, fields in _all(source, layout):
        if row == -2 and not fields:
            continue  # before the header
        if len(layout.names) > 1 and _is_comment(fields, len(layout.names)):
            continue
        row += 1
        found[row] = line
        if row >= most:
            break
    return [found.get(r, 0) for r in rows]


def _is_comment(fields: Sequence[str], width: int) -> bool:
    return bool(fields) and fields[0].startswith("#") and len(fields) != width


def _scanned(
    source: Path | bytes, where: str, layout: Layout, names: list[str]
) -> tuple[pl.LazyFrame, list[int], list[str], bool]:
    """The fields as text; the numbers of the rows that are none; notes; has each column a gap?"""
    notes: list[str] = []
    lazy = _scan(source, layout, names, None)
    try:
        seen = _seen(lazy, names)
    except pl.exceptions.PolarsError as error:
        _, comments = _check_rows(source, where, layout)
        if not comments:
            raise unreadable(source, layout, where, error) from error
        seen = None
    rows, gaps = (seen[0], seen[-1]) if seen else (1, 1)
    blank: list[int] = []
    # polars fills a short row with missing values; such a row ends in one.
    if rows and gaps and len(names) > 1:
        blank, comments = _check_rows(source, where, layout)
        if comments:
            lazy = _scan(source, layout, names, "#")
            try:
                seen = _seen(lazy, names)
            except pl.exceptions.PolarsError as error:
                raise unreadable(source, layout, where, error) from error
            some = ", ".join(map(str, comments[:3])) + ", ..." * (len(comments) > 3)
            plural = "s" * (len(comments) > 1)
            notes.append(
                f"{len(comments):,} line{plural} of comments left out (line{plural} {some})"
            )
    return lazy, blank, notes, seen is None or all(seen[1:])


def _seen(lazy: pl.LazyFrame, names: list[str]) -> tuple[int, ...]:
    # Of all columns: where only some are asked for, polars lets rows pass that are too long.
    count = pl.len().alias(_free_name(names))
    return lazy.select(count, pl.all().null_count()).collect(engine="streaming").row(0)


def _scan(
    source: Path | bytes, layout: Layout, names: list[str], comment: str | None
) -> pl.LazyFrame:
    # Explicit names: polars would rename repeated ones silently. It leaves quotes in names doubled.
    written = {n: n.replace('"', '""') if layout.named else n for n in names}
    lazy = pl.scan_csv(
        source,
        separator=layout.delimiter,
        quote_char=layout.quote,
        has_header=layout.named,
        skip_lines=layout.skip,
        comment_prefix=comment,
        schema=dict.fromkeys(written.values(), pl.String()),
        infer_schema=False,
        glob=False,
    )
    changed = {theirs: ours for ours, theirs in written.items() if ours != theirs}
    return lazy.rename(changed) if changed else lazy


def _checked(layout: Layout, source: Path | bytes, where: str) -> list[str]:
    """The names, each of its own and usable."""
    names = list(layout.names)
    if not names:
        raise NoRowsError(f"{where}: is empty. Expected a header line and rows.")
    # A delimiter at the end of every line makes a last column: see `without_last`.
    if any(not name.strip() for name in (names[:-1] if len(names) > 2 else names)):
        raise _nameless(names, where)
    check_unique(names, where)
    if len(names) == 1:
        check_blanks(source, where, layout)
    return names


def _nameless(names: list[str], where: str) -> DataError:
    unnamed = [str(i) for i, name in enumerate(names, 1) if not name.strip()]
    return DataError(
        f"{where}: the header gives no name to column {', '.join(unnamed)} of {len(names)}. "
        "Name every column; an index that pandas wrote is left out with `index=False`."
    )


def _all(source: Path | bytes, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    return records(source, layout.delimiter, layout.quote, layout.skip)


def check_unique(names: list[str], where: str) -> None:
    """Raise if two columns share a name, or polars would take a name for a pattern of names."""
    for name in names:
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            raise DataError(
                f"{where}: a column is named {name!r}, which stands for a pattern of names. Rename "
                "it."
            )
    repeated = [f"{n!r} ({k} times)" for n, k in Counter(names).items() if k > 1]
    if repeated:
        raise DataError(
            f"{where}: columns share a name: {', '.join(repeated)}. Rename them so that every name "
            "occurs once."
        )


def _check_rows(source: Path | bytes, where: str, layout: Layout) -> tuple[list[int], list[int]]:
    """The numbers of the blank rows, from 0, and the lines of comments.

    Raises:
        DataError: a row of another length, with its line.
    """
    blank, comments = [], []
    row = -2 if layout.named else -1  # the header is row -1
    width = len(layout.names)
    for line, fields in _all(source, layout):
        if row == -2 and not fields:
            continue  # before the header
        if _is_comment(fields, width):
            comments.append(line)
            continue
        row += 1
        if not fields:
            blank.append(row)
        elif len(fields) != width:
            raise DataError(
                f"{where}: line {line} has {len(fields)} field{'s' * (len(fields) != 1)}; expected "
                f"{width}, as in the header, with {DELIMITERS[layout.delimiter]} as delimiter. "
                "Mend the line, or quote fields that hold the delimiter."
            )
    return blank, comments


def _free_name(names: Sequence[str]) -> str:
    name = "row"
    while name in names:
        name += "_"
    return name
