"""JSON lines; `jsonfile` has the rules of reading."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import polars as pl

from interfuse.io.astext import as_text
from interfuse.io.format import Format, Sink
from interfuse.io.formats import all_formats
from interfuse.io.jsonfile import read_json_lines
from interfuse.io.nested import Nest
from interfuse.io.numbers import NumberForm
from interfuse.io.sheet import Reading, Sheet
from interfuse.io.times import TimeForm
from interfuse.io.written import Writing


class JsonLines(Format):
    """One object a line, or one array of objects."""

    name = "jsonl"
    suffixes = (".jsonl", ".ndjson")
    others = (".json",)
    writes = True
    mixed = True
    shares = (".log", ".txt", ".jsonl", ".ndjson", ".json")

    def starts(self, start: bytes) -> bool:
        """A brace or a bracket comes first."""
        return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """See `jsonfile`."""
        return read_json_lines(source, where, how)

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """One object a line; of a table from a file of objects as these were."""
        nest = Nest.from_json(writing.file)
        own = writing.like in {f.name for f in _of_objects()}
        nest = nest if own else Nest()
        done = 0

        def put(chunk: pl.DataFrame) -> None:
            nonlocal done
            rows = _as_it_was(chunk, writing, nest) if own else writing.times(chunk)
            rows = as_text(rows)
            texts = {i: t for i in range(chunk.height) if (t := writing.beside.pop(done + i, None))}
            done += chunk.height
            if not nest.plain():
                lines = list(nest.lines(rows, texts))
            elif texts:
                lines = rows.write_ndjson().split("\n")[: rows.height]
                for i, cells in texts.items():
                    lines[i] = next(nest.lines(rows[i], {0: cells}))
            else:
                file.write(rows.write_ndjson().encode())
                return
            if lines:
                file.write(("\n".join(lines) + "\n").encode())

        return Sink(put)


FORMATS = (JsonLines(),)


def _of_objects() -> list[JsonLines]:
    return [f for f in all_formats() if isinstance(f, JsonLines)]


def _as_it_was(chunk: pl.DataFrame, writing: Writing, nest: Nest) -> pl.DataFrame:
    """The rows with times in the form that they had, those since 1970 as numbers."""
    columns = []
    for name in chunk.columns:
        form = writing.forms.get(name)
        if name in nest.quoted and chunk[name].dtype.is_numeric():
            texts = as_text(writing.column(chunk[name]).to_frame())
            columns.append(texts.to_series().cast(pl.String))
            continue
        if form is None or isinstance(form, NumberForm):
            continue  # numbers are numbers in JSON
        column = writing.column(chunk[name])
        if name in nest.numbers and isinstance(form, TimeForm) and column.dtype == pl.String:
            column = column.cast(pl.Float64 if form.digits else pl.Int64, strict=False)
        columns.append(column)
    return chunk.with_columns(columns)
