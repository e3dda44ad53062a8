"""Kinds of data, a folder each: none knows another, and no file outside names one.

Whoever needs to know what data is, or what a run folder is a model of, asks here. Packages add
kinds by an entry point in the group `interfuse.kinds` that leads to a `Kind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from interfuse.errors import OptionError, RunError
from interfuse.io.records import short
from interfuse.kinds.kind import Kind, Words
from interfuse.kinds.option import Option
from interfuse.kinds.verb import Asked, Verb

__all__ = ["Asked", "Kind", "Option", "Verb", "Words", "all_kinds", "knowing", "named", "of",
           "of_record", "register", "unregister"]  # fmt: skip

_OURS = ("table", "images", "series", "interactions")
"""Folders here with a `KIND` in their file `kind`; the order is that of the help."""
_ABSENT = "table"
"""What a `run.json` without a kind is of: tables came first."""
_kinds: dict[str, Kind] = {}
_loaded: list[str] = []


def register(kind: Kind) -> Kind:
    """Add a kind.

    Raises:
        ValueError: another has its name.
    """
    if _kinds.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"{kind.name!r}: another kind has this name; choose one of its own.")
    return kind


def unregister(name: str) -> None:
    """Take a kind away again, as tests do."""
    del _kinds[name]


def all_kinds() -> tuple[Kind, ...]:
    """All kinds: those of interfuse, then those of other packages."""
    if not _loaded:
        _loaded.append("")
        others = dict(_kinds)
        _kinds.clear()
        for name in _OURS:
            register(import_module(f"interfuse.kinds.{name}.kind").KIND)
        _kinds.update(others)
        for point in entry_points(group="interfuse.kinds"):
            register(point.load())
    return tuple(_kinds.values())


def named(name: str) -> Kind:
    """The kind of a name.

    Raises:
        OptionError: there is none.
    """
    known = {kind.name: kind for kind in all_kinds()}
    if name not in known:
        raise OptionError(f"kind: {name!r} is unknown; expected one of {', '.join(known)}.")
    return known[name]


def knowing(option: str) -> list[Kind]:
    """The kinds whose fits know an option."""
    return [kind for kind in all_kinds() if option in {o.name for o in kind.options}]


def of(data: Any) -> Kind:
    """The kind that `fit` takes data for: the surest, the first of equals."""
    return max(all_kinds(), key=lambda kind: kind.looks(data))


def of_record(record: Mapping[str, Any], place: object) -> Kind:
    """The kind that a `run.json` is of.

    Args:
        record: its content.
        place: the folder, for the message.

    Raises:
        RunError: it is not known here.
    """
    name = record.get("kind", _ABSENT)
    try:
        return named(name if isinstance(name, str) else short(name))
    except OptionError:
        raise RunError(
            f"{place}: is a model of {short(name)}, which this interfuse does not know; it knows "
            f"{', '.join(k.name for k in all_kinds())}. Upgrade with: pip install -U interfuse"
        ) from None
