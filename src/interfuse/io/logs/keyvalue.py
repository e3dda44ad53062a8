r"""Logs of names and values: `src=10.0.0.1 dst="a b" DF`.

| format | a line | before the pairs |
|---|---|---|
| `cef` | ArcSight's Common Event Format | `CEF:0\|vendor\|product\|version\|id\|name\|severity\|` |
| `leef` | QRadar's, tabs between pairs | `LEEF:1.0\|vendor\|product\|version\|id\|` |
| `netfilter` | iptables, nftables and ufw in the kernel's log | `kernel: [uptime] [PREFIX] ` |
| `logfmt` | logfmt, FortiGate and others of pairs alone | nothing |

Each may stand behind the time and the host of syslog, or the whole head of RFC 5424. Every name is
a column; one that a line lacks is missing in it. A word without a value (`DF`, `SYN`) is true where
it stands. `date` and `time` together are one column, `time`; netfilter's `MAC` is three: receiver,
sender and type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import polars as pl

from interfuse.errors import DataError
from interfuse.io.astext import as_text
from interfuse.io.format import Format, Sink
from interfuse.io.logs.lines import CUT, check_most, left_out, whole_lines
from interfuse.io.packed import read_all
from interfuse.io.plaintext import check_text
from interfuse.io.sheet import Reading, Sheet, words_of
from interfuse.io.textforms import Said, read_text
from interfuse.io.written import Writing

_STAMP = (
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))"
)
_RFC = ("syslog.app", "syslog.process", "syslog.id", "syslog.data")
"""Behind the host in RFC 5424, "-" for none; the last is structured data."""
_SYSLOG = (
    rf"(?:<(?P<pri>\d{{1,3}})>)?(?:(?P<syslog>1) )?(?P<logged>{_STAMP}) (?P<host>\S+) "
    r"(?(syslog)(?:(?P<_0>\S+) (?P<_1>\S+) (?P<_2>\S+) (?P<_3>-|(?:\[(?:[^\]\\]|\\.)*\])+) )?)"
)
_BARS = r"((?:[^|\\]|\\.)*)\|"
_WORD = r'[^\s="\[\]|,]+'
LEAST = 0.8
_DATE, _TIME = "date", "time"
_CODE = re.compile(
    r"_id$|^(id|eventid|logid|devid|version|sid|vlan(id)?)$|^(TOS|PREC|RES|MAC\.type)$"
)
_MAC = ("MAC.dst", "MAC.src", "MAC.type")


class KeyValue(Format):
    """A log of names and values.

    Args:
        name: of the format.
        head: what stands before the pairs behind the head of syslog, a regular expression.
        pair: a pair, a regular expression of three groups: name, value in quotes, value.
        needs: of each line, a regular expression that its pairs hold.
        sign: between pairs.
    """

    special = True
    text = True
    writes = True
    shares = (".log", ".txt", ".cef", ".leef")

    def __init__(self, name: str, head: str, pair: str, needs: str = "", sign: str = " ") -> None:
        self.name = name  # pyright: ignore[reportAttributeAccessIssue]
        self.head = re.compile(rf"^(?:{_SYSLOG})?{head}")
        self.pair, self.needs, self.sign = re.compile(pair), re.compile(needs), sign

    def starts(self, start: bytes) -> bool:
        """Whether most of the first lines are of it."""
        text = start.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
        lines = text.split("\n")[:50]
        lines = [x.rstrip("\r") for x in (lines[:-1] or lines) if x.strip()]
        found = sum(self._row(line) is not None for line in lines)
        return bool(lines) and found >= LEAST * len(lines)

    def _row(self, line: str) -> tuple[dict[str, str], list[str], list[str]] | None:
        """The parts of a line by name, which are in quotes, and which are names alone.

        Returns:
            None if it is no row.
        """
        head = self.head.match(line)
        if head is None:
            return None
        out = {k: v for k, v in head.groupdict().items() if v is not None and k != "sign"}
        for i, name in enumerate(_RFC):
            if (value := out.pop(f"_{i}", None)) is not None:
                out[name] = "" if value == "-" else value
        rest = line[head.end() :]
        if not self.needs.search(rest):
            return None
        quoted, flags = [], []
        at = 0
        for match in self._found(rest, head):
            if rest[at : match.start()].strip(" ,\t" + self.sign):
                return None
            name, inner, bare = match[1] or match[4], match[2], match[3]
            at = match.end()
            while name in out:
                name += "_"
            if match[4]:
                out[name] = "true"
                flags.append(name)
            elif inner is not None:
                out[name] = re.sub(r'\\(["\\])', r"\1", inner)
                quoted.append(name)
            else:
                out[name] = "" if bare == "-" else bare.replace(r"\=", "=")
        return (out, quoted, flags) if not rest[at:].strip() and len(out) > 1 else None

    def _found(self, rest: str, head: re.Match[str]) -> list[re.Match[str]]:
        return list(self.pair.finditer(rest))

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The lines that are of it; others are counted."""
        content = read_all(source, where)
        check_text(content, where)
        content, cut = whole_lines(content.removeprefix(b"\xef\xbb\xbf"))
        names: list[str] = []
        quoted: dict[str, None] = {}
        flags: dict[str, None] = {}
        rows, places, bad = [], [], []
        lines = content.decode().split("\n")
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\r ")
            if not line:
                continue
            row = self._row(line)
            if row is None:
                bad.append(number)
                continue
            _take_in(names, list(row[0]))
            quoted |= dict.fromkeys(row[1])
            flags |= dict.fromkeys(row[2])
            rows.append(row[0])
            places.append(number)
        notes = [CUT] if cut else []
        if bad:
            check_most(where, bad, len(rows), f"{self.name} of names and values", lines[bad[0] - 1])
            notes.append(left_out(bad, f"be no {self.name} of names and values"))
        if not rows:
            raise DataError(f"{where}: has no line of names and values. Expected at least one.")
        parts = {n: pl.Series([r.get(n) or None for r in rows], dtype=pl.String) for n in names}
        text = pl.DataFrame({n: part for n, part in parts.items() if len(part.drop_nulls())})
        unset = [n for n in names if any(row.get(n) == "" for row in rows)]
        text, more = _parted(text)
        said = {n: Said("text") for n in text.columns if _CODE.search(n)}
        said |= {n: Said("time") for n in ("logged", "rt", "start", "end") if n in text.columns}
        said |= {n: s for n, s in (how.said or {}).items() if s.sure or s.form}
        typed = read_text(text.lazy(), text.columns, said=said, comma=False)
        notes += words_of(typed, lambda row: f"line {places[row]:,}")
        columns = {n: f.to_json() for n, f in typed.forms.items()}
        columns[""] = {"format": self.name, "names": list(names), "quoted": list(quoted)}
        columns[""] |= {"unset": unset, "flags": list(flags), **more}
        return Sheet(typed.frame, columns, text.lazy(), tuple(f"{where}: {n}" for n in notes))

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """Lines as they were; further columns are pairs behind the others."""
        said = writing.file
        sorts = ("quoted", "unset", "flags")
        quoted, unset, flags = ({str(n) for n in said.get(key) or []} for key in sorts)

        def put(chunk: pl.DataFrame) -> None:
            text = _joined(as_text(writing.frame(chunk)).cast(pl.String), said)
            lacks = [pl.lit(None, pl.String).alias(n) for n in unset if n not in text.columns]
            text = text.with_columns(lacks).with_columns(pl.col(n).fill_null("") for n in unset)
            own = [str(n) for n in said.get("names") or [] if n in text.columns]
            own += [n for n in text.columns if n not in own]
            for row in text.select(own).iter_rows(named=True):
                file.write((self._line(row, quoted, flags) + "\n").encode())

        return Sink(put)

    def _line(self, row: Mapping[str, str | None], quoted: set[str], flags: set[str]) -> str:
        start = ""
        if row.get("logged"):
            pri = f"<{row['pri']}>" if row.get("pri") else ""
            pri += "1 " if row.get("syslog") else ""
            start = f"{pri}{row['logged']} {row.get('host') or '-'} "
            if any(row.get(name) is not None for name in _RFC):
                start += "".join(f"{row.get(name) or '-'} " for name in _RFC)
        pairs = []
        for name, value in row.items():
            if name in (*self.head.groupindex, *_RFC) or value is None:
                continue
            if name in flags:
                pairs += [name] * (value.lower() == "true")
            else:
                again = name.endswith("_") and name[:-1] in row
                pairs.append(self._pair(name[:-1] if again else name, value, name in quoted))
        sign = "^" if row.get("delimiter") == "^" else self.sign
        return start + self._head(row) + sign.join(pairs)

    def _pair(self, name: str, value: str, quoted: bool) -> str:
        if quoted or re.search(r'[\s"]', value):
            inner = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
            return f'{name}="{inner}"'
        return f"{name}={value}"

    def _head(self, row: Mapping[str, str | None]) -> str:
        """What stands before the pairs."""
        return ""


