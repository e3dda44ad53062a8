"""Where in a delimited file its names and rows are, and by what its fields are parted.

* Lines that begin with `#` before the names are comments. The last of several is the line of names
  if it has a name for every field and the next line is data; `#fields` of a Zeek log always is,
  and the words of its `#unset_field` and `#empty_field` are missing in every column.
  A single line of names may begin with `#` itself.
* `sep=;` on the first line says the delimiter, as Excel reads it.
* Lines above the names that fill at most half of the columns, or begin as comments do, are a title:
  the names fill all columns, above numbers or times in at least one (`_below_title`).
* A first line that is data, numbers above numbers, is no line of names (`_is_data`): the columns
  are then column_1, column_2, ...
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import IO

from interfuse.errors import DataError
from interfuse.io.textvalues import MISSING
from interfuse.io.timepatterns import patterns_of

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LOOK = 101
_TITLE = 20
_COMMENTS = ("//", ";", "%", "--", "!", "'", "*", "/*", "REM ")
_DRAWN = re.compile(r"(?=.*(?:---|===|──|══))[-=+|:\s─═│┼╪├┤┌┐╭╮┬╞╡]+")
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d+)*|[.,]\d+)([eE][-+]?\d+)?\s*%?")


@dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    Attributes:
        delimiter: between fields.
        quote: around fields.
        skip: lines before the names, or before the rows if there are no names.
        names: of the columns.
        named: whether the file has a line of names.
        notes: what was taken for something else than a row.
        missing: words that the file itself says stand for no value.
    """

    delimiter: str
    quote: str = '"'
    skip: int = 0
    names: tuple[str, ...] = ()
    named: bool = True
    notes: tuple[str, ...] = field(default=())
    missing: tuple[str, ...] = ()


