"""CSV and TSV; `csvfile` has the rules of reading, `astext` the forms of what is written."""

from __future__ import annotations

from pathlib import Path
from typing import IO, ClassVar

import polars as pl

from interfuse.io.astext import as_text
from interfuse.io.csvfile import read_csv
from interfuse.io.format import Format, Sink
from interfuse.io.sheet import Reading, Sheet
from interfuse.io.written import Writing


class Csv(Format):
    """Text with a delimiter that is found out; a comma where it is written."""

    name = "csv"
    suffixes = (".csv",)
    text = True
    writes = True
    tabs: ClassVar[bool] = False

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """See `csvfile`."""
        return read_csv(source, where, how, tabs=self.tabs)

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """One line of names, then rows."""
        tab = "\t" if self.tabs else writing.delimiter or ","
        file.write(first.clear().write_csv(separator=tab).encode())

        def put(chunk: pl.DataFrame) -> None:
            text = as_text(writing.frame(chunk))
            file.write(text.write_csv(include_header=False, separator=tab).encode())

        return Sink(put)


class Tsv(Csv):
    """The same with tabs, unless the text says otherwise."""

    name = "tsv"
    suffixes = (".tsv",)
    others = (".tab",)
    tabs = True


FORMATS = (Csv(), Tsv())
