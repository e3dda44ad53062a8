r"""Layouts of lines as one writes them down: `<host> [<time>] "<method> <path>" <status:n>`.

A layout is read from left to right. What stands in `<...>` is a field, and between « and » what a
line may lack; a blank stands for one or more, all else for itself. A name may be followed by its
sort, and a width that it is filled up to from the left when it is written:

| | what | a line has |
|---|---|---|
| `<host>` | a word | no blank; `-` is missing |
| `<bytes:n>`, `<took:n>6>` | a number | |
| `<code:c>` | a number that only names something | |
| `<time:t>`, `<time:m>` | a time; one with months before days | |
| `<from:a>` | an address | |
| `<url:r>` | a request: the columns method, url and protocol | a line of HTTP, or any text |
| `<bytes:s>` | a number with a power of 1,000 | `1.2 M` |
| `<message:x>` | text | up to what follows |
| `<pri:p>` | a number in `<>` | as syslog has before its time |
| `<event=query>`, `<family=IP|IP6>` | one of these words | |

In quotes a word may have blanks, and `\"` is a quote.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

import polars as pl

from interfuse.io.textforms import Said

_TOKEN = re.compile(r"<(\w+)(?::([a-z])(?:>(\d+))?>|=([^>]+)>|>)|(«)|(»)|( +)|(.)")
_FOUR = r"(?:\d{1,3}\.){3}\d{1,3}"
_SIX = r"[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*?(?:%\w+)?"
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|-"
_INSIDE = r'(?:[^"\\]|\\.)*?'
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_DAYS = (
    r"(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} +\d{1,2} ",  # syslog, Apache's errors
    r"\d{4}[-/.]\d\d[-/.]\d\d[T ]",
    r"\d{1,2}[-/](?:[A-Z][a-z]{2}|\d\d)(?:[-/]\d{2,4})?[ :-]",
    "",
)
_TIME = "|".join(f"{day}{_CLOCK}" for day in _DAYS)
_TIME = rf"(?:{_TIME})(?:Z| ?[-+]\d\d:?\d\d| \d{{4}})?|\d{{9,}}(?:\.\d+)?|-"
_MONTHS_FIRST = "%m/%d/%Y-%H:%M:%S.%f"
_SORTS = {
    "": r"\S+?", "n": _NUMBER, "c": r"\d+|-", "t": _TIME, "a": rf"{_FOUR}|{_SIX}|-",
    "m": r"\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d\.\d+",
    "p": r"\d{1,3}", "s": r"\d+(?:\.\d+)? ?[KMGT]?", "x": r".*?",
}  # fmt: skip
_REQUEST = rf"(?:([A-Z][A-Z_-]*) )?({_INSIDE})(?: ([A-Z]+/\d(?:\.\d)?|-))?"
_POWERS = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
REQUEST = ("method", "protocol")


class _Field(NamedTuple):
    """A field of a layout: sort, width, words that it may be, and whether it is in quotes."""

    name: str
    sort: str
    width: int
    words: tuple[str, ...]
    quoted: bool


class Layout:
    """One layout.

    Args:
        text: what it is, as above.
    """

    def __init__(self, text: str) -> None:
        self.parts = _parts(text)
        self.names: list[str] = []
        self.said: dict[str, Said] = {}
        self.pattern = self._pattern(self.parts)
        self.must = _names([p for p in self.parts if not isinstance(p, list)])

    def _pattern(self, parts: Sequence[str | _Field | list]) -> str:
        out = []
        for part in parts:
            if isinstance(part, list):
                out.append(f"(?:{self._pattern(part)})?")
            elif isinstance(part, str):
                out.append(" +" if part.isspace() else re.escape(part))
            elif part.sort == "r":
                self.names += ["method", part.name, "protocol"]
                self.said |= dict.fromkeys(self.names[-3:], Said("text"))
                out.append(_REQUEST)
            else:
                self.names.append(part.name)
                number = part.sort in ("n", "s")
                sort = "number" if number else "time" if part.sort in ("t", "m") else "text"
                pattern = _MONTHS_FIRST if part.sort == "m" else ""
                self.said[part.name] = Said(sort, pattern=pattern)
                inside = _INSIDE if part.quoted and part.sort in ("", "x") else _SORTS[part.sort]
                words = "|".join(map(re.escape, part.words))
                around = "<({})>" if part.sort == "p" else "({})"
                out.append(around.format(words or inside))
        return "".join(out)

    def columns(self, names: Sequence[str]) -> list[pl.Expr]:
        """Parts of lines, under other names, as the texts of its columns."""
        scaled = {p.name for p in _fields(self.parts) if p.sort == "s"}
        out = []
        for name, part in zip(self.names, names, strict=True):
            text = pl.when(pl.col(part) != "-").then(pl.col(part))
            if name in scaled:
                sign = text.str.extract(r"([KMGT])$").replace_strict(
                    _POWERS, default=1.0, return_dtype=pl.Float64
                )
                number = text.str.extract(r"^([\d.]+)").cast(pl.Float64) * sign
                text = number.round().cast(pl.Int64).cast(pl.String)
            else:
                text = text.str.replace_all(r"\"", '"', literal=True)
            out.append(text.alias(name))
        return out

    def fits(self, columns: Sequence[str]) -> pl.Expr:
        """Whether a row can be such a line: what all of them have is there."""
        known = [n for n in self.must if n in columns]
        words = [p for p in self.parts if isinstance(p, _Field) and p.words]
        tests = [pl.col(p.name).is_in(p.words).fill_null(False) for p in words if p.name in columns]
        dashes = {p.name for p in _fields(self.parts) if p.sort not in ("x",) and not p.words}
        tests += [pl.col(n).is_not_null() for n in known if n not in dashes]
        return pl.all_horizontal(pl.lit(True), *tests)

    def given(self, columns: Sequence[str]) -> pl.Expr:
        """How many of its columns a row has, less those of others that it has."""
        own = [pl.col(n).is_not_null().cast(pl.Int64) for n in self.names if n in columns]
        other = [pl.col(n).is_not_null().cast(pl.Int64) for n in columns if n not in self.names]
        lacks = [pl.col(n).is_null().cast(pl.Int64) for n in self.must if n in columns]
        zero = pl.lit(0, pl.Int64)
        return pl.sum_horizontal(zero, *own) - pl.sum_horizontal(zero, *other, *lacks)

    def always(self, found: Sequence[re.Match[str]], first: int) -> list[str]:
        """The fields that all of some lines have, whose first is this group of an expression."""
        every = enumerate(self.names, first)
        return [n for i, n in every if found and all(f[i] is not None for f in found)]

    def line(self, always: Collection[str]) -> pl.Expr:
        """The lines of rows of text; with a dash for fields that all lines have."""
        return _line(self.parts, always)


def _fields(parts: Sequence[str | _Field | list]) -> list[_Field]:
    out: list[_Field] = []
    for part in parts:
        if isinstance(part, list):
            out += _fields(part)
        elif isinstance(part, _Field):
            out.append(part)
    return out


def _names(parts: Sequence[str | _Field | list]) -> list[str]:
    return [p.name for p in parts if isinstance(p, _Field)]


def _parts(text: str) -> list[str | _Field | list]:
    stack: list[list[str | _Field | list]] = [[]]
    for match in _TOKEN.finditer(text):
        name, sort, width, words, opens, closes, blank, sign = match.groups()
        if opens:
            stack.append([])
        elif closes:
            inner = stack.pop()
            stack[-1].append(inner)
        elif blank:
            stack[-1].append(blank)
        elif sign:
            stack[-1].append(sign)
        else:
            quoted = stack[-1][-1:] == ['"']
            some = tuple(words.split("|")) if words else ()
            stack[-1].append(_Field(name, sort or "", int(width or 0), some, quoted))
    return stack[0]


def _line(parts: Sequence[str | _Field | list], always: Collection[str]) -> pl.Expr:
    out: list[pl.Expr] = []
    for part in parts:
        if isinstance(part, str):
            out.append(pl.lit(part))
        elif isinstance(part, list):
            inner, names = _line(part, always), [f.name for f in _fields(part)]
            if not names or set(names) & set(always):
                out.append(inner)
                continue
            there = pl.any_horizontal(pl.col(n).is_not_null() for n in names)
            out.append(pl.when(there).then(inner).otherwise(pl.lit("")))
        elif part.sort == "r":
            words = [_value(pl.col(n), True) for n in ("method", part.name, "protocol")]
            asked = pl.concat_str(words, separator=" ", ignore_nulls=True)
            some = pl.any_horizontal(pl.col(n).is_not_null() for n in ("method", part.name))
            out.append(pl.when(some).then(asked).otherwise(pl.lit("-")))
        else:
            text = _value(pl.col(part.name), part.quoted)
            if part.sort in ("", "a", "n", "c") and not part.quoted:
                text = text.str.replace_all(r"\s+", "_")
            if part.sort == "n":
                text = text.str.replace(r"^-1\.0+$", "-1")  # of what did not come to pass
            if part.sort == "p":
                text = pl.concat_str(pl.lit("<"), text, pl.lit(">"))
            text = text.fill_null("" if part.sort == "x" and not part.quoted else "-")
            out.append(text.str.pad_start(part.width) if part.width else text)
    return pl.concat_str(out)


def _value(text: pl.Expr, quoted: bool) -> pl.Expr:
    text = text.str.replace_all("\n", r"\n", literal=True)
    return text.str.replace_all('"', r"\"", literal=True) if quoted else text
