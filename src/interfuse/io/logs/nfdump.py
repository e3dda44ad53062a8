"""NetFlow and IPFIX as `nfdump -o csv` prints it, of versions 1.6 and 1.7.

The first line has nfdump's short names of its elements, the last ones a summary, which is left out.
Types are those of the elements: times, numbers and text; ICMP's type and code are 256 * type + code
in the destination port, as in NetFlow itself.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import IO

import polars as pl

from interfuse.errors import DataError
from interfuse.io.astext import as_text
from interfuse.io.csvfile import check_unique
from interfuse.io.format import Format, Sink
from interfuse.io.logs.lines import CUT, check_most, left_out, whole_lines
from interfuse.io.numbers import NumberForm
from interfuse.io.packed import read_all
from interfuse.io.plaintext import check_text
from interfuse.io.sheet import Reading, Sheet, words_of
from interfuse.io.textforms import Said, read_text
from interfuse.io.written import Writing

_BEGINS = (b"ts,te,td,", b"firstSeen,", b"tfs,")
_TIMES = frozenset({"ts", "te", "tr", "tfs", "tsr", "firstSeen", "lastSeen", "received"})
_TEXTS = frozenset(
    {"sa", "da", "pr", "flg", "nh", "nhb", "ra", "ismc", "odmc", "idmc", "osmc", "eng", "proto"}
    | {"srcAddr", "dstAddr", "flags", "xsa", "xda", "ivrf", "evrf", "exporterIP"}
    | {f"mpls{i}" for i in range(1, 11)}
)
_SECONDS = frozenset({"td", "cl", "sl", "al", "duration"})
_SUMMARY = (b"Summary", b"flows,bytes,packets,", b"No match")


class Nfdump(Format):
    """What `nfdump -o csv` prints."""

    name = "nfdump"
    special = True
    text = True
    writes = True
    shares = (".csv", ".txt", ".nfdump")

    def starts(self, start: bytes) -> bool:
        """Its names, those of addresses and protocol among them."""
        first = start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].strip()
        names = {name.strip() for name in first.split(b",")}
        usual = {b"sa", b"da", b"pr"} <= names or {b"srcAddr", b"dstAddr", b"proto"} <= names
        return first.startswith(_BEGINS) and usual

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The flows, without summaries."""
        content = read_all(source, where)
        check_text(content, where)
        content, cut = whole_lines(content.removeprefix(b"\xef\xbb\xbf"))
        lines = [line.rstrip(b"\r") for line in content.split(b"\n")]
        head = lines[0]
        names = [name.strip() for name in head.decode().split(",")]
        check_unique(names, where)
        rows, places, bad, summary = [], [], [], 0
        for number, line in enumerate(lines, 1):
            if line.startswith(_SUMMARY):
                summary = number
            elif not line.strip() or line == head or number == summary + 1 > 1:
                continue
            elif _fields(line) == len(names):
                rows.append(line)
                places.append(number)
            else:
                bad.append(number)
        notes = [CUT] if cut and not summary else []
        if bad:
            first = lines[bad[0] - 1].decode(errors="replace")
            check_most(where, bad, len(rows), f"{len(names)} fields, as in the first line", first)
            notes.append(left_out(bad, f"have other than {len(names)} fields"))
        if not rows:
            raise DataError(
                f"{where}: is a list of flows by nfdump that holds no flow. Expected at least one."
            )
        text = pl.read_csv(
            b"\n".join(rows),
            has_header=False,
            schema=dict.fromkeys(names, pl.String()),
            infer_schema=False,
        )
        said = {n: Said("time") if n in _TIMES else Said("plain") for n in names}
        said |= {n: Said("number", form=NumberForm(decimals=3)) for n in names if n in _SECONDS}
        said |= {n: Said("text") for n in names if n in _TEXTS}
        said |= {n: s for n, s in (how.said or {}).items() if s.sure or s.form}
        bare = text.lazy().with_columns(pl.col(pl.String).str.strip_chars())
        typed = read_text(bare, names, said=said)
        notes += words_of(typed, lambda row: f"line {places[row]:,}")
        columns = {n: f.to_json() for n, f in typed.forms.items()}
        columns[""] = {"format": self.name, "fields": names}
        notes = [f"{where}: {n}" for n in notes]
        return Sheet(typed.frame, columns, text.lazy(), tuple(notes), unread=typed.unread)

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """One line of names, then flows; without a summary."""
        fields = writing.file.get("fields")
        names = [str(n) for n in fields] if isinstance(fields, list) else []
        names += [n for n in first.columns if n not in names]
        file.write((",".join(names) + "\n").encode())

        def put(chunk: pl.DataFrame) -> None:
            text = as_text(writing.frame(chunk))
            lacks = [pl.lit(None, pl.String).alias(n) for n in names if n not in text.columns]
            rows = text.with_columns(lacks).select(names)
            file.write(rows.write_csv(include_header=False).encode())

        return Sink(put)


FORMATS = (Nfdump(),)


def _fields(line: bytes) -> int:
    """How many fields a line has; nfdump quotes none, but a column that was added may be."""
    if b'"' not in line:
        return line.count(b",") + 1
    return len(next(csv.reader([line.decode()])))
