"""Excel workbooks: the first sheet that has rows, with its first row as names.

Read with calamine (the package `fastexcel`, extra `excel`). A cell has a type of its own there. A
column of one type has that: numbers that are all whole are whole numbers, dates that are all
midnight are days. One of several types is text, which `interfuse.io.textforms` then reads as that
of any file: calamine alone would leave out what is not of the commonest type. All rows are looked
at. A title above the names, lines of units and totals are left out as in delimited text
(`interfuse.io.norows`). Other sheets are named in a note. A sheet holds 1,048,576 rows.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from interfuse.errors import DataError, NoRowsError
from interfuse.io.csvfile import check_unique
from interfuse.io.csvlayout import title_rows
from interfuse.io.format import Format, Sink
from interfuse.io.norows import begins_as_names, header_again, is_units, totals
from interfuse.io.sheet import Reading, Sheet, words_of
from interfuse.io.textforms import Typed, read_text
from interfuse.io.written import Writing

MOST_ROWS = 1_048_575
_LOOK = 100
_EXACT = 2.0**53
_NO_DAY = (dt.date(1899, 12, 30), dt.date(1899, 12, 31), dt.date(1904, 1, 1))
_INSTALL = 'Install it: pip install "interfuse[excel]"'


class Excel(Format):
    """A workbook."""

    name = "excel"
    suffixes = (".xlsx",)
    others = (".xlsm", ".xlsb", ".xls", ".ods")
    writes = True
    mixed = True

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The first sheet with rows."""
        found = _first(source, where)
        notes = []
        if found.above:
            many = "1 row above the names counts" if found.above == 1 else (
                f"{found.above} rows above the names count")  # fmt: skip
            notes.append(f"{many} as a title")
        names = found.text.columns
        typed, rows = _typed(found, range(found.text.height), how)
        text = found.text.lazy()
        again = header_again(text, names, begins_as_names(text, names))
        ends = totals(text, len(rows), names, typed)
        units = len(rows) > 2 and is_units(text, typed)
        out = {
            "repeat the names of the columns": again,
            "hold units": [0] * units,
            "hold totals or remarks": list(range(len(rows) - ends, len(rows))),
            "hold no value": _blank(found.text.head(len(rows) - ends)),
        }
        for why, which in out.items():
            if which:
                shown = ", ".join(f"{found.line(r):,}" for r in which[:3])
                more = ", ..." if len(which) > 3 else ""
                many, seem = ("1 row is", "it seems") if len(which) == 1 else (
                    f"{len(which):,} rows are", "they seem")  # fmt: skip
                notes.append(f"{many} left out (row {shown}{more}): {seem} to {why}")
        left_out = {row for which in out.values() for row in which}
        if left_out:
            typed, rows = _typed(found, [r for r in rows if r not in left_out], how)
        if not rows:
            raise NoRowsError(f"{where}: has names but no rows. Expected at least one row.")
        notes += words_of(typed, lambda row: f"row {found.line(rows[row]):,}", how.advice)
        if found.others:
            listed = ", ".join(found.others)
            notes.append(f"only the first sheet with rows is read; left out: {listed}")
        columns: dict[str, Any] = {n: f.to_json() for n, f in typed.forms.items()}
        columns[""] = {"format": self.name}
        notes = [f"{where}: {note}" for note in notes]
        return Sheet(typed.frame, columns, None, tuple(notes), unread=typed.unread)

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """One sheet; its rows are kept until it is closed, since a workbook is one archive."""
        try:
            import xlsxwriter
        except ImportError:
            raise DataError(
                f"writing .xlsx: the package xlsxwriter is not installed. {_INSTALL}"
            ) from None
        chunks: list[pl.DataFrame] = []
        rows = 0

        def put(chunk: pl.DataFrame) -> None:
            nonlocal rows
            rows += chunk.height
            if rows > MOST_ROWS:
                raise DataError(
                    f"a sheet of Excel holds {MOST_ROWS:,} rows; there are more. Write .csv.gz or "
                    ".parquet."
                )
            chunks.append(chunk)

        def close() -> None:
            # In memory first: a full disk would leave an archive that cannot be closed.
            made = io.BytesIO()
            with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
                pl.concat(chunks).write_excel(book, autofit=False)
                sheet = book.worksheets()[0]
                for row, texts in writing.beside.items():
                    for name, text in texts.items():
                        sheet.write_string(1 + row, first.columns.index(name), text)
            file.write(made.getbuffer())

        return Sink(put, close, lambda: None)


FORMATS = (Excel(),)


