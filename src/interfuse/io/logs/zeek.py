r"""Zeek logs in their own layout; `zeekhead` has their first lines and the spelling of values.

Types are those of the log, nothing is guessed:

| Zeek | polars | read and written |
|---|---|---|
| time | Datetime(us) | seconds since 1970, six decimals |
| interval, double | Float64 | seconds; six decimals of an interval |
| count, int, port | Int64, or UInt64 where that is needed | |
| bool | Boolean | T, F |
| string, enum, addr, subnet, others | String | `\xNN` as its character, if that comes back |
| set[...], vector[...], table[...] | String | as it stands there |

The unset field is missing, the empty field is an empty text. A value that is not of its type counts
as missing, and is told of. Logs one behind the other (rotated, concatenated) are one table if they
have the same fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import polars as pl

from interfuse.errors import DataError
from interfuse.io.csvfile import check_unique
from interfuse.io.format import Format, Sink
from interfuse.io.forms import BooleanForm, Form
from interfuse.io.logs.lines import (
    CUT,
    check_most,
    count,
    in_memory,
    left_out,
    mapped,
    whole_lines,
)
from interfuse.io.logs.zeekhead import BEGIN, Head, heads_of, marked_lines, read_codes
from interfuse.io.logs.zeekout import opened_log
from interfuse.io.numbers import NumberForm
from interfuse.io.plaintext import check_text
from interfuse.io.sheet import Reading, Sheet, words_of
from interfuse.io.textforms import Loss, read_text
from interfuse.io.times import TimeForm
from interfuse.io.unread import texts_without_value
from interfuse.io.wide import facts_of
from interfuse.io.written import Writing

TIME = TimeForm("%s", digits=6, epoch="s")
_FORMS: dict[str, Form] = {
    "time": TIME,
    "interval": NumberForm(decimals=6),
    "bool": BooleanForm("T", "F"),
}
_NUMBERS = {
    "time": pl.Float64(), "interval": pl.Float64(), "double": pl.Float64(), "count": pl.Int64(),
    "int": pl.Int64(), "port": pl.Int64(),
}  # fmt: skip
_SORTS = {"time": "time", "bool": "truth value"}
_EXAMPLES = 3


class Zeek(Format):
    """The tab-separated logs of Zeek (once Bro)."""

    name = "zeek"
    special = True
    text = True
    writes = True
    shares = (".log", ".zeek", ".txt")

    def starts(self, start: bytes) -> bool:
        """A line `#separator`, behind comments at most."""
        return BEGIN.match(start) is not None

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """All logs in it, which have the same fields."""
        source = in_memory(source)
        check_text(source, where)
        log, notes = _whole(source, where)
        head = log.head
        check_unique(list(head.fields), where)
        frame, losses, rows = _typed(log, how)
        if not log.fits(rows):
            log, bad = _sifted(log, where)
            notes.append(left_out(bad, f"have other than the {len(head.fields)} fields of #fields"))
            frame, losses, rows = _typed(log, how)
        if not rows:
            raise DataError(
                f"{where}: is a Zeek log of {len(head.fields)} fields without rows. Expected at "
                "least one row."
            )
        said = {n: s for n, s in (how.said or {}).items() if s.sure or s.form is not None}
        texts = [n for n, t in frame.collect_schema().items() if t == pl.String and n in said]
        asked = read_text(frame, texts, said=said, times=how.times)
        columns: dict[str, Any] = {"": {"format": self.name, **head.to_json()}}
        columns |= {n: _FORMS[t].to_json() for n, t in head.type_of.items() if t in _FORMS}
        columns |= {n: f.to_json() for n, f in asked.forms.items()}
        told = replace(asked, frame=frame, losses=(*losses, *asked.losses))
        places = _Places(log.source)
        notes += words_of(told, lambda row: f"line {places[row]:,}")
        text = log.spelled(log.scan(), head.fields)
        notes = [f"{where}: {note}" for note in notes]
        unread = texts_without_value(asked.frame, text, [loss.column for loss in told.losses])
        return Sheet(asked.frame, columns, text, tuple(notes), unread=unread)

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """The first lines, rows, and `#close`."""
        return opened_log(file, first, writing, Head.from_json(writing.file))


FORMATS = (Zeek(),)


@dataclass(frozen=True)
class _Log:
    r"""A log: its lines end, and its rows have `signs` separators, `coded` says if any has `\x`."""

    source: Path | bytes
    head: Head
    signs: int
    coded: bool

    @classmethod
    def of(cls, source: Path | bytes, head: Head) -> _Log:
        """Count."""
        sign = head.separator.encode("latin-1")
        with mapped(source) as content:
            lines = list(marked_lines(content))
            signs = count(content, sign) - sum(line.count(sign) for _, line in lines)
            marked = sum(line.count(b"\\") for _, line in lines)
            return cls(source, head, signs, count(content, b"\\") > marked)

    def fits(self, rows: int) -> bool:
        """Whether so many rows may all have as many fields as the head says."""
        return rows >= 0 and self.signs == rows * (len(self.head.fields) - 1)

    def scan(self, types: Mapping[str, pl.DataType] | None = None) -> pl.LazyFrame:
        """The rows; text but for some columns."""
        return pl.scan_csv(
            self.source,
            separator=self.head.separator,
            quote_char=None,
            has_header=False,
            comment_prefix="#",
            schema={name: (types or {}).get(name, pl.String()) for name in self.head.fields},
            null_values=[self.head.unset_field],
            infer_schema=False,
            glob=False,
        )

    def spelled(self, lazy: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
        """The frame with texts as what they stand for."""
        head = self.head
        lazy = lazy.with_columns(
            pl.when(pl.col(n) == head.empty_field).then(pl.lit("")).otherwise(pl.col(n)).alias(n)
            for n in names
        )
        if not self.coded:
            return lazy
        return lazy.with_columns(
            pl.col(n).map_batches(lambda c: read_codes(c, head), return_dtype=pl.String)
            for n in names
            if "[" not in head.type_of.get(n, "")
        )


class _Places:
    """The line of each row; looked for only where there is something to say."""

    def __init__(self, source: Path | bytes) -> None:
        self._source = source
        self._lines: list[int] = []

    def __getitem__(self, row: int) -> int:
        if not self._lines:
            with mapped(self._source) as content:
                lines = content[:].split(b"\n")
            self._lines = [i for i, x in enumerate(lines, 1) if x.strip() and x[:1] != b"#"]
        return self._lines[row]


def _whole(source: Path | bytes, where: str) -> tuple[_Log, list[str]]:
    """The log up to its last line feed, and notes.

    Raises:
        DataError: it has no sound head, or several that differ.
    """
    with mapped(source) as content:
        heads = heads_of([line for _, line in marked_lines(content)], where)
        ends = content[-1:] == b"\n" or content[content.rfind(b"\n") + 1 :][:1] == b"#"
    kinds = {head.fields: head for head in heads}
    if len(kinds) > 1:
        some = ", ".join(f"{h.path or 'one'} of {len(h.fields)} fields" for h in kinds.values())
        raise DataError(
            f"{where}: holds logs of different fields ({some}). Expected one sort of log in a "
            "file; take them apart."
        )
    if ends:
        return _Log.of(source, heads[0]), []
    content = source if isinstance(source, bytes) else source.read_bytes()
    return _Log.of(whole_lines(content)[0], heads[0]), [CUT]


def _sifted(log: _Log, where: str) -> tuple[_Log, list[int]]:
    """The log of the lines that are rows or begin with #, and the numbers of the others."""
    sign, width = log.head.separator.encode("latin-1"), len(log.head.fields)
    content = log.source if isinstance(log.source, bytes) else log.source.read_bytes()
    good, bad, rows, first = [], [], 0, ""
    for number, line in enumerate(content.split(b"\n"), 1):
        if line[:1] == b"#":
            good.append(line)
        elif line.strip() and line.count(sign) == width - 1:
            good.append(line)
            rows += 1
        elif line.strip():
            first = first or line.decode(errors="replace")
            bad.append(number)
    check_most(where, bad, rows, f"{width} fields, as in #fields", first)
    return _Log.of(b"\n".join(good) + b"\n", log.head), bad


