"""What every drawn user shall have: items, and attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import ConditionError, DataError
from interfuse.io.dtypes import dtype_from_json
from interfuse.kinds.interactions.ask.similar import numbers_of
from interfuse.kinds.interactions.data.attributes import Attribute, from_texts
from interfuse.kinds.interactions.fitted import Fitted


@dataclass(frozen=True)
class Given:
    """A condition on drawn users.

    Attributes:
        items: numbers of items that all of them touch.
        values: by name of an attribute a column with its one value.
        codes: by name of an attribute the code of that value.
    """

    items: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    values: dict[str, pl.Series] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)


def given_of(model: Fitted, given: Sequence[str] | dict[str, Any] | None) -> Given:
    """A condition as it was said.

    Args:
        model: what is asked.
        given: by column of items one or several, by attribute its value; or texts such as `item=X`.

    Raises:
        ConditionError: another column, an item that is not known, or a value that hardly any user
            has.
    """
    items: list[Any] = []
    values: dict[str, pl.Series] = {}
    codes: dict[str, int] = {}
    known = {a.name: a for a in model.user_attributes.columns}
    for name, value in _pairs(model, given):
        if name == model.schema.item:
            items.append(value)
        elif name in known and name not in values:
            values[name], codes[name] = _value(known[name], value)
        elif name in values:
            raise ConditionError(f"--given: {name!r} is there twice; a user has one value of it.")
        else:
            more = f", or an attribute of users, {', '.join(map(repr, known))}" if known else ""
            raise ConditionError(
                f"--given: there is no condition on column {name!r} here; expected "
                f"{model.schema.item!r}, an item that users touched{more}."
            )
    try:
        numbers = numbers_of(model.names, items) if items else np.zeros(0, np.int64)
    except DataError as error:
        raise ConditionError(f"--given: {error}") from error
    return Given(np.unique(numbers), values, codes)


def _pairs(model: Fitted, given: Sequence[str] | dict[str, Any] | None) -> list[tuple[str, Any]]:
    if not given:
        return []
    pairs: list[tuple[str, Any]] = []
    if isinstance(given, dict):
        for name, value in given.items():
            many = value if isinstance(value, list | tuple | set) else [value]
            pairs += [(name, v) for v in many]
        return pairs
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise ConditionError(
                f"--given: {text!r} is no condition; expected {model.schema.item}=NAME."
            )
        pairs.append((name.strip(), value.strip()))
    return pairs


def _value(attribute: Attribute, value: Any) -> tuple[pl.Series, int]:
    """The value as a cell of its column, and its code."""
    dtype = dtype_from_json(attribute.dtype)
    try:
        column = (
            from_texts(pl.Series([value]), dtype)
            if isinstance(value, str)
            else pl.Series([value]).cast(dtype)
        )
        _, codes = attribute.codes(column)
    except (pl.exceptions.PolarsError, TypeError, DataError):
        codes = np.zeros(0, np.int64)
        column = pl.Series([None])
    if not len(codes) or (attribute.other and codes[0] == len(attribute.values)):
        known = (
            ", ".join(attribute.values[:8]) or f"{attribute.means[0]:g} to {attribute.means[-1]:g}"
        )
        raise ConditionError(
            f"--given: {attribute.name}={value} is no value that enough users have; expected one "
            f"of {known}."
        )
    return column.alias(attribute.name), int(codes[0])
