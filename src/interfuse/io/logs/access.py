r"""Access logs of web servers: Apache's common, combined and vhost layouts, and those of Nginx.

    192.0.2.1 - ann [10/Oct/2000:13:55:36 -0700] "GET /a?b=1 HTTP/1.0" 200 232 "-" "curl/8"

| column | what | Apache |
|---|---|---|
| vhost | the site and its port, where each line begins with it | `%v:%p` |
| host, ident, user | who asks | `%h %l %u` |
| time | when, with its zone | `%t` |
| method, path, protocol | what was asked; a line that is not HTTP is all `path` | `"%r"` |
| status, bytes | of the answer | `%>s %b` |
| referrer, agent | of the combined layout | `"%{Referer}i" "%{User-Agent}i"` |
| field_1, ... or the name in `name=value` | whatever stands behind these | |

`-` is missing, `""` is an empty text. `\"` in a text in quotes is a quote; other escapes stay as
they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from interfuse.io.logs.textlog import Parts, TextLog
from interfuse.io.textforms import Said
from interfuse.io.times import TimeForm

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_HEAD = r"(\S+) (\S+) (.+?) \[(\d\d?/[A-Za-z]{3}/\d{4}:[^\]]+)\] " + _QUOTED + r" (\d{3}|-) (\d+|-)"
_AGENT = rf" {_QUOTED} {_QUOTED}"
_MORE = r' (?:[\w.-]+=)?(?:"(?:[^"\\]|\\.)*"|[^\s"]+)'
_TOKEN = re.compile(r' (?:([\w.-]+)=)?("(?:[^"\\]|\\.)*"|[^\s"]+)')
_REQUEST = r"^([A-Z][A-Z_-]*) (\S+)(?: (HTTP/\d(?:\.\d)?))?$"
_NAMES = ("host", "ident", "user", "time", "request", "status", "bytes")
_COMBINED = ("referrer", "agent")
_TEXTS = ("request", "referrer", "agent")
_ASKED = ("method", "path", "protocol")
_MOST = 12


class Access(TextLog):
    """Apache's and Nginx's access logs."""

    name = "access-log"
    line = "line of an access log, as 'host - user [time] \"GET / HTTP/1.1\" 200 1234'"

    def parts_of(self, lines: Sequence[str]) -> Parts | None:
        """Whether there are a site, a referrer and an agent, and how much stands behind them."""
        for vhost in ("", r"(\S+) "):
            whole = re.compile(rf"^{vhost}{_HEAD}(?:{_AGENT})?((?:{_MORE})*) ?$")
            found = [f for line in lines if (f := whole.match(line))]
            if len(found) and 2 * len(found) >= len(lines):
                break
        else:
            return None
        start = len(_NAMES) + bool(vhost)
        combined = 2 * sum(f[start + 1] is not None for f in found) >= len(found)
        behind = [_TOKEN.findall(f[start + 3]) for f in found]
        many = min(max(map(len, behind)), _MOST)
        names = [f"field_{i + 1}" for i in range(many)]
        for i in range(many):
            keys = {tokens[i][0] for tokens in behind if len(tokens) > i}
            if len(keys) == 1 and "" not in keys:
                names[i] = next(iter(keys))
        keyed = [bool(n) and n != f"field_{i + 1}" for i, n in enumerate(names)]
        fixed = ["vhost"] * bool(vhost) + [*_NAMES, *_COMBINED * combined]
        names = [n + "_" * (n in {*fixed, *_ASKED}) for n in names]
        pattern = f"^{vhost}{_HEAD}" + (f"(?:{_AGENT})" if combined else "")
        pattern += "".join(
            rf"(?: {re.escape(n.rstrip('_')) + '=' if key else ''}(\"(?:[^\"\\]|\\.)*\"|[^\s\"]+))?"
            for n, key in zip(names, keyed, strict=True)
        )
        keys = [n for n, key in zip(names, keyed, strict=True) if key]
        said: dict[str, Said] = dict.fromkeys([*fixed, *_ASKED], Said("text"))
        said |= {"status": Said("number"), "bytes": Said("number")}
        said["time"] = Said("time", form=_clock(found, bool(vhost)))
        signs = [[t[i][1][:1] == '"' for t in behind if len(t) > i] for i in range(many)]
        quoted = [n for n, sign in zip(names, signs, strict=True) if 2 * sum(sign) > len(sign)]
        more = {"order": [*fixed, *names], "keys": keys, "quoted": quoted}
        return Parts(pattern + " ?$", (*fixed, *names), said, more)

    def columns(self, parts: pl.LazyFrame) -> pl.LazyFrame:
        """Missing where there is a dash; the request in three."""
        out: list[pl.Expr] = []
        for name in parts.collect_schema().names():
            text = pl.when(pl.col(name) != "-").then(pl.col(name))
            if name not in (*_NAMES, *_COMBINED, "vhost"):
                text = text.str.replace('^"(.*)"$', "$1")  # a field behind the others
            if name == "request":
                whole = text.str.replace_all(r"\"", '"', literal=True)
                asked = whole.str.extract_groups(_REQUEST)
                path = asked.struct.field("2").fill_null(whole)
                out += [asked.struct.field("1").alias("method"), path.alias("path")]
                out.append(asked.struct.field("3").alias("protocol"))
            else:
                out.append(text.str.replace_all(r"\"", '"', literal=True).alias(name))
        return parts.select(out)

    def ended(self, content: bytes) -> bool:
        """A line that ends in a quote is whole."""
        return content[-1:] in (b"\n", b'"') or b"\n" not in content

    def lines(self, text: pl.DataFrame, said: Mapping[str, Any]) -> pl.Series:
        """Lines in the layout that the log had; columns that it did not have stand behind them."""
        order = said.get("order")
        order = list(map(str, order)) if isinstance(order, list) else [*_NAMES, *_COMBINED]
        keys, quoted = ([str(n) for n in said.get(key) or []] for key in ("keys", "quoted"))
        known = [n for name in order for n in (_ASKED if name == "request" else (name,))]
        new = [n for n in text.columns if n not in known]
        missing = [n for n in known if n not in text.columns]
        text = text.with_columns(pl.lit(None, pl.String).alias(n) for n in missing)
        parts = [self._part(name, keys, quoted) for name in order]
        parts += [pl.concat_str(pl.lit(f"{name}="), _token(name)) for name in new]
        return text.select(pl.concat_str(parts, separator=" ").alias("line")).to_series()

    def _part(self, name: str, keys: Sequence[str], quoted: Sequence[str]) -> pl.Expr:
        dash = pl.col(name).fill_null("-") if name != "request" else pl.lit("")
        if name == "request":
            parts = [pl.col("method"), pl.col("path"), pl.col("protocol")]
            asked = pl.concat_str(parts, separator=" ", ignore_nulls=True)
            asked = pl.when(pl.any_horizontal(p.is_not_null() for p in parts)).then(asked)
            return _in_quotes(asked)
        if name == "time":
            return pl.concat_str(pl.lit("["), dash, pl.lit("]"))
        if name in _TEXTS:
            return _in_quotes(pl.col(name))
        if name in (*_NAMES, "vhost"):
            return dash
        token = _in_quotes(pl.col(name)) if name in quoted else _token(name)
        return pl.concat_str(pl.lit(f"{name.rstrip('_')}="), token) if name in keys else token


def _in_quotes(text: pl.Expr) -> pl.Expr:
    text = text.str.replace_all('"', r"\"", literal=True).str.replace_all("\n", r"\n", literal=True)
    return pl.concat_str(pl.lit('"'), text.fill_null("-"), pl.lit('"'))


def _token(name: str) -> pl.Expr:
    """A field behind the others: in quotes unless it is one word."""
    text = pl.col(name).fill_null("-")
    bare = text.str.contains(r'^[^\s"=]+$')
    return pl.when(bare).then(text).otherwise(_in_quotes(pl.col(name)))


def _clock(found: Sequence[re.Match[str]], vhost: bool) -> TimeForm:
    """How times are written; the zone is the commonest of the first lines."""
    times = [f[4 + vhost] for f in found]
    zones = [t.rpartition(" ")[2] for t in times if " " in t]
    if 2 * len(zones) < len(times):
        return TimeForm("%d/%b/%Y:%H:%M:%S")
    zone = max(sorted(set(zones)), key=zones.count)
    return TimeForm("%d/%b/%Y:%H:%M:%S %z", zone=zone, varies=len(set(zones)) > 1)


FORMATS = (Access(),)