@dataclass(frozen=True)
class _Found:
    """A sheet.

    Attributes:
        frame: its rows, by calamine's types.
        text: the same as text.
        above: how many rows stand above the names.
        start: the number of the first row below the names, as Excel counts.
        others: the other sheets.
    """

    frame: pl.DataFrame
    text: pl.DataFrame
    above: int
    start: int
    others: list[str]

    def line(self, row: int) -> int:
        """The number of a row in the sheet, as Excel counts."""
        return row + self.start


def _first(source: Path | bytes, where: str) -> _Found:
    """The first sheet with rows."""
    try:
        import fastexcel
    except ImportError:
        raise DataError(f"{where}: the package fastexcel is not installed. {_INSTALL}") from None
    try:
        book = fastexcel.read_excel(source if isinstance(source, bytes) else str(source))
        for name in book.sheet_names:
            asked = {"header_row": None, "skip_rows": 0, "n_rows": _LOOK, "dtypes": "string"}
            top = book.load_sheet(name, **asked).to_polars()
            if top.filter(~pl.all_horizontal(pl.all().is_null())).height > 1:
                return _sheet(book, name, top, where)
    except fastexcel.FastExcelError as error:
        words = str(error).strip().splitlines()[0]
        raise DataError(
            f"{where}: is no workbook that can be read ({words}). Save it again, or as CSV."
        ) from error
    raise NoRowsError(f"{where}: has no sheet with rows. Expected names and at least one row.")


def _sheet(book: Any, name: str, top: pl.DataFrame, where: str) -> _Found:
    import fastexcel

    cells = [[(c or "").strip() for c in row] for row in top.rows()]
    blank = next(i for i, row in enumerate(cells) if any(row))
    above = title_rows(cells[blank:])
    at = blank + above
    names = cells[at]
    while names and not names[-1] and not any(row[len(names) - 1] for row in cells):
        names.pop()
    if unnamed := [str(i) for i, n in enumerate(names, 1) if not n]:
        raise DataError(
            f"{where}: the row of names gives none to column {', '.join(unnamed)} of {len(names)}. "
            "Name every column."
        )
    check_unique(names, where)
    asked: dict[str, Any] = {
        "header_row": None, "skip_rows": at + 1, "use_columns": list(range(len(names)))
    }  # fmt: skip
    text = book.load_sheet(name, dtypes="string", **asked).to_polars()
    try:
        frame = book.load_sheet(name, schema_sample_rows=None, **asked).to_polars()
    except fastexcel.FastExcelError:
        frame = text  # a column of types that calamine cannot join
    frame.columns = text.columns = names
    return _Found(frame, text, above, at + 2, [n for n in book.sheet_names if n != name])


def _typed(found: _Found, rows: Sequence[int], how: Reading) -> tuple[Typed, list[int]]:
    """These rows of a sheet with a type for each column, and their numbers."""
    kept = list(rows)
    frame, text = found.frame, found.text
    if len(kept) < text.height:
        frame, text = frame[kept], text[kept]
    columns = []
    for column in frame.iter_columns():
        words = _days(text[column.name])
        whole = column.null_count() == words.null_count()
        whole = whole and column.dtype not in (pl.Null, pl.String)
        columns.append(_usual(column) if whole else words)
    typed = [c.name for c in columns if c.dtype == pl.String]
    return read_text(pl.LazyFrame(columns), typed, said=how.said, times=how.times), kept


def _blank(text: pl.DataFrame) -> list[int]:
    """The rows without a value in any of several columns."""
    if text.width < 2 or not text.height:
        return []
    cells = [pl.col(n).is_null() | (pl.col(n).str.strip_chars() == "") for n in text.columns]
    return text.select(pl.all_horizontal(cells).alias("blank"))["blank"].arg_true().to_list()


def _days(words: pl.Series) -> pl.Series:
    """Days without a clock where a column has no other stamps: calamine writes both alike."""
    stamps = words.filter(words.str.contains(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))
    if stamps.is_empty() or not stamps.str.ends_with(" 00:00:00").all():
        return words
    return words.str.strip_suffix(" 00:00:00")


def _usual(column: pl.Series) -> pl.Series:
    """Whole numbers, days and times of day as such: Excel has one type for each two of them."""
    if column.dtype.is_float():
        values = column.drop_nulls()
        if len(values) and bool((values == values.round()).all() and values.abs().max() <= _EXACT):  # type: ignore[operator]
            return column.cast(pl.Int64)
    if isinstance(column.dtype, pl.Datetime):
        if bool(column.dt.date().is_in(list(_NO_DAY)).all()):
            return column.dt.time()
        if bool((column.dt.time() == dt.time()).all()):
            return column.dt.date()
    return column
