"""Frames to files, a chunk at a time, so that the file appears whole or not at all.

The extension names the format: `.csv`, `.tsv`, `.jsonl` or `.ndjson`, `.parquet`, `.arrow`,
`.feather` or `.ipc`, and any of these with `.gz` or `.zst` behind it. `-` is standard output, in
CSV. Only one chunk is in memory at a time.

Where a table is about another file, `Writing` has the forms of its columns and its delimiter: CSV
and TSV are then written as that file is.

Text formats have no types, so these are written in forms that `interfuse.io.read` reads back:

| type | CSV, TSV | JSON lines |
|---|---|---|
| date, time | `2024-02-29`, `23:59:58` and a fraction of 3, 6 or 9 digits | the same, as text |
| date and time | `2024-02-29T23:59:58`, fraction of 3, 6 or 9 digits by the unit | the same |
| ... with a zone | the same instant in UTC, ending in `Z` | the same |
| duration | ISO 8601, `P1DT2H3.5S` | the same |
| boolean | `true`, `false` | the same, bare |
| number not finite | `inf`, `-inf`; a NaN is written as missing | missing |
| missing | nothing between the delimiters; empty text is `""` | `null` |
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from interfuse.errors import DataError
from interfuse.io.files import replacing
from interfuse.io.formats import SUPPORTED, format_of
from interfuse.io.written import Writing

_DIGITS = {"ms": "%.3f", "us": "%.6f", "ns": "%.9f"}


def check_target(path: str | Path) -> None:
    """Check that `path` can be written, before any work is spent on what goes there.

    Raises:
        DataError: the extension is unknown, the folder is missing or not writable, or `path` is a
            folder itself.
    """
    if str(path) == "-":
        return
    path = Path(path)
    if format_of(path)[0] is None:
        raise DataError(
            f"{path}: the extension {''.join(path.suffixes[-2:]) or '(none)'} names no format that "
            f"can be written. Use one of {SUPPORTED}."
        )
    if path.is_dir():
        raise DataError(f"{path}: is a folder; expected the name of a file to write.")
    if not path.parent.is_dir():
        raise DataError(f"{path}: the folder {path.parent} does not exist. Make it first.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise DataError(f"{path}: the folder {path.parent} cannot be written. Choose another.")


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
    check_target(path)
    chunks = iter([frames] if isinstance(frames, pl.DataFrame) else frames)
    if str(path) == "-":
        return _write_to(sys.stdout.buffer, chunks, "csv", "standard output", writing)
    path = Path(path)
    kind, packing = format_of(path)
    assert kind is not None  # by check_target
    with replacing(path) as temporary, _opened(temporary, packing) as sink:
        return _write_to(sink, chunks, kind, str(path), writing)


@contextlib.contextmanager
def _opened(path: Path, packing: str | None) -> Iterator[IO[bytes]]:
    """The file, open for writing, packed on the way if asked; on the disk when it closes."""
    with path.open("wb") as file:
        if packing is None:
            yield file
        else:
            with pa.CompressedOutputStream(file, packing) as packed:
                yield packed  # type: ignore[misc]
    # Opened again, because pyarrow closes the file beneath a packed stream.
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _write_to(
    sink: IO[bytes],
    chunks: Iterator[pl.DataFrame],
    kind: str,
    where: str,
    writing: Writing | None,
) -> int:
    first = next(chunks, None)
    if first is None:
        raise DataError(f"{where}: there is nothing to write, not even the names of columns.")
    schema, rows = first.schema, 0
    _check_types(schema, kind, where)
    with contextlib.closing(_sink(sink, first, kind, writing)) as put:
        chunk: pl.DataFrame | None = first
        while chunk is not None:
            if chunk.schema != schema:
                raise DataError(
                    f"{where}: chunks differ in their columns: {dict(chunk.schema)} after "
                    f"{dict(schema)}."
                )
            put(chunk)
            rows += chunk.height
            chunk = next(chunks, None)
    return rows


class _sink:
    """Writes chunks of one format; `close` ends the file."""

    def __init__(
        self, sink: IO[bytes], first: pl.DataFrame, kind: str, writing: Writing | None
    ) -> None:
        self._file: Any = None
        self._put: Callable[[pl.DataFrame], object]
        if kind in ("csv", "tsv"):
            form = writing or Writing({})
            tab = "\t" if kind == "tsv" else form.delimiter or ","
            sink.write(first.clear().write_csv(separator=tab).encode())
            self._put = lambda c: sink.write(
                as_text(form.frame(c)).write_csv(include_header=False, separator=tab).encode()
            )
        elif kind == "jsonl":
            self._put = lambda c: sink.write(as_text(c).write_ndjson().encode())
        else:
            schema = _arrow(first.clear()).schema
            if kind == "parquet":
                self._file = pq.ParquetWriter(sink, schema, compression="zstd")
            else:
                self._file = pa.ipc.new_file(sink, schema)
            self._put = lambda c: self._file.write_table(_arrow(c).cast(schema))

    def __call__(self, chunk: pl.DataFrame) -> None:
        self._put(chunk)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _arrow(frame: pl.DataFrame) -> pa.Table:
    # Dictionaries differ from chunk to chunk; text does not. Enum keeps its categories.
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).to_arrow()


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with temporal columns in the forms of the module's table."""
    out = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Datetime):
            form = "%Y-%m-%dT%H:%M:%S" + _DIGITS[dtype.time_unit or "us"]
            if dtype.time_zone is None:
                column = column.dt.to_string(form)
            else:
                column = column.dt.convert_time_zone("UTC").dt.to_string(form + "Z")
        elif dtype == pl.Duration:
            column = column.dt.to_string("iso")
        elif dtype == pl.Time:
            column = column.dt.to_string("%H:%M:%S%.9f")
        elif dtype == pl.Date:
            column = column.dt.to_string("%Y-%m-%d")
        elif dtype.is_float():
            column = column.fill_nan(None)
        out.append(column)
    return frame.with_columns(out)


def _check_types(schema: pl.Schema, kind: str, where: str) -> None:
    if kind not in ("csv", "tsv"):
        return
    for name, dtype in schema.items():
        if dtype.is_nested() or dtype == pl.Binary:
            raise DataError(
                f"{where}: column {name!r} is {dtype}, which {kind.upper()} cannot hold. Write "
                "Parquet or Arrow, or turn the column into text."
            )
