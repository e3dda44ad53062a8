"""Ends of ranges as people give them, and the limits that fields make of conditions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal

import polars as pl

from interfuse.errors import ConditionError
from interfuse.kinds.table.ask.values import shown
from interfuse.kinds.table.fields.limit import Limit

__all__ = ["Limit", "physical_bound"]

_MOST_DIGITS = 100  # of no type that there is
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(
    r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity)", re.IGNORECASE
)


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
        if isinstance(value, bool) or not _NUMBER.fullmatch(text):
            raise ValueError
        number: float | int = float(text)
        if not math.isinf(number) and _WHOLE.fullmatch(text):
            number = int(text)
    except ValueError:
        raise ConditionError(
            f"column {name!r}: {shown(value)} cannot be read as a number. Give a value of type "
            f"{dtype}."
        ) from None
    if not isinstance(dtype, pl.Decimal) or math.isinf(number):
        return number
    exact = Decimal(text).scaleb(dtype.scale)
    if abs(exact) > 10**_MOST_DIGITS:
        return math.copysign(math.inf, exact)
    return int(exact) if exact == exact.to_integral_value() else float(exact)
