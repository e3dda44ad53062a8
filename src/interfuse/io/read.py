"""Files to lazy frames.

`read` takes CSV, TSV, JSON lines, Parquet and Arrow files, each also packed with gzip or zstd, and
`-` for standard input. The name says the format; where it does not, the first bytes do. How a file
is packed is always taken from its bytes. A plain Parquet, Arrow or delimited file is scanned, not
loaded; a packed file, JSON and standard input are unpacked into memory.

Every error is a `DataError` with one message: the file, what was found, what was expected, and
what to do. `interfuse.io.csvfile` and `texttypes` state the rules for text.
"""

from __future__ import annotations

import hashlib
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.csvfile import check_unique, read_csv
from interfuse.io.formats import SUPPORTED, format_by_content, format_of, packing_by_content
from interfuse.io.jsonfile import read_json_lines
from interfuse.io.packed import read_all
from interfuse.io.sheet import Sheet
from interfuse.io.textforms import Said

_START = 4096
_BLOCK = 1 << 18
_FIXED = frozenset(
    {pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64}
    | {pl.Float32, pl.Float64}
)
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def read(source: str | Path) -> pl.LazyFrame:
    """A lazy frame of a file, or of standard input for `-`; see `read_sheet`."""
    return read_sheet(source).frame


def read_sheet(
    source: str | Path, said: Mapping[str, Said] | None = None, *, times: bool = True
) -> Sheet:
    """A file, or standard input for `-`: its rows and how they are written.

    What is left out, counts as missing or can be read in two ways is a `InterfuseWarning`.

    Args:
        source: a path. `~` is the home folder; `-` is standard input.
        said: by column of text what is known of it; another file's `Sheet` may tell.
        times: whether times may be written in other forms than programs do.

    Returns:
        At least one row, and columns of names that differ.

    Raises:
        DataError: the file is missing, a folder, empty, cut short, of an unknown format, or has
            no rows, no names, repeated names, or rows that cannot be read.
    """
    how: Any = {"said": said, "times": times}
    if str(source) == "-":
        content = read_all(sys.stdin.buffer, "standard input")
        return _told(_parse(content, None, "standard input", **how))
    path = Path(source).expanduser()
    where = str(path)
    start = _start(path)
    kind, _ = format_of(path)
    if packing_by_content(start):
        return _told(_parse(read_all(path, where), kind, where, **how))
    return _told(_parse(path, kind, where, start, **how))


def _told(sheet: Sheet) -> Sheet:
    for note in sheet.notes:
        warnings.warn(note, InterfuseWarning, stacklevel=3)
    return sheet


def fingerprint(source: str | Path | pl.DataFrame | pl.LazyFrame) -> str:
    """SHA-256 of a file's bytes, or of a frame's names, types and values, in hexadecimal.

    Frames that are equal have the same fingerprint, however their columns are cut in chunks and
    whatever lies beneath missing values; the order of rows and columns counts. It depends on no
    hash function of polars, which may change between versions. A file and the frame read from it
    differ.

    Raises:
        DataError: the file cannot be read.
    """
    digest = hashlib.sha256()
    if isinstance(source, pl.LazyFrame | pl.DataFrame):
        for part in _values(source.lazy().collect()):
            digest.update(part)
        return digest.hexdigest()
    path = Path(source).expanduser()
    _start(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _start(path: Path) -> bytes:
    """The first bytes of a file that exists and has some."""
    try:
        if path.is_dir():
            raise DataError(
                f"{path}: is a folder; expected one data file ({SUPPORTED}). Name the file in it."
            )
        with path.open("rb") as file:
            start = file.read(_START)
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file. Check the name; the current folder is {Path.cwd()}."
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    if not start:
        raise DataError(f"{path}: is empty (0 bytes). Expected a data file ({SUPPORTED}).")
    return start


def _parse(
    source: Path | bytes,
    kind: str | None,
    where: str,
    start: bytes | None = None,
    *,
    said: Mapping[str, Said] | None,
    times: bool,
) -> Sheet:
    start = source[:_START] if isinstance(source, bytes) else start or b""
    if not start:
        raise DataError(f"{where}: is empty (0 bytes). Expected a data file ({SUPPORTED}).")
    found = format_by_content(start)
    # Columnar files are known for certain by their first bytes, text formats only by their name.
    if found in ("parquet", "arrow") and kind in (None, found):
        return Sheet(_read_columnar(source, found, where))
    if kind in ("parquet", "arrow"):
        raise DataError(
            f"{where}: is named as {kind} but does not start as such a file does; it looks like "
            f"{found or 'some other binary format'}. Rename it, or fetch it again."
        )
    if found in ("parquet", "arrow") or (found is None and kind is None):
        raise DataError(
            f"{where}: is binary, not text"
            + (f": it looks like {found}. Rename it." if found else ". ")
            + ("" if found else f"Expected {SUPPORTED}.")
        )
    kind = kind or found
    if kind == "jsonl":
        return read_json_lines(source, where, said=said, times=times)
    return read_csv(source, where, tabs=kind == "tsv", said=said, times=times)


def _read_columnar(source: Path | bytes, kind: str, where: str) -> pl.LazyFrame:
    try:
        names, streamed = _columns_of(source, kind)
        check_unique(names, where)
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
    lazy = lazy.drop([n for n in names if _PANDAS_INDEX.fullmatch(n)])
    if unnamed := [str(i) for i, name in enumerate(names, 1) if not name.strip()]:
        raise DataError(f"{where}: column {', '.join(unnamed)} has no name. Name every column.")
    if not rows or not names:
        raise DataError(
            f"{where}: has {len(names)} columns but no rows. Expected at least one row."
        )
    return lazy


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


def _values(frame: pl.DataFrame) -> Iterator[bytes]:
    """Bytes that determine a frame and depend on nothing but its names, types and values."""
    yield repr([(n, str(t)) for n, t in frame.schema.items()]).encode()
    for column in frame.iter_columns():
        for start in range(0, frame.height, _BLOCK):
            part = column.slice(start, _BLOCK)
            yield np.packbits(part.is_null().to_numpy()).tobytes()
            if part.dtype.is_nested() or part.dtype in (pl.Binary, pl.Object):
                yield repr(part.to_list()).encode()
                continue
            part = part.to_physical() if part.dtype.is_temporal() else part
            if part.dtype in _FIXED:
                yield part.fill_null(0).to_numpy().tobytes()
                continue
            text = part.cast(pl.String).fill_null("")
            yield text.str.len_bytes().to_numpy().tobytes()
            yield "".join(text.to_list()).encode()
