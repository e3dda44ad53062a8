"""`--quiet` and `--json`, which every command takes."""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, get_type_hints

import typer

from interfuse import spoken
from interfuse.cli.flags import with_parameters

_FLAGS = {
    "quiet": "Say nothing but warnings and errors.",
    "json": "Say everything as JSON, an object a line; the last one ends it.",
}


def with_modes(function: Callable[..., None]) -> Callable[..., None]:
    """A command, as typer shall see it, with both flags; `choose` has read them before."""
    known = inspect.signature(function)
    hints = get_type_hints(function, include_extras=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    takes = [
        p.replace(kind=keyword, annotation=hints.get(name, p.annotation))
        for name, p in known.parameters.items()
    ]
    for name, words in _FLAGS.items():
        said = Annotated[bool, typer.Option(f"--{name}", help=words)]
        takes.append(inspect.Parameter(name, keyword, default=False, annotation=said))

    @functools.wraps(function)
    def command(**options: Any) -> None:
        function(**{name: value for name, value in options.items() if name not in _FLAGS})

    return with_parameters(command, takes)


def choose(arguments: Sequence[str], write: spoken.Write | None = None) -> None:
    """Speak as the arguments say, before they are parsed: wrong ones are an event as well.

    Args:
        arguments: behind `interfuse`.
        write: where JSON goes, instead of a standard stream.
    """
    said = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    if write is not None or "--json" in said:
        spoken.speak("json", write or _writer(said))
    elif "--quiet" in said:
        spoken.speak("quiet")


def _writer(said: Sequence[str]) -> spoken.Write:
    """Standard output, or standard error where the answer goes to standard output."""
    pairs = set(itertools.pairwise(said))
    to_output = {("-o", "-"), ("--output", "-")} & pairs or {"--output=-", "-o-"} & set(said)

    def write(line: bytes) -> None:
        stream: Any = sys.stderr if to_output else sys.stdout
        with contextlib.suppress(ValueError):  # it was closed
            stream.write(line.decode())
            stream.flush()

    return write
