"""What is known of users, or of items, beside their touches: attributes as codes.

An attribute is a column of a table with a row for each user (or item). It has one of three forms:

    category    a code for each value that at least `fewest` have; rarer ones share one code
    number      a code for each of up to `BINS` groups of equal size; dates are numbers
    tags        texts with `|` between, such as `Action|Comedy`: a code for each tag

So no value is kept that fewer than `fewest` have, and of numbers the means of groups of at least
five (`learn.habits.grouped`). Missing cells have no code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from interfuse.errors import DataError
from interfuse.io.dtypes import dtype_from_json, dtype_to_json
from interfuse.kinds.interactions.data.baskets import numbers
from interfuse.kinds.interactions.experts.forms import Known
from interfuse.kinds.interactions.learn.habits import drawn, grouped

BINS = 8
MOST_DISTINCT = 12
"""Values of a column of numbers up to which it is a category."""
MOST_VALUES = 200
TAGGED = 0.2
"""Share of texts with a `|` from which a column holds tags."""
UNIQUE = 0.5
"""Share of values that occur once from which a column of texts is a name and no attribute."""
_SIGN = "|"


@dataclass(frozen=True)
class Attribute:
    """One attribute.

    Attributes:
        name: of its column.
        dtype: its polars type, as JSON.
        form: "category", "number" or "tags".
        values: of a category or tags, the texts of the codes.
        other: whether one more code stands for all values that are rarer.
        means: of a number, its grouped means in order.
        edges: of a number, where one code ends and the next begins.
    """

    name: str
    dtype: Any
    form: str
    values: tuple[str, ...] = ()
    other: bool = False
    means: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self.edges) + 1 if self.form == "number" else len(self.values) + self.other

    @property
    def labels(self) -> list[str]:
        """The codes for people."""
        if self.form != "number":
            return [f"{self.name}={v}" for v in (*self.values, *["(rare)"] * self.other)]
        if not self.edges:
            return [self.name]
        inner = [f"{a:g} to {b:g}" for a, b in zip(self.edges, self.edges[1:], strict=False)]
        spans = [f"below {self.edges[0]:g}", *inner, f"from {self.edges[-1]:g}"]
        return [f"{self.name} {s}" for s in spans]

    def codes(self, column: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and codes of the cells that are there; a row of tags may have several.

        Raises:
            DataError: the column cannot be of this form.
        """
        rows = np.arange(len(column))
        if self.form == "number":
            value = self.as_numbers(column)
            there = np.isfinite(value)
            return rows[there], np.searchsorted(self.edges, value[there], side="right")
        text = texts(column)
        if self.form == "tags":
            split = pl.DataFrame({"row": rows, "tag": text.str.split(_SIGN)}).explode("tag")
            split = split.drop_nulls().unique(maintain_order=True)
            rows, text = split["row"].to_numpy(), split["tag"]
        place = {v: i for i, v in enumerate(self.values)}
        rare = len(self.values) if self.other else -1
        code = np.array([-1 if t is None else place.get(t, rare) for t in text], np.int64)
        return rows[code >= 0], code[code >= 0]

    def as_numbers(self, column: pl.Series) -> NDArray[np.float64]:
        """The cells as numbers, NaN where missing.

        Raises:
            DataError: they are none.
        """
        try:
            return numbers(column).to_numpy().astype(float)
        except (pl.exceptions.PolarsError, TypeError, ValueError):
            raise DataError(
                f"attribute {self.name!r}: holds {column.dtype}; expected numbers or dates, as in "
                "the fit."
            ) from None

    def column(self, codes: NDArray[np.int64], u: NDArray[np.float64]) -> pl.Series:
        """Cells of codes, missing where they are -1.

        Args:
            codes: one a row.
            u: shares at which numbers are drawn inside of their group.
        """
        dtype = dtype_from_json(self.dtype)
        if self.form != "number":
            known = [*self.values, *[None] * self.other, None]
            return from_texts(pl.Series(self.name, [known[c] for c in codes], pl.String), dtype)
        share = np.searchsorted(self.means, [-np.inf, *self.edges, np.inf]) / len(self.means)
        low, high = share[np.maximum(codes, 0)], share[np.maximum(codes, 0) + 1]
        value = drawn(np.asarray(self.means), low + u * (high - low))
        return self.of_numbers(np.where(codes < 0, np.nan, value))

    def of_numbers(self, value: NDArray[np.float64]) -> pl.Series:
        """Numbers in the type of the column, NaN as missing."""
        dtype = dtype_from_json(self.dtype)
        if dtype.is_integer() or dtype.is_temporal():
            value = np.round(value)
        column = pl.Series(self.name, value).fill_nan(None)
        if dtype.is_temporal():
            return column.cast(pl.Int64).cast(pl.Datetime("us")).cast(dtype)
        return column.cast(dtype)


