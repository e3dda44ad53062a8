"""Frames to files, a chunk at a time, so that the file appears whole or not at all.

The extension names the format (`interfuse.io.formats`); `.gz`, `.zst`, `.bz2` or `.xz` behind it
packs the file. `-` is standard output, in CSV; a URL of a database makes a table there
(`interfuse.io.databases`). Only one chunk is in memory at a time.

Where a table is about another file, `Writing` has the forms of its columns and its delimiter: CSV
and TSV are then written as that file is.
"""

from __future__ import annotations

import contextlib
import lzma
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import polars as pl
import pyarrow as pa

from interfuse.errors import DataError, OptionError
from interfuse.io.databases import check_database, is_database, write_database
from interfuse.io.delimited import Csv
from interfuse.io.files import replacing
from interfuse.io.format import Format
from interfuse.io.formats import all_formats, ending_of, format_to_write, supported
from interfuse.io.written import Writing

STANDARD = Csv()
"""What goes to standard output."""


def check_target(path: str | Path, writing: Writing | None = None) -> None:
    """Check that `path` can be written, before any work is spent on what goes there.

    Args:
        path: target.
        writing: of the file that the table is about, whose format may be that of the target.

    Raises:
        DataError: the extension is unknown, the folder is missing or not writable, or `path` is a
            folder itself.
    """
    if str(path) == "-":
        return
    if is_database(str(path)):
        return check_database(str(path))
    path = Path(path)
    named = format_to_write(path, writing.like if writing else None).format
    ending = ending_of(path)[0]
    whose = [f.name for f in all_formats() if ending in f.shares]
    if named is None and whose:
        raise DataError(
            f"{path}: the extension {ending} is that of {' and '.join(whose)}, and the "
            f"data was none of them. Use one of {supported(written=True)}."
        )
    if named is None or not named.writes:
        raise DataError(
            f"{path}: the extension {''.join(path.suffixes[-2:]) or '(none)'} names no format that "
            f"can be written. Use one of {supported(written=True)}."
        )
    if path.is_dir():
        raise DataError(f"{path}: is a folder; expected the name of a file to write.")
    if not path.parent.is_dir():
        raise DataError(f"{path}: the folder {path.parent} does not exist. Make it first.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise DataError(f"{path}: the folder {path.parent} cannot be written. Choose another.")


def check_taken(path: str | Path, writing: Writing | None = None, **options: Any) -> None:
    """Check that the format of `path` takes the options that are given; None is not.

    Raises:
        OptionError: it does not.
    """
    kind = format_to_write(path, writing.like if writing else None).format or STANDARD
    for name, value in options.items():
        if value is not None and name not in kind.takes:
            takers = [f.name for f in all_formats() if name in f.takes]
            raise OptionError(
                f"--{name.replace('_', '-')}: is for {' and '.join(takers)}; {path} is "
                f"{kind.name}. Drop it."
            )


def writes_text(path: str | Path, writing: Writing | None = None) -> bool:
    """Whether what is written there is delimited text, in which cells have a form."""
    kind = format_to_write(path, writing.like if writing else None).format
    return str(path) == "-" or (kind is not None and kind.text)


def holds_mixed(path: str | Path, writing: Writing | None = None) -> bool:
    """Whether a column of values that is written there can hold a text."""
    kind = None
    if str(path) != "-" and not is_database(str(path)):
        kind = format_to_write(path, writing.like if writing else None).format
    return kind is not None and kind.mixed


def write(
    frames: pl.DataFrame | Iterable[pl.DataFrame],
    path: str | Path,
    writing: Writing | None = None,
) -> int:
    """Write one frame, or many one after the other, and return the number of rows.

    An existing file is replaced only when the new one is complete; if `frames` raises, or the
    process is interrupted, what was there stays.

    Args:
        frames: chunks with the same columns; an empty stream of chunks is an error.
        path: target; see the module for the extensions. `-` is standard output.
        writing: the form of the columns' text, where CSV or TSV is written.

    Raises:
        DataError: see `check_target`; no chunk at all, chunks that differ in their columns, a type
            that the format cannot hold, or a full disk.
    """
    chunks = iter([frames] if isinstance(frames, pl.DataFrame) else frames)
    if is_database(str(path)):
        return write_database(chunks, str(path))
    check_target(path, writing)
    if str(path) == "-":
        return _write_to(sys.stdout.buffer, chunks, STANDARD, "standard output", writing)
    path = Path(path)
    kind, packing = format_to_write(path, writing.like if writing else None)
    assert kind is not None  # by check_target
    with replacing(path) as temporary, _opened(temporary, packing) as sink:
        return _write_to(sink, chunks, kind, str(path), writing)


@contextlib.contextmanager
def _opened(path: Path, packing: str | None) -> Iterator[IO[bytes]]:
    """The file, open for writing, packed on the way if asked; on the disk when it closes."""
    with path.open("wb") as file:
        if packing is None:
            yield file
        elif packing == "xz":
            with lzma.LZMAFile(file, "wb") as packed:
                yield packed  # type: ignore[misc]
        else:
            with pa.CompressedOutputStream(file, packing) as packed:
                yield packed  # type: ignore[misc]
    # Opened again, because pyarrow closes the file beneath a packed stream.
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _write_to(
    sink: IO[bytes],
    chunks: Iterator[pl.DataFrame],
    kind: Format,
    where: str,
    writing: Writing | None,
) -> int:
    first = next(chunks, None)
    if first is None:
        raise DataError(f"{where}: there is nothing to write, not even the names of columns.")
    schema, rows = first.schema, 0
    kind.check(schema, where)
    into = kind.open(sink, first, writing or Writing({}))
    try:
        chunk: pl.DataFrame | None = first
        while chunk is not None:
            if chunk.schema != schema:
                raise DataError(
                    f"{where}: chunks differ in their columns: {dict(chunk.schema)} after "
                    f"{dict(schema)}."
                )
            into.put(chunk)
            rows += chunk.height
            chunk = next(chunks, None)
    except BaseException:
        (into.drop or into.close)()
        raise
    into.close()
    return rows
