"""JSON Schemas of records, with what their docstrings say: what editors complete from."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

import msgspec

from interfuse.io.records import Hook, is_object, slots

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: type, hooks: Iterable[Hook] = ()) -> dict[str, Any]:
    """The JSON Schema of a record; entries are described by its docstring's `Attributes`."""
    hooks = tuple(hooks)

    def special(found: type) -> dict[str, Any]:
        for hook in hooks:
            if isinstance(found, type) and issubclass(found, hook.type):
                return dict(hook.schema)
        raise TypeError(f"{found} is no type of JSON")

    (_,), parts = msgspec.json.schema_components([kind], schema_hook=special)
    for found in _objects(kind, []):
        part = parts[found.__name__]
        part["description"] = (inspect.getdoc(found) or "").split("\n\n")[0].replace("\n", " ")
        for name, words in attributes(found).items():
            if name in part["properties"]:
                part["properties"][name].setdefault("description", words)
        for entry in part["properties"].values():
            if entry.get("default") in ({}, []):  # some versions of msgspec tell of these
                del entry["default"]
    top = parts.pop(kind.__name__)
    out = {"$schema": DRAFT, **top}
    return {**out, "$defs": parts} if parts else out


def one_of(choices: Iterable[str]) -> msgspec.Meta:
    """Beside a type of text: what editors offer. Whoever reads it checks it."""
    return msgspec.Meta(extra_json_schema={"enum": list(choices)})


def attributes(kind: type) -> dict[str, str]:
    """What the docstrings of a class, and of those it is derived from, say of its attributes."""
    out: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        lines = inspect.cleandoc(base.__dict__.get("__doc__") or "").split("\n")
        if "Attributes:" not in lines:
            continue
        name = ""
        for line in lines[lines.index("Attributes:") + 1 :]:
            start = re.match(r"^ {4}(\w+): (.*)$", line)
            if start:
                name = start[1]
                out[name] = start[2]
            elif line.startswith(" " * 8) and name:
                out[name] += f" {line.strip()}"
            elif line.strip():
                break
    return {name: words.replace("`", "") for name, words in out.items()}


def _objects(kind: Any, seen: list[type]) -> Iterator[type]:
    """All records that a type is made of, itself first."""
    if is_object(kind):
        if kind in seen:
            return
        seen.append(kind)
        yield kind
        for slot in slots(kind):
            yield from _objects(slot.type, seen)
    for part in get_args(kind):
        yield from _objects(part, seen)
