"""Parquet and Arrow: columns with types, scanned and not loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from interfuse.errors import DataError, NoRowsError
from interfuse.io.csvfile import check_unique
from interfuse.io.format import Format, Sink
from interfuse.io.memory import most_bytes
from interfuse.io.sheet import Reading, Sheet
from interfuse.io.textsize import check_bytes, check_text_size
from interfuse.io.written import Writing

_NO_INDEX = "`frame.reset_index()` makes a column of it, `to_parquet(index=False)` writes none"
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


class Parquet(Format):
    """Apache Parquet."""

    name = "parquet"
    suffixes = (".parquet",)
    others = (".pq",)
    certain = True
    writes = True

    def starts(self, start: bytes) -> bool:
        """Its magic number."""
        return start.startswith(b"PAR1")

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """A scan."""
        return _read_columnar(source, self.name, where)

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """A group of rows for each chunk, packed with zstd."""
        schema = _arrow(first.clear()).schema
        writer = pq.ParquetWriter(file, schema, compression="zstd")
        return Sink(lambda c: writer.write_table(_arrow(c).cast(schema)), writer.close)


class Arrow(Format):
    """Arrow IPC, as a file (Feather) or a stream."""

    name = "arrow"
    suffixes = (".arrow", ".feather", ".ipc")
    certain = True
    writes = True

    def starts(self, start: bytes) -> bool:
        """The magic number of a file, or the first bytes of a stream."""
        return start.startswith((b"ARROW1", b"\xff\xff\xff\xff"))

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """A scan of a file; a stream is read."""
        return _read_columnar(source, self.name, where)

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """A record batch for each chunk."""
        schema = _arrow(first.clear()).schema
        writer = pa.ipc.new_file(file, schema)
        return Sink(lambda c: writer.write_table(_arrow(c).cast(schema)), writer.close)


FORMATS = (Parquet(), Arrow())


def _read_columnar(source: Path | bytes, kind: str, where: str) -> Sheet:
    try:
        names, streamed = _columns_of(source, kind)
        check_unique(names, where)
        check_bytes(_repeated_text(source, kind, streamed), where)
        if kind == "parquet":
            lazy = pl.scan_parquet(source, glob=False)
        elif streamed:
            lazy = pl.read_ipc_stream(source).lazy()
        else:
            lazy = pl.scan_ipc(source, glob=False)
        rows = lazy.select(pl.len()).collect().item()
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"{where}: is a {kind} file that is cut short or damaged "
            f"({str(error).splitlines()[0]}). Fetch or write it again."
        ) from error
    index = [n for n in names if _PANDAS_INDEX.fullmatch(n)]
    lazy = lazy.drop(index)
    if unnamed := [str(i) for i, name in enumerate(names, 1) if not name.strip()]:
        raise DataError(f"{where}: column {', '.join(unnamed)} has no name. Name every column.")
    if not rows or not names:
        raise NoRowsError(
            f"{where}: has {len(names)} columns but no rows. Expected at least one row."
        )
    check_text_size(lazy, where)
    note = f"{where}: the index of a pandas frame, {', '.join(index)}, is left out; " + _NO_INDEX
    return Sheet(lazy, notes=(note,) if index else ())


def _columns_of(source: Path | bytes, kind: str) -> tuple[list[str], bool]:
    """The names, repeated ones included, and whether it is an Arrow stream rather than a file."""
    # Asked of pyarrow, because polars stops at repeated names with an internal error.
    with pa.BufferReader(source) if isinstance(source, bytes) else pa.OSFile(str(source)) as file:
        if kind == "parquet":
            return pq.read_schema(file).names, False
        streamed = file.read(6) != b"ARROW1"
        file.seek(0)
        opened = pa.ipc.open_stream(file) if streamed else pa.ipc.open_file(file)
        return opened.schema.names, streamed


def _repeated_text(source: Path | bytes, kind: str, streamed: bool) -> dict[str, int]:
    """Bytes of the text in each column that names its values by numbers, once unpacked."""
    found: dict[str, int] = {}
    with pa.BufferReader(source) if isinstance(source, bytes) else pa.OSFile(str(source)) as file:
        for batch in _batches(file, kind, streamed):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                if not isinstance(column, pa.DictionaryArray):
                    continue
                text = column.dictionary
                if pa.types.is_string(text.type) or pa.types.is_large_string(text.type):
                    lengths = pl.Series(name, text).str.len_bytes().cast(pl.Int64)
                    codes = pl.Series(name, column.indices).drop_nulls()
                    found[name] = found.get(name, 0) + int(lengths.gather(codes).sum())
    return found


def _batches(file: Any, kind: str, streamed: bool) -> Iterator[pa.RecordBatch]:
    """The rows of the columns that may repeat more text than memory holds, in parts."""
    if kind == "parquet":
        opened = pq.ParquetFile(file)
        names = [f.name for f in opened.schema_arrow if pa.types.is_dictionary(f.type)]
        # No value is longer than all of its column is in the file.
        packed = opened.metadata
        groups = [packed.row_group(i) for i in range(packed.num_row_groups)] if names else []
        most = max((g.total_byte_size for g in groups), default=0) * packed.num_rows
        if most > most_bytes():
            yield from opened.iter_batches(columns=names)
        return
    reader = pa.ipc.open_stream(file) if streamed else pa.ipc.open_file(file)
    if any(pa.types.is_dictionary(t) for t in reader.schema.types):
        if streamed:
            yield from reader
        else:
            yield from (reader.get_batch(i) for i in range(reader.num_record_batches))


def _arrow(frame: pl.DataFrame) -> pa.Table:
    # Dictionaries differ from chunk to chunk; text does not. Enum keeps its categories.
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).to_arrow()
