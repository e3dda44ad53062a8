"""Columns that are not learned but follow a stated rule: constants, empty columns, keys, text."""

from __future__ import annotations

import math
import string
from typing import Any

import numpy as np
import polars as pl

from interfuse.data.fields.base import (
    Arrays,
    Cell,
    Encoded,
    Field,
    array_to_series,
    register,
    series_to_array,
)
from interfuse.data.schema import ColumnSpec
from interfuse.errors import SchemaError

_CLASSES = (string.digits, "0123456789abcdef", "0123456789ABCDEF", string.ascii_lowercase)
_CLASSES += (string.ascii_uppercase, string.ascii_letters, string.ascii_letters + string.digits)
ROOM = 1_000_000
"""A pattern is roomy if it spans this many times the keys seen: a new key then repeats an old one
with a chance below one in a million; a narrower pattern is made longer than any key seen."""
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
    """A new name for every row, in the pattern of the keys seen; no two rows share one.

    Integers go on behind the largest key seen. Text keeps what all keys have in common, position by
    position: a character, or a class of characters (digits, hexadecimal, letters). Row i is given
    the number (a i + b) mod m, m being how many texts the pattern spans and a coprime to m, which
    is another number for each i < m, written in the digits of the pattern.
    """

    kind = "key"

    def __init__(self, name: str, dtype: pl.DataType, first: int, pattern: list[str]) -> None:
        super().__init__(name, dtype)
        self.first = first
        self.pattern = pattern

    @classmethod
    def fit(cls, column: pl.Series, spec: ColumnSpec) -> KeyField:
        """Learn the pattern of the keys."""
        keys = column.drop_nulls()
        if column.dtype.is_integer():
            return cls(spec.name, spec.dtype, int(keys.max() or 0) + 1, [])  # type: ignore[arg-type]
        if not (column.dtype == pl.String or _dictionary(column)):
            raise SchemaError(
                f"column {spec.name!r} is of kind 'key' but holds {column.dtype}; keys are text or "
                "whole numbers. Use another kind."
            )
        texts = keys.cast(pl.String)
        lengths = texts.str.len_chars()
        usual = int(lengths.mode().max() or 8)  # type: ignore[arg-type]
        sample = texts.filter(lengths == usual).head(_SAMPLE).to_list()
        pattern = [_class_of({text[i] for text in sample}) for i in range(usual)]
        span = math.prod(len(c) for c in pattern)
        if span < ROOM * max(len(keys), 1):
            longer = int(lengths.max() or usual) - usual + 1  # type: ignore[operator]
            wanted = math.ceil(math.log10(max(ROOM * max(len(keys), 1) / span, 1)))
            pattern += [string.digits] * max(longer, wanted)
        return cls(spec.name, spec.dtype, 0, pattern)

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """A key for each row number; the seed chooses which."""
        if not self.pattern:
            return self._numbered(rows)
        span = math.prod(len(c) for c in self.pattern)
        step = seed | 1
        while math.gcd(step, span) > 1:
            step += 2
        texts = []
        for i in rows.tolist():
            number, text = (step * i + seed) % span, []
            for choices in reversed(self.pattern):
                number, digit = divmod(number, len(choices))
                text.append(choices[digit])
            texts.append("".join(reversed(text)))
        return self.series(texts)

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
        """The pattern, or the first new number."""
        return {"first": str(self.first), "pattern": self.pattern}

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> KeyField:
        """The inverse of `to_json`."""
        return cls(name, dtype, int(d["first"]), list(d["pattern"]))


def _class_of(seen: set[str]) -> str:
    """The smallest class of characters that holds all those seen at a position."""
    if len(seen) == 1:
        return next(iter(seen))
    return next((c for c in _CLASSES if seen <= set(c)), "".join(sorted(seen)))


def _dictionary(column: pl.Series) -> bool:
    return column.dtype in (pl.Categorical, pl.Enum)
