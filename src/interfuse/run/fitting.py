"""What every fit does alike, whatever its data: words, checkpoints, events, Ctrl-C, resuming.

A run folder is filled in this order, so that whatever ends the fit, what was learned can be used:
`run.json` with status "fitting" (seed, budget and data hash: what `--resume` must find again) and
`schema.json`; then `checkpoint.safetensors` every `CHECKPOINT_SECONDS` and on an interrupt; at the
end the model's parts and `run.json` with status "complete".
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from interfuse.errors import RunError
from interfuse.io.databases import shown
from interfuse.io.files import write_json
from interfuse.run import store
from interfuse.train.events import Event
from interfuse.train.state import Checkpoint
from interfuse.train.trainer import Trainer
from interfuse.visible import quoted

CHECKPOINT_SECONDS = 30.0


class FitStopped(Exception):
    """A fit was interrupted on request; its checkpoint, if it has a folder, is saved."""


@dataclass(frozen=True)
class Notice:
    """What a fit says outside of training.

    Attributes:
        stage: "schema", "estimate", "warning", "resumed", "preview" or "calibrate".
        message: for people.
        value: the schema, the estimate, the path of the preview, or its marginals
            (`interfuse.io.shares.distribution` of drawn columns beside real ones).
    """

    stage: str
    message: str
    value: Any = None


Listener = Callable[[Notice | Event], None]


WATCHED = "previews"
"""Attribute of a listener that shows marginals while a table is fitted."""


def watched(listener: Listener) -> bool:
    """Whether marginals are to be drawn on the way."""
    return bool(getattr(listener, WATCHED, False))


def start(folder: Path, schema: Any, record: dict[str, Any]) -> None:
    """Begin a new run in a folder that is locked: its schema, and a record that can be resumed."""
    store.clear(folder)
    schema.save(folder / "schema.json")
    begun = {"format": store.FORMAT, "status": "fitting", **record}
    # Where relative paths begin, for who goes on elsewhere; it is gone when the fit is complete.
    write_json(folder / "run.json", {**begun, "begun_in": os.getcwd()})


def same_data(folder: Path, before: dict[str, Any], data: dict[str, Any]) -> None:
    """Check that a fit is resumed with the data it was started on.

    Raises:
        RunError: it is not.
    """
    if data["sha256"] != before["data"]["sha256"]:
        raise RunError(
            f"{folder}: the fit was started on other data (checksum differs). Resume with the "
            "same file or frame, or fit without --resume."
        )


def as_given(**words: Any) -> dict[str, str]:
    """Those of the arguments that are text or paths, as they were typed, so that `run.json` knows.

    A frame or an array leaves nothing: whoever repeats the fit has to pass it again.
    """
    return {n: shown(str(word)) for n, word in words.items() if isinstance(word, str | Path)}


def resume(trainer: Trainer, checkpoint: Checkpoint, listener: Listener) -> None:
    """Put a trainer where an interrupted fit was."""
    trainer.restore(checkpoint)
    done = f"going on after {trainer.progress.examples:,} examples"
    listener(Notice("resumed", done, trainer.progress))


def drive(
    trainer: Trainer,
    folder: Path | None,
    listener: Listener,
    every: float = CHECKPOINT_SECONDS,
    between: Callable[[Event], None] | None = None,
) -> None:
    """Drive a trainer to its end: tell the listener, write events and checkpoints, mind Ctrl-C.

    Args:
        trainer: new, or restored from a checkpoint.
        folder: the run folder; None keeps nothing.
        listener: told every event.
        every: seconds between checkpoints.
        between: called after each event.

    Raises:
        FitStopped: on an interrupt; the checkpoint is saved. It is after any other error, too.
    """
    path = None if folder is None else folder / store.CHECKPOINT
    with _interruptible(trainer), _events(folder, trainer.progress.examples) as log:
        saved = time.monotonic()
        try:
            for event in trainer.run():
                listener(event)
                log(event)
                if between is not None:
                    between(event)
                due = time.monotonic() - saved >= every
                if path is not None and due and not trainer.progress.reason:
                    trainer.checkpoint().save(path)
                    saved = time.monotonic()
        except BaseException:
            # Whatever it was, what was learned is kept; the error is more telling than a second.
            if path is not None and trainer.whole and trainer.progress.step:
                with contextlib.suppress(Exception):
                    trainer.checkpoint().save(path)
            raise
    if path is not None:
        trainer.checkpoint().save(path)
    if trainer.progress.reason:
        return
    if folder is None:
        raise FitStopped("interrupted; a fit without a folder keeps nothing.")
    raise FitStopped(
        f"interrupted after {trainer.progress.examples:,} examples; all of it is saved. "
        f"Go on with: interfuse fit DATA -o {quoted(folder)} --resume"
    )


def training_record(trainer: Trainer) -> dict[str, Any]:
    """How training went: a part of `run.json`."""
    p = trainer.progress
    return {
        "examples": p.examples,
        "seconds": round(p.seconds, 3),
        "reason": p.reason,
        "held_out_loss": p.best if p.best < float("inf") else None,
        "best_examples": p.best_examples,
        "held_out_rows": len(trainer.held_out),
        "skipped_steps": p.skipped,
        "schedule": {
            "first_evaluation": p.interval,
            "decay_from": p.decay_from,
            "decay_examples": p.decay_examples,
        },
        "curve": [[_finite(x) for x in point] for point in p.curve],
        "settings": asdict(trainer.settings),
        "device": trainer.device.type,
    }


def versions() -> dict[str, str]:
    """Versions that a result may depend on."""
    from importlib.metadata import version

    names = ("interfuse", "torch", "numpy", "polars")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def machine() -> dict[str, object]:
    """Where a fit ran."""
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "threads": torch.get_num_threads(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }


def _finite(x: float) -> float | None:
    return x if abs(x) < float("inf") else None


@contextlib.contextmanager
def _interruptible(trainer: Trainer) -> Iterator[None]:
    """Let the first Ctrl-C, termination or hang-up end training after the step at hand."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if trainer.stop_requested:
            raise KeyboardInterrupt
        trainer.stop_requested = True

    numbers = [signal.SIGINT, signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:  # nohup
        numbers.append(hangup)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _events(folder: Path | None, examples: int) -> Iterator[Callable[[Event], None]]:
    """Append events to the folder's log, which first forgets those after `examples`."""
    if folder is None:
        yield lambda event: None
        return
    path = folder / store.EVENTS
    kept = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):  # the last line may be cut
                if json.loads(line)["examples"] <= examples:
                    kept.append(line + "\n")
    with path.open("w", encoding="utf-8", buffering=1) as f:
        f.writelines(kept)

        def write(event: Event) -> None:
            p = event.progress
            last = p.curve[-1] if p.curve else None
            line = {
                "event": event.kind,
                "step": p.step,
                "examples": p.examples,
                "seconds": round(p.seconds, 3),
                "loss": event.loss,
                "held_out_loss": _finite(last[3]) if last and event.kind != "tick" else None,
                "rows_per_second": round(event.rows_per_second),
                "remaining_seconds": round(event.remaining, 1),
                "message": event.message,
            }
            f.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")

        yield write
