"""Which kinds of column there are: those of this package, of other packages, and of tests.

Other packages name theirs in the entry point group `interfuse.fields`. They are imported when a
kind is asked for that this package does not have, when the kinds are listed, and by inference; so
that they cost nothing before.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import TypeVar

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.base import Field

GROUP = "interfuse.fields"
FIELDS: dict[str, type[Field]] = {}
NOT_FIELDS = ("derived", "drop")
"""Kinds of a schema that have no field: computed by a rule, and left out."""
F = TypeVar("F", bound=Field)
V = TypeVar("V")


def register_field(cls: type[F]) -> type[F]:
    """Class decorator: this field handles columns of its `kind`.

    Raises:
        ValueError: it has no kind, or another field has it.
    """
    kind = getattr(cls, "kind", None)
    if not isinstance(kind, str) or not kind:
        raise ValueError(f"{cls.__name__}: kind is {kind!r}; expected the name of a kind of column")
    other = FIELDS.get(kind, cls)
    same = (other.__module__, other.__qualname__) == (cls.__module__, cls.__qualname__)
    if kind in NOT_FIELDS or not same:
        raise ValueError(f"{cls.__name__}: the kind {kind!r} is taken; give it another name")
    FIELDS[kind] = cls
    return cls


def field_class(kind: str) -> type[Field]:
    """The field for a kind of column.

    Raises:
        SchemaError: there is none.
    """
    if kind not in FIELDS:
        load_plugins()
    if kind not in FIELDS:
        raise SchemaError(
            f"schema: no field handles kind {kind!r}; expected one of {sorted(FIELDS)}."
        )
    return FIELDS[kind]


def all_fields() -> list[type[Field]]:
    """Every kind of column that has a field, in the order of joining."""
    load_plugins()
    return list(FIELDS.values())


@cache
def load_plugins() -> None:
    """Import what other packages offer; one that fails is left out, with a warning."""
    for point in entry_points(group=GROUP):
        try:
            found = point.load()
            if isinstance(found, type) and issubclass(found, Field):
                register_field(found)
        except Exception as error:
            warnings.warn(
                f"the kind of column {point.name!r} of {point.value!r} cannot be used "
                f"({type(error).__name__}: {error}); reinstall or remove the package it is from",
                stacklevel=2,
            )


class ByKind(Mapping[str, V]):
    """What each kind says of itself, whatever kinds there are by then.

    Args:
        said: of a field.
        others: of the kinds without one, listed last.
    """

    def __init__(self, said: Callable[[type[Field]], V], others: Mapping[str, V]) -> None:
        self._said = said
        self._others = others

    def __getitem__(self, kind: str) -> V:
        if kind in self._others:
            return self._others[kind]
        if kind not in FIELDS:
            load_plugins()
        return self._said(FIELDS[kind])

    def __iter__(self) -> Iterator[str]:
        load_plugins()
        return iter([*FIELDS, *self._others])

    def __len__(self) -> int:
        load_plugins()
        return len(FIELDS) + len(self._others)
