"""A small table, and commands in processes of their own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import narrow_tables
from processes import Process, python, watched

ROWS = 300
HERE = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
EXAMPLES = 20_000


def flows(rows: int = ROWS) -> pl.DataFrame:
    """Rows in which the port follows from the label, and the protocol mostly does."""
    rng = np.random.default_rng(7)
    label = rng.choice(["web", "dns", "ddos"], rows, p=[0.5, 0.4, 0.1])
    port = np.select([label == "web", label == "dns"], [443, 53], 80)
    proto = np.where(label == "web", "tcp", rng.choice(["tcp", "udp"], rows))
    size = np.round(np.exp(rng.normal(6, 1, rows)))
    return pl.DataFrame({"label": label, "proto": proto, "port": port, "bytes": size.astype(int)})


def paused(seconds: float, while_there: str | None) -> None:
    """Let fits of this process sleep behind each event, in such as `child` starts."""
    import interfuse.run.job as job

    drive = job.drive

    def slow(*arguments: Any, between: Callable[[Any], None] | None, **options: Any) -> None:
        def then(event: Any) -> None:
            if between is not None:
                between(event)
            if while_there is None or Path(while_there).exists():
                time.sleep(seconds)

        drive(*arguments, between=then, **options)

    job.drive = slow


class child(watched):
    """A command in a process of its own, which a test can hurt.

    Args:
        arguments: of the command line.
        checkpoint: seconds between checkpoints.
        pause: seconds to sleep behind each event of a fit: long enough to be interrupted, at no
            cost.
        while_there: a file that ends the pauses when it goes.
        start: of the process: `processes.python`, or `processes.fresh`.
        options: of `subprocess.Popen`; by default output is kept and there is no input.
    """

    def __init__(
        self,
        *arguments: object,
        checkpoint: float = 30.0,
        pause: float = 0.0,
        while_there: Path | None = None,
        start: Callable[..., Process] = python,
        **options: Any,
    ) -> None:
        code = (
            f"import interfuse.run.job; interfuse.run.job.CHECKPOINT_SECONDS = {checkpoint}; "
            "import interfuse.kinds.table.learn.setup as setup; "
            f"setup.WIDTH = {narrow_tables.NARROW}; "
        )
        if pause:
            place = None if while_there is None else str(while_there)
            code += f"import sys; sys.path[:0] = {HERE!r}; from commands import paused; "
            code += f"paused({pause}, {place!r}); "
        code += "from interfuse.cli import main; main()"
        usual = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        super().__init__(start(code, *arguments, **{**usual, **options}))


def left_in(folder: Path) -> list[str]:
    """Names of all that is in a folder."""
    return sorted(path.name for path in folder.iterdir())
