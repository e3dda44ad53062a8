"""Logs whose lines one regular expression takes apart: their reading and writing."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar, NamedTuple

import polars as pl

from interfuse.errors import DataError
from interfuse.io.astext import as_text
from interfuse.io.csvlayout import opened
from interfuse.io.format import Format, Sink
from interfuse.io.logs.lines import CUT, check_most, left_out, whole_lines
from interfuse.io.packed import read_all
from interfuse.io.plaintext import check_text
from interfuse.io.sheet import Reading, Sheet, words_of
from interfuse.io.textforms import Said, read_text
from interfuse.io.written import Writing

_LINE, _ROW = "\0line", "\0row"


class Parts(NamedTuple):
    """How the lines of a log are taken apart.

    Attributes:
        pattern: a regular expression, one group for each part.
        names: of the parts.
        said: what is known of them.
        more: what the format needs to write such a line again.
    """

    pattern: str
    names: tuple[str, ...]
    said: Mapping[str, Said]
    more: Mapping[str, Any]


class TextLog(Format):
    """A log whose lines have one layout.

    Attributes:
        line: what a line is, for messages.
        beside: what other lines of such a file begin with, which are left out without a word.
    """

    special = True
    text = True
    writes = True
    shares = (".log", ".txt")
    line: ClassVar[str]
    beside: re.Pattern[str] | None = None

    @abstractmethod
    def parts_of(self, lines: Sequence[str]) -> Parts | None:
        """The layout of the first lines; None if most of them are in none that this log has."""

    def columns(self, parts: pl.LazyFrame) -> pl.LazyFrame:
        """Parts to columns."""
        return parts

    @abstractmethod
    def lines(self, text: pl.DataFrame, said: Mapping[str, Any]) -> pl.Series:
        """Columns of text to lines; `said` is what `parts_of` gave as `more`."""

    def starts(self, start: bytes) -> bool:
        """Whether most of the first lines are in one layout."""
        return self.parts_of(_first_lines(start)) is not None

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The lines that are in the layout; others are counted."""
        content = read_all(source, where)
        check_text(content, where)
        content, cut = whole_lines(content) if not self.ended(content) else (content, False)
        with opened(content) as file:
            parts = self.parts_of(_first_lines(file.read(1 << 16)))
        if parts is None:
            raise DataError(f"{where}: its first lines are not {self.line}. Name it otherwise.")
        rows, bad, first = _taken(content, parts, self.beside)
        notes = [CUT] if cut else []
        if bad:
            check_most(where, bad, rows.height, self.line, first)
            notes.append(left_out(bad, f"be no {self.line}"))
        if not rows.height:
            raise DataError(f"{where}: has no line that is {self.line}. Expected at least one.")
        text = self.columns(rows.drop(_ROW).lazy()).collect()
        said = {**parts.said, **{n: s for n, s in (how.said or {}).items() if s.sure or s.form}}
        typed = read_text(text.lazy(), text.columns, said=said, comma=False)
        places = rows[_ROW]
        notes += words_of(typed, lambda row: f"line {places[row]:,}")
        columns = {n: f.to_json() for n, f in typed.forms.items()}
        columns[""] = {"format": self.name, **parts.more}
        notes = [f"{where}: {note}" for note in notes]
        return Sheet(typed.frame, columns, text.lazy(), tuple(notes), unread=typed.unread)

    def ended(self, content: bytes) -> bool:
        """Whether a last line without a line feed is whole for certain."""
        return content[-1:] == b"\n"

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """Lines as those of the log were, behind a line of names if it had one."""
        head = writing.file.get("head")
        if isinstance(head, str):
            file.write(f"{head}\n".encode())

        def put(chunk: pl.DataFrame) -> None:
            text = as_text(writing.frame(chunk)).cast(pl.String)
            lines = self.lines(text, writing.file)
            if len(lines):
                file.write(("\n".join(lines.to_list()) + "\n").encode())

        return Sink(put)


def _first_lines(start: bytes) -> list[str]:
    """Some lines that are whole."""
    lines = start.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").split("\n")
    whole = lines if len(lines) == 1 else lines[:-1]
    return [line.rstrip("\r") for line in whole if line.strip()][:50]


def _taken(
    content: bytes, parts: Parts, beside: re.Pattern[str] | None
) -> tuple[pl.DataFrame, list[int], str]:
    """The parts of the lines that are in the layout, the numbers of others, the first of these."""
    lines = content.removeprefix(b"\xef\xbb\xbf").decode().split("\n")
    frame = pl.DataFrame({_LINE: lines}).with_row_index(_ROW, 1)
    frame = frame.with_columns(pl.col(_LINE).str.strip_suffix("\r"))
    frame = frame.filter(pl.col(_LINE).str.strip_chars() != "")
    if beside is not None:
        frame = frame.filter(~pl.col(_LINE).str.contains(beside.pattern))
    groups = pl.col(_LINE).str.extract_groups(parts.pattern).struct.rename_fields(parts.names)
    fits = pl.col(_LINE).str.contains(parts.pattern)
    rest = frame.filter(~fits)
    rows = frame.filter(fits).select(_ROW, groups.alias(_LINE)).unnest(_LINE)
    return rows, rest[_ROW].to_list(), str(rest[_LINE][0]) if rest.height else ""
