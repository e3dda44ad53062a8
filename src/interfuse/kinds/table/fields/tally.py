"""Fields that are learned from the values of a column, counted."""

from __future__ import annotations

import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.base import Field
from interfuse.kinds.table.fields.cells import TEXTS
from interfuse.kinds.table.fields.spec import Spec

TEXTS_FOR_A_NUMBER = 16
"""How many values are kept of a column for each range of numbers that one of numbers may have."""


class Tallied(Field):
    """A field whose sketch is a frame of distinct values and their rows, `value` and `len`."""

    merges = True

    @classmethod
    def sketch(cls, spec: Spec) -> pl.DataFrame | None:
        """No value; afterwards a frame of distinct values and their rows, `value` and `len`."""
        return None

    @classmethod
    def update(cls, sketch: pl.DataFrame | None, column: pl.Series) -> pl.DataFrame:
        """Count the values of a column."""
        return cls.merge(sketch, pl.DataFrame({"value": plain(column)}).group_by("value").len())

    @classmethod
    def merge(cls, a: pl.DataFrame | None, b: pl.DataFrame | None) -> pl.DataFrame:
        """Counts of both."""
        some = [x for x in (a, b) if x is not None]
        if len(some) == 1:
            return some[0]
        return pl.concat(some).group_by("value").agg(pl.col("len").sum())

    @classmethod
    def held(cls, sketch: pl.DataFrame | None, spec: Spec, most: int) -> pl.DataFrame | None:
        """Itself, if it is not too large.

        Raises:
            SchemaError: the column has more values than are counted out of core.
        """
        if sketch is not None and sketch.height > TEXTS_FOR_A_NUMBER * most:
            raise SchemaError(
                f"column {spec.name!r} is of kind {cls.kind!r} and has more than "
                f"{TEXTS_FOR_A_NUMBER * most:,} different values, which are not counted out of "
                "core. Make it 'key', 'text' or 'drop' (--as), or fit a part of the rows."
            )
        return sketch

    @classmethod
    def tallied(cls, sketch: pl.DataFrame | None, spec: Spec) -> pl.DataFrame:
        """The counts, the frequent values first, then in order; also of no value at all."""
        if sketch is None:
            sketch = cls.update(None, pl.Series([], dtype=spec.dtype))
        return sketch.sort("len", "value", descending=[True, False], nulls_last=True)


def plain(column: pl.Series) -> pl.Series:
    """Categoricals and enums as text: their codes differ from frame to frame."""
    return column.cast(pl.String) if column.dtype in TEXTS[1:] else column
