"""What a person says of columns: COLUMN=KIND, before anything is inferred."""

from __future__ import annotations

import shlex
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from interfuse.errors import InterfuseWarning, OptionError
from interfuse.io.sheet import words_of
from interfuse.io.textforms import Said, read_text
from interfuse.io.times import TimeForm
from interfuse.kinds.table.links import without_broken
from interfuse.kinds.table.schema import ROLES, Schema, fit_to_frame

_OTHER_NAMES = {"time": "datetime"}


@dataclass(frozen=True)
class Asked:
    """Kinds that a person asks for.

    Attributes:
        kinds: by column.
        said: how its text is to be read.
    """

    kinds: dict[str, str] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Mapping[str, str] | None) -> Asked:
        """Read what was asked for.

        Args:
            asked: by column a kind of the schema; "time" stands for "datetime", and a pattern of
                its texts may follow: "time:%d/%m/%Y".

        Raises:
            OptionError: no such kind, or no such pattern.
        """
        kinds, said = {}, {}
        for name, text in (asked or {}).items():
            kind, _, pattern = str(text).partition(":")
            kind = _OTHER_NAMES.get(kind, kind)
            known = {k: role for k, role in ROLES.items() if role != "derived"}
            if kind not in known or (pattern and known[kind] != "time"):
                raise OptionError(
                    f"kinds: column {name!r} is asked to be {text!r}; expected one of "
                    f"{', '.join(known)}, or time:PATTERN such as time:%d/%m/%Y."
                )
            kinds[name] = kind
            said[name] = _reading(name, known[kind], pattern)
        return cls(kinds, said)

    def put(self, schema: Schema, types: Mapping[str, pl.DataType]) -> Schema:
        """The schema with these kinds.

        Raises:
            SchemaError: a column is not there, or cannot be of its kind.
        """
        for name, kind in self.kinds.items():
            if schema[name].kind != kind:
                schema = without_broken(schema.edited(name, kind=kind))
        return fit_to_frame(schema, dict(types)) if self.kinds else schema


def kinds_of(texts: Sequence[str]) -> dict[str, str]:
    """COLUMN=KIND as typed.

    Raises:
        OptionError: a text without "=", or a column twice.
    """
    out: dict[str, str] = {}
    for text in texts:
        name, sign, kind = text.rpartition("=")
        if not sign or not name:
            raise OptionError(f"--as: {text!r} is not COLUMN=KIND. Write --as zip=category.")
        if name in out:
            raise OptionError(f"--as: column {name!r} is given twice. Give it once.")
        out[name] = kind.strip()
    return out


def advice(name: str, kind: str) -> str:
    """How a person says of a column what it is."""
    return f"say `--as {shlex.quote(f'{name}={kind}')}`, in Python kinds={{{name!r}: {kind!r}}}"


def typed_as(lazy: pl.LazyFrame | pl.DataFrame, said: Mapping[str, Said]) -> pl.LazyFrame:
    """A frame whose columns of text are numbers or times where a person says so."""
    lazy = lazy.lazy()
    sure = {n: s for n, s in said.items() if s.sure}
    texts = [n for n, t in lazy.collect_schema().items() if n in sure and t == pl.String]
    if not texts:
        return lazy
    typed = read_text(lazy, texts, said=sure)
    for note in words_of(typed, lambda row: f"row {row}"):
        warnings.warn(f"the frame: {note}", InterfuseWarning, stacklevel=4)
    return typed.frame


def _reading(name: str, role: str, pattern: str) -> Said:
    if role == "number":
        return Said("number", sure=True)
    if role != "time":
        return Said("plain")
    try:
        if pattern:
            TimeForm.from_json({"pattern": pattern})
    except ValueError as error:
        raise OptionError(f"kinds: column {name!r}: {error}.") from None
    return Said("time", pattern=pattern, sure=True)
