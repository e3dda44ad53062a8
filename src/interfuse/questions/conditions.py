"""What is given: columns held at a value, turned into known cells."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import torch
from scipy.special import ndtr, ndtri
from torch import Tensor

from interfuse.data import TableCodec
from interfuse.data.fields.number import NumberField
from interfuse.data.schema import unknown_column
from interfuse.errors import ConditionError
from interfuse.training.layout import Layout

_UNASKABLE = {
    "key": "a key, made anew for every row",
    "text": "free text, which is not learned",
    "empty": "empty in the data",
    "drop": "left out of the model",
    "derived": "computed from other columns; give those instead",
}


@dataclass(frozen=True)
class Condition:
    """Known cells, the same for every row.

    Attributes:
        values: one row with the given columns, in their own types.
        codes: (q,) codes of known category cells, -1 where unknown.
        z: (p,) scores of known number cells, NaN where unknown.
        codec: of the model; None where nothing is given.
        warnings: what is unusual about the values, for people.
    """

    values: pl.DataFrame
    codes: np.ndarray
    z: np.ndarray
    codec: TableCodec | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def none(cls) -> Condition:
        """Nothing is given."""
        return cls(pl.DataFrame(), np.zeros(0, np.int64), np.zeros(0))

    def cells(self, n: int, layout: Layout) -> tuple[Tensor | None, Tensor | None]:
        """Known cells of n rows: codes (n, q) or None, scores (n, p) or None."""
        if self.codec is None:
            return None, None
        codes = torch.from_numpy(self.codes).long().repeat(n, 1)
        z = torch.from_numpy(self.z).float().repeat(n, 1)
        return codes, z if layout.numbers else None

    def write(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the given columns exactly as they were given."""
        if self.codec is None:
            return frame
        given = (pl.lit(self.values[name]).first().alias(name) for name in self.values.columns)
        return self.codec.complete(frame.with_columns(given))


def parse_conditions(given: Mapping[str, object], codec: TableCodec) -> Condition:
    """Turn columns and values into known cells.

    Args:
        given: a value for each given column; text is read as the column's type, None is missing.
        codec: of the fitted model.

    Raises:
        ConditionError: a column or value that is unknown, or of another type.
    """
    codes = np.full(codec.categories, -1, np.int64)
    z = np.full(codec.numbers, np.nan)
    columns, warnings = [], []
    for name, value in given.items():
        column = _column(name, value, codec)
        columns.append(column)
        field, place = codec.fields[name], codec.places[name]
        cells = field.encode(column)
        if (cells.codes < 0).any():
            raise ConditionError(_never_seen(name, value, field))
        codes[place.codes] = cells.codes[0]
        if cells.low.shape[1]:
            # The middle of the value's interval of probability.
            p = (ndtr(cells.low[0].astype(float)) + ndtr(cells.high[0].astype(float))) / 2
            z[place.numbers] = np.where(cells.low == cells.high, cells.low, ndtri(p))[0]
        if isinstance(field, NumberField):
            warnings += _out_of_range(name, column, field)
        elif (
            field.kind == "constant"
            and not column.eq_missing(
                field.decode(cells.codes, cells.low, np.zeros(1, int), 0)
            ).all()
        ):
            raise ConditionError(
                f"column {name!r}: {value!r} was never seen; it is always "
                f"{field.decode(cells.codes, cells.low, np.zeros(1, int), 0)[0]!r}."
            )
    return Condition(pl.DataFrame(columns), codes, z, codec, tuple(warnings))


def _column(name: str, value: object, codec: TableCodec) -> pl.Series:
    """The value as a column of one row, in the column's type."""
    schema = codec.schema
    if name not in schema.names:
        raise ConditionError(unknown_column(name, schema.names))
    spec = schema[name]
    if spec.kind in _UNASKABLE:
        raise ConditionError(f"column {name!r} cannot be given: it is {_UNASKABLE[spec.kind]}.")
    try:
        column = _typed(name, value, spec.dtype)
        if column.dtype != spec.dtype:  # lists and objects stay what they are in a cast
            raise TypeError
        return column
    except (pl.exceptions.PolarsError, KeyError, TypeError, ValueError, OverflowError):
        raise ConditionError(
            f"column {name!r}: {value!r} cannot be read as {spec.dtype}. Give a value of that type."
        ) from None


def _typed(name: str, value: Any, dtype: pl.DataType) -> pl.Series:
    if value is None:
        return pl.Series(name, [None], dtype=dtype)
    if isinstance(value, str):
        text = pl.Series(name, [value])
        if dtype == pl.Boolean:
            return pl.Series(name, [{"true": True, "false": False}[value.lower()]])
        if isinstance(dtype, pl.Datetime):
            zone = dtype.time_zone
            stamp = text.str.to_datetime(time_unit=dtype.time_unit, time_zone=zone, strict=True)
            return stamp.cast(dtype)
        if dtype == pl.Date:
            return text.str.to_date()
        if dtype == pl.Time:
            return text.str.to_time()
        return text.cast(dtype)
    if dtype in (pl.String, pl.Categorical, pl.Enum) and not isinstance(value, str):
        raise TypeError
    if dtype.is_integer() and isinstance(value, float) and value != int(value):
        raise ValueError
    return pl.Series(name, [value]).cast(dtype)


def _never_seen(name: str, value: object, field: Any) -> str:
    if isinstance(field, NumberField):
        return f"column {name!r}: {value!r} was never seen; the column has no such values."
    known = [str(v) for v in field.values.head(5_000).to_list()]
    close = difflib.get_close_matches(str(value), known, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    some = ", ".join(map(repr, known[:8])) + (", ..." if len(field.values) > 8 else "")
    return f"column {name!r}: {value!r} was never seen; it knows {some}.{hint}"


def _out_of_range(name: str, column: pl.Series, field: NumberField) -> list[str]:
    if field.range is None or column.is_null().any():
        return []
    value = column.to_physical()[0]
    low, high = field.range
    if isinstance(value, int | float) and not low <= value <= high:
        seen = field.describe_range()
        return [
            f"column {name!r}: {column[0]} lies outside the range seen, {seen}; the other columns "
            "are drawn as if it stood at its edge or just beyond."
        ]
    return []
