"""Rows as methods take them that know numbers and categories and nothing else, and back.

* A category becomes the number of its value, 0, 1, ...; a missing one is a value like others.
* A number that is missing somewhere becomes two columns: the number, its median where it is
  missing, and a category that says where. Times become seconds after the first.
* Constant columns are left out and put back.
* Coming back, numbers of whole-number columns are rounded, and of all columns kept to the range
  that the type of the column can hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl

_ABSENT = " is missing"


@dataclass
class Plain:
    """Rows without missing values, and how to come back.

    Attributes:
        frame: categories int64, numbers float64.
        categories: names of the category columns of `frame`.
        whole: names of the number columns that hold whole numbers.
        target: the column that utility predicts.
    """

    frame: pd.DataFrame
    categories: list[str]
    whole: list[str]
    target: str
    _rows: pl.DataFrame
    _kinds: Mapping[str, str]
    _values: dict[str, pl.Series]
    _start: dict[str, int]

    @classmethod
    def of(cls, rows: pl.DataFrame, kinds: Mapping[str, str], target: str) -> Plain:
        """Prepare `rows`; `kinds` says "number" or "category" for each column."""
        columns: dict[str, np.ndarray] = {}
        categories: list[str] = []
        whole: list[str] = []
        values: dict[str, pl.Series] = {}
        start: dict[str, int] = {}
        for name, kind in kinds.items():
            column = rows[name]
            if column.n_unique() == 1:
                continue
            if kind == "category":
                values[name] = column.unique().sort()
                code = column.rank("dense").cast(pl.Int64) - 1
                missing = column.null_count() > 0
                columns[name] = (code.fill_null(-1) + int(missing)).to_numpy()
                categories.append(name)
                continue
            if column.dtype.is_temporal():
                column = column.to_physical()
                start[name] = int(column.min() or 0)  # pyright: ignore[reportArgumentType]
                column = column - start[name]
            elif column.dtype.is_integer():
                whole.append(name)
            number = column.cast(pl.Float64)
            columns[name] = number.fill_null(number.median()).to_numpy()
            if number.null_count():
                columns[name + _ABSENT] = number.is_null().cast(pl.Int64).to_numpy()
                categories.append(name + _ABSENT)
        frame = pd.DataFrame(columns)
        return cls(frame, categories, whole, target, rows, kinds, values, start)

    def back(self, drawn: pd.DataFrame) -> pl.DataFrame:
        """Rows drawn in the form of `frame`, in the form of the original rows."""
        columns: dict[str, pl.Series] = {}
        for name, kind in self._kinds.items():
            dtype = self._rows[name].dtype
            if name not in drawn:
                columns[name] = pl.repeat(self._rows[name][0], len(drawn), dtype=dtype, eager=True)
                continue
            found = drawn[name].to_numpy(dtype=np.float64)
            if kind == "category":
                index = np.clip(np.rint(found), 0, len(self._values[name]) - 1).astype(np.int64)
                columns[name] = self._values[name].gather(index)
                continue
            if name in self._start:
                found = np.rint(found) + self._start[name]
                series = pl.Series(found).cast(pl.Int64).cast(dtype)
            elif name in self.whole:
                low, high = pl.select(low=dtype.min(), high=dtype.max()).row(0)  # pyright: ignore[reportAttributeAccessIssue]
                series = pl.Series(np.clip(np.rint(found), low, high)).cast(dtype)
            else:
                series = pl.Series(found).cast(dtype)
            if name + _ABSENT in drawn:
                absent = pl.Series(drawn[name + _ABSENT].to_numpy(dtype=np.float64) >= 0.5)
                series = pl.select(pl.when(~absent).then(series)).to_series()
            columns[name] = series
        return pl.DataFrame(columns)
