"""What a schema says of numbers that follow other numbers, checked: see `links`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules import Sum

EQUALS, FOLLOWS = "equals", "follows"


def check_links(
    name: str,
    options: Mapping[str, Any],
    roles: Mapping[str, str],
    types: Mapping[str, pl.DataType],
) -> None:
    """Check the links of a column.

    Args:
        name: the column.
        options: its options.
        roles: by column, its role.
        types: by column, its type.

    Raises:
        SchemaError: a link cannot be read, or names a column that is not learned as a number.
    """
    for key in (EQUALS, FOLLOWS):
        for text in options.get(key, ()):
            rule = Sum.parse(text)
            rule.expression(dict(types))
            learned = all(roles.get(n) in ("number", "time") for n in rule.columns)
            if not learned or name in rule.columns:
                raise SchemaError(
                    f"schema: column {name!r} has {key} '{rule}'; expected other columns that are "
                    "learned as numbers or times. Take it out."
                )
            times = [types[n].is_temporal() for n in (name, *rule.columns)]
            if any(times) and len({types[n] for n in (name, *rule.columns)}) > 1:
                raise SchemaError(
                    f"schema: column {name!r} of {types[name]} has {key} '{rule}', which is of "
                    "another type. Cast one of them, or take it out."
                )
