"""Categories of any cardinality.

Up to `PLAIN` values are one cell, a code each; missing is a value like any other. Beyond that one
cell would make the first and the last matrix of the network grow with the number of values, so the
column becomes two cells:

* the first holds a code for each of the `PLAIN // 2` most frequent values and one for each *group*
  of the others, which are cut, in their sorted order, into groups of about sqrt(n) values: what is
  alike (addresses of a network, pages of a site) shares a group;
* the second holds the place in the group, from 1, and 0 for a frequent value.

100,000 values need 256 + 316 codes in the first cell and 317 in the second. Where a group and 0 are
drawn together, the place is any of the group's, by the row's number: nearly all rows have a 0, and
when the first places of groups were 0 as well, their values were drawn 50 times too often.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl

from interfuse.errors import ConditionError
from interfuse.io.dtypes import to_text
from interfuse.kinds.table.fields.cells import (
    Arrays,
    Cell,
    Encoded,
    array_to_series,
    series_to_array,
)
from interfuse.kinds.table.fields.limit import Limit
from interfuse.kinds.table.fields.marginals import CategoryMarginal
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Spec
from interfuse.kinds.table.fields.tally import Tallied, plain
from interfuse.visible import cut

PLAIN = 512
SMALLEST_GROUP = 64


@register_field
class CategoryField(Tallied):
    """A column of categories as one or two codes.

    Args:
        name: the column.
        dtype: its type.
        values: the distinct values, the frequent ones first, then the others in order.
        frequent: how many have a code of their own.
        group: size of a group of the others.
    """

    first: int = 1
    """The code of the first place in a group; 0 in models of earlier versions."""

    kind = "category"
    words = "one of a set of values"
    role = "category"
    options: ClassVar[Mapping[str, str]] = {"space": "columns of one space share their values"}

    def __init__(
        self, name: str, dtype: pl.DataType, values: pl.Series, frequent: int, group: int
    ) -> None:
        super().__init__(name, dtype)
        self.values = values
        self.frequent = frequent
        self.group = group

    @classmethod
    def finish(cls, sketch: pl.DataFrame | None, spec: Spec) -> CategoryField:
        """Cut the values counted into those with a code of their own and groups."""
        counts = cls.tallied(sketch, spec)
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
        return Cell(self.name, self.frequent + groups), Cell(self.name, self.first + self.group)

    def encode(self, column: pl.Series) -> Encoded:
        """Codes of a column; -1 for a value never seen."""
        known = pl.DataFrame({"value": self.values}).with_row_index("index")
        found = pl.DataFrame({"value": plain(column)}).join(
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
        second = np.where(rest < 0, np.minimum(index, 0), self.first + rest % self.group)
        return np.stack([first, second], 1).astype(np.int32)

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """The values of these codes; a place beyond the end of the last group is its last one."""
        index = codes[:, 0].astype(np.int64)
        if codes.shape[1] == 2:
            start = (index - self.frequent) * self.group
            many = np.clip(len(self.values) - self.frequent - start, 1, self.group)
            place = codes[:, 1].astype(np.int64) - self.first
            place = np.where(place < 0, rows % many, place)
            index = np.where(index < self.frequent, index, self.frequent + start + place)
        index = np.clip(index, 0, len(self.values) - 1)
        return self.values.gather(index).cast(self.dtype).alias(self.name)

    def to_json(self) -> dict[str, Any]:
        """How the values are cut."""
        return {"frequent": self.frequent, "group": self.group, "first": self.first}

    def arrays(self) -> Arrays:
        """The values."""
        return {"values": series_to_array(self.values)}

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> CategoryField:
        """The inverse of `to_json` and `arrays`."""
        values = array_to_series(arrays["values"])
        made = cls(name, dtype, values, int(d["frequent"]), int(d["group"]))
        made.first = int(d.get("first", 0))
        return made

    def refusal(self, column: pl.Series, asked: object) -> str | None:
        """A value never seen, with the nearest one that was."""
        if not (self.encode(column).codes < 0).any():
            return None
        known = [str(v) for v in self.values.head(5_000).to_list()]
        close = difflib.get_close_matches(str(asked), known, 1)
        hint = f" Did you mean {cut(repr(close[0]))}?" if close else ""
        more = ", ..." if len(self.values) > 8 else ""
        some = ", ".join(cut(repr(value)) for value in known[:8]) + more
        return f"{cut(repr(asked))} was never seen; it knows {some}.{hint}"

    def limit_except(self, values: pl.Series) -> Limit:
        """The other values seen."""
        others = self.values.drop_nulls()
        others = others.filter(~others.is_in(plain(values).implode()))
        if not len(others):
            raise ConditionError(f"column {self.name!r}: no other value was seen.")
        return self.limit_to(others.cast(self.dtype))

    def _has_own_code(self, codes: np.ndarray) -> bool:
        """Of two cells the first may be a group of rare values: missing is not ruled out there."""
        return len(codes) == 1 or codes[0] < self.frequent

    def usual(self) -> Any:
        """The most frequent value."""
        first = self.values.drop_nulls().head(1).cast(self.dtype)
        return first[0] if len(first) else None

    def marginal(self, shares: np.ndarray) -> CategoryMarginal:
        """Values of known probabilities."""
        return CategoryMarginal(self.decode, shares)

    def labels(self) -> pl.Series:
        """The frequent values, and that others are rare."""
        size = self.cells[0].size
        head = to_text(self.values.head(min(self.frequent, size))).fill_null("missing")
        rest = pl.Series(["a rare value"] * (size - len(head)), dtype=pl.String)
        return pl.concat([head, rest])
