"""Fits as processes of their own: started, looked at, stopped, resumed.

A fit is `interfuse fit ... --json` on a run folder, in a session of its own, whose words go to a
file. Nothing about it is in the memory of the server: what it is doing is read from the file and
the folder, and whether it still runs from the process with the number and the beginning that were
noted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from interfuse.io.files import write_json
from interfuse.run import store
from interfuse.studio.events import last_events
from interfuse.studio.places import Places, read_json
from interfuse.studio.problems import Problem
from interfuse.studio.workers import ENVIRONMENT

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Of this server, to be told of their end; those of an earlier one are the system's."""


@dataclass(frozen=True)
class Job:
    """A fit that was started here.

    Attributes:
        id: that of its run.
        note: where it is written down.
        words: what it says.
    """

    id: str
    note: Path
    words: Path

    @staticmethod
    def of(places: Places, id: str) -> Job:
        """The fit of a run."""
        return Job(id, places.fits / f"{id}.json", places.fits / f"{id}.jsonl")

    def known(self) -> dict[str, Any] | None:
        """What was noted when it was started; None if it was not started here."""
        return read_json(self.note)


def start(places: Places, run: Path, arguments: list[str], note: dict[str, Any]) -> Job:
    """Start a fit, or go on with one.

    Args:
        places: of the server.
        run: its folder.
        arguments: behind `interfuse`.
        note: what is kept about it.
    """
    job = Job.of(places, places.id_of(run))
    begun = time.time()
    with job.words.open("ab") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "interfuse", *arguments, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.DEVNULL,
            cwd=places.folder,
            start_new_session=True,
            env=os.environ | ENVIRONMENT,
        )
    _children[process.pid] = process
    with contextlib.suppress(psutil.Error):
        begun = psutil.Process(process.pid).create_time()
    kept = {**note, "run": run.name, "pid": process.pid, "pid_begun": begun}
    write_json(job.note, {**kept, "place": run.relative_to(places.folder).as_posix()})
    return job


def runs_now(note: dict[str, Any] | None) -> bool:
    """Whether the process of a note is there: the number alone may be another's by now."""
    if not note or not isinstance(note.get("pid"), int):
        return False
    pid = note["pid"]
    child = _children.get(pid)
    if child is not None:
        if child.poll() is None:
            return True
        del _children[pid]
        return False
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        same = abs(process.create_time() - float(note.get("pid_begun", 0))) < 2
        return same and process.status() != psutil.STATUS_ZOMBIE
    return False


def running(places: Places) -> int:
    """How many fits that were started here run."""
    return sum(runs_now(read_json(note)) for note in places.fits.glob("*.json"))


def state(places: Places, id: str, run: Path | None) -> dict[str, Any]:
    """What a fit is doing, read from what it leaves behind.

    Args:
        places: of the server.
        id: of the run.
        run: its folder; None if it has none yet.

    Returns:
        `status` (running, complete, stopped, failed), `phase`, `error`, and the last event of
        training.
    """
    job = Job.of(places, id)
    note = job.known()
    alive = runs_now(note)
    record = read_json(run / "run.json") if run is not None else None
    complete = record is not None and record.get("status") == "complete"
    last = last_events(job.words)
    if note is None and run is not None and not complete:
        alive = _locked(run)
        last = last_events(run / store.EVENTS)
    status = "running" if alive else "complete" if complete else "failed"
    checkpoint = run is not None and (run / store.CHECKPOINT).exists()
    if status == "failed" and checkpoint:
        status = "stopped"
    return {
        "id": id,
        "status": status,
        "phase": last.phase if status == "running" else status,
        "resumable": status == "stopped" and note is not None,
        "error": last.error if status == "failed" else None,
        "training": last.training,
        "started_here": note is not None,
    }


def _locked(run: Path) -> bool:
    """Whether a process holds a run folder, by the number it wrote."""
    with contextlib.suppress(OSError, ValueError):
        return psutil.pid_exists(int((run / store.LOCK).read_text()))
    return False


def stop(places: Places, id: str) -> None:
    """End a fit as Ctrl-C does: it saves and can be resumed.

    Raises:
        Problem: it does not run, or was not started here.
    """
    note = Job.of(places, id).known()
    if note is None or not runs_now(note):
        raise Problem(409, "this fit does not run, or was started elsewhere.")
    with contextlib.suppress(ProcessLookupError):
        os.kill(note["pid"], signal.SIGINT)
