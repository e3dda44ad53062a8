"""Turns on a shared machine: a lock file that several benchmarks hold one after the other."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

LONGEST, HAND_OVER = 240.0, 3.0


class Turns:
    """Holds the lock while steps run, and lets others in before it would have it for too long.

    Args:
        lock: the file; None: nobody else is there.
    """

    def __init__(self, lock: Path | None) -> None:
        self.lock = lock
        self._file: TextIO | None = None
        self._since = 0.0

    @contextlib.contextmanager
    def step(self, expected: float) -> Iterator[None]:
        """One step with the lock held.

        Args:
            expected: seconds that it will take.
        """
        if time.monotonic() - self._since + expected > LONGEST:
            self.release()
        if self.lock is not None and self._file is None:
            self._file = self.lock.open("a")
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._since = time.monotonic()
        yield

    def release(self) -> None:
        """Let others in: a lock is not handed over, so that they need a moment to take it."""
        if self._file is not None:
            self._file.close()
            self._file = None
            time.sleep(HAND_OVER)
