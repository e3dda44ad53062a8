"""Logs whose first lines name their fields: those of the W3C, CloudFront, and flows of a VPC.

    #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken
    2025-03-10 08:00:00 10.0.0.5 GET /index.html 200 31

IIS and CloudFront write `#Fields:`; the logs of a VPC of AWS have the names alone in the first
line. `-` is missing. `date` and `time` together are one column, `time`, in the place of the first.
A plus in an agent of IIS is a blank, and `%20` is one in CloudFront's. Names may come again
between the rows; if they change, the file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import quote, unquote

import polars as pl

from interfuse.errors import DataError
from interfuse.io.astext import as_text
from interfuse.io.csvfile import check_unique
from interfuse.io.format import Format, Sink
from interfuse.io.logs.lines import CUT, check_most, left_out, whole_lines
from interfuse.io.packed import read_all
from interfuse.io.plaintext import check_text
from interfuse.io.sheet import Reading, Sheet, words_of
from interfuse.io.textforms import Said, read_text
from interfuse.io.written import Writing

_FIELDS = re.compile(r"^#Fields:\s*(.*)$", re.IGNORECASE)
_VPC = frozenset(
    {"srcaddr", "dstaddr", "log-status", "interface-id", "action", "srcport", "dstport"}
)
_DATE, _TIME = "date", "time"
_AGENT = re.compile(r"(?i)agent")
_CODE = re.compile(r"(?i)(substatus|win32-status|version|account-id|protocol)$")
_PLUS, _PERCENT = "plus", "percent"


class _Head(NamedTuple):
    """Names of the fields, the lines before the rows, the sign between, how agents are written."""

    names: tuple[str, ...]
    lines: tuple[str, ...]
    sign: str
    agents: str

    @property
    def together(self) -> bool:
        """Whether date and time are one column."""
        return {_DATE, _TIME} <= set(self.names)


class W3c(Format):
    """Extended logs of the W3C, and those that name their fields as they do."""

    name = "w3c"
    special = True
    text = True
    writes = True
    shares = (".log", ".txt")

    def starts(self, start: bytes) -> bool:
        """A line `#Fields:`, behind comments at most, or the names of a VPC's flows."""
        lines = start.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").splitlines()[:12]
        return _fields_of(lines) is not None

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The rows, in the types that their values have."""
        content = read_all(source, where)
        check_text(content, where)
        content, cut = whole_lines(content.removeprefix(b"\xef\xbb\xbf"))
        lines = [line.rstrip("\r") for line in content.decode().split("\n")]
        head, rows, places, bad = _taken(lines, where)
        notes = [CUT] if cut else []
        if bad:
            check_most(where, bad, len(rows), f"{len(head.names)} fields", lines[bad[0] - 1])
            notes.append(left_out(bad, f"have other than the {len(head.names)} fields"))
        if not rows:
            raise DataError(f"{where}: names its fields and has no row. Expected at least one.")
        schema = dict.fromkeys(head.names, pl.String())
        text = _columns(pl.DataFrame(rows, schema=schema, orient="row"), head)
        said = {n: Said("text") for n in text.columns if _CODE.search(n) or _AGENT.search(n)}
        said |= {n: s for n, s in (how.said or {}).items() if s.sure or s.form}
        typed = read_text(text.lazy(), text.columns, said=said, comma=False)
        notes += words_of(typed, lambda row: f"line {places[row]:,}")
        columns = {n: f.to_json() for n, f in typed.forms.items()}
        columns[""] = {"format": self.name, **head._asdict()}
        return Sheet(typed.frame, columns, text.lazy(), tuple(f"{where}: {n}" for n in notes))

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """The lines before the rows, then rows; further columns stand behind the fields."""
        said = writing.file
        names, lines = ([str(n) for n in said.get(key) or []] for key in ("names", "lines"))
        together = {_DATE, _TIME} <= set(names)
        own = [n for n in names if n != _DATE] if together else names
        more = [n for n in first.columns if n not in own]
        sign = str(said.get("sign") or " ")
        head = _Head((*names, *more), tuple(lines), sign, str(said.get("agents") or ""))
        if more or not lines:
            bare = any(_fields_of([x]) and x[0] != "#" for x in lines)
            lines = [x for x in lines if not _fields_of([x])]
            fields = " ".join(n.replace(" ", "_") for n in head.names)
            lines.append(fields if bare else f"#Fields: {fields}")
        file.write(("\n".join(lines) + "\n").encode())

        def put(chunk: pl.DataFrame) -> None:
            text = as_text(writing.frame(chunk)).cast(pl.String)
            if text.height:
                file.write(("\n".join(_lines(text, head)) + "\n").encode())

        return Sink(put)


FORMATS = (W3c(),)


def _fields_of(lines: Sequence[str]) -> list[str] | None:
    """The names in the first of these lines that names fields; None if a row comes before."""
    for line in lines:
        match = _FIELDS.match(line)
        if match:
            return match[1].split()
        if line.startswith("#") or not line.strip():
            continue
        names = line.split()
        return names if len(_VPC & set(names)) >= 3 and "," not in line else None
    return None


def _taken(lines: Sequence[str], where: str) -> tuple[_Head, list[list[str]], list[int], list[int]]:
    """The head, the rows, their lines, and lines that are no rows."""
    names = _fields_of(lines) or []
    check_unique(names, where)
    first = next((x for x in lines if x.strip() and x[0] != "#" and x.split() != names), "")
    sign = "\t" if first.count("\t") == len(names) - 1 else " "
    begin = lines.index(first) if first else len(lines)
    rows, places, bad = [], [], []
    for number, line in enumerate(lines, 1):
        match = _FIELDS.match(line)
        if match and match[1].split() != names:
            raise DataError(
                f"{where}: line {number} names other fields than the first lines do "
                f"({match[1][:80]!r}). Expected one sort of row in a file; take it apart there."
            )
        if match or line.startswith("#") or not line.strip() or line.split() == names:
            continue
        parts = line.split(sign)
        if len(parts) == len(names):
            rows.append(parts)
            places.append(number)
        else:
            bad.append(number)
    agents = ""
    if any(_AGENT.search(n) for n in names):
        agents = _PERCENT if sign == "\t" else _PLUS
    return _Head(tuple(names), tuple(lines[:begin]), sign, agents), rows, places, bad


def _columns(text: pl.DataFrame, head: _Head) -> pl.DataFrame:
    """The rows without dashes, date and time in one, agents as they were sent."""
    text = text.with_columns(pl.when(pl.all() != "-").then(pl.all()))
    for name in [n for n in head.names if _AGENT.search(n)]:
        if head.agents == _PLUS:
            text = text.with_columns(pl.col(name).str.replace_all("+", " ", literal=True))
        elif head.agents == _PERCENT:
            known = {v: unquote(v) for v in text[name].drop_nulls().unique().to_list()}
            text = text.with_columns(pl.col(name).replace(known))
    if head.together:
        first = min(head.names.index(n) for n in (_DATE, _TIME))
        both = text.select(pl.concat_str(_DATE, _TIME, separator=" ").alias(_TIME)).to_series()
        text = text.drop(_DATE, _TIME).insert_column(first, both)
    return text


def _lines(text: pl.DataFrame, head: _Head) -> list[str]:
    for name in [n for n in text.columns if _AGENT.search(n)]:
        if head.agents == _PLUS:
            text = text.with_columns(pl.col(name).str.replace_all(r"\s", "+"))
        elif head.agents == _PERCENT:
            known = {v: quote(v, safe="/();,:") for v in text[name].drop_nulls().unique()}
            text = text.with_columns(pl.col(name).replace(known))
    if head.together and _TIME in text.columns:
        parts = pl.col(_TIME).str.splitn(" ", 2).struct
        date, clock = parts.field("field_0"), parts.field("field_1")
        text = text.with_columns(date.alias(_DATE), clock.alias(_TIME))
    lacks = [pl.lit(None, pl.String).alias(n) for n in head.names if n not in text.columns]
    text = text.with_columns(lacks)
    blank = r"[\t\r\n]" if head.sign == "\t" else r"\s"
    parts = [pl.col(n).str.replace_all(blank, "+").fill_null("-") for n in head.names]
    return text.select(pl.concat_str(parts, separator=head.sign)).to_series().to_list()
