"""Processes that are waited for as long as they work: no clock, as the machine may be busy."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil


@dataclass
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class watched:
    """A process that is waited for as long as it works, however busy the machine.

    Args:
        process: of which no output was read.
    """

    IDLE = 120
    """Seconds without any work after which it hangs: no load makes a process wait so long."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process
        self._work, self._since = -1.0, time.monotonic()

    def wait_for_end(self) -> Result:
        """Its exit code and words."""
        while True:
            try:
                out, err = self.process.communicate(timeout=1)
                return Result(self.process.returncode, out or "", err or "")
            except subprocess.TimeoutExpired:
                self._look()

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Until something has happened that the process does."""
        while not condition():
            ended = self.process.poll() is not None
            assert not ended or condition(), "it ended before it happened"
            self._look()
            time.sleep(0.02)

    def _look(self) -> None:
        done = worked(self.process.pid)
        if done > self._work:
            self._work, self._since = done, time.monotonic()
        elif time.monotonic() - self._since > self.IDLE:
            self.process.kill()
            raise AssertionError("it hangs")


def worked(process: int) -> float:
    """Seconds of processor time that a process has had; 0 once it has ended."""
    with contextlib.suppress(psutil.Error):
        spent = psutil.Process(process).cpu_times()
        return spent.user + spent.system
    return 0.0
