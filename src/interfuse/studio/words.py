"""Options from JSON to arguments of the command line, and to a call in Python."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from interfuse.kinds import Option
from interfuse.studio.problems import Problem
from interfuse.visible import quoted

LONGEST = 10_000
MOST = 1_000


def arguments(
    options: Iterable[Option], said: Mapping[str, Any], file: Callable[[str], Path]
) -> list[str]:
    """What would be typed for options.

    Args:
        options: that there are.
        said: values by keyword.
        file: from the id of an upload to its path; no other file can be named.

    Raises:
        Problem: an option is unknown or its value is no text, number, truth or list of them.
    """
    known = {option.name: option for option in options}
    out = []
    for name, value in said.items():
        if name not in known:
            raise Problem(422, f"options.{name[:60]}: is unknown; there are {', '.join(known)}.")
        option = known[name]
        if value is None or value == "" or value == []:
            continue
        if option.type is bool:
            if not isinstance(value, bool):
                raise Problem(422, f"options.{name}: is {value!r:.60}; expected true or false.")
            out += [option.flag] if value != bool(option.default) else []
            continue
        several = value if isinstance(value, list) else [value]
        if len(several) > (MOST if option.many else 1):
            raise Problem(422, f"options.{name}: has {len(several)} values; one is expected.")
        for one in several:
            text = str(file(str(one))) if option.reads_file else _text(name, one)
            out.append(f"{option.flag}={text}")
    return out


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Problem(422, f"options.{name}: expected text or a number.")
    text = str(value)
    if len(text) > LONGEST or "\0" in text:
        raise Problem(422, f"options.{name}: is longer than {LONGEST:,} characters.")
    return text


def command_line(words: Iterable[str]) -> str:
    """Arguments as a shell reads them, `--flag value` where they have an equals sign."""
    out = ["interfuse"]
    for word in words:
        flag, equals, value = word.partition("=")
        split = equals and flag.startswith("--") and not value.startswith("-")
        out += [flag, quoted(value)] if split else [quoted(word)]
    return " ".join(out)


def call(function: str, *given: Any, **named: Any) -> str:
    """A call in Python, in lines of at most 88 characters."""
    parts = [repr(value) for value in given]
    parts += [f"{name}={value!r}" for name, value in named.items()]
    line = f"{function}({', '.join(parts)})"
    if len(line) <= 88:
        return line
    return f"{function}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def keywords(options: Iterable[Option], said: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords that Python takes for options as JSON has them: only those that say anything."""
    known = {option.name: option for option in options}
    out = {}
    for name, value in said.items():
        option = known[name]
        if value is None or value == "" or value == [] or value == option.default:
            continue
        listed = [value] if option.many and not isinstance(value, list) else value
        out[name] = listed
    return out


def shown_name(path: Path, folder: Path) -> str:
    """A path as whoever stands in the served folder types it."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


__all__ = ["arguments", "call", "command_line", "keywords", "shlex", "shown_name"]
