"""A question as a command: what it takes, what it writes, and what people are told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from interfuse.kinds.option import Option


class Asked(NamedTuple):
    """What was typed.

    Attributes:
        run: the run folder.
        source: the data that the question is about, as typed; empty if it takes none.
        target: where the answer goes, as typed.
    """

    run: Path
    source: str
    target: str


@dataclass(frozen=True)
class Verb:
    """One question to one kind of model.

    Kinds that know a question of the same name share a command: its options are those of all of
    them, and one that a model's kind does not have is refused.

    Attributes:
        name: the command.
        summary: a line; the command shows that of the first kind which has the question.
        details: what is particular about this kind.
        examples: commands that can be typed.
        run: asks a model and writes the answer: called with the model, what was typed, and a
            keyword for each option that was given.
        options: besides the run folder, the data and the target.
        source: what the second argument is called and is; None if there is none.
        target: what the help says of `--output`.
        optional: whether the second argument may be left out; `Asked.source` is then empty.
        ending: of a file that suits the answer, where nobody says which; without the dot.
    """

    name: str
    summary: str
    details: str
    examples: tuple[str, ...]
    run: Callable[..., None]
    options: tuple[Option, ...] = ()
    source: tuple[str, str] | None = None
    target: str = "Its name says the format."
    optional: bool = False
    ending: str = "csv"

    def ask(self, model: Any, asked: Asked, **options: Any) -> None:
        """Ask, and write the answer."""
        self.run(model, asked, **options)


def late(module: str, name: str) -> Callable[..., Any]:
    """A function whose module is imported when it is called: a list of commands loads nothing."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module), name)(*args, **kwargs)

    return call