def _typed(log: _Log, how: Reading) -> tuple[pl.LazyFrame, tuple[Loss, ...], int]:
    """The columns in the types that the log says, values of another type, and how many rows.

    There are -1 rows if their lengths differ.
    """
    head = log.head
    numbers = {n: _NUMBERS[t] for n, t in head.type_of.items() if t in _NUMBERS}
    bools = [n for n, t in head.type_of.items() if t == "bool"]
    losses: tuple[Loss, ...] = ()
    found = _parsed(log, numbers, bools)
    if found is None:
        found = _parsed(log, {}, [])
        if found is None or not log.fits(found[1]):
            return log.scan(), (), -1
        casts, losses = _casts(found[0], head)
        found = found[0].with_columns(casts), found[1]
    else:
        found = found[0].with_columns((pl.col(n) == "T").alias(n) for n in bools), found[1]
    lazy, rows = found
    if not head.types and rows:
        typed = read_text(log.spelled(lazy, head.fields), head.fields, said=how.said)
        return typed.frame, typed.losses, rows
    times = [n for n, t in head.type_of.items() if t == "time"]
    micros = ((pl.col(n) * 1e6).round().cast(pl.Int64, strict=False) for n in times)
    lazy = lazy.with_columns(m.cast(pl.Datetime("us")) for m in micros)
    texts = [n for n in head.fields if n not in numbers and n not in bools]
    return log.spelled(lazy, texts), losses, rows


