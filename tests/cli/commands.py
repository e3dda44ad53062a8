"""A small table, and commands in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

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


class child:
    """A command in a process of its own, which a test can hurt.

    Args:
        arguments: of the command line.
        checkpoint: seconds between checkpoints.
        preexec_fn: called in the child before it starts.
        stdout: where its output goes; kept by default.
    """

    def __init__(
        self,
        *arguments: object,
        checkpoint: float = 30.0,
        preexec_fn: Callable[[], object] | None = None,
        stdout: int | IO[str] = subprocess.PIPE,
    ) -> None:
        code = (
            f"import interfuse.run.job; interfuse.run.job.CHECKPOINT_SECONDS = {checkpoint}; "
            "from interfuse.cli import main; main()"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            preexec_fn=preexec_fn,
        )

    def wait_for_end(self, seconds: float = 90) -> Result:
        """Its exit code and words."""
        out, err = self.process.communicate(timeout=seconds)
        return Result(self.process.returncode, out or "", err)


def left_in(folder: Path) -> list[str]:
    """Names of all that is in a folder."""
    return sorted(path.name for path in folder.iterdir())
