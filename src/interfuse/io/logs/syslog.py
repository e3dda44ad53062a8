"""Lines of syslog: RFC 5424, RFC 3164, and the latter with the times of the former.

    <34>Oct 11 22:14:15 host su[230]: 'su root' failed
    2024-03-21T10:30:00.123456+01:00 host su[230]: 'su root' failed
    <165>1 2003-10-11T22:14:15.003Z host app 8710 ID47 [data key="value"] An event

Columns are `facility` and `severity` (the number at the beginning is 8 * facility + severity),
`time`, `host`, `program`, `pid`, and in RFC 5424 `msgid` and `data`, then `message`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import polars as pl

from interfuse.io.logs.textlog import Parts, TextLog
from interfuse.io.textforms import Said

_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
_BSD = r"[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d"
_TAG = r"(?:([^\s:\[\]]+)(?:\[([^\]\s]*)\])?: ?)?(.*)$"
_LAYOUTS = {
    "5424": (
        rf"^<(\d{{1,3}})>1 ({_STAMP}|-) (\S+) (\S+) (\S+) (\S+) "
        r'(-|(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+)(?: (.*))?$',
        ("pri", "time", "host", "program", "pid", "msgid", "data", "message"),
    ),
    "3164": (
        rf"^(?:<(\d{{1,3}})>)?({_BSD}) (\S+) {_TAG}",
        ("pri", "time", "host", "program", "pid", "message"),
    ),
    "iso": (
        rf"^(?:<(\d{{1,3}})>)?({_STAMP}) (\S+) {_TAG}",
        ("pri", "time", "host", "program", "pid", "message"),
    ),
}


class Syslog(TextLog):
    """Files of syslog daemons."""

    name = "syslog"
    shares: ClassVar[tuple[str, ...]] = (".log", ".txt", ".syslog")
    line = "line of syslog, as 'Oct 11 22:14:15 host program[pid]: message'"

    def parts_of(self, lines: Sequence[str]) -> Parts | None:
        """The first layout that most lines have."""
        for layout, (pattern, names) in _LAYOUTS.items():
            form = re.compile(pattern)
            found = [f for line in lines if (f := form.match(line))]
            if not found or 2 * len(found) < len(lines):
                continue
            said = dict.fromkeys(names, Said("text"))
            said |= {"facility": Said("number"), "severity": Said("number"), "time": Said("time")}
            if layout != "5424":
                said["pid"] = Said()
            has_pri = 2 * sum(f[1] is not None for f in found) >= len(found)
            return Parts(pattern, names, said, {"layout": layout, "pri": has_pri})
        return None

    def columns(self, parts: pl.LazyFrame) -> pl.LazyFrame:
        """The number at the beginning in two; in RFC 5424 missing where there is a dash."""
        pri = pl.col("pri").cast(pl.Int64)
        out: list[pl.Expr] = []
        if parts.select(pl.col("pri").is_not_null().any()).collect().item():
            out.append((pri // 8).cast(pl.String).alias("facility"))
            out.append((pri % 8).cast(pl.String).alias("severity"))
        names = parts.collect_schema().names()
        nil = names if "msgid" in names else []
        out += [
            (pl.when(pl.col(n) != "-").then(pl.col(n)) if n in nil else pl.col(n)).alias(n)
            for n in names
            if n != "pri"
        ]
        return parts.select(out)

    def lines(self, text: pl.DataFrame, said: Mapping[str, Any]) -> pl.Series:
        """Lines in the layout that the log had; columns that it did not have end the message."""
        layout = said.get("layout") if said.get("layout") in _LAYOUTS else "iso"
        own = ["facility", "severity", *_LAYOUTS[str(layout)][1][1:]]
        new = [n for n in text.columns if n not in own]
        lacks = [pl.lit(None, pl.String).alias(n) for n in own if n not in text.columns]
        text = text.with_columns(lacks)
        numbers = [pl.col(n).cast(pl.Float64, strict=False).round() for n in own[:2]]
        pri = (numbers[0] * 8 + numbers[1]).cast(pl.Int64, strict=False).cast(pl.String)
        pri = pl.concat_str(pl.lit("<"), pri, pl.lit(">"))  # missing where there is none
        if layout == "5424":
            pri = pl.concat_str(pri.fill_null("<13>"), pl.lit("1 "))
            rest = [pl.col(n).fill_null("-") for n in own[2:-1]]
        else:
            tag = pl.concat_str(
                pl.col("program"),
                pl.concat_str(pl.lit("["), pl.col("pid"), pl.lit("]")).fill_null(""),
                pl.lit(":"),
            )
            pri = (pri if said.get("pri") else pl.lit("")).fill_null("")
            rest = [pl.col("time").fill_null("-"), pl.col("host").fill_null("-"), tag]
        message = pl.col("message").str.replace_all("\n", r"\n", literal=True)
        more = [pl.concat_str(pl.lit(f"{n}="), pl.col(n).fill_null("-")) for n in new]
        line = pl.concat_str([*rest, message, *more], separator=" ", ignore_nulls=True)
        return text.select(pl.concat_str(pri, line).alias("line")).to_series()


FORMATS = (Syslog(),)
