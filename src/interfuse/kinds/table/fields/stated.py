"""Columns that are not learned but follow a stated rule: constants, empty columns, keys, text."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.base import (
    Arrays,
    Cell,
    Encoded,
    Field,
    array_to_series,
    register,
    series_to_array,
)
from interfuse.kinds.table.fields.keyform import KeyForm
from interfuse.kinds.table.schema import ColumnSpec

ROOM = 1_000_000
"""A form is roomy if it spans this many times the keys seen: a new key then repeats an old one with
a chance below one in a million. A narrower form gets numbers, or digits, that no key has."""
ROOM_OF_ADDRESSES = 1_000
"""The same of IPv4 addresses, which have no room to grow."""
_SAMPLE = 10_000


class _Cellless(Field):
    """A column without cells."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """None."""
        return ()

    def encode(self, column: pl.Series) -> Encoded:
        """Nothing."""
        return Encoded.empty(len(column))


@register("constant")
class ConstantField(_Cellless):
    """One value, everywhere."""

    kind = "constant"

    def __init__(self, name: str, dtype: pl.DataType, value: pl.Series) -> None:
        super().__init__(name, dtype)
        self.value = value

    @classmethod
    def fit(cls, column: pl.Series, spec: ColumnSpec) -> ConstantField:
        """Take the value.

        Raises:
            SchemaError: there are several.
        """
        distinct = column.n_unique()
        if distinct > 1:
            raise SchemaError(
                f"column {spec.name!r} is of kind 'constant' but has {distinct} distinct values "
                "(missing counts as one). Use kind 'category' or 'number'."
            )
        value = column.head(1)
        return cls(spec.name, spec.dtype, value.cast(pl.String) if _dictionary(column) else value)

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """The value, once a row."""
        return self.value.gather(np.zeros(len(rows), int)).cast(self.dtype).alias(self.name)

    def to_json(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def arrays(self) -> Arrays:
        """The value."""
        return {"value": series_to_array(self.value)}

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> ConstantField:
        """The inverse of `arrays`."""
        return cls(name, dtype, array_to_series(arrays["value"]))


@register("empty", "text")
class MissingField(_Cellless):
    """Comes back missing: a column without values, or of text that is not learned."""

    kind = "empty"

    @classmethod
    def fit(cls, column: pl.Series, spec: ColumnSpec) -> MissingField:
        """Nothing to learn."""
        return cls(spec.name, spec.dtype)

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """Missing values of the column's type."""
        return pl.repeat(None, len(rows), dtype=self.dtype, eager=True).alias(self.name)

    def to_json(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> MissingField:
        """A field of this name and type."""
        return cls(name, dtype)


@register("key")
class KeyField(_Cellless):
    """A new name for every row, in the form of the keys seen; no two rows share one.

    Integers go on behind the largest key seen. Text keeps the form that the keys have in common
    (`fields.keyform`). Row i is given the number (a i + b) mod m, m being how many
    texts the form spans and a coprime to m, which is another number for each i < m.
    """

    kind = "key"

    def __init__(self, name: str, dtype: pl.DataType, first: int, form: KeyForm | None) -> None:
        super().__init__(name, dtype)
        self.first = first
        self.form = form

    @classmethod
    def fit(cls, column: pl.Series, spec: ColumnSpec) -> KeyField:
        """Learn the form of the keys."""
        keys = column.drop_nulls()
        if column.dtype.is_integer():
            return cls(spec.name, spec.dtype, int(keys.max() or 0) + 1, None)  # type: ignore[arg-type]
        if not (column.dtype == pl.String or _dictionary(column)):
            raise SchemaError(
                f"column {spec.name!r} is of kind 'key' but holds {column.dtype}; keys are text or "
                "whole numbers. Use another kind."
            )
        texts = keys.cast(pl.String).to_list() or [""]
        form = KeyForm.of(texts[:_SAMPLE])
        room = ROOM_OF_ADDRESSES if form.is_address else ROOM
        if form.span < room * len(texts):
            form = form.roomier(ROOM * len(texts), texts)
        return cls(spec.name, spec.dtype, 0, form)

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """A key for each row number; the seed chooses which."""
        if self.form is None:
            return self._numbered(rows)
        span = self.form.span
        step = seed | 1
        while math.gcd(step, span) > 1:
            step += 2
        return self.series([self.form.text((step * i + seed) % span) for i in rows.tolist()])

    def _numbered(self, rows: np.ndarray) -> pl.Series:
        last = self.first + int(rows.max(initial=-1))
        largest = pl.select(self.dtype.max()).item()  # type: ignore[attr-defined]
        if last > largest:
            wide = self.dtype in (pl.Int64, pl.UInt64)
            advice = "Use kind 'number'" if wide else "Cast the column to Int64"
            raise SchemaError(
                f"column {self.name!r} of kind 'key' is {self.dtype}, which ends at {largest:,}; "
                f"the next new key is {last:,}. {advice} and fit again."
            )
        return pl.Series(self.name, [self.first + int(i) for i in rows], dtype=self.dtype)

    def to_json(self) -> dict[str, Any]:
        """The form, or the first new number."""
        return {"first": str(self.first), "pattern": list(self.form.elements if self.form else ())}

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> KeyField:
        """The inverse of `to_json`."""
        elements = [e if isinstance(e, str) else (int(e[0]), int(e[1])) for e in d["pattern"]]
        return cls(name, dtype, int(d["first"]), KeyForm(tuple(elements)) if elements else None)


def _dictionary(column: pl.Series) -> bool:
    return column.dtype in (pl.Categorical, pl.Enum)
