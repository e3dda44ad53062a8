"""Standard input, output and error that a command can rely on, whoever holds the other end.

A reader that leaves (`head`, `less`, a `tee` that dies, a terminal that is closed) only silences:
what was to be read goes nowhere from then on, and the command goes on. Whoever writes an answer to
`sys.stdout.buffer` is told, as ever, by a `BrokenPipeError`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any

_GONE = (errno.EPIPE, errno.EIO, errno.EBADF, errno.ECONNRESET)
"""A pipe without a reader, a terminal that was closed, a descriptor that was."""


class Listened:
    """A text stream that forgives a reader who left.

    Args:
        stream: to write to.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or forget it."""
        with self._forgiven():
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush, or forget what was held back."""
        with self._forgiven():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _forgiven(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in _GONE:
                raise
            silence(self._stream)


def silence(stream: Any) -> None:
    """Let what is written from now on, and at the end of Python, go nowhere."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()


@contextlib.contextmanager
def reliable() -> Iterator[None]:
    """Make the three streams so for the length of a command."""
    before = sys.stdin, sys.stdout, sys.stderr
    _fill_descriptors()
    try:
        if sys.stdin is None:
            sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 (for the whole command)
        sys.stdout = Listened(_writer(sys.stdout))  # type: ignore[assignment]
        sys.stderr = Listened(_writer(sys.stderr))  # type: ignore[assignment]
        yield
        sys.stdout.flush()
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _fill_descriptors() -> None:
    """Open what was closed before Python began, lest a file of ours gets the number 1."""
    with contextlib.suppress(OSError):
        number = os.open(os.devnull, os.O_RDWR)
        while number <= 2:
            number = os.open(os.devnull, os.O_RDWR)
        os.close(number)


def _writer(stream: Any) -> Any:
    """The stream, or one that goes nowhere; it shows what its encoding cannot."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    with contextlib.suppress(AttributeError, ValueError):
        stream.reconfigure(errors="backslashreplace")
    return stream
