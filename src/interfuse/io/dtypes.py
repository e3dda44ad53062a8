"""Column types as JSON and back, exactly; columns of any type as text."""

from __future__ import annotations

import contextlib
from typing import Any

import polars as pl

from interfuse.errors import SchemaError

_PLAIN: dict[str, pl.DataType] = {
    str(t): t()
    for t in (
        pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
        pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Date, pl.Time, pl.Null, pl.Categorical,
    )
}  # fmt: skip


_NESTED: dict[str, pl.DataType] = {
    "List": pl.List(pl.Null()),
    "Array": pl.Array(pl.Null(), 0),
    "Struct": pl.Struct([]),
    "Binary": pl.Binary(),
    "Object": pl.Object(),
}
"""Types of columns that are left out."""


def dtype_to_json(dtype: pl.DataType) -> Any:
    """A JSON value that names a polars type, with its unit, zone, scale or categories."""
    if isinstance(dtype, pl.Datetime):
        return {"type": "Datetime", "unit": dtype.time_unit, "zone": dtype.time_zone}
    if isinstance(dtype, pl.Duration):
        return {"type": "Duration", "unit": dtype.time_unit}
    if isinstance(dtype, pl.Decimal):
        return {"type": "Decimal", "precision": dtype.precision, "scale": dtype.scale}
    if isinstance(dtype, pl.Enum):
        return {"type": "Enum", "categories": dtype.categories.to_list()}
    return str(dtype.base_type())  # of nested types, which are never learned, no more


def dtype_from_json(value: Any) -> pl.DataType:
    """The inverse of `dtype_to_json`.

    Raises:
        SchemaError: the name is unknown, or the object lacks something.
    """
    if isinstance(value, str) and value in _PLAIN | _NESTED:
        return (_PLAIN | _NESTED)[value]
    if isinstance(value, dict):
        with contextlib.suppress(KeyError, TypeError, ValueError, pl.exceptions.PolarsError):
            kind = value.get("type")
            if kind == "Datetime":
                return pl.Datetime(value["unit"], value["zone"])
            if kind == "Duration":
                return pl.Duration(value["unit"])
            if kind == "Decimal":
                return pl.Decimal(value["precision"], value["scale"])
            if kind == "Enum":
                return pl.Enum(value["categories"])
    raise SchemaError(
        f"schema: dtype {value!r} is unknown; expected one of {', '.join(_PLAIN)}, or an object of "
        "type Datetime, Duration, Decimal or Enum."
    )


def to_text(column: pl.Series) -> pl.Series:
    """A column of any type as text, durations in ISO 8601 as in files; missing stays missing."""
    if column.dtype == pl.Duration:
        return column.dt.to_string("iso")
    return column.cast(pl.String)


def can_be_a_column(dtype: pl.DataType) -> bool:
    """Whether a column of this type can be modelled: everything but nested and binary types."""
    return dtype.base_type() in {p.base_type() for p in _PLAIN.values()} | {
        pl.Datetime, pl.Duration, pl.Decimal, pl.Enum,
    }  # fmt: skip


def dtype_schema() -> dict[str, Any]:
    """The JSON Schema of what `dtype_to_json` makes."""
    unit, zone = {"enum": ["ms", "us", "ns"]}, {"type": ["string", "null"]}
    count = {"type": "integer", "minimum": 0}
    texts = {"type": "array", "items": {"type": "string"}}
    objects = {
        "Datetime": {"unit": unit, "zone": zone},
        "Duration": {"unit": unit},
        "Decimal": {"precision": {"type": ["integer", "null"]}, "scale": count},
        "Enum": {"categories": texts},
    }
    return {
        "description": "The polars type; comes back exactly.",
        "anyOf": [
            {"enum": list(_PLAIN)},
            *(
                {
                    "type": "object",
                    "properties": {"type": {"const": name}, **parts},
                    "required": ["type", *parts],
                    "additionalProperties": False,
                }
                for name, parts in objects.items()
            ),
        ],
    }