class Barred(KeyValue):
    """CEF and LEEF: a head between bars, and values without quotes."""

    def __init__(self, name: str, names: Sequence[str], pair: str, sign: str) -> None:
        head = rf"{name.upper()}:(?P<format>[\d.]+)\|"
        head += "".join(rf"(?P<{n}>(?:[^|\\]|\\.)*)\|" for n in names)
        if name == "leef":
            head += r"(?:(?P<delimiter>\^|x09|0x09)\|)?"
        self.names = names
        super().__init__(name, head, pair, "=", sign)

    def _pair(self, name: str, value: str, quoted: bool) -> str:
        value = value.replace("\n", r"\n").replace("\t", " ")
        return f"{name}={value.replace('=', chr(92) + '=') if self.name == 'cef' else value}"

    def _head(self, row: Mapping[str, str | None]) -> str:
        parts = [(row.get(n) or "").replace("|", r"\|") for n in self.names]
        parts += [row["delimiter"]] if row.get("delimiter") else []
        return "|".join([f"{self.name.upper()}:{row.get('format') or '0'}", *map(str, parts)]) + "|"


class Netfilter(KeyValue):
    """What the kernel logs of packets."""

    def _head(self, row: Mapping[str, str | None]) -> str:
        uptime = row.get("uptime")
        clock = f"[{uptime:>12}] " if uptime else ""
        return f"kernel: {clock}{row.get('prefix') or ''}"


