"""Windows of series as they lie, and as the network sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor


class Clock(NamedTuple):
    """What the network is told about time.

    Attributes:
        seasons: periods in steps of which earlier seasons are copied.
        phases: periods in steps (any positive number) whose phase is shown by sines and cosines.
    """

    seasons: tuple[int, ...]
    phases: tuple[float, ...]


@dataclass(frozen=True)
class SeriesRows:
    """Windows of series; all series lie one after another.

    Attributes:
        values: (m, c) float32 normalised values, 0 where not seen.
        seen: (m, c) bool.
        held: (m,) bool, the times that are held out.
        tick: (m,) float64, local time in steps.
        future: (m, k) float32 covariates.
        first: (n,) first row of the window's series.
        last: (n,) one beyond its last row.
        start: (n,) first row of the window; rows outside of first ... last are unknown.
        owner: (n,) identity of the series.
        statics: (n, s) float32.
        jitter: (n, c) float32 width of what values are multiples of, normalised; 0 for any reals.
        score_held: which cells carry loss.
        shift: windows are moved by a random number of rows below this while training.
        tick_step: what a row adds to `tick`, for rows outside of the series.
    """

    values: Tensor
    seen: Tensor
    held: Tensor
    tick: Tensor
    future: Tensor
    first: Tensor
    last: Tensor
    start: Tensor
    owner: Tensor
    statics: Tensor
    jitter: Tensor
    score_held: bool = False
    shift: int = 1
    tick_step: float = 1.0

    def __len__(self) -> int:
        return len(self.start)

    def take(self, index: Tensor) -> SeriesRows:
        """The windows at `index`."""
        names = ("first", "last", "start", "owner", "statics", "jitter")
        return replace(self, **{k: getattr(self, k)[index.to(self.start.device)] for k in names})

    def to(self, device: torch.device | str) -> SeriesRows:
        """The same windows on another device."""
        names = self.__dataclass_fields__
        moved = {k: getattr(self, k) for k in names}
        moved = {k: v.to(device) for k, v in moved.items() if isinstance(v, Tensor)}
        return replace(self, **moved)


def apart(rows: SeriesRows) -> SeriesRows:
    """Every channel as a series of its own: c entries for each, with identities of their own.

    Args:
        rows: one entry a series.
    """
    channels = rows.values.shape[1]
    bounds = list(zip(rows.first.tolist(), rows.last.tolist(), strict=True))

    def turned(x: Tensor) -> Tensor:
        parts = [x[a:b].T.reshape(-1) for a, b in bounds]
        return torch.cat(parts) if parts else x.reshape(-1)

    def again(x: Tensor) -> Tensor:
        parts = [x[a:b].repeat(channels, *([1] * (x.ndim - 1))) for a, b in bounds]
        return torch.cat(parts) if parts else x

    lengths = (rows.last - rows.first).repeat_interleave(channels)
    last = lengths.cumsum(0)
    which = torch.arange(channels, device=rows.owner.device).repeat(len(rows))
    owner = rows.owner.repeat_interleave(channels)
    return replace(
        rows,
        values=turned(rows.values)[:, None],
        seen=turned(rows.seen)[:, None],
        held=again(rows.held),
        tick=again(rows.tick),
        future=again(rows.future),
        first=last - lengths,
        last=last,
        start=last - lengths,
        owner=torch.where(owner > 0, (owner - 1) * channels + which + 1, 0),
        statics=rows.statics.repeat_interleave(channels, 0),
        jitter=rows.jitter.reshape(-1, 1),
    )


@dataclass(frozen=True)
class View:
    """Windows as the network sees them."""

    cells: Tensor
    local: Tensor
    rough: Tensor
    reach: Tensor
    unit: Tensor  # (n, length, channels) log of how rough the window is near the cell
    prior: Tensor
    geometry: Tensor  # (n, length, channels, 4) distances to the known cells
    gap: Tensor  # (n, length, channels) steps between the known cells on either side
    steps: Tensor
    answers: Tensor
    owner: Tensor
    statics: Tensor
    anchor: Tensor  # (n, 1, channels), added to what the network says
    x: Tensor  # (n, length, channels) the truth where seen
    known: Tensor  # (n, length, channels) bool
    seen: Tensor  # (n, length, channels) bool
