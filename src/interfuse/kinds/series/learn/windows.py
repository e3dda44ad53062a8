"""Windows of series as the network sees them.

Series lie one after another in one tensor, in units of their own spread. A window is a place in
it; nothing is copied until it is looked at. `Looker.look` gathers a window, hides what a question
hides, and computes what the network is told: the known values about their level (`anchor`), the
simple answers (`networks.simple`), how far the nearest known cells are, the neighbourhood of each
cell in units of how rough the window is, and the phases of the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from interfuse.kinds.series.net.simple import (
    LINES,
    NEIGHBOURS,
    TRIES,
    Nearest,
    curve,
    line,
    nearest_known,
    smooth,
    steps_away,
)
from interfuse.kinds.series.net.temporal import Context, Encoded, SeriesNet

HARMONICS = 4
SMALLEST = 1e-3
REACH = 0.15
MEETING, STEEPNESS = 0.03, 1.5
"""Gaps of this share of a window are where lines and seasons have the same weight at first."""
SPANS = (48, 12)
"""Steps beside a gap over which it is told how rough the series is there."""
TYPICAL, FEW = 0.3, 4.0
"""How rough a window is supposed to be that shows nothing, and for how many steps that counts."""
MOST_FEATURE = 20.0
"""Of any number that the network is told: an outlier says no more than this."""


Fetch = Callable[[Tensor], tuple[Tensor, Tensor]]


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


class Looker:
    """Turns windows and a mask into what the network sees.

    Args:
        clock: seasons and phases.
        length: steps of a window.
    """

    def __init__(self, clock: Clock, length: int) -> None:
        self.clock = clock
        self.length = length
        longest = max(clock.seasons, default=0)
        self.before = longest * (TRIES + 1) + length if longest else 0
        self.after = (longest * 2 + length) if longest else 0

    @property
    def answers(self) -> int:
        """How many simple answers there are."""
        return LINES + 4 * len(self.clock.seasons)

    @property
    def priors(self) -> tuple[float, ...]:
        """Their weights at the start: half for the line, the rest for shifted seasons."""
        k = len(self.clock.seasons)
        return (1.0, 0.5, 0.2, *((0.1, 0.05, 0.05, 1.0 / max(k, 1)) * k))

    @property
    def cell_features(self) -> int:
        """Numbers of a cell."""
        return 11 + 8 * len(self.clock.seasons)

    def step_features(self, covariates: int) -> int:
        """Numbers of a step."""
        return 2 * HARMONICS * len(self.clock.phases) + covariates

    def look(
        self,
        rows: SeriesRows,
        hidden: Tensor | None,
        channels: Tensor | None,
        louder: Tensor | float = 1.0,
    ) -> View:
        """Gather windows.

        Args:
            rows: the windows.
            hidden: (n, before + length + after) bool; None if all that is seen is known.
            channels: (n, c) bool, the channels that are hidden.
            louder: (n, 1, c), what all values are multiplied by.
        """
        length, device = self.length, rows.values.device
        n, c = len(rows), rows.values.shape[1]
        inside = torch.arange(length, device=device)[None]

        def fetch(offset: Tensor) -> tuple[Tensor, Tensor]:
            """Values and whether they are known at steps from the window's start."""
            at = rows.start.reshape(-1, *([1] * (offset.ndim - 1))) + offset
            low = rows.first.reshape(-1, *([1] * (offset.ndim - 1)))
            high = rows.last.reshape(-1, *([1] * (offset.ndim - 1)))
            fits = (at >= low) & (at < high)
            at = at.clamp(0, len(rows.values) - 1)
            if offset.ndim == 2:
                value, known = rows.values[at] * louder, rows.seen[at] & fits[..., None]
            else:
                value = rows.values[at, channel_index] * louder
                known = rows.seen[at, channel_index] & fits
            if hidden is not None and channels is not None:
                place = (offset + self.before).clamp(0, hidden.shape[1] - 1)
                out = hidden.gather(1, place.flatten(1)).reshape(place.shape)
                out = out[..., None] & channels[:, None] if offset.ndim == 2 else (
                    out & channels[:, None])  # fmt: skip
                return value, known & ~out
            return value, known

        channel_index = torch.arange(c, device=device)[None, None]
        base = inside.expand(n, -1)
        at = rows.start[:, None] + base
        fits = ((at >= rows.first[:, None]) & (at < rows.last[:, None]))[..., None]
        at = at.clamp(0, len(rows.values) - 1)
        x, seen = rows.values[at] * louder, rows.seen[at] & fits
        _, known = fetch(base)
        near = nearest_known(known)
        ruler = line(x, near)
        count = known.sum(1, keepdim=True)
        anchor = torch.where(count > 0, ruler.mean(1, keepdim=True), 0.0)
        to_left = inside[..., None] - near.left
        to_right = near.right - inside[..., None]
        has_left, has_right = near.left >= 0, near.right < length
        first_k = torch.where(has_left, to_left, inside[..., None] + 1)
        last_k = torch.where(has_right, to_right, length - inside[..., None])
        bent = curve(x, ruler, near)
        even = smooth(x, ruler, known)
        answers = [ruler, bent, even]
        features = []
        for p in self.clock.seasons:
            back, has_back, usual, has_two = self._copies(
                fetch, inside, -p, steps_away(p, first_k), TRIES
            )
            ahead, has_ahead, _, _ = self._copies(fetch, inside, p, steps_away(p, last_k), 2)
            back = torch.where(has_back, back, torch.where(has_ahead, ahead, ruler))
            usual = torch.where(has_two, usual, back)
            ahead = torch.where(has_ahead, (back + ahead) / 2, back)
            shifted = back + line(x - back, near)
            answers += [back, usual, ahead, shifted]
            features += [back - anchor, usual - anchor, ahead - anchor, shifted - anchor]
            features += [f.float() for f in (has_back, has_two, has_ahead)]
            features += [torch.log1p(steps_away(p, first_k).float())]
        geometry = [
            torch.log1p(torch.where(has_left, to_left.float(), length)) / 4,
            torch.log1p(torch.where(has_right, to_right.float(), length)) / 4,
            has_left.float(),
            has_right.float(),
        ]
        pair = known[:, 1:] & known[:, :-1]
        moves = (x[:, 1:] - x[:, :-1]).abs() * pair
        rough = moves.sum(1, keepdim=True) / pair.sum(1, keepdim=True).clamp_min(1) + SMALLEST
        unit, calm = self._unit(moves, pair, near)
        gap = torch.where(has_left, to_left, 0) + torch.where(has_right, to_right, 0)
        one_side = has_left ^ has_right
        gap = torch.where(has_left | has_right, torch.where(one_side, 2 * gap, gap), 2 * length)
        gap = gap.float().clamp_min(1)
        features += [
            known.float(),
            torch.where(known, x - anchor, 0.0),
            ruler - anchor,
            (bent - ruler) / rough,
            (even - ruler) / rough,
            *geometry,
            torch.tanh(anchor / 3).expand_as(x),
            torch.log(rough).expand_as(x) / 4,
        ]
        at = rows.start[:, None] + base
        own = at.clamp(rows.first[:, None], rows.last[:, None] - 1)
        tick = rows.tick[own] + (at - own) * rows.tick_step
        steps = [
            f(tick * (2 * torch.pi * h / p)).float()
            for p in self.clock.phases
            for h in range(1, HARMONICS + 1)
            for f in (torch.sin, torch.cos)
        ]
        shape = (n, length, 0)
        clock = torch.stack(steps, -1) if steps else torch.zeros(shape, device=device)
        future = rows.future[own] * (own == at)[..., None]
        return View(
            cells=torch.stack(features, -1).clamp(-20, 20),
            local=torch.cat([self._around(ruler, known, rough), calm], -1),
            unit=unit,
            rough=rough,
            geometry=torch.stack(geometry, -1),
            gap=gap,
            reach=1 - torch.exp(-gap / (REACH * length)),
            prior=-STEEPNESS * torch.log(gap / (MEETING * length)),
            steps=torch.cat([clock, future], -1),
            answers=torch.stack(answers, -1) - anchor[..., None],
            owner=rows.owner,
            statics=rows.statics,
            anchor=anchor,
            x=x,
            known=known,
            seen=seen,
        )

    @property
    def local_features(self) -> int:
        """Numbers of a cell's neighbourhood."""
        return 4 * NEIGHBOURS + len(SPANS)

    def _around(self, ruler: Tensor, known: Tensor, rough: Tensor) -> Tensor:
        """The next cells on either side, less this one, in units of `rough`; which are known."""
        k = NEIGHBOURS
        wide = torch.cat(
            [ruler[:, :1].expand(-1, k, -1), ruler, ruler[:, -1:].expand(-1, k, -1)], 1
        )
        blank = torch.zeros_like(known[:, :1]).expand(-1, k, -1)
        there = torch.cat([blank, known, blank], 1)
        offsets = [j for j in range(2 * k + 1) if j != k]
        length = self.length
        near = [(wide[:, j : j + length] - ruler) / rough for j in offsets]
        seen = [there[:, j : j + length].float() for j in offsets]
        return torch.stack(near + seen, -1).clamp(-20, 20)

    def _unit(self, moves: Tensor, pair: Tensor, near: Nearest) -> tuple[Tensor, Tensor]:
        """How rough the known cells on either side are, over some spans.

        Args:
            moves: (n, length - 1, c) size of the steps between known neighbours, else 0.
            pair: the same shape, which these are.
            near: the nearest known cells.

        Returns:
            Logs over the longest span, drawn towards `TYPICAL` where little is known, and of the
            shorter spans over the next longer one.
        """
        size = torch.cat([torch.zeros_like(moves[:, :1]), moves], 1).cumsum(1)
        count = torch.cat([torch.zeros_like(moves[:, :1]), pair.to(moves.dtype)], 1).cumsum(1)
        last = self.length - 1
        left, right = near.left.clamp_min(0), near.right.clamp_max(last)
        # The whole window where a cell is known on neither side is 0 of both.
        logs, base = [], torch.full_like(size, TYPICAL)
        for span in (self.length, *SPANS):
            begin, end = (left - span).clamp_min(0), (right + span).clamp_max(last)

            def over(total: Tensor, begin: Tensor = begin, end: Tensor = end) -> Tensor:
                before = total.gather(1, left) - total.gather(1, begin)
                return before + total.gather(1, end) - total.gather(1, right)

            base = (over(size) + FEW * base) / (over(count) + FEW)
            logs.append(base.clamp_min(SMALLEST).log())
        wide = logs[0]
        return wide, torch.stack([x - wide for x in logs[1:]], -1)

    def _copies(
        self, fetch: Fetch, inside: Tensor, period: int, k: Tensor, tries: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The cells at k, k + 1, ... periods away that are known.

        Returns:
            The first of them, whether there is one, the median of all, whether there are two.
        """
        found = [fetch(inside[..., None] + (k + extra) * period) for extra in range(tries)]
        values = torch.stack([torch.where(known, value, torch.inf) for value, known in found])
        there = torch.stack([known for _, known in found])
        one = values[0]
        for other in values[1:]:
            one = torch.where(one.isinf(), other, one)
        count = there.sum(0)
        ranked = values.sort(0).values
        low = ranked.gather(0, ((count - 1).clamp_min(0) // 2)[None])[0]
        high = ranked.gather(0, (count // 2).clamp_max(tries - 1)[None])[0]
        middle = torch.where(count > 0, (low + high) / 2, 0.0)
        return torch.where(count > 0, one, 0.0), count > 0, middle, count > 1


def encode(net: SeriesNet, view: View) -> Encoded:
    """What the encoder says of windows."""
    v = view
    return net.encode(
        v.cells, v.local, v.rough, v.reach, v.unit, v.prior, v.steps, v.answers, v.owner, v.statics
    )


def context(net: SeriesNet, view: View, said: Encoded) -> Context:
    """What the denoiser is told of windows."""
    return net.context(view.geometry, said.log_scale, view.steps)
