"""Unpacking gzip, zstd, bz2 and xz, never to more than there is memory for."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from interfuse.errors import DataError
from interfuse.io.formats import packing_by_content
from interfuse.io.memory import free_memory, most_bytes, size

_CHUNK = 1 << 22
_KEPT = 1 << 26
"""Unpacked bytes up to which a file is unpacked once."""
_OPEN: dict[str, Callable[[Any], Any]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "zstd": lambda file: pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd"),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}
SHARE = 1 / 3
"""Of free memory that text may take: what is made of it has to be there beside it."""


def read_all(source: IO[bytes] | Path | bytes, where: str) -> bytes:
    """All the bytes of a file, a stream or a packed text, unpacked where they are packed.

    Args:
        source: what to read.
        where: for messages.

    Raises:
        DataError: damaged, or more than fits into memory.
    """
    if isinstance(source, Path):
        return _unpacked(lambda: source.open("rb"), where)
    content = source if isinstance(source, bytes) else _bounded(source, where, "is")
    return _unpacked(lambda: io.BytesIO(content), where)


def _unpacked(opened: Callable[[], IO[bytes]], where: str) -> bytes:
    with opened() as file:
        packing = packing_by_content(file.read(8))
        if packing is None:
            file.seek(0)
            return _bounded(file, where, "is")
    try:
        with opened() as file, _OPEN[packing](file) as stream:
            content = _counted(stream, where)
        if content is None:
            with opened() as file, _OPEN[packing](file) as stream:
                content = _bounded(stream, where, "unpacks to")
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise DataError(
            f"{where}: is {packing} data that is cut short or damaged ({error}). Fetch it again."
        ) from error
    return content


def _counted(stream: Any, where: str) -> bytes | None:
    """All that a packed stream gives if that is little; else None, where there is room for it.

    Much is counted before any of it is kept: a small file that unpacks to more than there is memory
    for is refused before it takes any.
    """
    most, chunks, done = int(most_bytes() * SHARE), [], 0
    while chunk := stream.read(_CHUNK):
        done += len(chunk)
        if done > most:
            raise _too_much(where, "unpacks to", most)
        chunks = [*chunks, chunk] if done <= _KEPT else []
    return None if done > _KEPT else b"".join(chunks)


def _bounded(stream: Any, where: str, what: str) -> bytes:
    """All that a stream gives; what is free is asked once, so that it does not shrink with it."""
    most, out = int(most_bytes() * SHARE), io.BytesIO()
    while chunk := stream.read(_CHUNK):
        if out.tell() + len(chunk) > most:
            raise _too_much(where, what, most)
        out.write(chunk)
    return out.getvalue()


def _too_much(where: str, what: str, most: int) -> DataError:
    return DataError(
        f"{where}: {what} more than {size(most)}, which is what {size(free_memory())} of free "
        "memory have room for. Unpack it to a file: a plain CSV, Parquet or Arrow file is read "
        "piece by piece."
    )
