"""JSON lines; `jsonfile` has the rules of reading."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import polars as pl

from interfuse.io.astext import as_text
from interfuse.io.format import Format, Sink
from interfuse.io.jsonfile import read_json_lines
from interfuse.io.sheet import Reading, Sheet
from interfuse.io.written import Writing


class JsonLines(Format):
    """One object a line, or one array of objects."""

    name = "jsonl"
    suffixes = (".jsonl", ".ndjson")
    others = (".json",)
    writes = True

    def starts(self, start: bytes) -> bool:
        """A brace or a bracket comes first."""
        return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """See `jsonfile`."""
        return read_json_lines(source, where, how)

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """One object a line; times as the file has them that a table is about."""
        return Sink(lambda chunk: file.write(as_text(writing.times(chunk)).write_ndjson().encode()))


FORMATS = (JsonLines(),)
