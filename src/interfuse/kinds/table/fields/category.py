"""Categories of any cardinality.

Up to `PLAIN` values are one cell, a code each; missing is a value like any other. Beyond that one
cell would make the first and the last matrix of the network grow with the number of values, so the
column becomes two cells:

* the first holds a code for each of the `PLAIN // 2` most frequent values and one for each *group*
  of the others, which are cut, in their sorted order, into groups of about sqrt(n) values: what is
  alike (addresses of a network, pages of a site) shares a group;
* the second holds the place in the group, and 0 for a frequent value.

100,000 values need 256 + 316 codes in the first cell and 316 in the second.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.base import (
    Arrays,
    Cell,
    Encoded,
    Field,
    array_to_series,
    register,
    series_to_array,
)
from interfuse.kinds.table.schema import ColumnSpec

PLAIN = 512
SMALLEST_GROUP = 64


@register("category")
class CategoryField(Field):
    """A column of categories as one or two codes.

    Args:
        name: the column.
        dtype: its type.
        values: the distinct values, the frequent ones first, then the others in order.
        frequent: how many have a code of their own.
        group: size of a group of the others.
    """

    kind = "category"

    def __init__(
        self, name: str, dtype: pl.DataType, values: pl.Series, frequent: int, group: int
    ) -> None:
        super().__init__(name, dtype)
        self.values = values
        self.frequent = frequent
        self.group = group

    @classmethod
    def fit(cls, column: pl.Series, spec: ColumnSpec) -> CategoryField:
        """Collect the values of a column."""
        counts = pl.DataFrame({"value": _text(column)}).group_by("value").len()
        counts = counts.sort("len", "value", descending=[True, False], nulls_last=True)
        if len(counts) <= PLAIN:
            return cls(spec.name, spec.dtype, counts["value"], len(counts), 1)
        head, tail = counts[: PLAIN // 2], counts[PLAIN // 2 :].sort("value", nulls_last=True)
        group = max(SMALLEST_GROUP, math.isqrt(len(tail) - 1) + 1)
        return cls(spec.name, spec.dtype, pl.concat([head, tail])["value"], len(head), group)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """One cell, or the cell of groups and the cell of places."""
        others = len(self.values) - self.frequent
        if not others:
            return (Cell(self.name, len(self.values)),)
        groups = -(-others // self.group)
        return Cell(self.name, self.frequent + groups), Cell(self.name, self.group)

    def encode(self, column: pl.Series) -> Encoded:
        """Codes of a column; -1 for a value never seen."""
        known = pl.DataFrame({"value": self.values}).with_row_index("index")
        found = pl.DataFrame({"value": _text(column)}).join(
            known, on="value", how="left", nulls_equal=True, maintain_order="left"
        )
        index = found["index"].cast(pl.Int64).fill_null(-1).to_numpy()
        none = np.zeros((len(index), 0), np.float32)
        return Encoded(self._codes(index), none, none)

    def _codes(self, index: np.ndarray) -> np.ndarray:
        if len(self.cells) == 1:
            return index.astype(np.int32)[:, None]
        rest = index - self.frequent
        first = np.where(rest < 0, index, self.frequent + rest // self.group)
        second = np.where(rest < 0, np.minimum(index, 0), rest % self.group)
        return np.stack([first, second], 1).astype(np.int32)

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """The values of these codes; a place beyond the end of the last group is its last one."""
        index = codes[:, 0].astype(np.int64)
        if codes.shape[1] == 2:
            place = self.frequent + (index - self.frequent) * self.group + codes[:, 1]
            index = np.where(index < self.frequent, index, place)
        index = np.clip(index, 0, len(self.values) - 1)
        return self.values.gather(index).cast(self.dtype).alias(self.name)

    def to_json(self) -> dict[str, Any]:
        """How the values are cut."""
        return {"frequent": self.frequent, "group": self.group}

    def arrays(self) -> Arrays:
        """The values."""
        return {"values": series_to_array(self.values)}

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> CategoryField:
        """The inverse of `to_json` and `arrays`."""
        values = array_to_series(arrays["values"])
        return cls(name, dtype, values, int(d["frequent"]), int(d["group"]))


def _text(column: pl.Series) -> pl.Series:
    """Categoricals and enums as text: their codes differ from frame to frame."""
    return column.cast(pl.String) if column.dtype in (pl.Categorical, pl.Enum) else column
