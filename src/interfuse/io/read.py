"""Files to lazy frames.

`read` takes files of all formats (`interfuse.io.formats`), each also packed (gzip, zstd, bz2, xz),
`-` for standard input, and URLs of databases (`interfuse.io.databases`). The name says the format;
where it does not, the first bytes do. How a file is packed is always taken from its bytes. A plain
Parquet, Arrow or delimited file is scanned, not loaded; a packed file, JSON and standard input are
unpacked into memory.

Every error is a `DataError` with one message: the file, what was found, what was expected, and
what to do. `interfuse.io.csvfile` and `texttypes` state the rules for text.
"""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError, InterfuseWarning, NoRowsError
from interfuse.io.databases import is_database, read_database
from interfuse.io.files import check_name
from interfuse.io.format import Format
from interfuse.io.formats import format_by_content, format_of, packing_by_content, supported
from interfuse.io.many import is_many, parts_of, read_parts
from interfuse.io.packed import read_all
from interfuse.io.sheet import Advice, Reading, Sheet
from interfuse.io.textforms import Said

_START = 4096
_BLOCK = 1 << 18
_FIXED = frozenset(
    {pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64}
    | {pl.Float32, pl.Float64}
)


def read(source: str | Path | Sequence[str | Path]) -> pl.LazyFrame:
    """A lazy frame of a file, or of standard input for `-`; see `read_sheet`."""
    return read_sheet(source).frame


def read_sheet(
    source: str | Path | Sequence[str | Path],
    said: Mapping[str, Said] | None = None,
    *,
    times: bool = True,
    advice: Advice | None = None,
    file: Mapping[str, Any] | None = None,
) -> Sheet:
    """A file, several (`interfuse.io.many`), or standard input for `-`: rows and how they look.

    What is left out, counts as missing or can be read in two ways is a `InterfuseWarning`.

    Args:
        source: a path, a folder, a pattern, or a list of paths. `~` is the home folder; `-` is
            standard input.
        said: by column of text what is known of it; another file's `Sheet` may tell.
        times: whether times may be written in other forms than programs do.
        advice: how a person can say what a column is, if that is possible.
        file: what is asked of the file as a whole, or is known of one like it.

    Returns:
        At least one row, and columns of names that differ.

    Raises:
        DataError: the file is missing, a folder, empty, cut short, of an unknown format, or has
            no rows, no names, repeated names, or rows that cannot be read.
    """
    how = Reading(said, times, advice, file or {})
    if str(source) == "-":
        content = read_all(sys.stdin.buffer, "standard input")
        return _told(_parse(content, None, "standard input", how))
    if is_database(source):
        return _told(read_database(str(source), how))
    if is_many(source):

        def one(path: Path, more: Mapping[str, Said]) -> Sheet:
            return _file(path, how._replace(said={**(said or {}), **more}) if more else how)

        return _told(read_parts(source, one))
    return _told(_file(Path(str(source)).expanduser(), how))


def _file(path: Path, how: Reading) -> Sheet:
    where = str(path)
    start = _start(path)
    named, _ = format_of(path)
    if packing_by_content(start):
        return _parse(read_all(path, where), named, where, how)
    return _parse(path, named, where, how, start)


def _told(sheet: Sheet) -> Sheet:
    for note in sheet.notes:
        warnings.warn(note, InterfuseWarning, stacklevel=3)
    return sheet


def fingerprint(source: str | Path | Sequence[str | Path] | pl.DataFrame | pl.LazyFrame) -> str:
    """SHA-256 of a file's bytes, or of a frame's names, types and values, in hexadecimal.

    Of several files it is that of their SHA-256 and of what their folders say, in their order.

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
    if is_database(source):
        return fingerprint(read_database(str(source), Reading()).frame)
    if is_many(source):
        for one, keys in parts_of(source)[0]:
            digest.update(f"{_sha256(one)} {sorted(keys.items())}\n".encode())
        return digest.hexdigest()
    return _sha256(Path(str(source)).expanduser())


def _sha256(path: Path) -> str:
    _start(path, empty=True)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _start(path: Path, empty: bool = False) -> bytes:
    """The first bytes of a file that exists and has some, unless it may be empty."""
    check_name(path)
    try:
        if path.is_dir():
            raise DataError(
                f"{path}: is a folder; expected one data file ({supported()}). Name the file in it."
            )
        with path.open("rb") as file:
            start = file.read(_START)
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file. Check the name; the current folder is {Path.cwd()}."
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    if not start and not empty:
        raise NoRowsError(f"{path}: is empty (0 bytes). Expected a data file ({supported()}).")
    return start


def _parse(
    source: Path | bytes,
    named: Format | None,
    where: str,
    how: Reading,
    start: bytes | None = None,
) -> Sheet:
    start = source[:_START] if isinstance(source, bytes) else start or b""
    if not start:
        raise NoRowsError(f"{where}: is empty (0 bytes). Expected a data file ({supported()}).")
    found = format_by_content(start)
    # Some are known for certain by their first bytes, text formats only by their name.
    if (
        found is not None
        and found.certain
        and (named in (None, found) or named.name in found.alike)
    ):
        return found.read(source, where, how)
    if named is not None and named.certain:
        like = found.name if found else "some other binary format"
        raise DataError(
            f"{where}: is named as {named.name} but does not start as such a file does; it looks "
            f"like {like}. Rename it, or fetch it again."
        )
    if found is not None and found.certain:
        raise DataError(f"{where}: is binary, not text: it looks like {found.name}. Rename it.")
    kind = found if found is not None and found.special else named or found
    if start.startswith(b"SQLite format 3\0"):
        raise DataError(
            f"{where}: is a SQLite database; expected sqlite: before its name, as in "
            "sqlite:shop.db, or sqlite:shop.db#orders for one of several tables."
        )
    if kind is None:
        raise DataError(f"{where}: is binary, not text. Expected {supported()}.")
    return kind.read(source, where, how)


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
