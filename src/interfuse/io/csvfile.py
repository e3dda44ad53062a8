"""Delimited text to a typed lazy frame, or one clear error with its line.

The rules of the format:

* UTF-8 with or without a byte-order mark; the first line names the columns; the delimiter is the
  one of comma, semicolon, tab and bar by which the first lines agree best.
* Every row has as many fields as the header. A blank line is skipped, but in a table of one column
  it is a missing value. An empty field is missing; a quoted empty field is empty text.
* The whole file is read as text first and typed by `interfuse.io.texttypes`, which looks at every
  value, so that no type depends on which rows come first.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import polars as pl

from interfuse.errors import DataError
from interfuse.io.texttypes import typed

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_CHUNK = 1 << 20


def read_csv(source: Path | bytes, where: str, *, tabs: bool = False) -> pl.LazyFrame:
    """A lazy frame of a delimited text file, or of its bytes.

    Args:
        source: the file, or its unpacked content.
        where: how messages call it.
        tabs: prefer the tab where the first lines fit several delimiters equally well.

    Raises:
        DataError: not text, not UTF-8, no header, no rows, unnamed or repeated columns, rows that
            differ in length, or an unclosed quote.
    """
    check_text(source, where)
    delimiter = _sniff(source, tabs)
    names = _header(source, where, delimiter)
    # Explicit names: polars would rename repeated ones silently.
    lazy = pl.scan_csv(
        source,
        separator=delimiter,
        schema=dict.fromkeys(names, pl.String()),
        infer_schema=False,
        glob=False,
    )
    try:
        # Of all columns: where only some are asked for, polars lets rows pass that are too long.
        count = pl.len().alias(_free_name(names))
        seen = lazy.select(count, pl.all().null_count()).collect(engine="streaming").row(0)
    except pl.exceptions.PolarsError as error:
        _check_rows(source, where, delimiter, len(names))
        raise DataError(
            f"{where}: cannot be read as delimited text ({str(error).splitlines()[0]}). Expected "
            "CSV with one header line and quotes that are closed."
        ) from error
    rows, gaps = seen[0], seen[-1]
    # polars fills a short row with missing values; such a row ends in one.
    if rows and gaps and len(names) > 1:
        blank = _check_rows(source, where, delimiter, len(names))
        if blank:
            rows -= len(blank)
            index = _free_name(names)
            lazy = lazy.with_row_index(index)
            lazy = lazy.filter(~pl.col(index).is_in(blank)).drop(index)
    if not rows:
        raise DataError(
            f"{where}: has a header of {len(names)} columns but no rows. Expected at least one row."
        )
    return typed(lazy, names)


def _open(source: Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def check_text(source: Path | bytes, where: str) -> None:
    """Raise unless the bytes are UTF-8 text without NUL."""
    decoder, offset = codecs.getincrementaldecoder("utf-8")(), 0
    with _open(source) as file:
        while True:
            chunk = file.read(_CHUNK)
            if offset == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise DataError(
                    f"{where}: is encoded as UTF-16; expected UTF-8. Recode it, for example with "
                    "`iconv -f UTF-16 -t UTF-8`."
                )
            if b"\0" in chunk:
                raise DataError(
                    f"{where}: is binary, not text: a NUL at byte {offset + chunk.index(0)}. "
                    "Expected delimited text; if it is Parquet or Arrow, name it so."
                )
            carried = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                at = offset - carried + error.start
                raise DataError(
                    f"{where}: is not UTF-8: byte 0x{error.object[error.start]:02x} at byte {at}. "
                    "Recode it, for example with `iconv -f WINDOWS-1252 -t UTF-8`."
                ) from None
            if not chunk:
                return
            offset += len(chunk)


def _records(source: Path | bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The line where each record starts, and its fields; a blank line has none."""
    old = csv.field_size_limit(2**31 - 1)
    try:
        with io.TextIOWrapper(_open(source), encoding="utf-8-sig", newline="") as text:
            reader, line = csv.reader(text, delimiter=delimiter), 1
            for fields in reader:
                yield line, fields
                line = reader.line_num + 1
    finally:
        csv.field_size_limit(old)


def _sniff(source: Path | bytes, tabs: bool) -> str:
    best, chosen = (0.0, 0), "\t" if tabs else ","
    for delimiter in ("\t", ",", ";", "|") if tabs else _DELIMITERS:
        widths = [len(f) for _, f in islice(_records(source, delimiter), 101) if f]
        if widths and widths[0] > 1:
            agree = sum(w == widths[0] for w in widths) / len(widths)
            if (agree, widths[0]) > best:
                best, chosen = (agree, widths[0]), delimiter
    return chosen


def _header(source: Path | bytes, where: str, delimiter: str) -> list[str]:
    names = next((fields for _, fields in _records(source, delimiter) if fields), None)
    if names is None:
        raise DataError(f"{where}: is empty. Expected a header line and rows.")
    if unnamed := [str(i) for i, name in enumerate(names, 1) if not name.strip()]:
        raise DataError(
            f"{where}: the header gives no name to column {', '.join(unnamed)} of {len(names)}. "
            "Name every column; an index that pandas wrote is left out with `index=False`."
        )
    check_unique(names, where)
    return names


def check_unique(names: list[str], where: str) -> None:
    """Raise if two columns share a name, or polars would take a name for a pattern of names."""
    for name in names:
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            raise DataError(
                f"{where}: a column is named {name!r}, which stands for a pattern of names. Rename "
                "it."
            )
    repeated = [f"{n!r} ({k} times)" for n, k in Counter(names).items() if k > 1]
    if repeated:
        raise DataError(
            f"{where}: columns share a name: {', '.join(repeated)}. Rename them so that every name "
            "occurs once."
        )


def _check_rows(source: Path | bytes, where: str, delimiter: str, width: int) -> list[int]:
    """Raise at the first row of another length; the numbers of the blank rows, from 0."""
    blank, row = [], -2  # the header is row -1
    fields: list[str] = []
    line = 0
    for line, fields in _records(source, delimiter):
        if row == -2 and not fields:
            continue  # before the header
        row += 1
        if not fields:
            blank.append(row)
        elif len(fields) != width:
            raise DataError(
                f"{where}: line {line} has {len(fields)} field{'s' * (len(fields) != 1)}; expected "
                f"{width}, as in the header, with {_DELIMITERS[delimiter]} as delimiter. Mend the "
                "line, or quote fields that hold the delimiter."
            )
    return blank


def _free_name(names: list[str]) -> str:
    name = "row"
    while name in names:
        name += "_"
    return name
