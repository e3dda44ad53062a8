"""Lines of logs: found fast, counted, and said where they are no rows."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from interfuse.errors import DataError
from interfuse.io.memory import most_bytes

_SHARE = 1 / 8
"""Of free memory that a log may take to be parsed once and kept, rather than scanned each time."""
MOST_BAD = 0.5
"""A file of which more lines than this share are no rows is not of the format."""

_PART = 1 << 26

Content = bytes | mmap.mmap


def in_memory(source: Path | bytes) -> Path | bytes:
    """The content of a file that is small beside free memory; else the file."""
    if isinstance(source, Path) and source.stat().st_size <= most_bytes() * _SHARE:
        return source.read_bytes()
    return source


@contextlib.contextmanager
def mapped(source: Path | bytes) -> Iterator[Content]:
    """The bytes, without loading a file."""
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def count(content: Content, byte: bytes) -> int:
    """How often a byte stands in the content."""
    return sum(int(np.count_nonzero(part == byte[0])) for _, part in _parts(content))


def positions(content: Content, byte: bytes) -> Iterator[int]:
    """Where a byte stands in the content."""
    for at, part in _parts(content):
        yield from (at + i for i in np.flatnonzero(part == byte[0]).tolist())


def _parts(content: Content) -> Iterator[tuple[int, np.ndarray]]:
    for at in range(0, len(content), _PART):
        yield at, np.frombuffer(content[at : at + _PART], np.uint8)


def whole_lines(content: bytes) -> tuple[bytes, bool]:
    """The content up to its last line feed, and whether something stands behind that.

    Programs end every line of a log: what stands behind the last line feed is a line that was cut
    when the log was rotated or copied, and its last value may lack digits.
    """
    end = content.rfind(b"\n") + 1
    return (content[:end], True) if content[end:].strip() else (content, False)


CUT = "the last line has no end: the log was cut within it, and it is left out"


def left_out(lines: Sequence[int], why: str) -> str:
    """Words on lines that are left out.

    Args:
        lines: their numbers.
        why: behind "it" or "they": "do not have 9 fields".
    """
    some = ", ".join(f"{line:,}" for line in lines[:3]) + ", ..." * (len(lines) > 3)
    if len(lines) == 1:
        return f"line {some} is left out: it seems to {why}"
    return f"{len(lines):,} lines are left out (lines {some}): they seem to {why}"


def check_most(where: str, bad: Sequence[int], good: int, expected: str, line: str) -> None:
    """Raise where more lines are no rows than are.

    Raises:
        DataError: with the first of them.
    """
    if len(bad) > MOST_BAD * (len(bad) + good):
        raise DataError(
            f"{where}: {len(bad):,} of {len(bad) + good:,} lines are no rows; line {bad[0]:,} is "
            f"{line[:80]!r}. Expected {expected}."
        )