@dataclass(frozen=True)
class Attributes:
    """All attributes of users, or of items.

    Attributes:
        columns: each attribute.
    """

    columns: tuple[Attribute, ...] = ()

    @property
    def size(self) -> int:
        """How many codes all have together."""
        return sum(c.size for c in self.columns)

    @property
    def starts(self) -> NDArray[np.int64]:
        """The first code of each, and the end."""
        return np.concatenate([[0], np.cumsum([c.size for c in self.columns])]).astype(np.int64)

    @property
    def labels(self) -> list[str]:
        """All codes for people."""
        return [label for c in self.columns for label in c.labels]

    def matrix(self, frame: pl.DataFrame) -> Known:
        """Rows by codes, 1 where a row has a code; columns that are absent are missing."""
        rows, codes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for column, start in zip(self.columns, self.starts, strict=False):
            if column.name in frame.columns:
                row, code = column.codes(frame[column.name])
                rows.append(row)
                codes.append(code + start)
        row, code = np.concatenate(rows), np.concatenate(codes)
        ones = np.ones(len(row), np.float32)
        return sparse.csr_matrix((ones, (row, code)), shape=(frame.height, self.size))


def texts(column: pl.Series) -> pl.Series:
    """Cells as texts."""
    return column.cast(pl.String)


def from_texts(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    """The inverse of `texts`."""
    return column == "true" if dtype == pl.Boolean else column.cast(dtype)


def each_once(
    frame: pl.DataFrame, key: str, names: pl.Series, where: str, notes: list[str]
) -> pl.DataFrame:
    """A row for each name, in their order, with the columns that are the same in all its rows.

    Args:
        frame: with the column `key`.
        key: says whose row it is.
        names: whose rows are wanted; who is not in the frame has missing cells.
        where: how messages call the frame.
        notes: told which columns differ between rows of one key.

    Raises:
        DataError: there is no such column.
    """
    if key not in frame.columns:
        raise DataError(
            f"{where}: there is no column {key!r}; expected the column that says whose attributes "
            "a row holds. Rename it."
        )
    frame = frame.with_columns(frame[key].cast(names.dtype, strict=False))
    others = [n for n in frame.columns if n != key]
    known = frame.filter(pl.col(key).is_not_null())
    distinct = known.group_by(key).agg(pl.col(others).drop_nulls().n_unique())
    varied = [n for n in others if (distinct[n] > 1).any()]
    if varied:
        shown = ", ".join(map(repr, varied[:8]))
        notes.append(f"{where}: {shown} differ between rows of the same {key!r} and are left out")
    kept = [n for n in others if n not in varied]
    single = known.group_by(key).agg(pl.col(kept).drop_nulls().first())
    return pl.DataFrame({key: names}).join(single, on=key, how="left", maintain_order="left")


def find(frame: pl.DataFrame, key: str, fewest: int, where: str, notes: list[str]) -> Attributes:
    """The attributes of a table with one row for each key.

    Args:
        frame: the table.
        key: the column that is no attribute.
        fewest: how many must share a value for it to be kept.
        where: how messages call it.
        notes: told what is left out.
    """
    found = []
    for column in frame.drop(key).iter_columns():
        made = _attribute(column, fewest)
        if isinstance(made, str):
            notes.append(f"{where}: column {column.name!r} {made} and is left out")
        else:
            found.append(made)
            if made.other:
                notes.append(
                    f"{where}: column {column.name!r} has values that fewer than {fewest} have; "
                    "they are taken as one, and drawn as missing"
                )
    return Attributes(tuple(found))


def _attribute(column: pl.Series, fewest: int) -> Attribute | str:
    """An attribute, or why it is none."""
    there = column.drop_nulls()
    if there.dtype.is_float():
        there = there.filter(there.is_finite())
    dtype, name = dtype_to_json(column.dtype), column.name
    if there.n_unique() < 2:
        return "has fewer than two values"
    temporal = column.dtype in (pl.Date, pl.Datetime)
    if temporal or (there.dtype.is_numeric() and there.n_unique() > MOST_DISTINCT):
        means = grouped(numbers(there).to_numpy())
        ends = [part[-1] for part in np.array_split(means, min(BINS, len(means)))]
        edges = np.unique(ends[:-1])
        edges = edges[edges < means[-1]]
        return Attribute(name, dtype, "number", means=tuple(means), edges=tuple(edges))
    if column.dtype.is_nested() or column.dtype == pl.Binary:
        return f"holds {column.dtype}"
    text = texts(there)
    tagged = column.dtype == pl.String and text.str.contains(_SIGN, literal=True).mean() >= TAGGED  # pyright: ignore[reportOperatorIssue]
    if tagged:
        text = text.str.split(_SIGN).list.unique(maintain_order=True).explode()
    counts = (
        text.alias("v").value_counts(sort=True, name="n").sort("n", "v", descending=[True, False])
    )
    if not tagged and float((counts["n"] == 1).sum()) > UNIQUE * len(there):
        return "has values that hardly any two share"
    kept = counts.filter(pl.col("n") >= fewest)["v"].head(MOST_VALUES).to_list()
    if len(kept) < (1 if tagged else 2):
        return f"has no two values that {fewest} have"
    rare = counts.height > len(kept) and not tagged
    return Attribute(name, dtype, "tags" if tagged else "category", tuple(kept), other=rare)
