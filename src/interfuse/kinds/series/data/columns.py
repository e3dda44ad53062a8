"""Columns of a frame to float64: channels, covariates and statics."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError
from interfuse.kinds.series.data.roles import is_number
from interfuse.kinds.series.data.schema import Channel, Covariate, Static

_EXACT = 2**53
_SHARE, _LEAST = 0.01, 3
MOST_DECIMALS = 6
_ROUNDED = {"Float32": 2.0**-22, "float32": 2.0**-22, "float16": 2.0**-9}
"""How far a number may be from what was written, as a share of it; 2^-50 for the others."""


def numbers(column: pl.Series) -> np.ndarray:
    """A column of numbers or booleans as float64, missing as NaN."""
    return column.cast(pl.Float64).to_numpy().astype(np.float64, copy=False)


def without_infinite(values: np.ndarray) -> tuple[np.ndarray, int]:
    """The values with NaN for what is infinite, and how many were."""
    infinite = np.isinf(values)
    many = int(infinite.sum())
    return (np.where(infinite, np.nan, values) if many else values), many


def channel_of(name: str, values: np.ndarray, dtype: str, levels: tuple[str, ...] = ()) -> Channel:
    """What a channel is, by its values; see `interfuse.kinds.series.data.schema` for the bounds."""
    if levels:
        return Channel(name, True, 0.0, len(levels) - 1.0, dtype, levels=levels)
    seen = values[~np.isnan(values)]
    if not len(seen):
        return Channel(name, dtype=dtype)
    low, high = float(seen.min()), float(seen.max())
    enough = max(_LEAST, _SHARE * len(seen))
    floor = low if (seen == low).sum() >= enough else None
    ceiling = high if (seen == high).sum() >= enough else None
    if low >= 0 and floor is None:
        floor = 0.0
    whole = max(-low, high) <= _EXACT and bool((seen == np.rint(seen)).all())
    decimals = None if whole else decimals_of(seen, _ROUNDED.get(dtype, 2.0**-50))
    return Channel(name, whole, floor, ceiling, dtype, decimals)


def decimals_of(seen: np.ndarray, rounding: float) -> int | None:
    """How many decimals values have at most; None where these are many.

    Args:
        seen: (n,) without NaN.
        rounding: how far a number may be from what was written, as a share of it.
    """
    for decimals in range(MOST_DECIMALS + 1):
        moved = seen * 10.0**decimals
        off = np.abs(moved - np.rint(moved))
        tolerance = rounding * np.abs(moved)
        if (tolerance > 0.05).any():  # so large that any number would pass
            return None
        if (off <= tolerance).all():
            return decimals
    return None


def levels_of(column: pl.Series) -> tuple[str, ...]:
    """The levels of a column of states; none of one of numbers."""
    if column.dtype == pl.Boolean:
        return ("false", "true")
    if is_number(column.dtype):
        return ()
    return tuple(column.drop_nulls().cast(pl.String).unique().sort().to_list())


def channel_values(
    column: pl.Series, levels: tuple[str, ...], where: str, notes: list[str]
) -> np.ndarray:
    """(R,) a channel's numbers, or codes of its levels; NaN missing.

    What is no level counts as missing, and is noted.
    """
    if not levels:
        return numbers(column)
    text = column.cast(pl.String)
    values, strange = coded(Static(column.name, "category", levels), text, where)
    if strange:
        notes.append(
            f"column {column.name!r}: {len(strange):,} states, such as {strange[0]!r}, were never "
            "seen: they count as missing"
        )
    return values


def part_of(part: type[Static], column: pl.Series) -> Any:
    """The `Static` or `Covariate` that a column is."""
    if is_number(column.dtype) and column.dtype != pl.Boolean:
        return part(column.name, "number")
    levels = column.drop_nulls().cast(pl.String).unique().sort().to_list()
    return part(column.name, "category", tuple(levels))


def coded(part: Static | Covariate, column: pl.Series, where: str) -> tuple[np.ndarray, list[str]]:
    """A static or covariate column as numbers or codes, NaN missing.

    Returns:
        The values, and texts that the levels lack; they count as missing.

    Raises:
        DataError: it should hold numbers and does not.
    """
    if part.kind == "number":
        if not is_number(column.dtype):
            raise DataError(
                f"{where}: column {part.name!r} holds {column.dtype}; expected numbers, as in the "
                "data the model was fitted to."
            )
        return without_infinite(numbers(column))[0], []
    place = {level: i for i, level in enumerate(part.levels)}
    text = column.cast(pl.String)
    strange = [t for t in text.drop_nulls().unique().sort().to_list() if t not in place]
    codes = text.replace_strict(place, default=None, return_dtype=pl.Float64)
    return codes.cast(pl.Float64).to_numpy().astype(np.float64), strange


def decoded(part: Static, value: float) -> Any:
    """A static in the user's terms; None where it is missing."""
    if np.isnan(value):
        return None
    return part.levels[int(value)] if part.kind == "category" else float(value)


def typed(values: np.ndarray, channel: Channel, dtype: pl.DataType, whole: bool) -> pl.Series:
    """Values of a channel as a column of the type it had, NaN as missing.

    Args:
        values: (n,).
        channel: it.
        dtype: the type; values of a channel of whole numbers are rounded, whatever the type. It is
            Int64 instead if the type is of whole numbers and too short for them.
        whole: False to leave fractions, in Float64, as a mean of whole numbers needs.
    """
    if channel.levels:
        return _labels(values, channel, dtype)
    if whole and channel.integer:
        values = np.rint(values)
    column = pl.Series(channel.name, values, pl.Float64).fill_nan(None)
    if dtype.is_float():
        return column.cast(dtype)
    if isinstance(dtype, pl.Decimal):
        return column.cast(dtype, strict=False) if whole else column
    if not whole:
        return column
    if dtype == pl.Boolean:
        return column >= 0.5
    low, high = (int(pl.select(b).item()) for b in (dtype.min(), dtype.max()))  # type: ignore[attr-defined]
    if np.nanmin(values, initial=0) < low or np.nanmax(values, initial=0) > high:
        dtype, low, high = pl.Int64(), -(2**63), 2**63 - 1
    # Clipped as whole numbers: float64 has no greatest int64.
    rounded = column.round().clip(max(low, -(2.0**63)), min(float(high), 2.0**63 - 1024))
    return rounded.cast(dtype)


def _labels(values: np.ndarray, channel: Channel, dtype: pl.DataType) -> pl.Series:
    """Codes as the states that they stand for."""
    labels = np.array([*channel.levels, None], object)
    there = np.isfinite(values)
    place = np.where(there, np.clip(np.rint(np.where(there, values, 0)), 0, len(labels) - 2), -1)
    text = pl.Series(channel.name, labels[place.astype(np.int64)].tolist(), pl.String)
    if dtype == pl.Boolean:
        return (text == "true").alias(channel.name)
    if is_number(dtype):  # states that a schema makes of numbers
        return text.cast(dtype, strict=False)
    return text.cast(dtype) if not dtype.is_float() else text
