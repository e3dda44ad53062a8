r"""What a Zeek log says of itself in its first lines, and how its values are spelled.

Zeek's ASCII writer (`scripts/base/frameworks/logging/writers/ascii.zeek`) begins a log with

    #separator \x09
    #set_separator<TAB>,
    #empty_field<TAB>(empty)
    #unset_field<TAB>-
    #path<TAB>conn
    #open<TAB>2024-03-21-10-30-00
    #fields<TAB>ts<TAB>uid<TAB>...
    #types<TAB>time<TAB>string<TAB>...

and ends it with `#close`. In values, bytes that cannot be printed, and the separator, are `\xNN`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from interfuse.errors import DataError
from interfuse.io.logs.lines import Content, positions

BEGIN = re.compile(rb"(\xef\xbb\xbf)?(#(?!separator)[^\n]*\n)*#separator[ \t]")
_CODE = re.compile(r"\\x([0-9a-fA-F]{2})")
_CODES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")


@dataclass(frozen=True)
class Head:
    """The first lines.

    Attributes:
        fields: names of the columns.
        types: of them, as Zeek calls them; empty if the log does not say.
        path: the name of the log.
        separator: between fields, one character.
        set_separator: between members of a set or a vector.
        empty_field: an empty text, set or vector.
        unset_field: no value.
    """

    fields: tuple[str, ...]
    types: tuple[str, ...] = ()
    path: str = ""
    separator: str = "\t"
    set_separator: str = ","
    empty_field: str = "(empty)"
    unset_field: str = "-"

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, said: Any) -> Head:
        """The inverse of `to_json`; an empty head for anything else."""
        try:
            fields, types = (tuple(map(str, said[key])) for key in ("fields", "types"))
            rest = {
                k: str(said[k]) for k in cls.__dataclass_fields__ if k not in ("fields", "types")
            }
        except (KeyError, TypeError):
            return cls(())
        sound = len(rest["separator"]) == 1 and len(types) in (0, len(fields))
        return cls(fields, types, **rest) if sound else cls(())

    @property
    def type_of(self) -> dict[str, str]:
        """By column its type in Zeek."""
        return dict(zip(self.fields, self.types, strict=False))


def marked_lines(content: Content) -> Iterator[tuple[int, bytes]]:
    """Where each line that begins with # stands, and the line."""
    for at in positions(content, b"#"):
        if at and content[at - 1 : at] != b"\n" and content[:at] != b"\xef\xbb\xbf":
            continue
        end = content.find(b"\n", at)
        yield at, content[at : end if end >= 0 else len(content)].rstrip(b"\r")


def heads_of(lines: Sequence[bytes], where: str) -> list[Head]:
    """The heads of all logs in a file: several, if logs were put one behind the other.

    Args:
        lines: those that begin with #.
        where: how messages call the file.

    Raises:
        DataError: a head is malformed.
    """
    out: list[Head] = []
    said: dict[str, str] = {}
    separator = "\t"
    for line in lines:
        text = line.decode(errors="replace")
        if text.startswith("#separator"):
            separator = _plain(text[len("#separator") :].strip(" ") or "\t")
            if len(separator) != 1:
                raise DataError(
                    f"{where}: its #separator is {separator!r}; expected one character. Let Zeek "
                    "write it with the default separator, or with JSON."
                )
            said = {}
            continue
        key, _, rest = text.partition(separator)
        said[key[1:]] = rest
        if key == "#fields" and not rest:
            raise DataError(f"{where}: its #fields names no field. Let Zeek write it again.")
        if key == "#fields":
            out.append(_head(said, separator))
        if key == "#types" and out:
            types = tuple(rest.split(separator))
            if len(types) != len(out[-1].fields):
                raise DataError(
                    f"{where}: #fields names {len(out[-1].fields)} fields and #types {len(types)}; "
                    "expected as many. Let Zeek write it again."
                )
            out[-1] = replace(out[-1], types=types)
    if not out:
        raise DataError(
            f"{where}: begins as a Zeek log but has no line #fields. Expected #fields and #types "
            "before the rows; fetch it again."
        )
    return out


def _head(said: dict[str, str], separator: str) -> Head:
    usual = {"path": "", "set_separator": ",", "empty_field": "(empty)", "unset_field": "-"}
    rest = {key: _plain(said.get(key) or word) for key, word in usual.items()}
    fields = tuple(said["fields"].split(separator))
    return Head(fields, separator=separator, path=rest["path"], unset_field=rest["unset_field"],
                set_separator=rest["set_separator"], empty_field=rest["empty_field"])  # fmt: skip


def _plain(text: str) -> str:
    """A text with its codes as the bytes that they stand for."""

    def spelled(found: re.Match[str]) -> str:
        return bytes(int(c, 16) for c in _CODE.findall(found[0])).decode("latin-1")

    return _CODES.sub(spelled, text)


def read_codes(column: pl.Series, head: Head) -> pl.Series:
    r"""Texts with `\xNN` as the characters that they stand for.

    A text that would not be written as it was (bytes that are no UTF-8, a backslash of its own)
    stays as it is.
    """
    some = column.filter(column.str.contains("\\x", literal=True)).unique()
    if not len(some):
        return column
    plain = pl.Series([_decoded(text) for text in some], dtype=pl.String)
    same = write_codes(plain, head) == some
    return column.replace(some.filter(same), plain.filter(same))


def _decoded(text: str) -> str:
    def spelled(found: re.Match[str]) -> str:
        codes = bytes(int(c, 16) for c in _CODE.findall(found[0]))
        try:
            return codes.decode()
        except UnicodeDecodeError:
            return found[0]

    return _CODES.sub(spelled, text)


def write_codes(column: pl.Series, head: Head) -> pl.Series:
    r"""Texts with what Zeek does not print as `\xNN`, and marked where they look like no value."""
    odd = column.str.contains(r"[\x00-\x1f\x7f]") | column.str.contains(
        head.separator, literal=True
    )
    if odd.any():
        some = column.filter(odd).unique()
        written = [_coded(text, head.separator) for text in some]
        column = column.replace(some, pl.Series(written, dtype=pl.String))
    for word in (head.unset_field, head.empty_field):
        column = column.replace([word], [f"\\x{ord(word[0]):02x}{word[1:]}"])
    return column


def _coded(text: str, separator: str) -> str:
    return "".join(
        f"\\x{ord(c):02x}" if ord(c) < 32 or ord(c) == 127 or c == separator else c for c in text
    )
