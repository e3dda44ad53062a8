"""`python -m benchmarks.every`: all benchmarks, unattended, a piece on each core.

    python -m benchmarks.every [--data DATA] [--only tables,rivals] [--lanes 2] [--long] [--list]

The pieces are those of `benchmarks.jobs`. Those that need all cores come first, then each core
takes the longest that is left. What a piece prints goes to a log beside its record. A piece that
ended is not measured again, and one that was stopped goes on where it can; `make bench-forget`
removes the records, and all begins anew. A piece that begins forgets its old results. When all
pieces have ended, their times are put into `benchmarks/results/every.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import ONE_THREAD, RESULTS, Results, circumstances, console, show
from benchmarks.jobs import LONG, USUAL, Budgets, Job, jobs
from interfuse.io.files import write_json

FOLDER, LONG_FOLDER = Path("build/bench"), Path("build/bench-long")
ROOT = Path(__file__).parents[1]
PATIENCE = 30.0
"""Seconds that a stopped piece gets to end by itself."""


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.every", description=__doc__)
    out.add_argument("--data", type=Path, help="data folder; without it, Shoppers alone")
    out.add_argument("--only", help="benchmarks or pieces with commas between; see --list")
    out.add_argument("--long", action="store_true", help="the longer budgets of `benchmarks.jobs`")
    out.add_argument("--lanes", type=int, help="cores to use; all of them unless given")
    out.add_argument("--list", action="store_true", help="print the pieces and what is done")
    out.add_argument("--folder", type=Path, help="of records and logs, in build/ unless given")
    return out


def chosen(only: str | None, data: Path | None, of: Budgets = USUAL) -> list[Job]:
    """The pieces asked for, in the order in which they begin.

    Raises:
        ValueError: no piece and no benchmark has such a name.
    """
    every = jobs(of)
    names = only.split(",") if only else []
    known = {n for job in every for n in (job.name, job.benchmark)}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no {unknown[0]!r}; there are {', '.join(sorted(known))}")
    found = [job for job in every if not names or {job.name, job.benchmark} & set(names)]
    found = [job for job in found if data is not None or not job.needs_data]
    return sorted(found, key=lambda job: (not job.alone, -job.minutes))


class Record:
    """What a piece has done, in a file of its own.

    Args:
        folder: of all records.
        job: the piece.
    """

    def __init__(self, folder: Path, job: Job) -> None:
        self.job = job
        self.path, self.log = folder / f"{job.name}.json", folder / f"{job.name}.log"
        self.found: dict[str, Any] = {"done": False, "seconds": 0.0}
        self.begun = self.path.exists()
        if self.begun:
            self.found |= json.loads(self.path.read_text(encoding="utf-8"))

    @property
    def done(self) -> bool:
        """Whether it ended well."""
        return bool(self.found["done"])

    def add(self, seconds: float, done: bool) -> None:
        """Write down that it ran so long."""
        self.found = {"done": done, "seconds": round(self.found["seconds"] + seconds, 1)}
        self.begun = True
        write_json(self.path, self.found)


@dataclass
class Running:
    """A piece under way."""

    record: Record
    process: subprocess.Popen[bytes]
    core: int | None
    start: float

    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.start


class Lanes:
    """Runs pieces on cores.

    Args:
        options: of the command line.
        cores: one for each lane; None where a process cannot be bound to one.
        command: of a piece, without its options.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        cores: Sequence[int | None],
        command: Callable[[Job], list[str]] | None = None,
    ) -> None:
        self.options = options
        self.cores = list(cores)
        self.command = command or module
        self.failed: list[Record] = []

    def run(self, waiting: list[Record]) -> None:
        """Run all of them; those that fail are kept in `failed`.

        Raises:
            KeyboardInterrupt: stopped; what was under way is written down.
        """
        waiting, running = list(waiting), list[Running]()
        ended, count = 0, len(waiting)
        try:
            while waiting or running:
                free = [c for c in self.cores if c not in [r.core for r in running]]
                while waiting and free and not _blocked(waiting[0], running):
                    running.append(self._start(waiting.pop(0), free.pop(0)))
                time.sleep(0.5)
                for one in [r for r in running if r.process.poll() is not None]:
                    running.remove(one)
                    ended += 1
                    self._end(one)
                    self._tell(one, f"{ended} of {count}", self._left(waiting, running))
        finally:
            _stop(running)

    def _start(self, record: Record, core: int | None) -> Running:
        job = record.job
        if not record.begun:
            forget(RESULTS / f"{job.benchmark}.json", job.keys)
        record.add(0.0, done=False)
        words = [*self.command(job), *self._words(job, core)]
        env = dict(os.environ)
        if not job.alone and core is not None:
            words = ["taskset", "-c", str(core), *words]
            env |= ONE_THREAD
        with record.log.open("ab") as log:
            process = subprocess.Popen(
                words, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
            )
        return Running(record, process, core, time.monotonic())

    def _words(self, job: Job, core: int | None) -> list[str]:
        data = self.options.data
        words = []
        if data is not None and job.benchmark not in ("steps", "scale"):
            own = data / "images" if job.benchmark == "images" else data
            words += ["--data", str(own.absolute())]
        given = list(job.words)
        if core is None and "{core}" in given:
            at = given.index("{core}")
            del given[at - 1 : at + 1]
        folder = self.options.folder.absolute()
        return words + [word.format(core=core, folder=folder) for word in given]

    def _end(self, one: Running) -> None:
        done = one.process.returncode == 0
        one.record.add(one.seconds(), done)
        if not done:
            self.failed.append(one.record)

    def _left(self, waiting: list[Record], running: list[Running]) -> float:
        """About how many minutes are left."""
        jobs = [(r.job, 0.0) for r in waiting] + [(r.record.job, r.seconds()) for r in running]
        lanes = len(self.cores)
        rest = [max(j.minutes - s / 60, 0) * (lanes if j.alone else 1) for j, s in jobs]
        return sum(rest) / lanes

    def _tell(self, one: Running, place: str, rest: float) -> None:
        job, minutes = one.record.job, one.seconds() / 60
        how = "ended" if one.record.done else f"failed ({one.process.returncode})"
        line = f"{place}: {job.name} {how} after {minutes:.1f} min; about {rest:.0f} min are left"
        console.print(line, markup=False)


