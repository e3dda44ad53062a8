"""Excel workbooks: the first sheet that has rows, with its first row as names.

Read with calamine (the package `fastexcel`, extra `excel`). A cell has a type of its own there; a
column of one type has that, and one of several is text, which `interfuse.io.textforms` then reads
as that of any file. Other sheets are named in a note. A sheet holds 1,048,576 rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import polars as pl

from interfuse.errors import DataError, NoRowsError
from interfuse.io.csvfile import check_unique
from interfuse.io.format import Format, Sink
from interfuse.io.sheet import Reading, Sheet, words_of
from interfuse.io.textforms import read_text
from interfuse.io.written import Writing

MOST_ROWS = 1_048_575
_INSTALL = 'Install it: pip install "interfuse[excel]"'


class Excel(Format):
    """A workbook."""

    name = "excel"
    suffixes = (".xlsx",)
    others = (".xlsm", ".xlsb", ".xls", ".ods")
    writes = True

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The first sheet with rows."""
        frame, others = _first(source, where)
        check_unique(frame.columns, where)
        frame = frame.with_columns(pl.col(pl.Null).cast(pl.String))
        text = [n for n, t in frame.schema.items() if t == pl.String]
        typed = read_text(frame.lazy(), text, said=how.said, times=how.times)
        notes = words_of(typed, lambda row: f"row {row + 2:,}", how.advice)
        if others:
            notes.append(f"only the first sheet with rows is read; left out: {', '.join(others)}")
        columns: dict[str, Any] = {n: f.to_json() for n, f in typed.forms.items()}
        columns[""] = {"format": self.name}
        return Sheet(typed.frame, columns, None, tuple(f"{where}: {note}" for note in notes))

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """One sheet; its rows are kept until it is closed, since a workbook is one archive."""
        try:
            import xlsxwriter  # noqa: F401
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
            pl.concat(chunks).write_excel(file, autofit=False)  # type: ignore[arg-type]

        return Sink(put, close, lambda: None)


FORMATS = (Excel(),)


def _first(source: Path | bytes, where: str) -> tuple[pl.DataFrame, list[str]]:
    """The first sheet with rows, and the names of the others."""
    try:
        import fastexcel
    except ImportError:
        raise DataError(f"{where}: the package fastexcel is not installed. {_INSTALL}") from None
    try:
        book = fastexcel.read_excel(source if isinstance(source, bytes) else str(source))
        names = list(book.sheet_names)
        for name in names:
            frame = book.load_sheet(name).to_polars()
            if frame.height:
                return frame, [n for n in names if n != name]
    except fastexcel.FastExcelError as error:
        words = str(error).strip().splitlines()[0]
        raise DataError(
            f"{where}: is no workbook that can be read ({words}). Save it again, or as CSV."
        ) from error
    raise NoRowsError(f"{where}: has no sheet with rows. Expected names and at least one row.")
