"""JSON held against types: what does not fit is one line that says where, what and what else.

Types are dataclasses and `msgspec.Struct`s, and what they are made of. `Meta(extra={"words": ...})`
beside a type is how people are told what is expected there; otherwise it is made of the type. Types
that JSON does not have (`Hook`) say themselves how they are read.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

import msgspec

from interfuse.errors import InterfuseError

T = TypeVar("T")
_SHOWN = 60


class Hook(NamedTuple):
    """A type that JSON does not have.

    Attributes:
        type: it, or what it is derived from.
        read: of what JSON gives; raises an `InterfuseError`.
        schema: in a JSON Schema.
    """

    type: type
    read: Callable[[Any], Any]
    schema: Mapping[str, Any]


class Fault(NamedTuple):
    """What does not fit.

    Attributes:
        place: names with dots between, places in lists in brackets; "" for the whole.
        found: "is 3".
        expected: "text".
    """

    place: str
    found: str
    expected: str


class Slot(NamedTuple):
    """An entry of an object: its name, its type, and whether it must be there."""

    name: str
    type: Any
    needed: bool


def decode(content: bytes, where: str, error: type[InterfuseError], advice: str = "") -> Any:
    """What JSON text says.

    Raises:
        InterfuseError: of the class `error`: it is not JSON in UTF-8, a number is not finite, or
            it is nested too deeply.
    """
    try:
        return msgspec.json.decode(content)
    except RecursionError:
        reason = "it is nested too deeply"
    except msgspec.MsgspecError as first:
        reason = _reason(content) or str(first)
    raise error(f"{where}: cannot be read as JSON ({reason}).{advice and ' '}{advice}")


def read_object(
    path: Path, error: type[InterfuseError], advice: str = "", most: int | None = None
) -> dict[str, Any]:
    """The object in a JSON file.

    Args:
        path: of the file.
        error: the class of what is raised.
        advice: the end of a message.
        most: bytes that it may have.

    Raises:
        InterfuseError: of the class `error`: it cannot be read, is too large, or is no object.
    """
    end = f"{advice and ' '}{advice}"
    try:
        size = path.stat().st_size
        if most is not None and size > most:
            raise error(f"{path}: has {size:,} bytes; expected at most {most:,}.{end}")
        content = path.read_bytes()
    except FileNotFoundError:
        raise error(f"{path}: is missing.{end}") from None
    except OSError as cause:
        raise error(f"{path}: cannot be read ({cause.strerror}).{end}") from cause
    value = decode(content.removeprefix(b"\xef\xbb\xbf"), str(path), error, advice)
    if not isinstance(value, dict):
        raise error(f"{path}: is {short(value)}; expected a JSON object.{end}")
    return value


@overload
def checked(
    value: Any,
    kind: type[T],
    where: str,
    error: type[InterfuseError],
    advice: str = "",
    hooks: tuple[Hook, ...] = (),
) -> T: ...


@overload  # of an annotated type, which no checker takes for one
def checked(
    value: Any,
    kind: Any,
    where: str,
    error: type[InterfuseError],
    advice: str = "",
    hooks: tuple[Hook, ...] = (),
) -> Any: ...


def checked(
    value: Any,
    kind: Any,
    where: str,
    error: type[InterfuseError],
    advice: str = "",
    hooks: tuple[Hook, ...] = (),
) -> Any:
    """The value as an instance of a type.

    Args:
        value: as JSON gives it.
        kind: what it must be.
        where: the file, or what it is a part of.
        error: the class of what is raised.
        advice: the end of a message.
        hooks: types that JSON does not have.

    Raises:
        InterfuseError: of the class `error`: the first entry that does not fit.
    """
    read = _reader(hooks)
    try:
        return msgspec.convert(value, kind, dec_hook=read)
    except (msgspec.ValidationError, RecursionError) as cause:
        fault = _fault(value, kind, "", read) or Fault("", f"does not fit ({cause})", words(kind))
    place = f"{where}: {fault.place} " if fault.place else f"{where}: "
    raise error(f"{place}{fault.found}; expected {fault.expected}.{advice and ' '}{advice}")


def slots(kind: Any) -> list[Slot]:
    """The entries of an object of a type."""
    hints = get_type_hints(kind, include_extras=True)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [
            Slot(f.encode_name, hints[f.name], f.required) for f in msgspec.structs.fields(kind)
        ]
    absent = dataclasses.MISSING
    return [
        Slot(f.name, hints[f.name], f.default is absent and f.default_factory is absent)
        for f in dataclasses.fields(kind)
    ]


def is_object(kind: Any) -> bool:
    """Whether a type is one of named entries."""
    return isinstance(kind, type) and (
        issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind)
    )


def words(kind: Any) -> str:
    """What a type is, for people."""
    plain, said = _plain(kind)
    if said:
        return said
    if _parts(plain):
        names = [words(part) for part in _parts(plain) if part is not type(None)]
        return " or ".join(names) + (", or null" if type(None) in _parts(plain) else "")
    if get_origin(plain) is Literal:
        choices = ", ".join(map(repr, get_args(plain)))
        return choices if len(get_args(plain)) == 1 else f"one of {choices}"
    base = get_origin(plain) or plain
    if base is int:
        return "a whole number" + _range(kind)
    if base is float:
        return "a number" + _range(kind)
    named = {str: "text", bool: "true or false", list: "a list", tuple: "a list", Any: "a value"}
    return named.get(base, "an object")


def short(value: Any, most: int = _SHOWN) -> str:
    """The beginning of a value, on one line."""
    if _deep(value):  # its repr may fail
        return "a list" if isinstance(value, list) else "a JSON object"
    return _cut(repr(value), most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "..."


def _deep(value: Any, left: int = 20) -> bool:
    if left == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_deep(part, left - 1) for part in inner)


def _reason(content: bytes) -> str:
    """Why it is not JSON, with line and column, if Python's own reader finds fault too."""
    try:
        json.loads(content.decode())
    except (ValueError, RecursionError) as cause:
        return str(cause)
    return ""


