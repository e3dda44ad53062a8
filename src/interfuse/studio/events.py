"""What a fit says, read from its file, and streamed as it grows (server-sent events)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

_TAIL = 64 * 2**10
_EVERY = 0.25
_ALIVE = 15.0
"""Seconds of silence after which a comment is sent, so that nothing between closes the stream."""
_PHASES = {"schema": "reading", "reading": "reading", "estimate": "preparing",
           "resumed": "preparing", "training": "training", "calibrate": "calibrating"}  # fmt: skip
_OLD = {"evaluated", "tick", "decay", "rescued", "stopped"}


class Last(NamedTuple):
    """The end of what a fit said.

    Attributes:
        phase: starting, reading, preparing, training, calibrating.
        error: its last error.
        training: its last event of training.
    """

    phase: str
    error: str | None
    training: dict[str, Any] | None


def as_event(line: bytes | str) -> dict[str, Any] | None:
    """A line as an event; those of a run folder's own `events.jsonl` too. None if it was cut."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    if found.get("event") in _OLD:
        text = found.get("message", "")
        return {**found, "event": "training", "stage": found["event"], "text": text}
    return found


def last_events(path: Path) -> Last:
    """The last events of a file, from its last lines."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        lines = []
    phase, error, training = "starting", None, None
    for line in lines:
        event = as_event(line)
        if event is None:
            continue
        name = str(event.get("event"))
        phase = _PHASES.get(str(event.get("stage")) if name == "notice" else name, phase)
        if name == "error":
            error = str(event.get("text"))
        elif name == "training":
            training = event
    return Last(phase, error, training)


async def stream(path: Path, after: int, ended: Callable[[], bool]) -> AsyncIterator[str]:
    """The events of a file behind its first `after` lines, as they come.

    The id of an event is the number of its line, so that who was cut off goes on with the header
    Last-Event-ID. A file that became shorter (a fit that was resumed forgets what came after its
    checkpoint) is told from its beginning, after an event `again`.

    Args:
        path: of the file.
        after: lines that are known.
        ended: whether no line can come any more.
    """
    number, place, silent = 0, 0, 0.0
    while True:
        over = ended()  # asked before reading: what was written until then is read below
        lines, place, shrunk = _read(path, place)
        if shrunk:
            number = after = 0
            yield "event: again\ndata: {}\n\n"
            lines, place, _ = _read(path, 0)
        for line in lines:
            number += 1
            event = as_event(line) if number > after else None
            if event is not None:
                yield _sent(number, event)
                silent = 0.0
        if over and not lines:
            yield "event: over\ndata: {}\n\n"
            return
        await asyncio.sleep(_EVERY)
        silent += _EVERY
        if silent >= _ALIVE:
            yield ": still here\n\n"
            silent = 0.0


def _sent(number: int, event: dict[str, Any]) -> str:
    return f"id: {number}\nevent: said\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"


def _read(path: Path, place: int) -> tuple[list[bytes], int, bool]:
    """Whole lines behind a place, the place behind them, and whether the file became shorter."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size < place:
                return [], 0, True
            file.seek(place)
            found = file.read(2**20)
    except OSError:
        return [], place, False
    whole = found[: found.rfind(b"\n") + 1]
    return whole.splitlines(), place + len(whole), False
