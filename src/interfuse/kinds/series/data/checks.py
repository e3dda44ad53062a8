"""Checks of what a person may have edited in a schema of series."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from interfuse.errors import SchemaError
from interfuse.kinds.series.data.zones import is_zone

_TEXTS = ("layout", "time_dtype", "step_name", "grid")
_LISTS = ("channels", "statics", "covariates", "periods", "ignored")


def whole(value: Any) -> bool:
    """Whether a value is a whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_choice(name: str, value: Any, known: tuple[str, ...]) -> None:
    """Raise SchemaError unless a value is one of those known."""
    if value not in known:
        raise SchemaError(
            f"schema: {name} is {value!r}; expected one of {', '.join(map(repr, known))}."
        )


def check_zone(zone: str | None) -> None:
    """Raise SchemaError unless it is a time zone or None."""
    if zone is not None and not is_zone(zone):
        raise SchemaError(
            f"schema: zone is {zone!r}, which is no known time zone; expected a name such as "
            "'Europe/Vienna' or 'UTC', or null."
        )


def check_types(d: dict[str, Any]) -> None:
    """Raise SchemaError unless every entry is of the type that it must have."""
    tests: dict[str, Any] = {key: (str, "text") for key in _TEXTS} | {
        key: (list, "a list") for key in _LISTS
    }
    tests |= {"calendar": (bool, "true or false"), "types": (dict, "an object")}
    for key, (kind, name) in tests.items():
        if key in d and not isinstance(d[key], kind):
            raise SchemaError(f"schema: {key} is {d[key]!r}; expected {name}.")
    for key in ("time", "series", "zone"):
        if not isinstance(d[key], str | None):
            raise SchemaError(f"schema: {key} is {d[key]!r}; expected text or null.")
    if not whole(d.get("span", 0)):
        raise SchemaError(f"schema: span is {d['span']!r}; expected a whole number.")


def part_from_json(part: type, key: str, place: int, d: Any) -> Any:
    """A channel, static or covariate of its JSON, or SchemaError."""
    names = {f.name for f in fields(part)}
    if not isinstance(d, dict) or not isinstance(d.get("name"), str) or set(d) - names:
        raise SchemaError(
            f"schema: {key}[{place}] is {d!r}; expected an object with a name and perhaps "
            f"{', '.join(sorted(names - {'name'}))}."
        )
    for bound in ("minimum", "maximum"):
        value = d.get(bound)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise SchemaError(
                f"schema: {key} {d['name']!r} has {bound} {value!r}; expected a number or null."
            )
    if not isinstance(d.get("integer", False), bool):
        raise SchemaError(
            f"schema: {key} {d['name']!r} has integer {d['integer']!r}; expected true or false."
        )
    decimals = d.get("decimals")
    if decimals is not None and (not whole(decimals) or decimals < 0):
        raise SchemaError(
            f"schema: {key} {d['name']!r} has decimals {decimals!r}; expected a whole number of at "
            "least 0, or null."
        )
    levels = d.get("levels", [])
    if not isinstance(levels, list | tuple) or not all(isinstance(v, str) for v in levels):
        raise SchemaError(f"schema: {key} {d['name']!r} has levels {levels!r}; expected texts.")
    return part(**(d | ({"levels": tuple(levels)} if "levels" in names else {})))
