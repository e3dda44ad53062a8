"""CSV of CICFlowMeter: the files of CIC-IDS2017, CSE-CIC-IDS2018 and their like.

What is particular: two spellings of its headings (`Total Fwd Packets`, `Tot Fwd Pkts`), names that
begin with blanks, a column `Fwd Header Length` that stands there twice, the line of names again
between the rows, rates that are `Infinity` or `NaN` where a flow took no time, days before months,
and labels in Windows-1252. Blanks around names are left out, the second of two equal columns too;
an answer in CSV has both again. Every column is a number but the few that are known not to be.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import IO

import polars as pl

from interfuse.io.astext import as_text
from interfuse.io.csvfile import read_csv
from interfuse.io.format import Format, Sink
from interfuse.io.packed import read_all
from interfuse.io.sheet import Reading, Sheet
from interfuse.io.textforms import Said
from interfuse.io.written import Writing

_LENGTH = re.compile(rb"(?i)^flow[ _]duration$")
_PACKETS = re.compile(rb"(?i)^tot(al)?[ _]fwd[ _](packets?|pkts)$")
_TEXTS = re.compile(
    r"(?i)^(flow id|(src|source|dst|destination)[ _]ip|label|attack|class|simillarhttp)$"
)
_CLOCK = re.compile(r"(?i)^timestamp$")


class CicFlow(Format):
    """What CICFlowMeter writes."""

    name = "cicflowmeter"
    special = True
    text = True
    writes = True
    shares = (".csv", ".txt")

    def starts(self, start: bytes) -> bool:
        """Its names of a flow's duration and packets."""
        first = start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
        names = [name.strip().strip(b'"') for name in first.split(b",")]
        return all(any(form.match(n) for n in names) for form in (_LENGTH, _PACKETS))

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The flows."""
        content, notes = _recoded(read_all(source, where).removeprefix(b"\xef\xbb\xbf"), where)
        head, _, body = content.partition(b"\n")
        body, again = _without_heads(body, head)
        if again:
            which = "1 line repeats" if again == 1 else f"{again:,} lines repeat"
            notes.append(f"{where}: {which} the names between the rows: left out")
        written = [name.strip("\r\n") for name in head.decode().split(",")]
        names = _apart([name.strip() for name in written])
        said = {n: Said("plain") for n in names}
        said |= {n: Said("text") for n in names if _TEXTS.match(n)}
        said |= {n: Said("time") for n in names if _CLOCK.match(n)}
        said |= {n: s for n, s in (how.said or {}).items() if s.sure or s.form}
        content = b",".join(f'"{n}"'.encode() for n in names) + b"\n" + body
        sheet = read_csv(content, where, replace_said(how, said))
        sheet = _days_first(sheet, content, where, how, said)
        sheet, twice = _once(sheet, names)
        notes += [f"{where}: column {a!r} holds what {b!r} does and is left out" for a, b in twice]
        columns = dict(sheet.columns)
        columns[""] = {
            "format": self.name,
            "head": written,
            "columns": [dict(twice).get(n, n) for n in names],
        }
        return replace(sheet, columns=columns, notes=(*notes, *sheet.notes))

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """The line of names as it was, and rows."""
        said = writing.file
        head, names = ([str(n) for n in said.get(key) or []] for key in ("head", "columns"))
        if len(head) != len(names):
            head, names = [], []
        more = [n for n in first.columns if n not in names]
        head, names = [*head, *more], [*names, *more]
        file.write((",".join(head) + "\n").encode())

        def put(chunk: pl.DataFrame) -> None:
            text = _spelled(as_text(writing.frame(_spelled(chunk))))
            lacks = [pl.lit(None, pl.String).alias(n) for n in names if n not in text.columns]
            text = text.with_columns(lacks)
            rows = text.select(pl.col(n).alias(str(i)) for i, n in enumerate(names))
            file.write(rows.write_csv(include_header=False).encode())

        return Sink(put)


FORMATS = (CicFlow(),)


def replace_said(how: Reading, said: dict[str, Said]) -> Reading:
    """The reading with what is known of the columns."""
    return how._replace(said=said)


def _recoded(content: bytes, where: str) -> tuple[bytes, list[str]]:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        try:
            content = content.decode("cp1252").encode()
        except UnicodeDecodeError:
            return content, []  # what reads CSV says where it is no text
        at = f"byte 0x{error.object[error.start]:02x} at {error.start:,}"
        return content, [f"{where}: is not UTF-8 ({at}); read as Windows-1252"]
    return content, []


def _without_heads(body: bytes, head: bytes) -> tuple[bytes, int]:
    """The rows without lines that are the line of names again."""
    head = head.strip()
    if head not in body:
        return body, 0
    lines = body.split(b"\n")
    kept = [line for line in lines if line.strip() != head]
    return b"\n".join(kept), len(lines) - len(kept)


def _apart(names: list[str]) -> list[str]:
    """The names, a repeated one with a number behind it, as pandas has them."""
    out: list[str] = []
    for name in names:
        many = names[: len(out)].count(name)
        out.append(f"{name}.{many}" if many else name)
    return out


def _days_first(
    sheet: Sheet, content: bytes, where: str, how: Reading, said: dict[str, Said]
) -> Sheet:
    """The sheet; read again where a column of times was read with months first and need not be."""
    for name in sheet.frame.collect_schema().names():
        form = sheet.columns.get(name, {}).get("time", {})
        if form.get("pattern", "").startswith("%m") and form.get("open", "").startswith("%d"):
            said = {**said, name: Said("time", pattern=form["open"])}
            return read_csv(content, where, replace_said(how, said))
    return sheet


def _once(sheet: Sheet, names: list[str]) -> tuple[Sheet, list[tuple[str, str]]]:
    """The sheet without columns that are another of the same name again."""
    pairs = [(n, n.rpartition(".")[0]) for n in names if n.rpartition(".")[0] in names]
    if not pairs or sheet.text is None:
        return sheet, []
    text = sheet.text
    same = text.select(pl.col(a).eq_missing(pl.col(b)).all().alias(a) for a, b in pairs)
    equal = same.collect(engine="streaming").row(0, named=True)
    twice = [(a, b) for a, b in pairs if equal[a]]
    gone = [a for a, _ in twice]
    columns = {n: v for n, v in sheet.columns.items() if n not in gone}
    left = None if sheet.unread is None else sheet.unread.drop(gone, strict=False)
    return replace(
        sheet, frame=sheet.frame.drop(gone), text=text.drop(gone), columns=columns, unread=left
    ), twice


def _spelled(frame: pl.DataFrame) -> pl.DataFrame:
    """Floats as Java spells those that are no number, missing ones too."""
    floats = [n for n, t in frame.schema.items() if t.is_float()]
    odd = [n for n in floats if not frame[n].is_finite().all() or frame[n].null_count()]
    return frame.with_columns(_java(pl.col(n).fill_nan(None)).alias(n) for n in odd)


def _java(value: pl.Expr) -> pl.Expr:
    infinite = pl.when(value > 0).then(pl.lit("Infinity")).otherwise(pl.lit("-Infinity"))
    text = pl.when(value.is_infinite()).then(infinite).otherwise(value.cast(pl.String))
    return pl.when(value.is_null()).then(pl.lit("NaN")).otherwise(text)
