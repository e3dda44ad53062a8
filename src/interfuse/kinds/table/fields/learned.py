"""How a field learns: from pieces, merged in any order."""

from __future__ import annotations

import abc
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.spec import Spec

Columns = tuple[pl.Series, ...]
"""The sketch of a field that does not say another: the pieces themselves."""


class Learned(abc.ABC):
    """Learned from a sketch that pieces of the data are added to.

    Attributes:
        kind: its name in schemas.
        merges: whether the order of the pieces that a sketch has seen shows nowhere.
    """

    kind: ClassVar[str]
    merges: ClassVar[bool] = False

    @classmethod
    def sketch(cls, spec: Spec) -> Any:
        """What is known before any value was seen."""
        return ()

    @classmethod
    def update(cls, sketch: Any, column: pl.Series) -> Any:
        """The sketch with these values too.

        Raises:
            SchemaError: a value cannot be of this kind.
        """
        return (*sketch, column)

    @classmethod
    def merge(cls, a: Any, b: Any) -> Any:
        """The sketch of what either has seen."""
        return (*a, *b)

    @classmethod
    def held(cls, sketch: Any, spec: Spec, most: int) -> Any:
        """The sketch in bounded memory, for columns of more rows than memory holds.

        What it becomes depends on neither the pieces nor their order. It is asked for after the
        first update, and after each further one.

        Args:
            sketch: of some pieces.
            spec: of the column.
            most: numbers that it may keep. Texts may be as many as fit there 16 times, since
                what is learned of them needs each.

        Raises:
            SchemaError: the kind needs more values than that.
        """
        if isinstance(sketch, tuple):  # the pieces themselves
            raise SchemaError(
                f"column {spec.name!r} is of kind {cls.kind!r}, which is learned from a whole "
                "column and cannot be out of core. Use another kind, or 'drop'."
            )
        return sketch

    @classmethod
    def closer(cls, sketch: Any) -> Any:
        """A sketch for another pass over the column, if one is needed; None if not."""
        return None

    @classmethod
    def joined(cls, sketch: Any, closer: Any) -> Any:
        """The sketch with what the other pass found; of kinds that have a `closer`."""
        raise NotImplementedError(f"field {cls.kind!r} asks for another pass, and has no joined")

    @classmethod
    @abc.abstractmethod
    def finish(cls, sketch: Any, spec: Spec) -> Self:
        """The field of what was seen.

        Raises:
            SchemaError: the values cannot be of this kind.
        """

    @classmethod
    def fit(cls, column: pl.Series, spec: Spec) -> Self:
        """Learn the transform from a whole column: one update and a finish."""
        return cls.finish(cls.update(cls.sketch(spec), column), spec)

    @classmethod
    def noisy(cls, sketch: Any, epsilon: float, generator: np.random.Generator) -> Any:
        """A sketch that tells of any single row no more than `epsilon` allows, to be finished.

        Args:
            sketch: of the rows.
            epsilon: the privacy loss (Dwork et al. 2006, doi 10.1007/11681878_14), above 0.
            generator: of the noise.

        Raises:
            NotImplementedError: the field has no noisy summary.
        """
        raise NotImplementedError(
            f"columns of kind {cls.kind!r} are learned from their exact values; there is no noisy "
            f"summary of them for epsilon = {epsilon:g}. Leave the column out (kind 'drop')."
        )

    @classmethod
    def defaults(cls, alike: int) -> dict[str, Any]:
        """Options where the schema has none, in a table of `alike` columns of this sort."""
        return {}
