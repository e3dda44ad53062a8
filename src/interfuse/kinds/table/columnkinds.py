"""The kinds of columns: those of fields, and columns without one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interfuse.kinds.table.fields.registry import FIELDS, ByKind, field_class
from interfuse.kinds.table.rules.options import OPTIONS as DERIVED

KINDS: Mapping[str, str] = ByKind(
    lambda field: field.words,
    {"derived": "computed from other columns by an exact rule", "drop": "left out"},
)
OPTIONS: Mapping[str, set[str]] = ByKind(
    lambda field: set(field.options), {"derived": {*DERIVED}, "drop": set()}
)
ROLES: Mapping[str, str] = ByKind(
    lambda field: field.role, {"derived": "derived", "drop": "ignored"}
)


def options_schema(kind: str) -> dict[str, Any]:
    """In the JSON Schema of a column: which options it has if it is of a kind."""
    said = field_class(kind).options if kind in FIELDS else {}
    options: dict[str, Any] = {
        name: {"description": said[name]} if name in said else {} for name in sorted(OPTIONS[kind])
    }
    then: dict[str, Any] = {
        "properties": {"options": {"properties": options, "additionalProperties": False}}
    }
    if kind == "derived":
        options |= DERIVED
        then["required"] = ["options"]
        then["properties"]["options"]["required"] = ["rule"]
    return {"if": {"properties": {"kind": {"const": kind}}}, "then": then}
