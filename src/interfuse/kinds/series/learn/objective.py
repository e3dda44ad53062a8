"""The training objective for series, and the defaults that go with it.

An example is a window of a series and a random question about it (`training.gaps`). Two losses
over its unknown cells, summed:

    location and scale   |x - mean| / scale + log scale         the Laplace density
    what is left over    |v - v(z_t, h, t)|^2,   z = asinh((x - mean) / scale), not differentiated

A cell of a window with n of them weighs n^(-1/2). As sums over cells, a few missing points or a
forecast of an hour would hardly count beside whole days, and bands of short futures came out half
as wide again as those of long ones.

**Whole numbers**, and those of few decimals, are spread over the unit around them, so that no
density is infinite.

**Held-out cells.** A tenth of every series is held out, in blocks: a cell of a block is never
asked about in training, and only such cells are asked about by the held-out loss. So the newest
data is trained on too, as a forecast needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from interfuse.core import Cosine, Gaussian
from interfuse.core.schedule import Schedule
from interfuse.core.seeds import Purpose, seed_of
from interfuse.kinds.series.learn.gaps import draw_hidden
from interfuse.kinds.series.learn.view import SeriesRows, View
from interfuse.kinds.series.learn.windows import Looker, context, encode
from interfuse.kinds.series.net.temporal import SeriesNet
from interfuse.train.settings import Settings

LONGEST_Z = 6.0
STRANGERS = 0.15
HELD_OUT_DRAWS = 384
PATIENCE = 12
"""Batches of a few dozen windows make the held-out loss jump: of requests per minute it seemed to
have stopped falling after a tenth of the examples (a loss of forecasts of .270 for .245)."""
WARM_UP = 2_000
LOUDER = 0.2
"""Windows are multiplied by exp(LOUDER N(0, 1)): a pattern holds at any level of traffic."""
MOST_CELLS = 1 << 17
MOST_STEPS, FEWEST_STEPS, PATCHES = 576, 128, 48


@dataclass(frozen=True)
class NoisyWindows:
    """A batch ready for the network."""

    view: View
    target: Tensor
    score: Tensor  # (n, length, channels) bool, cells that carry loss
    t: Tensor
    eps: Tensor


@dataclass(frozen=True)
class SeriesLosses:
    """Weighted sums of both losses, and of the weights of the cells they are sums over."""

    location: Tensor
    square: Tensor
    count: Tensor

    def cells(self) -> Tensor:
        """Both means: (2,)."""
        return torch.stack([self.location, self.square]) / self.count.clamp_min(1)

    def total(self) -> Tensor:
        """Their sum; what training descends."""
        return self.cells().sum()

    def judged(self) -> Tensor:
        """The same of held-out windows, to choose weights by."""
        return self.total()


class SeriesObjective:
    """Asks random questions about windows and scores the network's answers.

    Args:
        looker: what the network sees.
        gaussian: the kernel of what is left over.
        stranger_share: how often a series' identity is hidden, so that others can be answered.
        louder: see `LOUDER`.
    """

    names = ("location and scale", "what is left over")
    advice = "Look for infinite or extreme values in the series, or fit with precision fp32."

    def __init__(
        self,
        looker: Looker,
        gaussian: Gaussian | None = None,
        stranger_share: float = STRANGERS,
        louder: float = LOUDER,
    ) -> None:
        self.looker = looker
        self.gaussian = gaussian or series_gaussian()
        self.stranger_share = stranger_share
        self.louder = louder

    def corrupt(self, rows: SeriesRows, generator: torch.Generator) -> NoisyWindows:
        """Draw questions, times and noise. All draws come from `generator`."""
        n, c, length = len(rows), rows.values.shape[1], self.looker.length
        device = rows.values.device

        def uniform(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator, device=device)

        hidden, channels = draw_hidden(
            n, length, c, self.looker.before, self.looker.after, generator
        )
        stranger = uniform(n) < self.stranger_share
        moved = (uniform(n) * rows.shift).long()
        rows = replace(rows, owner=torch.where(stranger, 0, rows.owner), start=rows.start + moved)
        louder = torch.exp(self.louder * torch.randn((n, 1, c), generator=generator, device=device))
        view = self.looker.look(rows, hidden, channels, louder)
        at = (rows.start[:, None] + torch.arange(length, device=device)).clamp(
            0, len(rows.values) - 1
        )
        held = rows.held[at][..., None]
        score = view.seen & ~view.known & (held if rows.score_held else ~held)
        target = view.x + (uniform(n, length, c) - 0.5) * rows.jitter[:, None] * louder * slope(
            view.x / louder
        )
        place = torch.randperm(n, generator=generator, device=device)
        t = ((place + uniform(1)) / n).clamp_min(1e-4)
        eps = torch.randn((n, length, c), generator=generator, device=device)
        return NoisyWindows(view, target, score, t, eps)

    def loss(self, net: SeriesNet, noisy: NoisyWindows) -> SeriesLosses:
        """Score `net` on a corrupted batch."""
        view, score = noisy.view, noisy.score
        said = encode(net, view)
        off = (noisy.target - view.anchor - said.mean) * torch.exp(-said.log_scale)
        each = score.sum((1, 2))
        weight = torch.where(each > 0, each.clamp_min(1).rsqrt(), 0.0)

        def total(x: Tensor) -> Tensor:
            return (torch.where(score, x, 0.0).sum((1, 2)) * weight).sum()

        unknown = ~view.known
        z = torch.asinh(off.detach()).clamp(-LONGEST_Z, LONGEST_Z)
        z = torch.where(view.seen, z, 0.0)  # a missing cell is unknown: noise around its median
        z_t, goal = self.gaussian.noised(z, noisy.t, noise=noisy.eps)
        z_t = torch.where(unknown, z_t, 0.0)
        place = torch.arange(net.length // net.patch, device=z.device)
        v = net.denoise(z_t, unknown, noisy.t, context(net, view, said), place)
        square = total((v - goal) ** 2)
        return SeriesLosses(total(off.abs() + said.log_scale), square, (each * weight).sum())


def series_gaussian(schedule: Schedule | None = None) -> Gaussian:
    """The kernel of what is left over: a schedule, the cosine."""
    return Gaussian(schedule or Cosine())


def slope(y: Tensor) -> Tensor:
    """How much y = squash(u) moves for a small step of u, see `data.series.scaling`."""
    return 3 / (3 * torch.exp((y.abs().clamp_min(3) - 3) / 3))


def window_for(longest: int, seasons: tuple[int, ...], channels: int) -> tuple[int, int]:
    """Steps of a window and of a patch.

    Two of the longest season that fits into 576 steps, 256 where there is none, but no more than
    the longest series has; patches so that there are about 48 of them. With more than 4 channels
    half of that at most, with more than 16 a third: the cells of a window are what takes time, and
    seasons that do not fit are copied from outside of it.
    """
    most = MOST_STEPS // (1 if channels <= 4 else 2 if channels <= 16 else 3)
    fitting = [2 * p for p in seasons if 2 * p <= most]
    length = max(fitting, default=most if seasons else min(256, most))
    length = min(max(length, FEWEST_STEPS), max(longest, 16))
    patch = max(4, -(-length // PATCHES))
    return -(-length // patch) * patch, patch


def series_network_for(
    channels: int,
    length: int,
    patch: int,
    looker: Looker,
    covariates: int,
    statics: int,
    owners: int,
    cells: int,
    seed: int,
) -> SeriesNet:
    """The default network: smaller for less data, which a large one learns by heart."""
    width, depth = (96, 2) if cells < 30_000 else (128, 3) if cells < 300_000 else (192, 3)
    rng = torch.random.get_rng_state()
    try:
        torch.manual_seed(seed_of(seed, Purpose.WEIGHTS))
        return SeriesNet(
            channels,
            length,
            patch,
            looker.cell_features,
            looker.local_features,
            looker.step_features(covariates),
            looker.priors,
            owners=owners,
            statics=statics,
            width=width,
            depth=depth,
            small=96 if cells < 300_000 else 128,
            dropout=0.2,
        )
    finally:
        torch.random.set_rng_state(rng)


def series_settings_for(cells: int, seed: int, precision: str) -> Settings:
    """Batches of 64 windows, of fewer down to 16 where a window has many cells.

    Args:
        cells: of a window.
        seed: of every draw.
        precision: "bf16" or "fp32".
    """
    batch = 64
    while batch > 16 and batch * cells > MOST_CELLS:
        batch //= 2
    return Settings(
        seed=seed,
        batch=batch,
        precision=precision,
        held_out_draws=HELD_OUT_DRAWS * batch // 64,
        warm_up=WARM_UP,
        patience=PATIENCE,
    )
