"""Windows of series as the network sees them.

Series lie one after another in one tensor, in units of their own spread. A window is a place in
it; nothing is copied until it is looked at. `Looker.look` gathers a window, hides what a question
hides, and computes what the network is told: the known values about their level (`anchor`), the
simple answers (`networks.simple`), how far the nearest known cells are, the neighbourhood of each
cell in units of how rough the window is, and the phases of the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from interfuse.kinds.series.learn.view import Clock, SeriesRows, View
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


class _Around(NamedTuple):
    """Steps from each cell to the known cells on either side, and whether there are such."""

    left: Tensor
    right: Tensor
    has_left: Tensor
    has_right: Tensor
    first: Tensor  # to the left, or beyond the window's start where nothing is known
    last: Tensor

    @classmethod
    def of(cls, near: Nearest, inside: Tensor, length: int) -> _Around:
        here = inside[..., None]
        left, right = here - near.left, near.right - here
        has_left, has_right = near.left >= 0, near.right < length
        first = torch.where(has_left, left, here + 1)
        last = torch.where(has_right, right, length - here)
        return cls(left, right, has_left, has_right, first, last)

    def features(self, length: int) -> list[Tensor]:
        """What the network is told of them."""
        return [
            torch.log1p(torch.where(self.has_left, self.left.float(), length)) / 4,
            torch.log1p(torch.where(self.has_right, self.right.float(), length)) / 4,
            self.has_left.float(),
            self.has_right.float(),
        ]

    def gap(self, length: int) -> Tensor:
        """Steps between the known cells on either side; twice the distance at an end."""
        gap = torch.where(self.has_left, self.left, 0) + torch.where(self.has_right, self.right, 0)
        one_side = self.has_left ^ self.has_right
        known = torch.where(one_side, 2 * gap, gap)
        return torch.where(self.has_left | self.has_right, known, 2 * length).float().clamp_min(1)


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
        n = len(rows)
        inside = torch.arange(length, device=device)[None]
        fetch = self._fetcher(rows, hidden, channels, louder)
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
        around = _Around.of(near, inside, length)
        bent = curve(x, ruler, near)
        even = smooth(x, ruler, known)
        answers = [ruler, bent, even]
        features: list[Tensor] = []
        for p in self.clock.seasons:
            copied, told = self._season(fetch, inside, p, around, x, ruler, near)
            answers += copied
            features += [each - anchor for each in copied] + told
        geometry = around.features(length)
        pair = known[:, 1:] & known[:, :-1]
        moves = (x[:, 1:] - x[:, :-1]).abs() * pair
        rough = moves.sum(1, keepdim=True) / pair.sum(1, keepdim=True).clamp_min(1) + SMALLEST
        unit, calm = self._unit(moves, pair, near)
        gap = around.gap(length)
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
        return View(
            cells=torch.stack(features, -1).clamp(-20, 20),
            local=torch.cat([self._around(ruler, known, rough), calm], -1),
            unit=unit,
            rough=rough,
            geometry=torch.stack(geometry, -1),
            gap=gap,
            reach=1 - torch.exp(-gap / (REACH * length)),
            prior=-STEEPNESS * torch.log(gap / (MEETING * length)),
            steps=self._steps(rows, rows.start[:, None] + base),
            answers=torch.stack(answers, -1) - anchor[..., None],
            owner=rows.owner,
            statics=rows.statics,
            anchor=anchor,
            x=x,
            known=known,
            seen=seen,
        )

    def _fetcher(
        self,
        rows: SeriesRows,
        hidden: Tensor | None,
        channels: Tensor | None,
        louder: Tensor | float,
    ) -> Fetch:
        """Values and whether they are known, at steps from the windows' starts."""
        channel_index = torch.arange(rows.values.shape[1], device=rows.values.device)[None, None]

        def fetch(offset: Tensor) -> tuple[Tensor, Tensor]:
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
                out = (out[..., None] if offset.ndim == 2 else out) & channels[:, None]
                return value, known & ~out
            return value, known

        return fetch

    def _season(
        self,
        fetch: Fetch,
        inside: Tensor,
        period: int,
        around: _Around,
        x: Tensor,
        ruler: Tensor,
        near: Nearest,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The simple answers that copy one season, and what the network is told of them."""
        before, after = steps_away(period, around.first), steps_away(period, around.last)
        back, has_back, usual, has_two = self._copies(fetch, inside, -period, before, TRIES)
        ahead, has_ahead, _, _ = self._copies(fetch, inside, period, after, 2)
        back = torch.where(has_back, back, torch.where(has_ahead, ahead, ruler))
        usual = torch.where(has_two, usual, back)
        ahead = torch.where(has_ahead, (back + ahead) / 2, back)
        shifted = back + line(x - back, near)
        told = [f.float() for f in (has_back, has_two, has_ahead)]
        return [back, usual, ahead, shifted], [*told, torch.log1p(before.float())]

    def _steps(self, rows: SeriesRows, at: Tensor) -> Tensor:
        """Phases of the clock, and covariates, at rows `at`."""
        own = at.clamp(rows.first[:, None], rows.last[:, None] - 1)
        tick = rows.tick[own] + (at - own) * rows.tick_step
        steps = [
            f(tick * (2 * torch.pi * h / p)).float()
            for p in self.clock.phases
            for h in range(1, HARMONICS + 1)
            for f in (torch.sin, torch.cos)
        ]
        empty = torch.zeros((*at.shape, 0), device=at.device)
        clock = torch.stack(steps, -1) if steps else empty
        return torch.cat([clock, rows.future[own] * (own == at)[..., None]], -1)

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