def opened(source: Path | bytes) -> IO[bytes]:
    """The bytes as a file."""
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def records(
    source: Path | bytes, delimiter: str, quote: str = '"', skip: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """The line where each record starts, and its fields; a blank line has none."""
    old = csv.field_size_limit(2**31 - 1)
    try:
        with io.TextIOWrapper(opened(source), encoding="utf-8-sig", newline="") as text:
            for _ in range(skip):
                text.readline()
            reader, line = csv.reader(text, delimiter=delimiter, quotechar=quote), 1
            for fields in reader:
                yield skip + line, fields
                line = reader.line_num + 1
    finally:
        csv.field_size_limit(old)


def layout_of(source: Path | bytes, tabs: bool) -> Layout:
    """The layout of a file that is text; without names if it is empty.

    Args:
        source: the file, or its unpacked content.
        tabs: prefer the tab where the first lines fit several delimiters equally well.
    """
    with io.TextIOWrapper(opened(source), encoding="utf-8-sig", newline=None) as text:
        start = [line.rstrip("\n") for line in islice(text, 200)]
    skip = 0
    if start and (said := re.fullmatch(r"sep=(.)", start[0].strip('"'))) and said[1] in DELIMITERS:
        return _named(source, Layout(said[1], skip=1))
    while skip < len(start) and start[skip].startswith("#"):
        skip += 1
    fields = next((line for line in start[:skip] if line.startswith("#fields")), None)
    if fields is not None:
        delimiter = "\t" if "\t" in fields else ","
        names = tuple(fields.split(delimiter)[1:])
        said = dict(line[1:].split(delimiter, 1) for line in start[:skip] if delimiter in line)
        words = tuple(said[key] for key in ("unset_field", "empty_field") if said.get(key))
        return Layout(delimiter, skip=skip, names=names, named=False, missing=words)
    if not skip or skip == len(start):
        usual = _sniffed(source, Layout(","), tabs)
        return _named(source, _below_title(source, usual.delimiter, tabs) or usual)
    body = _sniffed(source, Layout(",", skip=skip), tabs)
    quote, delimiter = body.quote, body.delimiter
    rows = [f for _, f in islice(records(source, delimiter, quote, skip), 30) if f]
    if skip == 1 and rows and len(start[0].split(delimiter)) == len(rows[0]) > 1:
        return _named(source, _sniffed(source, Layout(","), tabs))
    last = [n.strip() for n in start[skip - 1].lstrip("#").split(delimiter)]
    note = f"{_lines(skip)} that begin with '#' are taken for comments"
    above = len(last) > 1 and not any(map(_is_value, last)) and len(set(last)) == len(last)
    if rows and above and len(last) == len(rows[0]) and any(map(_is_value, rows[0])):
        note = f"the names are taken from line {skip}, behind the '#'"
        return Layout(delimiter, quote, skip, tuple(last), False, (note,))
    return _named(source, Layout(delimiter, quote, skip, notes=(note,)))


def _lines(count: int) -> str:
    return "the first line" if count == 1 else f"the first {count} lines"


def _sniffed(source: Path | bytes, layout: Layout, tabs: bool) -> Layout:
    """The layout with the delimiter that the first lines agree on, and the mark of quotes."""
    best, chosen = (0.0, 0), ("\t" if tabs else ",", '"')
    # Of a comma and a semicolon that fit equally well the comma is the mark before decimals.
    for delimiter in ("\t", ";", ",", "|") if tabs else (";", ",", "\t", "|"):
        quote = _quote(source, delimiter, layout.skip)
        some = islice(records(source, delimiter, quote, layout.skip), _LOOK)
        widths = [len(f) for _, f in some if f]
        if widths and widths[0] > 1:
            agree = sum(w == widths[0] for w in widths) / len(widths)
            if (agree, widths[0]) > best:
                best, chosen = (agree, widths[0]), (delimiter, quote)
    return Layout(chosen[0], chosen[1], layout.skip)


def _below_title(source: Path | bytes, likely: str, tabs: bool) -> Layout | None:
    """The layout of a file with a title above the names; None if it has none."""
    for delimiter in dict.fromkeys(
        (likely, *(("\t", ";", ",", "|") if tabs else (";", ",", "\t", "|")))
    ):
        some = islice(records(source, delimiter), _LOOK)
        rows = [(line, [c.strip() for c in f]) for line, f in some if any(c.strip() for c in f)]
        widths = [len(f) for _, f in rows]
        width = max(set(widths), key=widths.count) if rows else 0
        first = next((i for i, (_, f) in enumerate(rows) if len(f) == width and all(f)), 0)
        if width < 2 or not 0 < first <= _TITLE or {*widths[first:]} != {width}:
            continue
        title = [f for _, f in rows[:first]]
        below = [f for _, f in rows[first + 1 :]]
        if all(_is_title(f, width) for f in title) and _is_above(rows[first][1], below):
            line = rows[first][0]
            shown = " ".join(c for c in title[0] if c)[:40]
            note = f"{_lines(line - 1)} ({shown!r} ...) stand{'s' * (line == 2)} above the names"
            return Layout(delimiter, skip=line - 1, notes=(f"{note} and count as a title",))
    return None


def title_rows(rows: list[list[str]]) -> int:
    """How many of the first rows of a sheet stand above its names, which leave no cell empty."""
    first = next((i for i, row in enumerate(rows) if all(row)), 0)
    return first if first <= _TITLE and _is_above(rows[first], rows[first + 1 :]) else 0


def _is_title(fields: list[str], width: int) -> bool:
    return 2 * sum(map(bool, fields)) <= width or fields[0].startswith(_COMMENTS)


def _is_above(names: list[str], rows: list[list[str]]) -> bool:
    """Whether these are names: no values themselves, and above a column of values."""
    if any(map(_is_value, names)) or len(set(names)) < len(names):
        return False
    for column in zip(*rows, strict=True):
        cells = [c for c in column if c not in MISSING]
        if cells and 2 * sum(map(_is_value, cells)) > len(cells):
            return True
    return False


def _quote(source: Path | bytes, delimiter: str, skip: int) -> str:
    """The single quote if it stands around every name, else the double quote."""
    first = next((f for _, f in records(source, delimiter, '"', skip) if f), [])
    single = all(len(n) > 2 and n[0] == n[-1] == "'" for n in first)
    return "'" if first and single else '"'


def _named(source: Path | bytes, layout: Layout) -> Layout:
    """The layout with the names of the columns."""
    some = records(source, layout.delimiter, layout.quote, layout.skip)
    rows = [(line, f) for line, f in islice(some, 202) if f]
    if not rows:
        return layout
    line, names = rows[0]
    same = [f for _, f in rows[1:] if len(f) == len(names)]
    if not same or not _is_data(names, same):
        return Layout(layout.delimiter, layout.quote, layout.skip, tuple(names), True, layout.notes)
    made = tuple(f"column_{i}" for i in range(1, len(names) + 1))
    shown = layout.delimiter.join(names[:4]) + (" ..." if len(names) > 4 else "")
    note = (
        f"line {line} ({shown}) is data, so that there are no names; the columns are "
        f"column_1 to column_{len(names)}. Write a line of names above it"
    )
    return Layout(layout.delimiter, layout.quote, line - 1, made, False, (*layout.notes, note))


def _is_value(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.strip()) is not None or bool(patterns_of(cell))


def _is_data(names: list[str], rows: list[list[str]]) -> bool:
    """Whether the first line is a row: where columns hold numbers or times it holds one too."""
    sure = [n.strip() in MISSING or _is_value(n.strip()) for n in names]
    if not any(sure):
        return False
    held, texts = [], []
    for i, name in enumerate(names):
        cells = [row[i].strip() for row in rows if row[i].strip() not in MISSING]
        values = sum(map(_is_value, cells))
        if cells and 2 * values > len(cells):
            times = sum(map(_is_only_time, cells))
            if not sure[i] or (2 * times <= len(cells) and _is_only_time(name)):
                return False  # a day above numbers names them
            held.append(name.strip())
        elif cells:
            texts.append(name.strip() in cells)
    if not held:
        return False
    said = [n for n in held if n not in MISSING]
    if not said or any(not n for n in names if not held):
        return False
    if any(re.search(r"\d[.,]\d", n) or patterns_of(n) for n in said if not _is_year(n)):
        return True  # a decimal or a date
    if len(set(names)) < len(names):
        return True
    return any(texts) or (not texts and not _in_steps(said))


def _is_only_time(cell: str) -> bool:
    return bool(patterns_of(cell)) and _NUMBER.fullmatch(cell.strip()) is None


def _is_year(text: str) -> bool:
    return re.fullmatch(r"(19|20)\d\d", text) is not None


def _in_steps(names: list[str]) -> bool:
    """Whether whole numbers are names: 0, 1, 2 ..., years, or others in even steps."""
    try:
        numbers = [int(n) for n in names]
    except ValueError:
        return False
    if len(numbers) == 1:
        return numbers[0] in (0, 1) or _is_year(names[0])
    steps = {b - a for a, b in pairwise(numbers)}
    return len(steps) == 1 and steps.pop() > 0


def check_drawn(source: Path | bytes, where: str) -> None:
    """Raise if the file is a table drawn for people, with lines between its names and rows.

    Raises:
        DataError: as mysql, psql, Markdown and polars draw it.
    """
    with io.TextIOWrapper(opened(source), encoding="utf-8-sig", errors="replace") as text:
        start = [line.strip() for line in islice(text, 8) if line.strip()]
    for i, line in enumerate(start[:4]):
        corner = re.search(r"[+|┼╪├┌╭┬]", line) is not None
        if corner and len(line) > 4 and _DRAWN.fullmatch(line) and (i or len(start) > 1):
            raise DataError(
                f"{where}: is a table drawn with lines, as mysql, psql and Markdown have it; "
                "expected delimited text. Write it as such, for example with `psql --csv` or "
                "`mysql --batch`."
            )


def check_blanks(source: Path | bytes, where: str, layout: Layout) -> None:
    """Raise if the fields of a table of one column are parted by something else.

    Raises:
        DataError: by blanks, colons or the like, or stand below each other as `ss` prints them.
    """
    some = [
        f[0]
        for _, f in islice(records(source, layout.delimiter, layout.quote, layout.skip), 50)
        if f
    ]
    gaps = [len(re.findall(r"\S {2,}(?=\S)", line)) for line in some]
    if len(some) > 2 and gaps[0] >= 2 and sum(g >= 2 for g in gaps) >= 0.9 * len(gaps):
        raise DataError(
            f"{where}: its columns seem to be filled up with blanks to stand below each other; "
            "expected comma, semicolon, tab or bar. pandas.read_fwf reads such a file; write it "
            "with one of these."
        )
    for sign, word in ((None, "blanks"), (":", "colons"), ("^", "carets"), ("~", "tildes")):
        rows = [line.split(sign) for line in some]
        width = len(rows[0])
        cells = [cell for row in rows[1:] for cell in row]
        numbers = sum(re.fullmatch(r"[-+]?\d+([.,]\d+)?", c) is not None for c in cells)
        if (
            len(rows) > 2
            and width > 2
            and all(len(r) == width for r in rows)
            and 2 * numbers > len(cells)
        ):
            raise DataError(
                f"{where}: the fields seem to be parted by {word}; expected comma, semicolon, tab "
                "or bar. Write it with one of these."
            )
