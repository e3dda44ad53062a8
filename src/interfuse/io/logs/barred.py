"""Flows as SiLK's `rwcut` and `yafscii --tabular` print them: columns of one width, bars between.

                sIP|            dIP|sPort|dPort|pro|   packets|     bytes|   flags|
           10.0.0.1|     192.0.2.80|51000|  443|  6|        12|      3400|FS PA   |

Blanks around names and values are left out, and written again; so is the bar at the end of a line.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

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

_NAMES = frozenset(
    {"sIP", "dIP", "sPort", "dPort", "pro", "protocol", "packets", "bytes", "flags", "sTime"}
    | {"start-time", "end-time", "sip", "dip", "sp", "dp", "pkt", "oct", "proto"}
)
_TEXTS = frozenset(
    {"sIP", "dIP", "nhIP", "pro", "protocol", "proto", "flags", "initialFlags", "sessionFlags"}
    | {"sensor", "sen", "class", "type", "iflags", "uflags", "riflags", "ruflags", "sip", "dip"}
    | {"isn", "risn", "tag", "rtag", "end-reason", "in", "out", "attribut", "application"}
)
_FLAGS = frozenset({"flags", "initialFlags", "sessionFlags", "initialF", "sessionF"})
_PLACES = "FSRPAUEC"
"""Every flag has a place of its own."""


class Barred(Format):
    """What `rwcut` and `yafscii --tabular` print."""

    name = "rwcut"
    special = True
    text = True
    writes = True
    shares = (".txt", ".log", ".psv")

    def starts(self, start: bytes) -> bool:
        """Its names, with bars between."""
        first = start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
        names = {n.strip() for n in first.decode(errors="replace").split("|")}
        return len(names & _NAMES) >= 4

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The flows."""
        content = read_all(source, where)
        check_text(content, where)
        content, cut = whole_lines(content.removeprefix(b"\xef\xbb\xbf"))
        lines = [line.rstrip("\r") for line in content.decode().split("\n")]
        head = lines[0].split("|")
        ended = not head[-1].strip()
        head = head[:-1] if ended else head
        names = [n.strip() for n in head]
        check_unique(names, where)
        rows, places, bad = [], [], []
        for number, line in enumerate(lines[1:], 2):
            if not line.strip() or line == lines[0]:
                continue
            parts = line.split("|")
            parts = parts[:-1] if ended and not parts[-1].strip() else parts
            if len(parts) == len(names):
                rows.append([p.strip() or None for p in parts])
                places.append(number)
            else:
                bad.append(number)
        notes = [CUT] if cut else []
        if bad:
            check_most(where, bad, len(rows), f"{len(names)} fields", lines[bad[0] - 1])
            notes.append(
                left_out(bad, f"have other than the {len(names)} fields of the first line")
            )
        if not rows:
            raise DataError(f"{where}: names its columns and has no flow. Expected at least one.")
        text = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()), orient="row")
        said = {n: Said("text") for n in names if n in _TEXTS}
        said |= {n: s for n, s in (how.said or {}).items() if s.sure or s.form}
        typed = read_text(text.lazy(), names, said=said, comma=False)
        notes += words_of(typed, lambda row: f"line {places[row]:,}")
        columns = {n: f.to_json() for n, f in typed.forms.items()}
        cells = lines[places[0] - 1].split("|")
        widths = {n: max(len(h), len(c)) for n, h, c in zip(names, head, cells, strict=False)}
        columns[""] = {"format": self.name, "widths": widths, "ended": ended}
        return Sheet(typed.frame, columns, text.lazy(), tuple(f"{where}: {n}" for n in notes))

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """Columns of the widths that they had, further ones behind them."""
        said = writing.file.get("widths")
        widths = {str(n): int(w) for n, w in said.items()} if isinstance(said, dict) else {}
        widths |= {n: len(n) for n in first.columns if n not in widths}
        end = "|" if writing.file.get("ended") is not False else ""
        file.write(("|".join(n.rjust(w) for n, w in widths.items()) + end + "\n").encode())

        def put(chunk: pl.DataFrame) -> None:
            text = as_text(writing.frame(chunk)).cast(pl.String)
            lacks = [pl.lit(None, pl.String).alias(n) for n in widths if n not in text.columns]
            text = text.with_columns(lacks).with_columns(pl.all().fill_null(""))
            cells = [
                _placed(n) if n in _FLAGS and w == len(_PLACES) else pl.col(n).str.pad_start(w)
                for n, w in widths.items()
            ]
            lines = text.select(pl.concat_str(cells, separator="|") + end).to_series().to_list()
            if lines:
                file.write(("\n".join(lines) + "\n").encode())

        return Sink(put)


FORMATS = (Barred(),)


def _placed(name: str) -> pl.Expr:
    flags = pl.col(name)
    letters = [
        pl.when(flags.str.contains(sign, literal=True)).then(pl.lit(sign)).otherwise(pl.lit(" "))
        for sign in _PLACES
    ]
    return pl.concat_str(letters)
