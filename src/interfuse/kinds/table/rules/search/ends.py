"""Ends of what columns hold, to two significant digits, so that they tell of no row to the last."""

from __future__ import annotations

import ast
import math

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.formula import Formula
from interfuse.kinds.table.rules.sums import Sum

_ROUNDING = 1e-9
"""A number of two digits stays what it is, whatever a division has done to its last bits."""


def range_of(column: pl.Series, rule: Sum | Formula) -> tuple[float, float] | None:
    """The ends of a product or ratio, outward; None for other rules.

    A sum goes about as far as its parts do; a ratio of two numbers that do not belong together goes
    anywhere.

    Args:
        column: all of its values.
        rule: what it is computed by.
    """
    if isinstance(rule, Sum) or not column.dtype.is_numeric():
        return None
    if not any(isinstance(node, ast.Mult | ast.Div) for node in ast.walk(rule.tree)):
        return None
    values = column.cast(pl.Float64).drop_nulls().to_numpy()
    if not len(values) or not np.isfinite(values).all():
        return None
    return floored(float(values.min())), raised(float(values.max()))


def raised(x: float) -> float:
    """Up to two significant digits."""
    return -floored(-x) + 0.0  # no -0.0


def floored(x: float) -> float:
    """Down to two significant digits."""
    if not x or not math.isfinite(x):
        return x
    digits = math.floor(math.log10(abs(x))) - 1
    return float(f"{math.floor(x / 10.0**digits + _ROUNDING)}e{digits}")