def module(job: Job) -> list[str]:
    """The command of a piece."""
    return [sys.executable, "-m", f"benchmarks.{job.benchmark}"]


def _blocked(record: Record, running: list[Running]) -> bool:
    """Whether it has to wait until others have ended."""
    return any(r.record.job.alone for r in running) or (record.job.alone and bool(running))


def _stop(running: list[Running]) -> None:
    """Interrupt what runs, wait for it, and write down how far it came."""
    for one in running:
        one.process.send_signal(signal.SIGINT)
    for one in running:
        try:
            one.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait()
        one.record.add(one.seconds(), done=False)


def forget(path: Path, keys: str) -> None:
    """Take the results that fit the regular expression out of a file."""
    results = Results(path)
    results.remove([key for key in results.found if re.fullmatch(keys, key)])


def cores_of(lanes: int | None) -> list[int | None]:
    """The cores to run on."""
    if not (hasattr(os, "sched_getaffinity") and shutil.which("taskset")):
        return [None]
    return [*sorted(os.sched_getaffinity(0))[:lanes]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is left to measure."""
    options = parser().parse_args(arguments)
    options.folder = options.folder or (LONG_FOLDER if options.long else FOLDER)
    try:
        asked = chosen(options.only, options.data, LONG if options.long else USUAL)
    except ValueError as error:
        parser().error(f"--only: {error}")
    if not asked:
        parser().error(f"--only: {options.only} measures nothing without --data, the data folder")
    records = [Record(options.folder, job) for job in asked]
    if options.list:
        _list(records)
        return 0
    if all(record.done for record in records):
        console.print(f"measured already; without {options.folder} all begins anew", markup=False)
        return 0
    options.folder.mkdir(parents=True, exist_ok=True)
    cores = cores_of(options.lanes)
    lanes = Lanes(options, cores)
    begin = time.monotonic()
    # Also where a shell in the background has them ignored: pieces would inherit that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        lanes.run([r for r in records if not r.done])
    except KeyboardInterrupt:
        console.print("stopped; the same command goes on", markup=False)
        return 130
    finally:
        wall = _add_wall(options.folder, time.monotonic() - begin)
    for record in lanes.failed:
        console.print(f"{record.job.name} failed: {record.log}", markup=False)
    if lanes.failed:
        return 1
    if not options.only:
        took = {r.job.name: r.found["seconds"] for r in records}
        found = {"wall_seconds": wall, "lanes": len(cores), "seconds": took}
        given = [("--data DATA", options.data), ("--long", options.long)]
        command = " ".join(["python -m benchmarks.every", *(w for w, on in given if on)])
        Results(RESULTS / "every.json").add("all", found | circumstances(command, 0))
    console.print(f"all measured, in {wall / 60:.0f} min", markup=False)
    return 0


def _add_wall(folder: Path, seconds: float) -> float:
    """Add to the time that all calls together took, and return it."""
    path = folder / "wall.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else 0.0
    write_json(path, found + seconds)
    return found + seconds


def _list(records: list[Record]) -> None:
    rows = []
    for r in records:
        state = "done" if r.done else "begun" if r.begun else ""
        took = f"{r.found['seconds'] / 60:.1f}" if r.begun else ""
        rows.append((r.job.name, f"{r.job.minutes:g}", took, state))
    show("Pieces", ("Name", "Usual minutes", "Took", ""), rows)


if __name__ == "__main__":
    raise SystemExit(main())
