"""Series that are ready for a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from interfuse.kinds.series.data.grid import Grid
from interfuse.kinds.series.data.schema import SeriesSchema


@dataclass(frozen=True, eq=False)
class SeriesSet:
    """Series on their grids.

    Attributes:
        schema: what they are.
        names: of the series, in the user's own type; (None,) for a single one.
        starts: (N,) int64: the stamp of the first grid point of each.
        values: (T_i, C) each; NaN is missing, as is a grid point without a row.
        covariates: (T_i, K) each; categories as codes, NaN missing.
        ahead: (A_i, K) each: covariates of the grid points that follow `values`. Rows at the end
            of a series that hold covariates and no channel are such.
        statics: (N, S): numbers, and categories as codes.
        notes: what was done to the data, for people.
        rows: (R, 2) int32: series and grid point of every row of the data; -1 for rows that are not
            used. A grid point of T_i or more is one of `ahead`. None for arrays, whose rows are
            grid points.
    """

    schema: SeriesSchema
    names: tuple[Any, ...]
    starts: np.ndarray
    values: list[np.ndarray]
    covariates: list[np.ndarray]
    ahead: list[np.ndarray]
    statics: np.ndarray
    notes: list[str] = field(default_factory=list)
    rows: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.names)

    @property
    def lengths(self) -> np.ndarray:
        """(N,) grid points of each series."""
        return np.array([len(v) for v in self.values], np.int64)

    @property
    def grid(self) -> Grid:
        """The grid that all series lie on, each from its own start."""
        return grid_of(self.schema)

    def some(self, index: Sequence[int]) -> SeriesSet:
        """These series, in this order; rows of the data are not told any more."""
        return replace(
            self,
            names=tuple(self.names[i] for i in index),
            starts=self.starts[list(index)],
            values=[self.values[i] for i in index],
            covariates=[self.covariates[i] for i in index],
            ahead=[self.ahead[i] for i in index],
            statics=self.statics[list(index)],
            rows=None,
        )

    def numeric(self) -> SeriesSet:
        """The same without channels of states; see `SeriesSchema.numbers`."""
        inner = self.schema.numbers
        if inner is self.schema:
            return self
        names = set(inner.names)
        keep = [j for j, name in enumerate(self.schema.names) if name in names]
        return replace(self, schema=inner, values=[v[:, keep] for v in self.values])

    def until(self, i: int, step: int) -> SeriesSet:
        """Series i alone, and only its steps before `step`."""
        alone = self.some([i])
        told = np.concatenate([alone.covariates[0][step:], alone.ahead[0]])
        return replace(
            alone,
            values=[alone.values[0][:step]],
            covariates=[alone.covariates[0][:step]],
            ahead=[told],
        )

    def between(self, i: int, begin: int, end: int) -> SeriesSet:
        """Series i alone, and only its steps from `begin` to before `end`."""
        part = self.until(i, end)
        start = self.grid.at(self.starts[i], np.int64(begin))
        return replace(
            part,
            starts=np.array([int(start)], np.int64),
            values=[part.values[0][begin:]],
            covariates=[part.covariates[0][begin:]],
        )

    def times(self, i: int) -> np.ndarray:
        """(T_i,) stamps of the grid points of series i."""
        return self.grid.at(self.starts[i], np.arange(len(self.values[i])))

    def future_times(self, i: int, horizon: int) -> np.ndarray:
        """(horizon,) stamps of the grid points that follow series i."""
        return self.grid.at(self.starts[i], len(self.values[i]) + np.arange(horizon))

    def future_covariates(self, i: int, horizon: int) -> np.ndarray:
        """(horizon, K) covariates of the grid points that follow series i; NaN where not known."""
        out = np.full((horizon, len(self.schema.covariates)), np.nan)
        known = self.ahead[i][:horizon]
        out[: len(known)] = known
        return out

    def fingerprint(self) -> str:
        """SHA-256 of what a model is fitted to."""
        digest = hashlib.sha256(json.dumps(self.schema.to_json(), sort_keys=True).encode())
        for i in range(len(self)):
            digest.update(repr((self.names[i], self.values[i].shape)).encode())
            digest.update(np.ascontiguousarray(self.values[i]).tobytes())
            digest.update(np.ascontiguousarray(self.covariates[i]).tobytes())
        digest.update(self.starts.tobytes())
        digest.update(np.ascontiguousarray(self.statics).tobytes())
        return digest.hexdigest()


def grid_of(schema: SeriesSchema) -> Grid:
    """The grid that a schema describes."""
    return Grid(schema.grid, schema.step, schema.zone)
