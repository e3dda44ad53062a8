"""Writing a Zeek log: the first lines, rows in the log's own spelling, and `#close`.

`#open` and `#close` are the earliest and the latest time in the rows, not the hour of writing: the
same rows give the same file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import IO

import polars as pl

from interfuse.io.astext import as_text
from interfuse.io.format import Sink
from interfuse.io.logs.zeekhead import Head, write_codes
from interfuse.io.written import Writing

_LISTS = ("set[", "vector[", "table[")


def opened_log(file: IO[bytes], first: pl.DataFrame, writing: Writing, head: Head) -> Sink:
    """Begin a log.

    Args:
        file: open and empty.
        first: the first chunk. Fields of the log that it lacks are unset in every row; columns that
            the log does not know stand behind its fields.
        writing: the form of the columns' text.
        head: of the log that the rows are about.
    """
    more = [n for n in first.columns if n not in head.fields]
    names = (*head.fields, *more)
    known = head.types or ("string",) * len(head.fields)
    types = (*known, *(_type(first.schema[n]) for n in more))
    clock = next((n for n, t in zip(names, types, strict=True) if t == "time"), None)
    sign, latest = head.separator, [float("-inf")]

    def line(*words: str) -> None:
        file.write((sign.join(words) + "\n").encode())

    file.write(f"#separator \\x{ord(sign):02x}\n".encode())
    line("#set_separator", head.set_separator)
    line("#empty_field", head.empty_field)
    line("#unset_field", head.unset_field)
    line("#path", head.path or "-")
    begin = _span(_text(first, writing), clock)
    if begin is not None:
        line("#open", _moment(begin[0]))
    line("#fields", *names)
    line("#types", *types)

    def put(chunk: pl.DataFrame) -> None:
        text = _text(chunk, writing)
        span = _span(text, clock)
        latest[0] = max(latest[0], span[1] if span else latest[0])
        each = zip(names, types, strict=True)
        columns = [_spelled(text, name, sort, head) for name, sort in each]
        if not text.height:
            return
        # In the first field a mark would begin a comment.
        columns[0] = columns[0].str.replace("^#", r"\x23")
        rows = pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator=sign)).to_series()
        file.write(("\n".join(rows.to_list()) + "\n").encode())

    def close() -> None:
        if latest[0] > float("-inf"):
            line("#close", _moment(latest[0]))

    return Sink(put, close)


def _text(chunk: pl.DataFrame, writing: Writing) -> pl.DataFrame:
    """All columns as text, truth values as T and F."""
    text = as_text(writing.frame(chunk))
    bools = [pl.col(n) for n, t in text.schema.items() if t == pl.Boolean]
    text = text.with_columns(
        pl.when(yes).then(pl.lit("T")).when(~yes).then(pl.lit("F")).alias(yes.meta.output_name())
        for yes in bools
    )
    return text.cast(pl.String)


def _spelled(text: pl.DataFrame, name: str, sort: str, head: Head) -> pl.Series:
    if name not in text.columns:
        return pl.Series(name, [head.unset_field] * text.height, dtype=pl.String)
    column = text[name]
    plain = column.filter(column != "")
    if not sort.startswith(_LISTS) and len(plain):
        column = write_codes(column, head)
    return column.replace([""], [head.empty_field]).fill_null(head.unset_field)


def _span(text: pl.DataFrame, clock: str | None) -> tuple[float, float] | None:
    """The first and the last of the times in a chunk, in seconds since 1970."""
    if clock not in text.columns:
        return None
    seconds = text[clock].cast(pl.Float64, strict=False).drop_nulls()
    return (float(seconds.min()), float(seconds.max())) if len(seconds) else None  # type: ignore[arg-type]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d-%H-%M-%S")


def _type(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "int"
    return "double" if dtype.is_float() else "bool" if dtype == pl.Boolean else "string"
