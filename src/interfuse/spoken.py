"""What a command says, as text, not at all, or as JSON.

`--quiet` leaves warnings and errors. `--json` writes one JSON object a line to standard output, to
standard error where the answer itself goes to standard output: what text would have said as events
(`EVENTS`), the last of which is `End`. `interfuse/spoken.schema.json` is their JSON Schema.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import msgspec

Mode = Literal["text", "quiet", "json"]
Write = Callable[[bytes], object]


class Event(msgspec.Struct, tag_field="event", frozen=True):
    """Something that a command says."""


class Message(Event, tag="message", frozen=True):
    """A line for people.

    Attributes:
        text: the line.
    """

    text: str


class Warned(Event, tag="warning", frozen=True):
    """What people should know of the data, a condition or the answer.

    Attributes:
        text: a sentence.
    """

    text: str


class Failure(Event, tag="error", frozen=True):
    """Why a command ends without what was asked for.

    Attributes:
        text: where, what was found, what was expected and what to do.
    """

    text: str


class Facts(Event, tag="facts", frozen=True):
    """Names and values.

    Attributes:
        title: what they are about.
        rows: pairs of a name and a value.
    """

    title: str
    rows: list[tuple[str, str]]


class Tabled(Event, tag="listing", frozen=True):
    """Rows below names, as a terminal shows them.

    Attributes:
        title: what it is about; empty if that is plain.
        columns: their names.
        rows: cells as text.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Progressed(Event, tag="progress", frozen=True):
    """How far an answer is.

    Attributes:
        doing: such as "generating".
        done: so many.
        total: of so many.
        unit: of what.
    """

    doing: str
    done: int
    total: int
    unit: str


class Described(Event, tag="schema", frozen=True):
    """What data was taken for.

    Attributes:
        kind: of the data.
        found: how much there is, for people.
        schema: what `--save-schema` writes.
    """

    kind: str
    found: str
    schema: dict[str, Any]


class Noticed(Event, tag="notice", frozen=True):
    """What a fit says outside of training.

    Attributes:
        stage: "reading", "estimate", "resumed", "calibrate" or "preview".
        text: for people.
    """

    stage: str
    text: str


class Previewed(Event, tag="marginals", frozen=True):
    """How drawn columns are distributed beside real ones while a table is fitted.

    Attributes:
        text: for people.
        columns: those furthest off the first time; by `name` the shares of equal bins from `low`
            to `high`, or of `values`: of drawn rows as `shares`, of real ones as `other`.
    """

    text: str
    columns: list[dict[str, Any]]


class Trained(Event, tag="training", frozen=True):
    """How training goes.

    Attributes:
        stage: "tick", "evaluated", "decay" (the learning rate starts to fall), "rescued" (a loss
            that was not finite was survived) or "stopped".
        step: steps so far.
        examples: records so far, with repetition.
        seconds: spent so far.
        loss: mean since the last event; null if there was no step.
        held_out_loss: of rows that are not trained on, at an evaluation.
        rows_per_second: speed since the last event.
        remaining_seconds: to the end, by the budget and the present speed.
        text: the reason, for people.
    """

    stage: str
    step: int
    examples: int
    seconds: float
    loss: float | None
    held_out_loss: float | None
    rows_per_second: float
    remaining_seconds: float
    text: str


class End(Event, tag="end", frozen=True):
    """The last line.

    Attributes:
        exit_code: 0 done, 1 a check asked for did not hold, 2 an error, 130 interrupted.
        seconds: that the command took.
    """

    exit_code: int
    seconds: float


EVENTS = (Message, Warned, Failure, Facts, Tabled, Progressed, Described, Noticed, Previewed,
          Trained, End)  # fmt: skip
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)
_KEPT = (Warned, Failure)


class _Voice:
    mode: Mode = "text"
    write: Write | None = None


_voice = _Voice()


def mode() -> Mode:
    """How the command at hand speaks."""
    return _voice.mode


def heard(event: Event) -> bool:
    """Whether an event is still to be shown as text; in JSON it is written here."""
    if _voice.mode == "json" and _voice.write is not None:
        _voice.write(msgspec.json.encode(event) + b"\n")
    return _voice.mode == "text" or (_voice.mode == "quiet" and isinstance(event, _KEPT))


def speak(how: Mode, write: Write | None = None) -> None:
    """Speak so from now on.

    Args:
        how: the mode.
        write: where lines of JSON go.
    """
    _voice.mode, _voice.write = how, write


@contextmanager
def as_before() -> Iterator[None]:
    """Speak as before when this is left."""
    before = _voice.mode, _voice.write
    try:
        yield
    finally:
        _voice.mode, _voice.write = before


def events_schema() -> dict[str, Any]:
    """The JSON Schema of a line of `--json`; `spoken.schema.json` holds it."""
    any_of = functools.reduce(operator.or_, EVENTS)
    (top,), parts = msgspec.json.schema_components([any_of], ref_template="#/$defs/{name}")
    for part in parts.values():
        said = part.pop("description").split("\n\nAttributes:\n")
        part["description"] = said[0].replace("\n", " ")
        for name, words in _ATTRIBUTE.findall(said[1]) if len(said) > 1 else ():
            part["properties"][name]["description"] = " ".join(words.split())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": parts}