def _parsed(
    log: _Log, types: Mapping[str, pl.DataType], bools: Sequence[str]
) -> tuple[pl.LazyFrame, int] | None:
    """The rows in these types, and how many; None if polars cannot read them so.

    Args:
        log: the log.
        types: of columns that are no text.
        bools: columns that may hold T and F alone.
    """
    odd = pl.any_horizontal(pl.lit(False), *((~pl.col(n).is_in(["T", "F"])).any() for n in bools))
    try:
        lazy = log.scan(types)
        lazy = lazy.collect().lazy() if isinstance(log.source, bytes) else lazy
        asked = lazy.select(pl.len(), odd.alias("\0odd")).collect(engine="streaming")
    except pl.exceptions.PolarsError:
        return None
    rows, is_odd = asked.row(0)
    return None if is_odd else (lazy, rows)


def _casts(lazy: pl.LazyFrame, head: Head) -> tuple[list[pl.Expr], tuple[Loss, ...]]:
    """Expressions for columns some of whose values are not of the type that the log says."""
    values: dict[str, pl.Expr] = {}
    asked = {}
    for i, (name, sort) in enumerate(head.type_of.items()):
        text = pl.col(name)
        if sort == "bool":
            value = pl.when(text == "T").then(True).when(text == "F").then(False)
        elif sort in _NUMBERS:
            value = text.cast(_NUMBERS[sort], strict=False)
        else:
            continue
        values[name] = value
        lost = text.is_not_null() & value.is_null()
        asked[name] = [
            lost.sum().alias(f"{i}:lost"),
            text.count().alias(f"{i}:of"),
            (lost & text.cast(pl.UInt64, strict=False).is_null()).sum().alias(f"{i}:large"),
            pl.int_range(pl.len()).filter(lost).head(_EXAMPLES).implode().alias(f"{i}:row"),
            text.filter(lost).head(_EXAMPLES).implode().alias(f"{i}:value"),
        ]
    found = facts_of(lazy, asked)
    losses = []
    for i, (name, sort) in enumerate(head.type_of.items()):
        if name not in values or not found[f"{i}:lost"]:
            continue
        if sort == "count" and not found[f"{i}:large"]:
            values[name] = pl.col(name).cast(pl.UInt64, strict=False)
            continue
        some = zip(found[f"{i}:row"], found[f"{i}:value"], strict=True)
        examples = tuple((int(row), str(value)) for row, value in some)
        word = _SORTS.get(sort, "number")
        losses.append(Loss(name, found[f"{i}:lost"], found[f"{i}:of"], word, examples))
    return [value.alias(name) for name, value in values.items()], tuple(losses)
