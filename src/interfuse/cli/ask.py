"""The commands that ask a fitted model, one for each question that any kind declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from interfuse.cli.flags import merged, refuse, with_parameters
from interfuse.errors import RunError
from interfuse.kinds import Asked, Kind, Verb, all_kinds, named
from interfuse.kinds.option import typed

_EMPTY = inspect.Parameter.empty
_RUN = Annotated[Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made.")]


def questions() -> dict[str, dict[Kind, Verb]]:
    """By name, the kinds that know a question and what it is to them."""
    out: dict[str, dict[Kind, Verb]] = {}
    for kind in all_kinds():
        for verb in kind.verbs:
            out.setdefault(verb.name, {})[kind] = verb
    return out


def command(name: str, verbs: dict[Kind, Verb]) -> Callable[..., None]:
    """A function that typer makes the command of."""

    def ask(run: Path, source: str = "", target: str = "", **said: Any) -> None:
        import interfuse

        model = interfuse.load(run)
        kind = named(model.schema.kind)
        verb = kind.verb(name)
        if verb is None:
            whose = " or ".join(k.words.of.removeprefix("of ") for k in verbs)
            raise RunError(
                f"{run}: is a model {kind.words.of}; expected one of {whose} for {name}. Fit one "
                f"with: interfuse fit DATA -o RUN{next(iter(verbs)).words.fit}"
            )
        refuse(kind, name, said, verb.options)
        verb.ask(model, Asked(run, source, target), **typed(verb.options, said))

    first = next(iter(verbs.values()))
    ask.__name__ = name
    ask.__doc__ = _help(verbs)
    takes = [_positional("run", _RUN)]
    if first.source is not None:
        metavar, what = first.source
        reads = Annotated[str, typer.Argument(metavar=metavar, help=what, show_default=False)]
        takes.append(_positional("source", reads, "" if first.optional else _EMPTY))
    where = typer.Option("--output", "-o", metavar="FILE", help=first.target)
    takes.append(_positional("target", Annotated[str, where]))
    takes.sort(key=lambda taken: taken.default is not _EMPTY)
    flags = merged({kind: verb.options for kind, verb in verbs.items()})
    return with_parameters(ask, [*takes, *flags])


def _positional(name: str, annotation: Any, default: Any = _EMPTY) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )


def _help(verbs: dict[Kind, Verb]) -> str:
    first = next(iter(verbs.values()))
    paragraphs = [first.summary, *(v.details for v in verbs.values() if v.details)]
    examples = [escape(example) for verb in verbs.values() for example in verb.examples]
    return "\n\n".join([*paragraphs, "[bold]Examples[/]", *examples])
