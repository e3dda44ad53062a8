"""Checks of what a person may have edited in a schema of series."""

from __future__ import annotations

from typing import Any

from interfuse.errors import SchemaError
from interfuse.kinds.series.data.zones import is_zone


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
