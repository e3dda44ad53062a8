"""Rows of a table as points: what distances and covariances are taken of.

* A number, or a time, is one coordinate. Where it is missing it stands at the median, and a second
  coordinate says so.
* Numbers that are categories are a number too if there are two of them: their order says nothing,
  and rare ones are as far as their standard deviation says.
* A category, or what identifiers share (`Field.alike`), is one coordinate for each of its
  `MOST_VALUES` commonest values, scaled so that two rows that differ in it are one apart; a value
  never seen is a coordinate of its own.
* A constant column is one coordinate: 0 for its value, 1 for any other.
* Keys, text and empty columns are no part of the point.

Numbers far beyond the range stay far: they are held within 10^6 ranges of it only so that squares
stay finite. Infinities are no part of the range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interfuse.io.dtypes import to_text
from interfuse.kinds.table.schema import Schema

MOST_VALUES = 48
FAR = 1e6
_INFINITE = 1e300
_TINY = 1e-100
_LEAST = 5e-324
_HALF = 0.5**0.5


@dataclass(frozen=True)
class Features:
    """The coordinates of a table's rows.

    Attributes:
        numbers: columns that are numbers inside.
        low, high, median: of each number.
        categories: by column the values that have a coordinate, as text.
        constants: by column its only value, as text; None for missing.
    """

    numbers: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    median: np.ndarray
    categories: dict[str, tuple[str | None, ...]]
    constants: dict[str, str | None]

    @classmethod
    def fit(cls, frame: pl.DataFrame, schema: Schema) -> Features:
        """Learn ranges and values.

        Args:
            frame: rows with the columns of the schema.
            schema: the columns.
        """
        numbers, spans, categories, constants = [], [], {}, {}
        for spec in schema.columns:
            if spec.role == "ignored" or spec.name not in frame.columns:
                continue
            column = frame[spec.name]
            if spec.role == "constant":
                constants[spec.name] = to_text(column)[0]
                continue
            order = (
                spec.role not in ("category", "identifier")
                or column.n_unique() - column.has_nulls() <= 2
            )
            if _is_number(column.dtype) and order:
                x = _number(column)
                seen = x[np.abs(x) < _INFINITE]
                seen = seen if len(seen) else np.zeros(1)
                numbers.append(spec.name)
                spans.append((seen.min(), seen.max(), np.median(seen)))
                continue
            counts = pl.DataFrame({"v": to_text(column)}).group_by("v").len()
            counts = counts.sort("len", "v", descending=[True, False])["v"].to_list()
            categories[spec.name] = tuple(counts[:MOST_VALUES])
        low, high, median = np.array(spans, float).reshape(-1, 3).T
        return cls(tuple(numbers), low, high, median, categories, constants)

    @property
    def plain(self) -> int:
        """How many of the first coordinates are numbers."""
        return len(self.numbers)

    @property
    def width(self) -> int:
        """How many coordinates there are."""
        values = sum(len(v) + 1 for v in self.categories.values())
        return 2 * len(self.numbers) + values + len(self.constants)

    def points(self, frame: pl.DataFrame) -> np.ndarray:
        """Coordinates (n, d): numbers as they are, then 0 to 1 for everything else.

        Args:
            frame: rows; a column that is not there counts as missing.
        """
        n = frame.height
        parts = [np.zeros((n, 0))]
        gone = np.zeros((n, len(self.numbers)))
        for j, name in enumerate(self.numbers):
            x = _number(frame[name]) if name in frame.columns else np.full(n, np.nan)
            gone[:, j] = np.isnan(x)
            span = self.high[j] - self.low[j]
            reach = FAR * (span if 0 < span < np.inf else max(abs(self.median[j]), 1.0))
            x = np.where(np.isnan(x), self.median[j], x)
            x = np.clip(x, self.low[j] - reach, self.high[j] + reach)
            if span and not _TINY < span < 1 / _TINY:  # squares would not be finite, or be zero
                x = (x / 2 - self.median[j] / 2) / max(span / 2, _LEAST)
            parts.append(x[:, None])
        parts.append(gone)
        for name, values in self.categories.items():
            column = to_text(frame[name]) if name in frame.columns else pl.Series([None] * n)
            known = pl.DataFrame({"v": pl.Series(values, dtype=pl.String)}).with_row_index("i")
            found = pl.DataFrame({"v": column.cast(pl.String)}).join(
                known, on="v", how="left", nulls_equal=True, maintain_order="left"
            )
            at = found["i"].cast(pl.Int64).fill_null(len(values)).to_numpy()
            block = np.zeros((n, len(values) + 1))
            block[np.arange(n), at] = _HALF
            parts.append(block)
        for name, value in self.constants.items():
            column = to_text(frame[name]) if name in frame.columns else pl.Series([value] * n)
            parts.append((~column.eq_missing(pl.Series([value]))).to_numpy()[:, None].astype(float))
        return np.concatenate(parts, 1)

    def to_json(self) -> dict[str, Any]:
        """All of it; numbers by `repr`, so that they come back exactly."""
        return {
            "numbers": list(self.numbers),
            "spans": [[float(v) for v in s] for s in zip(self.low, self.high, self.median)],  # noqa: B905
            "categories": {k: list(v) for k, v in self.categories.items()},
            "constants": self.constants,
        }

    @classmethod
    def from_json(cls, d: dict[str, Any]) -> Features:
        """The inverse of `to_json`."""
        low, high, median = np.array(d["spans"], float).reshape(-1, 3).T
        categories = {k: tuple(v) for k, v in d["categories"].items()}
        return cls(tuple(d["numbers"]), low, high, median, categories, dict(d["constants"]))


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype.is_temporal()


def _number(column: pl.Series) -> np.ndarray:
    """Values as float64; NaN where missing, not a number."""
    work = column.to_physical() if column.dtype.is_temporal() else column
    values = work.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return np.nan_to_num(values, nan=np.nan, posinf=_INFINITE, neginf=-_INFINITE)
