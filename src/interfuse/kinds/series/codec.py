"""Series to rows of numbers and back: scales, clock, identity, statics and covariates.

**Scale.** A series that was fitted keeps the scale it had then, another one is measured itself. So
does a fitted one that has drifted to where its old scale says nothing (`DRIFTED` spreads away, or
spreads that differ by more than `OTHER_SPREAD`).

**Clock.** Phases are those of the calendar (hour, day, week and year, as far as the step and the
span of the data let them mean something) and the periods that the data showed. Rows of arrays have
no time of their own: the first row of what is asked may be any, so they have no phases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from interfuse.kinds.series.data import SeriesSchema, SeriesSet
from interfuse.kinds.series.data.extras import Extras
from interfuse.kinds.series.data.scaling import Scaling
from interfuse.kinds.series.data.zones import DAY, to_wall
from interfuse.kinds.series.learn.view import Clock, SeriesRows

DRIFTED = 8.0
OTHER_SPREAD = 30.0
YEAR_DAYS = 365.2425
ANY = "other"


@dataclass(frozen=True)
class SeriesCodec:
    """What turns series into rows.

    Attributes:
        schema: of the series.
        names: of the fitted series, as text; the place of one plus 1 is its identity.
        scales: of each of them.
        statics: how statics become numbers.
        covariates: how covariates become numbers.
    """

    schema: SeriesSchema
    names: tuple[str, ...]
    scales: tuple[Scaling, ...]
    statics: Extras = field(default_factory=Extras)
    covariates: Extras = field(default_factory=Extras)

    @classmethod
    def fit(cls, series: SeriesSet) -> SeriesCodec:
        """Measure the series that a model is fitted to."""
        s = series.schema
        covariates = [np.concatenate([c for c in series.covariates] or [np.zeros((0, 0))])]
        whole = Scaling.of(np.concatenate([_some(v) for v in series.values]))
        return cls(
            s,
            tuple(map(str, series.names)),
            tuple(Scaling.of(v, whole) for v in series.values),
            Extras.of(s.statics, series.statics),
            Extras.of(s.covariates, covariates[0]),
        )

    @property
    def clock(self) -> Clock:
        """Seasons and phases."""
        return Clock(self.schema.periods, tuple(self._phases()))

    def _phases(self) -> list[float]:
        s = self.schema
        if s.layout == "array" or s.time is None:
            return []
        if not s.calendar:
            return [float(p) for p in s.periods]
        unit = s.step if s.grid == "even" else DAY
        candidates = ((DAY // 24, 4), (DAY, 2), (7 * DAY, 2), (YEAR_DAYS * DAY, 1.5))
        phases = [p / unit for p, n in candidates if s.step * 4 <= p and s.span >= n * p]
        if s.grid == "even":
            own = (float(p) for p in s.periods)
            phases += [p for p in own if all(abs(p - q) > 0.002 * q for q in phases)]
        return phases

    def scale(self, name: Any, values: np.ndarray) -> Scaling:
        """The scale of a series.

        Args:
            name: of the series.
            values: (T, c) of it.
        """
        base = _typical(self.scales)
        if str(name) not in self.names:
            return Scaling.of(values, base)
        known = self.scales[self.names.index(str(name))]
        if not np.isfinite(values).any():
            return known
        now = Scaling.of(values, known)
        away = np.abs(now.middle - known.middle) / np.maximum(known.spread, now.spread)
        ratio = now.spread / known.spread
        drifted = (away > DRIFTED) | (ratio > OTHER_SPREAD)
        return Scaling(
            np.where(drifted, now.middle, known.middle), np.where(drifted, now.spread, known.spread)
        )

    def identity(self, name: Any) -> int:
        """Which fitted series it is; 0 for none of them."""
        return self.names.index(str(name)) + 1 if str(name) in self.names else 0

    def ticks(self, series: SeriesSet, i: int, steps: np.ndarray) -> np.ndarray:
        """Local time of grid points of a series, in steps, or in days on uneven grids."""
        grid = series.grid
        stamps = grid.at(series.starts[i], steps)
        if not self.schema.calendar:
            return stamps / self.schema.step
        wall = to_wall(np.asarray(stamps, np.int64), grid.zone)
        return wall / (self.schema.step if grid.kind == "even" else DAY)

    def pack(
        self,
        series: SeriesSet,
        *,
        horizon: int = 0,
        keep: int | None = None,
        scales: Sequence[Scaling] | None = None,
        given: Sequence[np.ndarray | None] | None = None,
    ) -> tuple[SeriesRows, list[Scaling], np.ndarray]:
        """Series one after another, each perhaps with a future that is not seen.

        Args:
            series: what to pack.
            horizon: how many unknown steps follow each.
            keep: only the last so many steps of each; None for all.
            scales: of each series; measured or looked up if None.
            given: (horizon, c) values of the future that are known; NaN where not.

        Returns:
            Rows with one entry a series, the scale of each, and which step of the series its first
            row is.
        """
        c = len(self.schema.channels)
        parts: dict[str, list[np.ndarray]] = {k: [] for k in ("y", "tick", "future")}
        used, begin, first, at = [], [], [], 0
        for i, values in enumerate(series.values):
            scale = self.scale(series.names[i], values) if scales is None else scales[i]
            used.append(scale)
            length = len(values)
            start = 0 if keep is None else max(length - keep, 0)
            begin.append(start)
            ahead = np.full((horizon, c), np.nan)
            if given is not None and given[i] is not None:
                ahead = np.asarray(given[i], np.float64)
            parts["y"].append(scale.encode(np.concatenate([values[start:], ahead])))
            parts["tick"].append(self.ticks(series, i, np.arange(start, length + horizon)))
            known = np.concatenate([series.covariates[i], series.future_covariates(i, horizon)])
            parts["future"].append(self.covariates.encode(known[start:]))
            first.append(at)
            at += length - start + horizon
        y = np.concatenate(parts["y"]) if parts["y"] else np.zeros((0, c))
        seen = np.isfinite(y)
        spread = np.stack([s.spread for s in used]) if used else np.zeros((0, c))
        unit = np.array([ch.unit for ch in self.schema.channels])
        tick = np.concatenate(parts["tick"]) if parts["tick"] else np.zeros(0)
        uneven = self.schema.calendar and series.grid.kind != "even"
        rows = SeriesRows(
            values=torch.from_numpy(np.where(seen, y, 0.0).astype(np.float32)),
            seen=torch.from_numpy(seen),
            held=torch.zeros(len(y), dtype=torch.bool),
            tick=torch.from_numpy(tick.astype(np.float64)),
            future=torch.from_numpy(np.concatenate(parts["future"])),
            first=torch.tensor(first),
            last=torch.tensor([*first[1:], at]),
            start=torch.tensor(first),
            owner=torch.tensor([self.identity(n) for n in series.names]),
            statics=torch.from_numpy(self.statics.encode(series.statics)),
            jitter=torch.from_numpy((unit / spread).astype(np.float32)),
            tick_step=series.schema.step / DAY if uneven else 1.0,
        )
        return rows, used, np.array(begin)

    def bound(self, values: np.ndarray) -> np.ndarray:
        """(..., c) draws within each channel's bounds, with as many decimals as its values have."""
        out = values.copy()
        for j, channel in enumerate(self.schema.channels):
            if channel.integer or channel.decimals is not None:
                out[..., j] = np.round(out[..., j], channel.decimals or 0)
            out[..., j] = np.clip(out[..., j], channel.minimum, channel.maximum)
        return out

    def to_json(self) -> dict[str, Any]:
        """All but the scales."""
        return {
            "names": list(self.names),
            "statics": self.statics.to_json(),
            "covariates": self.covariates.to_json(),
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """The scales: (series, c) each."""
        return {
            "middle": np.stack([s.middle for s in self.scales]),
            "spread": np.stack([s.spread for s in self.scales]),
        }

    @classmethod
    def from_parts(
        cls, schema: SeriesSchema, d: dict[str, Any], arrays: dict[str, np.ndarray]
    ) -> SeriesCodec:
        """The inverse of `to_json` and `arrays`."""
        pairs = zip(arrays["middle"], arrays["spread"], strict=True)
        return cls(
            schema,
            tuple(d["names"]),
            tuple(Scaling(m, s) for m, s in pairs),
            Extras.from_json(d["statics"]),
            Extras.from_json(d["covariates"]),
        )


def _some(values: np.ndarray) -> np.ndarray:
    """At most about 10,000 rows of a series, evenly spread."""
    return values[:: max(len(values) // 10_000, 1)]


def _typical(scales: Sequence[Scaling]) -> Scaling:
    """The median of scales."""
    return Scaling(
        np.median([s.middle for s in scales], axis=0),
        np.median([s.spread for s in scales], axis=0),
    )
