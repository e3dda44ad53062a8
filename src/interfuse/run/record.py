"""What `run.json` must hold: an entry that was edited or lost is one clear error, not a wrong fit.

Checksums cover the other parts of a run folder; `run.json`, which holds them, has none. Only what
is read again is listed, so that older runs and the user's own entries pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from interfuse.errors import RunError

_MISSING = object()


class Kind(NamedTuple):
    """Values of one kind.

    Attributes:
        words: for messages, "a whole number from 0".
        holds: whether a value, as JSON gives it, is one.
    """

    words: str
    holds: Callable[[Any], bool]

    def or_null(self) -> Kind:
        """These, and null."""
        return Kind(f"{self.words}, or null", lambda x: x is None or self.holds(x))


class Entry(NamedTuple):
    """An entry of `run.json`.

    Attributes:
        path: names with dots between, outer first; inner entries are looked for only where the
            outer one is there.
        kind: what it may be.
        needed: whether it must be there.
    """

    path: str
    kind: Kind
    needed: bool = True


def _is_number(x: Any) -> bool:
    return type(x) in (int, float)


def _is_curve(x: Any) -> bool:
    return isinstance(x, list) and all(
        isinstance(p, list) and len(p) == 4 and all(v is None or _is_number(v) for v in p)
        for p in x
    )


COUNT = Kind("a whole number from 0", lambda x: type(x) is int and x >= 0)
SOME = Kind("a whole number from 1", lambda x: type(x) is int and x >= 1)
NUMBER = Kind("a number", _is_number)
TEXT = Kind("text", lambda x: isinstance(x, str))
ANSWER = Kind("true or false", lambda x: isinstance(x, bool))
OBJECT = Kind("an object", lambda x: isinstance(x, dict))
CURVE = Kind("a list of [examples, seconds, loss, held-out loss]", _is_curve)

BEGINNING = (
    Entry("seed", COUNT),
    Entry("budget", OBJECT),
    Entry("budget.seconds", NUMBER.or_null()),
    Entry("budget.examples", COUNT.or_null()),
    Entry("keep_rows", ANSWER, needed=False),
    Entry("data", OBJECT),
    Entry("data.source", TEXT),
    Entry("data.path", TEXT.or_null(), needed=False),
    Entry("data.rows", COUNT),
    Entry("data.sha256", TEXT),
)
"""Written when a fit begins."""

WHOLE = (
    *BEGINNING,
    Entry("sha256", OBJECT),
    Entry("versions", OBJECT),
    Entry("machine", OBJECT),
    Entry("machine.threads", SOME, needed=False),
    Entry("training", OBJECT),
    Entry("training.examples", COUNT),
    Entry("training.seconds", NUMBER),
    Entry("training.reason", TEXT),
    Entry("training.held_out_loss", NUMBER.or_null()),
    Entry("training.held_out_rows", COUNT),
    Entry("training.best_examples", COUNT),
    Entry("training.curve", CURVE),
    Entry("training.device", TEXT),
    Entry("training.settings", OBJECT),
    Entry("training.settings.precision", TEXT),
    Entry("training.schedule", OBJECT.or_null(), needed=False),
    Entry("training.schedule.first_evaluation", COUNT),
    Entry("training.schedule.decay_from", COUNT.or_null()),
    Entry("training.schedule.decay_examples", COUNT),
    Entry("training.calibration", OBJECT.or_null(), needed=False),
    Entry("training.calibration.pair_rounds", COUNT),
    Entry("training.calibration.pair_blocks", COUNT),
    Entry("training.calibration.last_rounds", COUNT),
    Entry("training.calibration.last_blocks", COUNT),
)
"""Of a fit that is done."""


def check(file: Path, record: Mapping[str, Any], entries: Iterable[Entry] = WHOLE) -> None:
    """Compare a record with what it must hold.

    Raises:
        RunError: the first entry that is missing or of another kind.
    """
    for entry in entries:
        *outer, name = entry.path.split(".")
        inside: Any = record
        for part in outer:
            inside = (inside or {}).get(part)
        if inside is None:
            continue
        value = inside.get(name, _MISSING)
        if value is _MISSING and not entry.needed:
            continue
        if value is _MISSING or not entry.kind.holds(value):
            found = "is missing" if value is _MISSING else f"is {_short(value)}"
            raise RunError(
                f"{file}: {entry.path} {found}; expected {entry.kind.words}. "
                "Restore the file or fit again."
            )


def _short(value: Any, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else text[:most] + "..."