def _reader(hooks: tuple[Hook, ...]) -> Callable[[type, Any], Any]:
    def read(kind: type, value: Any) -> Any:
        for hook in hooks:
            if isinstance(kind, type) and issubclass(kind, hook.type):
                return hook.read(value)
        raise TypeError(f"{kind} is no type of JSON")

    return read


def _plain(kind: Any) -> tuple[Any, str]:
    """A type without what is noted beside it, and the words noted."""
    if get_origin(kind) is not Annotated:
        return kind, ""
    plain, *notes = get_args(kind)
    said = [n.extra["words"] for n in notes if n.extra and "words" in n.extra]
    return plain, said[0] if said else ""


def _parts(plain: Any) -> tuple[Any, ...]:
    """The types of a union; () of others."""
    return get_args(plain) if get_origin(plain) in (Union, types.UnionType) else ()


def _range(kind: Any) -> str:
    notes = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    low = next((n.ge for n in notes if n.ge is not None), None)
    high = next((n.le for n in notes if n.le is not None), None)
    above = next((n.gt for n in notes if n.gt is not None), None)
    out = f" above {above}" if above is not None else "" if low is None else f" from {low}"
    return out if high is None else f"{out} to {high}" if out else f" of at most {high}"


def _inner(value: Any, kind: Any, place: str) -> Iterator[tuple[Any, Any, str]]:
    """The parts of a value with their types and places, as far as both have them."""
    base, args = get_origin(kind) or kind, get_args(kind)
    if isinstance(value, dict) and is_object(base):
        at = f"{place}." if place else ""
        yield from ((value[s.name], s.type, at + s.name) for s in slots(base) if s.name in value)
    elif isinstance(value, dict) and base in (dict, Mapping) and args:
        yield from ((part, args[1], f"{place}[{name!r}]") for name, part in value.items())
    elif isinstance(value, list) and base in (list, tuple) and args:
        every = args[0] if base is list or args[-1] is Ellipsis else None
        kinds = [every] * len(value) if every is not None else list(args)
        if len(kinds) == len(value):
            for i, (part, of) in enumerate(zip(value, kinds, strict=True)):
                name = part.get("name") if isinstance(part, dict) else None
                known = f" ({name!r})" if isinstance(name, str) else ""
                yield part, of, f"{place}[{i}]{_cut(known, _SHOWN)}"


def _fault(value: Any, kind: Any, place: str, read: Callable[[type, Any], Any]) -> Fault | None:
    """The innermost part that does not fit; the first one of several."""
    try:
        msgspec.convert(value, kind, dec_hook=read)
        return None
    except (msgspec.ValidationError, RecursionError):
        plain, said = _plain(kind)
    parts = [part for part in _parts(plain) if part is not type(None)]
    inner = _plain(parts[0])[0] if len(parts) == 1 else plain
    if not said and not (parts and _plain(parts[0])[1]):
        base = get_origin(inner) or inner
        if isinstance(value, dict) and is_object(base):
            for slot in slots(base):
                if slot.needed and slot.name not in value:
                    at = f"{place}.{slot.name}" if place else slot.name
                    return Fault(at, "is missing", words(slot.type))
        for part, of, at in _inner(value, inner, place):
            found = _fault(part, of, at, read)
            if found is not None:
                return found
        if isinstance(value, dict) and is_object(base):
            extra = _unknown(value, base, place)
            if extra is not None:
                return extra
    return Fault(place, f"is {short(value)}", words(kind))


def _unknown(value: dict[str, Any], kind: type, place: str) -> Fault | None:
    """An entry that a strict record does not know: most likely a slip of the pen."""
    if not issubclass(kind, msgspec.Struct) or not kind.__struct_config__.forbid_unknown_fields:
        return None
    tag = kind.__struct_config__.tag_field
    known = {slot.name for slot in slots(kind)} | ({tag} if tag else set())
    for name in value:
        if name not in known:
            found = f"has an unknown entry {short(name)}"
            return Fault(place, found, f"one of {', '.join(sorted(known))}")
    return None
