"""Fill the unknown cells of series: the one computation behind every question to a model of series.

Which cells are unknown is the question: the future (`forecast`), gaps (`impute`), everything
(`generate`). `ask.windows` says which windows are computed and in which order. In
each, the encoder speaks once; then the draws of what is left over go from noise to data by
DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095) and come back as

    x = mean + scale sinh(z).

A window that depends on cells drawn before is computed once for each draw. The noise of a draw is a
hash of the seed, the series, the window and the draw: the same question has the same answer
whatever is asked beside it, up to rounding.

Draws come in pairs whose noise differs by the sign alone (antithetic variates). Each draw has the
law it had; what noise moves to and fro, such as a median, is the same in both and errs less.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from interfuse.core import RowNoise, v_to_x0
from interfuse.core.seeds import Purpose, seed_of
from interfuse.kinds.series.ask.temper import Temper
from interfuse.kinds.series.ask.windows import Place, places
from interfuse.kinds.series.learn.objective import LONGEST_Z, series_gaussian
from interfuse.kinds.series.learn.view import SeriesRows, View
from interfuse.kinds.series.learn.windows import Looker, context, encode
from interfuse.kinds.series.net.temporal import Context, Encoded, SeriesNet
from interfuse.train.precision import autocast, choose_device, choose_precision

WARP = 1.4
"""Times are 1 - u^WARP, u even: 12 steps then have the spread of 40 even ones; 10 even ones a
twentieth less."""
USUAL, BEYOND = 6.0, 3.0
"""Draws end `BEYOND` past the furthest known value of their window, or past `USUAL`, in normalised
values: at e times as many spreads. These grow with the exponential of the normalised value, so that
one draw in the far tail of the scale would ruin every mean."""
BATCH = 2_048
WINDOWS = 64
LOCAL_CELLS = 1 << 22


@dataclass
class Filled:
    """Draws of one series.

    Attributes:
        times: (u,) places in the series at which something was filled.
        draws: (draws, u, c) float32 normalised values, known cells as they are.
    """

    times: np.ndarray
    draws: np.ndarray


class Filler:
    """Answers for series with a trained network.

    Args:
        net: the network.
        looker: what it sees.
        steps: evaluations of the denoiser a draw; None for as many as the model says.
        device: where to compute; the best there is if None.
        temper: what scales are multiplied by; nothing if None.
    """

    def __init__(
        self,
        net: SeriesNet,
        looker: Looker,
        steps: int | None = None,
        device: torch.device | str | None = None,
        temper: Temper | None = None,
    ) -> None:
        self.device = device if isinstance(device, torch.device) else choose_device(device)
        self.net = net.to(self.device).eval()
        self.looker = looker
        self.temper = temper or Temper()
        self.gaussian = net.kernel or series_gaussian()
        self.solver = net.sampling.sampler(self.gaussian)
        steps = net.sampling.steps if steps is None else steps
        times = [1 - (i / steps) ** WARP for i in range(steps)] + [0.0]
        self.times = torch.tensor(times, dtype=torch.float64)
        self.precision = choose_precision("auto", self.device)

    @torch.no_grad()
    def look(self, rows: SeriesRows, hidden: Tensor | None = None) -> tuple[View, Encoded]:
        """What the network is told of windows, and what its encoder says of them.

        Args:
            rows: windows, on this device.
            hidden: (n, before + length + after) bool, times at which all is hidden.
        """
        channels = None
        if hidden is not None:
            channels = torch.ones(len(rows), rows.values.shape[1], dtype=torch.bool)
            channels = channels.to(self.device)
        view = self.looker.look(rows, hidden, channels)
        return view, self.say(view)

    @torch.no_grad()
    def say(self, view: View) -> Encoded:
        """Where each cell lies and how far it may be off, by the encoder and the temper."""
        with autocast(self.device, self.precision):
            said = encode(self.net, view)
        return said._replace(log_scale=said.log_scale + self.temper(view))

    @torch.no_grad()
    def draw(
        self,
        view: View,
        said: Encoded,
        keys: Tensor,
        window: Tensor,
        sign: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Draws of the patches that hold an unknown cell in any of the windows.

        Patches of a window that are known altogether are not looked at by the others, so that a
        window's draws do not depend on what is drawn beside it.

        Args:
            view: (n, length, c) windows.
            said: what the encoder said of them.
            keys: (m,) seeds of the draws.
            window: (m,) which window each draw is of.
            sign: (m,) 1, or -1 for the noise's mirror image; 1 if None.

        Returns:
            (m, k, c) float32, and (k,) which steps of a window these are.
        """
        p, unknown = self.net.patch, ~view.known
        some_unknown = unknown.any(2).reshape(len(unknown), -1, p).any(2)
        place = torch.nonzero(some_unknown.any(0)).flatten()
        steps = (place[:, None] * p + torch.arange(p, device=place.device)).flatten()
        unknown = unknown[:, steps]
        mean, scale = (view.anchor + said.mean)[:, steps], said.log_scale[:, steps].exp()
        furthest = (view.x.abs() * view.known).amax(1, keepdim=True).clamp_min(USUAL) + BEYOND
        about, out = context(self.net, view, said).at(steps), []
        sign = torch.ones(len(keys), device=keys.device) if sign is None else sign
        parts = (x.split(BATCH) for x in (keys, window, sign))
        for part, some, mirror in zip(*parts, strict=True):
            u, told = unknown[some], about.of(some)

            def x_0(z_t: Tensor, t: float, u: Tensor = u, told: Context = told) -> Tensor:
                alpha, sigma = (float(c) for c in self.gaussian.alpha_sigma(t))
                times = torch.full((len(z_t),), float(t), device=self.device)
                with autocast(self.device, self.precision):
                    v = self.net.denoise(z_t, u, times, told, place)
                z = v_to_x0(z_t, v.float(), alpha, sigma)
                return z.clamp(-LONGEST_Z, LONGEST_Z) * u

            shape = (self.net.length, u.shape[2])
            z = RowNoise(part).normal(shape, 0)[:, steps] * mirror[:, None, None] * u
            z = self.solver.run(x_0, z, self.times)
            drawn = mean[some] + scale[some] * torch.sinh(z)
            drawn = torch.minimum(torch.maximum(drawn, -furthest[some]), furthest[some])
            out.append(torch.where(u, drawn, view.x[:, steps][some]))
        return torch.cat(out), steps

    def fill(
        self,
        rows: SeriesRows,
        draws: int,
        seed: int,
        ids: np.ndarray,
        wanted: list[np.ndarray] | None = None,
        tell: Callable[[int, int], None] | None = None,
    ) -> Iterator[tuple[int, Filled]]:
        """Fill all that is not seen in some series, a few series at a time.

        Args:
            rows: one entry for each series (`start` does not matter), on this device.
            draws: how many of each cell.
            seed: of all draws.
            ids: (n,) what the noise of each series is keyed by.
            wanted: (T_i,) bool of each series, the times to fill; all if None.
            tell: called with windows done and windows in all.

        Yields:
            Which series, and its draws.
        """
        n = len(rows)
        first, last = rows.first.cpu().numpy(), rows.last.cpu().numpy()
        seen = rows.seen.cpu().numpy()
        plan = []
        for i, (a, b) in enumerate(zip(first, last, strict=True)):
            share = 1 - seen[a:b].mean(1)
            if wanted is not None:
                share = share * wanted[i]
            plan.append(places(share, self.looker.length))
        total, done = sum(len(p) for p in plan), 0
        for group in _groups(plan, WINDOWS):
            out = {}
            for i in group:
                times = np.concatenate([np.arange(p.first, p.last) for p in plan[i]] or [[]])
                times = times.astype(np.int64)
                cells = (draws, len(times), seen.shape[1])
                out[i] = Filled(times, np.zeros(cells, np.float32))
            rounds = sorted({p.round for i in group for p in plan[i]})
            for r in rounds:
                work = [(i, p) for i in group for p in plan[i] if p.round == r]
                size = WINDOWS if r == 0 else self._windows_at_once(draws, seen.shape[1])
                for k in range(0, len(work), size):
                    part = work[k : k + size]
                    self._round(rows, part, out, draws, seed, ids, r)
                    done += len(part)
                    if tell is not None:
                        tell(done, total)
            yield from out.items()
        if not n and tell is not None:
            tell(0, 0)

    def _windows_at_once(self, draws: int, channels: int) -> int:
        local = self.looker.before + self.looker.length + self.looker.after
        return max(LOCAL_CELLS // (local * draws * channels), 1)

    def _round(
        self,
        rows: SeriesRows,
        work: list[tuple[int, Place]],
        out: dict[int, Filled],
        draws: int,
        seed: int,
        ids: np.ndarray,
        number: int,
    ) -> None:
        """Windows that do not depend on each other."""
        index = torch.tensor([i for i, _ in work], device=self.device)
        some = rows.take(index)
        begin = torch.tensor([q.start for _, q in work], device=self.device)
        some = replace(some, start=some.first + begin)
        pairs = range(-(-draws // 2))
        keys = np.array(
            [
                [seed_of(seed, Purpose.WINDOW_NOISE, int(ids[i]), q.first, d) for d in pairs]
                for i, q in work
            ]
        ).repeat(2, 1)[:, :draws]
        sign = mirrored(draws).to(self.device).repeat(len(work))
        if number == 0:
            window = torch.arange(len(work), device=self.device).repeat_interleave(draws)
        else:
            some = self._overlaid(some, [(i, q, out[i]) for i, q in work], draws)
            window = torch.arange(len(some), device=self.device)
        flat = torch.from_numpy(keys.reshape(-1)).to(self.device)
        view, said = self.look(some)
        drawn, steps = self.draw(view, said, flat, window, sign)
        drawn = drawn.cpu().numpy().reshape(len(work), draws, len(steps), -1)
        where = np.full(self.looker.length, -1)
        where[steps.cpu().numpy()] = np.arange(len(steps))
        for j, (i, q) in enumerate(work):
            f = out[i]
            inside = np.arange(q.first - q.start, q.last - q.start)
            slot = int(np.searchsorted(f.times, q.first))
            at = slice(slot, slot + len(inside))
            f.draws[:, at] = drawn[j][:, where[inside]]

    def _overlaid(
        self, some: SeriesRows, work: list[tuple[int, Place, Filled]], draws: int
    ) -> SeriesRows:
        """Each window once for each draw, as a series of its own that holds what was drawn."""
        before = self.looker.before or self.looker.length
        after = self.looker.after or self.looker.length
        span = before + self.looker.length + after
        device, c = self.device, some.values.shape[1]
        at = some.start[:, None] - before + torch.arange(span, device=device)
        inside = (at >= some.first[:, None]) & (at < some.last[:, None])
        own = at.clamp(some.first[:, None], some.last[:, None] - 1)
        values = some.values[own][:, None].repeat(1, draws, 1, 1)
        seen = (some.seen[own] & inside[..., None])[:, None].repeat(1, draws, 1, 1)
        for j, (_, q, f) in enumerate(work):
            past = f.times < q.first
            place = torch.from_numpy(f.times[past]) - (q.start - before)
            good = (place >= 0) & (place < span)
            drawn = torch.from_numpy(f.draws[:, past])[:, good].to(device)
            values[j, :, place[good].to(device)] = drawn
            seen[j, :, place[good].to(device)] = True
        ticks = some.tick[own] + (at - own) * some.tick_step
        n = len(at) * draws
        first = torch.arange(n, device=device) * span
        twice = torch.arange(len(at), device=device).repeat_interleave(draws)
        return replace(
            some,
            values=values.reshape(-1, c),
            seen=seen.reshape(-1, c),
            held=torch.zeros(n * span, dtype=torch.bool, device=device),
            tick=ticks[:, None].expand(-1, draws, -1).reshape(-1),
            future=(some.future[own] * inside[..., None])[:, None]
            .expand(-1, draws, -1, -1)
            .reshape(n * span, -1),
            first=first,
            last=first + span,
            start=first + before,
            owner=some.owner[twice],
            statics=some.statics[twice],
            jitter=some.jitter[twice],
        )


def mirrored(draws: int) -> Tensor:
    """(draws,) 1 and -1 in turn: draws 2k and 2k + 1 share their noise but for the sign."""
    return 1.0 - 2.0 * (torch.arange(draws) % 2)


def name_keys(names: Sequence[object]) -> np.ndarray:
    """(n,) int64 of the names of series, so that noise does not go by a series' place."""
    digests = [hashlib.sha256(str(name).encode()).digest() for name in names]
    return np.array([int.from_bytes(d[:7], "big") for d in digests], np.int64)


def _groups(plan: list[list[Place]], windows: int) -> Iterator[list[int]]:
    """Series together as long as they have few windows."""
    group: list[int] = []
    size = 0
    for i, places_of in enumerate(plan):
        if group and size + len(places_of) > windows:
            yield group
            group, size = [], 0
        group.append(i)
        size += len(places_of)
    if group:
        yield group
