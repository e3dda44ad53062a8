"""Columns of points in time, times of day and durations."""

from __future__ import annotations

import polars as pl

from interfuse.kinds.table.fields.number import NumberField
from interfuse.kinds.table.fields.registry import register_field


@register_field
class TimeField(NumberField):
    """Dates, times and durations: numbers inside."""

    kind = "datetime"
    words = "dates, times and durations; as numbers, on the data's own grid"
    role = "time"

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Times of any sort."""
        return dtype.is_temporal()
