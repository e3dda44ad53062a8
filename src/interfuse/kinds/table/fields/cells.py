"""Cells of a column, and columns as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.normal import ndtr, ndtri

Arrays = dict[str, np.ndarray]
TEXTS = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class Cell:
    """One cell of a record.

    Attributes:
        name: for messages.
        size: number of codes of a category cell; 0 for a number cell.
        ordered: how many of the first codes are in order; 0 for categories.
    """

    name: str
    size: int
    ordered: int = 0


@dataclass(frozen=True)
class Encoded:
    """Cells of n rows.

    Attributes:
        codes: (n, q) int32; -1 stands for a value never seen in fitting.
        low: (n, p) float32 ends of the z-intervals, NaN where the number is absent.
        high: (n, p) float32.
    """

    codes: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def empty(cls, rows: int) -> Encoded:
        """No cells."""
        none = np.zeros((rows, 0), np.float32)
        return cls(np.zeros((rows, 0), np.int32), none, none)

    @property
    def scores(self) -> np.ndarray:
        """(n, p) float64 z at the middle of each value's interval of probability."""
        low, high = self.low.astype(float), self.high.astype(float)
        return np.where(low == high, low, ndtri((ndtr(low) + ndtr(high)) / 2))


def series_to_array(values: pl.Series) -> np.ndarray:
    """A column of any type as bytes (Arrow IPC), for storing exactly."""
    sink = values.alias("values").to_frame().write_ipc(None)
    return np.frombuffer(sink.getvalue(), np.uint8)


def array_to_series(array: np.ndarray) -> pl.Series:
    """The inverse of `series_to_array`."""
    import io

    return pl.read_ipc(io.BytesIO(array.tobytes()))["values"]
