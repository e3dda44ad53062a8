"""Fields that are learned from numbers, counted: each value, or ranges in bounded memory."""

from __future__ import annotations

import polars as pl

from interfuse.kinds.table.fields.base import Field
from interfuse.kinds.table.fields.coarse import Coarse
from interfuse.kinds.table.fields.counts import Counted
from interfuse.kinds.table.fields.spec import Spec


class CountedField(Field):
    """A field whose sketch is `Counted`, or `Coarse` once it was held."""

    merges = True

    @classmethod
    def sketch(cls, spec: Spec) -> Counted | Coarse:
        """No value."""
        return Counted.none()

    @classmethod
    def update(cls, sketch: Counted | Coarse, column: pl.Series) -> Counted | Coarse:
        """Count the values of a column.

        Raises:
            SchemaError: the values do not fit into 64 bits.
        """
        return cls.merge(sketch, Counted.of(column))

    @classmethod
    def merge(cls, a: Counted | Coarse, b: Counted | Coarse) -> Counted | Coarse:
        """Counts of both."""
        if isinstance(a, Counted):
            return b.merged(a) if isinstance(b, Coarse) else a.merged(b)
        return a.merged(b)

    @classmethod
    def held(cls, sketch: Counted | Coarse, spec: Spec, most: int) -> Coarse:
        """Counts of ranges of values instead of values, where there are more of these."""
        return sketch if isinstance(sketch, Coarse) else Coarse.of(sketch, most)

    @classmethod
    def closer(cls, sketch: Counted | Coarse) -> Coarse | None:
        """A sketch of the ranges that many rows are in."""
        return sketch.closer() if isinstance(sketch, Coarse) else None

    @classmethod
    def joined(cls, sketch: Counted | Coarse, closer: Counted | Coarse) -> Coarse:
        """The counts with those of the ranges that were looked at more closely."""
        assert isinstance(sketch, Coarse)
        assert isinstance(closer, Coarse)
        return sketch.joined(closer)
