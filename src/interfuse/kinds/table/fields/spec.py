"""What a field is told of its column, and what it says in turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Protocol

import polars as pl

from interfuse.errors import SchemaError

Role = Literal["number", "time", "category", "constant", "identifier", "ignored"]
"""What a column is to those who compare, draw or measure it: numbers and times have an order and a
distance, of categories and constants only equality means anything; identifiers name somebody, and
only what several share is compared; the others are left out."""
RULES = 0.5
"""The strength of the rules of inference themselves; see `Claim`."""


class Spec(Protocol):
    """What a field must know of its column; a `ColumnSpec` is one."""

    @property
    def name(self) -> str:
        """The column."""
        ...

    @property
    def kind(self) -> str:
        """Its kind."""
        ...

    @property
    def dtype(self) -> pl.DataType:
        """Its type; comes back exactly."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """Settings of the kind."""
        ...


class PlainSpec(NamedTuple):
    """A `Spec` and nothing else."""

    name: str
    kind: str
    dtype: pl.DataType
    options: Mapping[str, Any]


class Facts(NamedTuple):
    """What inference knows of a column that is neither empty nor constant.

    Attributes:
        name: its name.
        dtype: its type.
        rows: of the table.
        missing: how many of them have no value.
        declared: whether the frame itself calls it a category.
        values: what `Field.measure` asked for, by its names.
    """

    name: str
    dtype: pl.DataType
    rows: int
    missing: int
    declared: bool
    values: Mapping[str, Any]


class Claim(NamedTuple):
    """That a column is of a kind.

    Attributes:
        strength: 0 to 1; the strongest claim wins if it is above `RULES`, the strength of the rules
            of inference themselves. 1 says that every value is of a form that nothing else has.
        why: for people, in the schema's note.
    """

    strength: float
    why: str


def check_texts(name: str, option: str, value: object) -> None:
    """Check an option that is a list of texts.

    Raises:
        SchemaError: it is not.
    """
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        raise SchemaError(
            f"schema: column {name!r} has {option} {value!r}; expected a list of columns, such as "
            '["billed"].'
        )
