"""A small table, and commands in processes of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil

import narrow_tables

ROWS = 300
EXAMPLES = 20_000


@dataclass
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def flows(rows: int = ROWS) -> pl.DataFrame:
    """Rows in which the port follows from the label, and the protocol mostly does."""
    rng = np.random.default_rng(7)
    label = rng.choice(["web", "dns", "ddos"], rows, p=[0.5, 0.4, 0.1])
    port = np.select([label == "web", label == "dns"], [443, 53], 80)
    proto = np.where(label == "web", "tcp", rng.choice(["tcp", "udp"], rows))
    size = np.round(np.exp(rng.normal(6, 1, rows)))
    return pl.DataFrame({"label": label, "proto": proto, "port": port, "bytes": size.astype(int)})


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


class child(watched):
    """A command in a process of its own, which a test can hurt.

    Args:
        arguments: of the command line.
        checkpoint: seconds between checkpoints.
        options: of `subprocess.Popen`; by default output is kept and there is no input.
    """

    def __init__(self, *arguments: object, checkpoint: float = 30.0, **options: Any) -> None:
        code = (
            f"import interfuse.run.job; interfuse.run.job.CHECKPOINT_SECONDS = {checkpoint}; "
            "import interfuse.kinds.table.learn.setup as setup; "
            f"setup.WIDTH = {narrow_tables.NARROW}; "
            "from interfuse.cli import main; main()"
        )
        usual = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": {**os.environ, "OMP_NUM_THREADS": "1"},
        }
        command = [sys.executable, "-c", code, *map(str, arguments)]
        super().__init__(subprocess.Popen(command, text=True, **{**usual, **options}))


def left_in(folder: Path) -> list[str]:
    """Names of all that is in a folder."""
    return sorted(path.name for path in folder.iterdir())
