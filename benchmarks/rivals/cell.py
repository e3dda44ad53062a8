"""A method on a data set: two fits and their figures, each a process, kept when it is done.

What a cell has done lies in its folder, so that an interrupted cell goes on where it was: drawn
rows and their times, then the figures. A folder belongs to one budget and seed; figures, and rows
of interfuse, to one version of its source as well.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import interfuse
from benchmarks.common import ONE_THREAD
from benchmarks.environments import environment
from benchmarks.rivals.methods import METHODS
from benchmarks.rivals.task import Task
from benchmarks.rivals.turns import Turns

ROOT = Path(__file__).parents[2]
SAMPLE_SECONDS, MEASURE_SECONDS = 300.0, 45.0


class Failed(Exception):
    """A method gave no rows; the message says why."""


class NotMeasured(Exception):
    """The benchmark itself failed; nothing is said of the method."""


@dataclass(frozen=True)
class Bench:
    """What all cells share.

    Attributes:
        cache: environments and what cells have done.
        data: the data folder.
        seconds: budget of each fit.
        grace: how much longer a fit may take before it is ended.
        seed: of everything.
        core: the core that every process is bound to; None: one of any.
        turns: with others that use the machine.
        rows: at most so many rows, to try the benchmark out.
    """

    cache: Path
    data: Path | None
    seconds: float
    grace: float
    seed: int
    core: int | None
    turns: Turns
    rows: int | None

    @property
    def work(self) -> Path:
        """Where cells of this budget and seed are."""
        rows = f"-{self.rows}rows" if self.rows else ""
        return self.cache / f"{self.seconds:g}s-seed{self.seed}{rows}"

    def python(self, key: str) -> Path:
        """The Python of a method.

        Raises:
            Failed: its packages cannot be installed.
        """
        method = METHODS[key]
        if not method.packages:
            return Path(sys.executable)
        try:
            return environment(self.cache / "environments" / method.module, method.packages)
        except subprocess.CalledProcessError as error:
            raise Failed(
                f"its packages cannot be installed (pip ended {error.returncode})"
            ) from None

    def real(self, asked: Task) -> dict[str, Any]:
        """The figures of the real rows."""
        return self._measured(asked, "real", self._real_file(asked), None)

    def _real_file(self, asked: Task) -> Path:
        return self.work / asked.name / f"real-{source_digest()}.json"

    def part(self, asked: Task, key: str, what: str) -> dict[str, Any]:
        """One fit of a method, its rows and their figures.

        Args:
            asked: the data set.
            key: the method.
            what: "whole", a fit to the training rows, or "half", one to half of all rows.

        Raises:
            Failed: the fit failed or did not end in time.
            NotMeasured: the figures could not be computed.
        """
        own = "" if METHODS[key].packages else f"-{source_digest()}"
        folder = self.work / asked.name / f"{key}{own}" / what
        times = self._drawn(asked, key, folder, what)
        figures = folder / f"figures-{source_digest()}.json"
        found = self._measured(asked, what, figures, folder / "drawn.parquet")
        return {**times, **found} if what == "whole" else found

    def _drawn(self, asked: Task, key: str, folder: Path, what: str) -> dict[str, Any]:
        done = folder / "times.json"
        if not done.exists():
            python = self.python(key)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            rows = asked.train if what == "whole" else asked.half
            rows.write_parquet(folder / "rows.parquet")
            task = {"kinds": asked.kinds, "target": asked.target}
            (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
            words = ["benchmarks.rivals.worker", str(folder), key, str(self.seconds)]
            with self.turns.step(1.25 * self.seconds):
                self._run([str(python), "-m", *words, str(self.seed)], folder)
        return json.loads(done.read_text(encoding="utf-8"))

    def _measured(self, asked: Task, what: str, output: Path, drawn: Path | None) -> dict[str, Any]:
        if not output.exists():
            output.parent.mkdir(parents=True, exist_ok=True)
            words = [sys.executable, "-m", "benchmarks.rivals.measure", asked.name, what]
            words += [str(output), "--seed", str(self.seed)]
            words += ["--drawn", str(drawn)] if drawn else []
            words += ["--data", str(self.data)] if self.data else []
            words += ["--rows", str(self.rows)] if self.rows else []
            with self.turns.step(MEASURE_SECONDS):
                self._checked(words)
        return json.loads(output.read_text(encoding="utf-8"))

    def _checked(self, words: Sequence[str]) -> None:
        ended = subprocess.run(self._bound(words), cwd=ROOT, env=_single(), check=False).returncode
        if ended:
            raise NotMeasured(f"measuring ended {ended}")

    def _run(self, words: Sequence[str], folder: Path) -> None:
        """Run a worker; end it when it has not fitted in time, or not drawn in time."""
        with (folder / "log.txt").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                self._bound(words),
                cwd=ROOT,
                env=_single(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                self._wait(process, folder)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if not (folder / "times.json").exists():
            lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
            said = [line for line in lines if line.strip()] or [f"ended {process.returncode}"]
            raise Failed(said[-1].strip()[:300])

    def _wait(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        start = time.monotonic()
        # Imports come before the fit; a method's clock starts after them.
        fit_end = start + self.seconds + self.grace
        while process.poll() is None:
            now = time.monotonic()
            fitted = (folder / "fitted.json").exists()
            if not fitted and now > fit_end:
                raise Failed(f"had not fitted after {self.seconds:g} + {self.grace:g} s")
            if now > fit_end + SAMPLE_SECONDS:
                raise Failed(f"fitted, but had not drawn its rows after {SAMPLE_SECONDS:g} s")
            time.sleep(0.5)

    def _bound(self, words: Sequence[str]) -> list[str]:
        core = min(os.sched_getaffinity(0)) if self.core is None else self.core
        return ["taskset", "-c", str(core), *words]


@functools.cache
def source_digest() -> str:
    """Of this package's source: figures of another version of it are measured again."""
    folder = Path(interfuse.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _single() -> dict[str, str]:
    return {**os.environ, **ONE_THREAD, "TQDM_DISABLE": "1"}