FORMATS = (
    Barred("cef", ("vendor", "product", "version", "event_id", "event", "severity"),
           r"([\w.\[\]-]+)=(?:\0(\0))?((?:[^=\\]|\\.)*?)(?=\s+[\w.\[\]-]+=|\s*$)(\0)?", " "),
    Barred("leef", ("vendor", "product", "version", "event_id"),
           r"([^=\t|]+)=(?:\0(\0))?([^\t|^]*)(?=\t|\^|\||$)(\0)?", "\t"),
    Netfilter(
        "netfilter",
        r"(?:kernel: )(?:\[ *(?P<uptime>\d+\.\d+)\] ?)?(?P<prefix>.*?)(?=IN=)",
        r"(?:(\S+?)=(?:\0(\0))?(\S*)|([A-Z]+))(?=\s|$)",
        r"\bSRC=\S+ DST=",
    ),
    KeyValue(
        "logfmt",
        r"",
        rf'({_WORD})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=[\s,]|$)(\0)?',
        rf"^\s*{_WORD}=.*\s{_WORD}=.*\s{_WORD}=",
    ),
)  # fmt: skip


def _take_in(names: list[str], new: Sequence[str]) -> None:
    """Put new names behind those that they stand behind in a row."""
    known = set(names)
    for i, name in enumerate(new):
        if name not in known:
            names.insert(names.index(new[i - 1]) + 1 if i else 0, name)


def _parted(text: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Date and time in one column, hardware addresses in three; and what was done."""
    more: dict[str, Any] = {}
    if {_DATE, _TIME} <= set(text.columns):
        at = min(text.columns.index(n) for n in (_DATE, _TIME))
        both = text.select(pl.concat_str(_DATE, _TIME, separator=" ").alias(_TIME)).to_series()
        text = text.drop(_DATE, _TIME).insert_column(at, both)
        more["dated"] = True
    if "MAC" in text.columns:
        whole = text["MAC"]
        parts = whole.str.extract_groups(r"^((?:\w\w:){5}\w\w):((?:\w\w:){5}\w\w):(\w\w:\w\w)$")
        if parts.struct.field("1").null_count() == whole.null_count() < len(whole):
            at = text.columns.index("MAC")
            text = text.drop("MAC")
            for i, name in enumerate(_MAC):
                text.insert_column(at + i, parts.struct.field(str(i + 1)).alias(name))
            more["parted"] = True
    return text, more


def _joined(text: pl.DataFrame, said: Mapping[str, Any]) -> pl.DataFrame:
    """The inverse of `_parted`."""
    if said.get("dated") is True and _TIME in text.columns:
        parts = pl.col(_TIME).str.splitn(" ", 2).struct
        date, clock = parts.field("field_0"), parts.field("field_1")
        text = text.with_columns(date.alias(_DATE), clock.alias(_TIME))
    if said.get("parted") is True and set(_MAC) <= set(text.columns):
        whole = pl.concat_str(_MAC, separator=":").alias("MAC")
        text = text.with_columns(whole).drop(_MAC)
    return text
