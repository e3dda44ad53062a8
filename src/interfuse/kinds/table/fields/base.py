"""The contract of a column's transform to cells and back.

A `Field` turns one column into *cells* of two sorts:

* a category cell holds a code in {0, ..., size - 1};
* a number cell holds a value that is standard normal by construction. What the data fixes is only
  the interval (low, high) of z that a value stands for; a training draw is
  z = ndtri(U(ndtr(low), ndtr(high))). NaN means that the number is not in this record.

decode(encode(column)) is the column: its type and missing values always, every value exactly as
long as a bin of numbers has at most 512 knots; beyond that a value moves by less than the gap
between two knots.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.schema import ColumnSpec

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Cell:
    """One cell of a record.

    Attributes:
        name: for messages.
        size: number of codes of a category cell; 0 for a number cell.
        ordered: how many of the first codes are in order; 0 for categories.
    """

    name: str
    size: int
    ordered: int = 0


@dataclass(frozen=True)
class Encoded:
    """Cells of n rows.

    Attributes:
        codes: (n, q) int32; -1 stands for a value never seen in fitting.
        low: (n, p) float32 ends of the z-intervals, NaN where the number is absent.
        high: (n, p) float32.
    """

    codes: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def empty(cls, rows: int) -> Encoded:
        """No cells."""
        none = np.zeros((rows, 0), np.float32)
        return cls(np.zeros((rows, 0), np.int32), none, none)


class Field(abc.ABC):
    """One column's transform. Subclasses register themselves by `@register`."""

    kind: ClassVar[str]

    def __init__(self, name: str, dtype: pl.DataType) -> None:
        self.name = name
        self.dtype = dtype

    @classmethod
    @abc.abstractmethod
    def fit(cls, column: pl.Series, spec: ColumnSpec) -> Field:
        """Learn the transform from a column."""

    @property
    @abc.abstractmethod
    def cells(self) -> tuple[Cell, ...]:
        """Category cells first, then number cells."""

    @abc.abstractmethod
    def encode(self, column: pl.Series) -> Encoded:
        """Cells of a column that may hold values never seen."""

    @abc.abstractmethod
    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """The column of these cells.

        Args:
            codes: (n, q) codes.
            z: (n, p) float64.
            rows: (n,) row numbers, for fields that make a new value for each row.
            seed: of the same.
        """

    @abc.abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Small state."""

    def arrays(self) -> Arrays:
        """Large state."""
        return {}

    @classmethod
    @abc.abstractmethod
    def from_json(cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays) -> Field:
        """The inverse of `to_json` and `arrays`."""

    def series(self, values: Any) -> pl.Series:
        """Values as a column of this field's name and type."""
        return pl.Series(self.name, values).cast(self.dtype)


FIELDS: dict[str, type[Field]] = {}
F = TypeVar("F", bound=Field)


def register(*kinds: str) -> Callable[[type[F]], type[F]]:
    """Class decorator: this field handles columns of these kinds."""

    def add(cls: type[F]) -> type[F]:
        for kind in kinds:
            FIELDS[kind] = cls
        return cls

    return add


def field_class(kind: str) -> type[Field]:
    """The field for a kind of column.

    Raises:
        SchemaError: there is none.
    """
    if kind not in FIELDS:
        raise SchemaError(
            f"schema: no field handles kind {kind!r}; expected one of {sorted(FIELDS)}."
        )
    return FIELDS[kind]


def series_to_array(values: pl.Series) -> np.ndarray:
    """A column of any type as bytes (Arrow IPC), for storing exactly."""
    sink = values.alias("values").to_frame().write_ipc(None)
    return np.frombuffer(sink.getvalue(), np.uint8)


def array_to_series(array: np.ndarray) -> pl.Series:
    """The inverse of `series_to_array`."""
    import io

    return pl.read_ipc(io.BytesIO(array.tobytes()))["values"]
