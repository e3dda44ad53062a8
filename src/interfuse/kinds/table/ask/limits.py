"""Ends of ranges as people give them, and the limits that fields make of conditions."""

from __future__ import annotations

import math
from collections.abc import Callable

import polars as pl

from interfuse.errors import ConditionError
from interfuse.kinds.table.fields.limit import Limit

__all__ = ["Limit", "physical_bound"]


def physical_bound(
    name: str, value: object, dtype: pl.DataType, read: Callable[[object], pl.Series]
) -> float | int:
    """An end of a range in the column's physical unit.

    Raises:
        ConditionError: it cannot be read as such a value.
    """
    if dtype.is_temporal():
        return read(value).to_physical()[0]
    try:
        text = str(value).strip()
        whole = text.lstrip("+-").isdigit()
        number: float | int = int(text) if whole else float(text)
        if isinstance(value, bool) or (isinstance(number, float) and math.isnan(number)):
            raise ValueError
    except ValueError:
        raise ConditionError(
            f"column {name!r}: {value!r} cannot be read as a number. Give a value of type {dtype}."
        ) from None
    return number * 10**dtype.scale if isinstance(dtype, pl.Decimal) else number
