"""The network for series: an encoder of what is known, and a denoiser of what is left over.

A window has `length` steps of c channels. The **encoder** sees the known cells, the simple answers
(`networks.simple`), the clock and what is known of the future, and says of every cell where it
lies and how far it may be off:

    h      = transformer(patches of (features))                       one state a patch
    w, d, d', a, b = cell MLP(h at the cell, the cell's own features)
    mean   = sum_j softmax(w + prior)_j answer_j + q d + r d' + sum_k a_k (x_k - line)   location
    scale  = u exp(b)                                                 mean absolute deviation

where r is how rough the window is, the mean step between known neighbours, u the same but nearer
to what is usual where few are known, and q = 1 - exp(-g / G) with the length g of the gap and G a
share of a window: a correction has the right size both a step ahead and a day ahead, and bands are
in units of what the window does. x_k are the `NEIGHBOURS` next cells on either side, by lines where
unknown. The prior prefers lines over seasons where gaps are short.

It starts at w = d = a = b = 0: at the simple answers. It is trained by the
Laplace density, whose location is the median and does not run after outliers.

The **denoiser** is the diffusion model of what is left over, z = asinh((x - mean) / scale): it
sees z_t, t, the scale, the clock and where the known cells are, and predicts v. It does not see h:
what is left over cannot be foreseen from what is known, and a network that sees it learns the
training windows by heart, and draws too narrow. Transformer states are handed to a small network
of the cell itself, so that lone cells are not smoothed as those of long gaps are. Both small
networks also say how much of each of the next cells to take: the best answer to noise is a filter
(Wiener), which a sum of products learns in minutes and a state of a patch does not. All that is
deterministic is computed once a window; drawing costs a few passes of a small network over the
patches asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interfuse.core.kernel import Gaussian
from interfuse.core.solvers import Sampling
from interfuse.core.times import time_features
from interfuse.kinds.series.net.simple import LINES, NEIGHBOURS

OCTAVES = 8
TIME_FEATURES = 2 * OCTAVES + 1
HEAD = 32
CELL = 16  # features of a patch's state handed to each of its cells
HIDDEN = 64
BLIND = -1e4
GEOMETRY = 5  # numbers that the denoiser is told of a cell
LOWEST, HIGHEST = -7.0, 3.0  # of log scale, in units of a series' own spread


class Encoded(NamedTuple):
    """What the encoder says of windows."""

    mean: Tensor  # (n, length, channels)
    log_scale: Tensor  # (n, length, channels)


class Context(NamedTuple):
    """What the denoiser is told of windows, or of some of their patches."""

    cells: Tensor  # (n, steps, channels, GEOMETRY)
    steps: Tensor  # (n, steps, step_features)

    def at(self, steps: Tensor) -> Context:
        """Of some steps only."""
        return Context(self.cells[:, steps], self.steps[:, steps])

    def of(self, windows: Tensor) -> Context:
        """Of these windows, in this order."""
        return Context(self.cells[windows], self.steps[windows])


class Layer(nn.Module):
    """h + attention, h + MLP; the identity at the start of training.

    Args:
        width: of h.
        condition: width of e, which scales and shifts the norms; 0 for none.
        dropout: of features inside the MLP.
    """

    def __init__(self, width: int, condition: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = max(width // HEAD, 1)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.inner = nn.Linear(width, 3 * width)
        self.outer = nn.Linear(width, width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)
        self.condition = nn.Linear(condition, 4 * width) if condition else None
        self.dropout = dropout
        for layer in (self.outer, self.down, *([self.condition] if self.condition else [])):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, h: Tensor, bias: Tensor, e: Tensor | None = None) -> Tensor:
        """Map (n, patches, width) to the same.

        Args:
            h: states.
            bias: (heads, patches, patches), or one for each window: added to the logits of
                attention.
            e: (n, condition).
        """
        n, patches, width = h.shape
        if self.condition is None or e is None:
            one, shift, two, push = 1.0, 0.0, 1.0, 0.0
        else:
            one, shift, two, push = self.condition(e)[:, None].chunk(4, dim=-1)
            one, two = 1 + one, 1 + two
        a = self.norms[0](h) * one + shift
        qkv = self.inner(a).reshape(n, patches, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        share = (q @ (k * k.shape[-1] ** -0.5).transpose(-1, -2) + bias).softmax(-1).to(v.dtype)
        h = h + self.outer((share @ v).transpose(1, 2).reshape(n, patches, width))
        a = F.silu(self.up(self.norms[1](h) * two + push))
        if self.training and self.dropout:
            # One mask for all patches: features are dropped, and fewer random numbers are drawn.
            a = a * F.dropout(torch.ones_like(a[:, :1]), self.dropout)
        return h + self.down(a)


class Distances(nn.Module):
    """A learned bias of attention for each distance between patches."""

    def __init__(self, heads: int, patches: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(heads, 2 * patches - 1))
        self.patches = patches

    def forward(self, place: Tensor) -> Tensor:
        """(heads, m, m) of the patches at `place` (m,)."""
        return self.table[:, place[:, None] - place[None, :] + self.patches - 1]


def neighbours(z: Tensor, place: Tensor, patch: int) -> Tensor:
    """Each cell, and those next to it less the cell; they are 0 beyond the patches that are there.

    Args:
        z: (n, m * patch, channels).
        place: (m,) which patches these are, ascending.
        patch: steps of each.

    Returns:
        (n, m * patch, channels, 1 + 2 NEIGHBOURS).
    """
    k, steps = NEIGHBOURS, z.shape[1]
    at = (place[:, None] * patch + torch.arange(patch, device=z.device)).flatten()
    wide = F.pad(z, (0, 0, k, k))
    out = [z]
    for j in (*range(-k, 0), *range(1, k + 1)):
        other = F.pad(at, (k, k), value=-k - 1)[k + j : k + j + steps]
        out.append(wide[:, k + j : k + j + steps] * (other == at + j)[None, :, None] - z)
    return torch.stack(out, -1)


class SeriesNet(nn.Module):
    """Encoder and denoiser of windows.

    Args:
        channels: of the series.
        length: steps of a window, a multiple of `patch`.
        patch: steps of a patch.
        cell_features: numbers known of each cell, answers included.
        local_features: numbers of its neighbourhood, told to the cell but not to the patch.
        step_features: numbers known of each step: clock and covariates.
        priors: weight of each simple answer at the start.
        owners: how many series have an identity of their own; 0 stands for another series.
        statics: numbers known of each series.
        width: of the encoder.
        depth: layers of the encoder.
        small: width of the denoiser.
        shallow: layers of the denoiser.
        dropout: of every layer.
    """

    kernel: Gaussian | None = None
    """What it was trained with; None for the kind's own."""
    sampling: Sampling = Sampling("dpm_solver", 12, 12)
    """How numbers are drawn from it."""

    def __init__(
        self,
        channels: int,
        length: int,
        patch: int,
        cell_features: int,
        local_features: int,
        step_features: int,
        priors: Sequence[float],
        owners: int = 0,
        statics: int = 0,
        width: int = 192,
        depth: int = 3,
        small: int = 128,
        shallow: int = 3,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self._config = {
            "channels": channels,
            "length": length,
            "patch": patch,
            "cell_features": cell_features,
            "local_features": local_features,
            "step_features": step_features,
            "priors": list(priors),
            "owners": owners,
            "statics": statics,
            "width": width,
            "depth": depth,
            "small": small,
            "shallow": shallow,
            "dropout": dropout,
        }
        self.channels, self.length, self.patch = channels, length, patch
        self.alone = 0.3
        patches = length // patch
        self.enter = nn.Linear(patch * (channels * cell_features + step_features), width)
        self.owner = nn.Embedding(owners + 1, width)
        self.statics = nn.Linear(statics, width) if statics else None
        self.near = Distances(max(width // HEAD, 1), patches)
        self.layers = nn.ModuleList(Layer(width, dropout=dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.spread = nn.Linear(width, patch * channels * CELL)
        self.cell = nn.Linear(CELL + cell_features + local_features + step_features, HIDDEN)
        self.last = nn.Linear(HIDDEN, len(priors) + 2 * NEIGHBOURS + 3)
        nn.init.normal_(self.owner.weight, std=0.02)
        nn.init.zeros_(self.last.weight)
        with torch.no_grad():
            rest = [0.0] * (2 * NEIGHBOURS + 3)
            self.last.bias.copy_(torch.tensor([*map(math.log, priors), *rest]))
        self.noisy = nn.Linear(patch * (channels * (2 + GEOMETRY) + step_features), small)
        self.time = nn.Linear(TIME_FEATURES, small)
        self.near_z = Distances(max(small // HEAD, 1), patches)
        self.steps = nn.ModuleList(Layer(small, small, dropout) for _ in range(shallow))
        self.norm_z = nn.LayerNorm(small)
        self.spread_z = nn.Linear(small, patch * channels * CELL)
        self.cell_z = nn.Linear(CELL + 1 + 2 * NEIGHBOURS + GEOMETRY, HIDDEN)
        self.time_z = nn.Linear(TIME_FEATURES, 2 * HIDDEN)
        self.leave = nn.Linear(HIDDEN, 2 + 2 * NEIGHBOURS)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def config(self) -> dict[str, Any]:
        """The arguments that make a network of this shape."""
        return dict(self._config)

    def encode(
        self,
        cells: Tensor,
        local: Tensor,
        rough: Tensor,
        reach: Tensor,
        unit: Tensor,
        prior: Tensor,
        steps: Tensor,
        answers: Tensor,
        owner: Tensor,
        statics: Tensor | None = None,
    ) -> Encoded:
        """Where each cell lies and how far it may be off.

        Args:
            cells: (n, length, channels, cell_features).
            local: (n, length, channels, local_features).
            rough: (n, 1, channels), unit of the fine correction.
            reach: (n, length, channels), unit of the coarse correction.
            unit: (n, length, channels), log of the scale's unit.
            prior: (n, length, channels), added to the logits of lines and curves.
            steps: (n, length, step_features).
            answers: (n, length, channels, answers), the simple answers, lines and curves first.
            owner: (n,) identity of the series.
            statics: (n, statics).
        """
        n, length, channels, _ = cells.shape
        patches = length // self.patch
        flat = torch.cat([cells.flatten(2), steps], dim=-1)
        h = self.enter(flat.reshape(n, patches, -1)) + self.owner(owner)[:, None]
        if self.statics is not None and statics is not None:
            h = h + self.statics(statics)[:, None]
        bias = self.near(torch.arange(patches, device=h.device))
        for layer in self.layers:
            h = layer(h, bias)
        h = self.norm(h)
        own = self.spread(h).reshape(n, length, channels, CELL)
        if self.training:
            # Cells must do without the patch's state now and then: it learns windows by heart.
            own = own * (torch.rand(n, 1, 1, 1, device=own.device) >= self.alone)
        clock = steps[:, :, None].expand(-1, -1, channels, -1)
        told = [own, *(x.to(own.dtype) for x in (cells, local, clock))]
        out = self.last(F.silu(self.cell(torch.cat(told, dim=-1)))).float()
        k = answers.shape[-1]
        logits = torch.cat([out[..., :LINES] + prior[..., None], out[..., LINES:k]], dim=-1)
        share = logits.softmax(-1)
        nearby = (out[..., k:-3] * local[..., : 2 * NEIGHBOURS]).sum(-1)
        mean = (share * answers).sum(-1) + reach * out[..., -3] + rough * (out[..., -2] + nearby)
        return Encoded(mean, (out[..., -1] + unit).clamp(LOWEST, HIGHEST))

    def context(self, geometry: Tensor, log_scale: Tensor, steps: Tensor) -> Context:
        """What the denoiser is told of windows.

        Args:
            geometry: (n, length, channels, GEOMETRY - 1), where the known cells are.
            log_scale: (n, length, channels) from `encode`.
            steps: (n, length, step_features).
        """
        cells = torch.cat([geometry, log_scale.detach()[..., None] / 3], dim=-1)
        return Context(cells, steps)

    def denoise(
        self, z_t: Tensor, unknown: Tensor, t: Tensor, about: Context, place: Tensor
    ) -> Tensor:
        """Predict v of what is left over, in some of the patches.

        Args:
            z_t: (n, m * patch, channels), 0 where known.
            unknown: the same shape, bool.
            t: (n,) times in [0, 1].
            about: `context` of these patches.
            place: (m,) which patches these are.
        """
        n, steps, channels = z_t.shape
        m = steps // self.patch
        parts = (z_t, unknown.to(z_t.dtype), about.cells, about.steps)
        time = time_features(t, OCTAVES)
        e = F.silu(self.time(time))
        h = self.noisy(torch.cat([x.reshape(n, m, -1) for x in parts], dim=-1))
        # Patches that are known altogether say nothing: the encoder has seen them.
        blank = ~unknown.reshape(n, m, -1).any(2)
        bias = self.near_z(place) + torch.where(blank, BLIND, 0.0)[:, None, None]
        for layer in self.steps:
            h = layer(h, bias, e)
        own = self.spread_z(self.norm_z(h)).reshape(n, steps, channels, CELL)
        beside = neighbours(z_t, place, self.patch)
        told = torch.cat([own, *(x.to(own.dtype) for x in (beside, about.cells))], dim=-1)
        scale, shift = self.time_z(time)[:, None, None].chunk(2, dim=-1)
        out = self.leave(F.silu(self.cell_z(told) * (1 + scale) + shift))
        return out[..., 0].float() + (out[..., 1:].float() * beside).sum(-1)
