"""Flags of the command line, made from options that kinds declare."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

import typer

from interfuse.errors import OptionError
from interfuse.kinds import Kind, Option, Words, all_kinds

_TOO_LARGE = Decimal(10) ** 19


def whole(least: float | None) -> Callable[[str], int]:
    """A reader of whole numbers, also as people write large ones: 1e9, 1_000_000.

    Args:
        least: the smallest that is taken.
    """

    def read(text: str | int) -> int:
        try:
            exact = Decimal(text)
            if exact != exact.to_integral_value() or abs(exact) >= _TOO_LARGE:
                raise ValueError(text)
        except (ArithmeticError, ValueError):
            raise typer.BadParameter(f"{text!r} is not a whole number.") from None
        if least is not None and exact < least:
            raise typer.BadParameter(f"{text} is not in the range x>={least:g}.")
        return int(exact)

    read.__name__ = "whole number"
    return read


def flag(option: Option, panel: str | None = None) -> inspect.Parameter:
    """A keyword that typer makes a flag of.

    Args:
        option: as it was declared.
        panel: the box of the help that it stands in; None for the first.
    """
    names = [option.flag, *([option.short] if option.short else [])]
    read: type = option.type
    value: Any = None
    if read is bool:
        names, value = [option.flag], False
    elif option.many:
        read = list[read] | None  # type: ignore[valid-type]
    else:
        read = read if option.needed else read | None  # type: ignore[assignment]
    how: dict[str, Any] = {"min": option.least, "metavar": option.metavar}
    if option.type is int and not option.many:
        how = {"parser": whole(option.least), "metavar": option.metavar or "INTEGER"}
    info = typer.Option(*names, help=option.help, rich_help_panel=panel, **how)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if option.needed else value,
        annotation=Annotated[read, info],
    )


def merged(options_of: Mapping[Kind, Sequence[Option]]) -> list[inspect.Parameter]:
    """The flags of several kinds: what most know comes first, then a box for what few know.

    Where kinds declare an option of one name, the first one's words are shown.
    """
    knows: dict[str, list[Kind]] = {}
    first: dict[str, Option] = {}
    for kind, options in options_of.items():
        for option in options:
            first.setdefault(option.name, option)
            knows.setdefault(option.name, []).append(kind)
    common, special = [], []
    for name, option in first.items():
        few = 2 * len(knows[name]) <= len(options_of) and len(options_of) > 1
        panel = f"For models {_either(k.words.of for k in knows[name])}" if few else None
        (special if few else common).append(flag(option, panel))
    needed = [p for p in common if p.default is inspect.Parameter.empty]
    return [*needed, *(p for p in common if p not in needed), *special]


def with_parameters(
    function: Callable[..., None], parameters: Iterable[inspect.Parameter]
) -> Callable[..., None]:
    """The same function as typer shall see it."""
    parameters = list(parameters)
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    return function


def refuse(kind: Kind, name: str, said: Mapping[str, Any], options: Sequence[Option]) -> None:
    """Refuse what was typed for another kind of model.

    Args:
        kind: of the model.
        name: of the question.
        said: values by keyword.
        options: that this kind knows.

    Raises:
        OptionError: an option of another kind was given.
    """
    known = {option.name for option in options}
    for other in all_kinds():
        verb = other.verb(name)
        for option in verb.options if verb else ():
            if option.name in known or option.typed(said.get(option.name)) is None:
                continue
            whose = [k for k in all_kinds() if _has(k, name, option.name)]
            raise OptionError(
                f"{option.flag}: is for models {_either(k.words.of for k in whose)}; this one is "
                f"{kind.words.of}. Drop it."
            )


def words_of(kind: str) -> Words | None:
    """How a kind is spoken of; None if it is not known."""
    return next((k.words for k in all_kinds() if k.name == kind), None)


def _has(kind: Kind, verb: str, option: str) -> bool:
    found = kind.verb(verb)
    return found is not None and any(o.name == option for o in found.options)


def _either(names: Iterable[str]) -> str:
    return " or ".join(names)
