"""The network for images: a small U-Net with attention where the picture is small.

An image of c channels and h x w pixels is cut into patches of p x p pixels, each a vector; the
levels l = 0, 1, ... have 1, 1/4, 1/16 ... of the patches and more and more channels. With the
noisy image x_t (clean where known), the mask `known`, and the condition e:

    e    = silu(A phi(t) + E[label])                      phi: sines and cosines of t
    h    = W_in patches([x_t | known])
    down   h = blocks(h), keep it, four neighbouring vectors become one of the next level
    up     one vector becomes four, h = J [what was kept | h], h = blocks(h)
    v    = pixels(W_out norm(h))

    block        h + B silu(conv(a norm(h) + b)),         (a - 1, b) = linear in e
    attention    h + O attend(Q norm(h), K norm(h), V norm(h))

Class E[classes] stands for "no class": training drops the class now and then, so that one network
answers with and without it (classifier-free guidance, Ho & Salimans 2022, arXiv 2207.12598).

**Speed.** Vectors of a patch lie together in memory, (n, h, w, c), which is `channels_last` for a
convolution and a plain matrix for a linear map; nothing is ever transposed. Most weights are at the
small levels, where a weight is used few times an image. A norm over the vector of a patch costs a
third of one over groups of channels of the whole picture. Matrix products run in bfloat16 under
autocast and so does all that lies between them.

B, O and W_out start at zero: the untrained network answers v = 0. Sizes that the levels do not
divide are padded with empty patches, and cut again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interfuse.core.kernel import Gaussian
from interfuse.core.solvers import Sampling
from interfuse.core.times import time_features

OCTAVES = 8
TIME_FEATURES = 2 * OCTAVES + 1
HEAD = 32  # channels of an attention head


def to_patches(x: Tensor, p: int) -> Tensor:
    """(n, h, w, c) to (n, h/p, w/p, p p c): p x p neighbours become one vector."""
    n, h, w, c = x.shape
    x = x.reshape(n, h // p, p, w // p, p, c).transpose(2, 3)
    return x.reshape(n, h // p, w // p, p * p * c)


def from_patches(x: Tensor, p: int) -> Tensor:
    """The inverse of `to_patches`."""
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, p, p, c // p**2).transpose(2, 3)
    return x.reshape(n, h * p, w * p, c // p**2)


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Block(nn.Module):
    """h + B silu(conv(a norm(h) + b)), the identity at the start of training."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.outer = _zero(nn.Linear(width, width))
        self.dropout = dropout

    def forward(self, h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Map (n, h, w, width) to the same; scale and shift are (n, 1, 1, width)."""
        a = torch.addcmul(shift.to(h.dtype), self.norm(h), scale.to(h.dtype))
        a = F.silu(self.conv(a.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        return h + self.outer(F.dropout(a, self.dropout, self.training))


class Attention(nn.Module):
    """Every patch looks at every patch of the image; the identity at the start of training.

    Written out: torch's fused attention is eight times slower for so few patches on a CPU.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        fitting = (k for k in range(max(width // HEAD, 1), 0, -1) if width % k == 0)
        self.heads = next(fitting)
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, 3 * width)
        self.outer = _zero(nn.Linear(width, width))

    def forward(self, h: Tensor) -> Tensor:
        """Map (n, h, w, width) to the same."""
        n, height, width, c = h.shape
        qkv = self.inner(self.norm(h)).reshape(n, height * width, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        share = (q @ (k * k.shape[-1] ** -0.5).transpose(-1, -2)).softmax(-1).to(v.dtype)
        a = (share @ v).transpose(1, 2).reshape(n, height, width, c)
        return h + self.outer(a)


class Stage(nn.Module):
    """Blocks of one level, each followed by attention if the level has it."""

    def __init__(self, width: int, blocks: int, attention: bool, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, dropout) for _ in range(blocks))
        self.attention = nn.ModuleList(Attention(width) for _ in range(blocks if attention else 0))

    def forward(self, h: Tensor, e: Tensor, conditions: nn.Linear) -> Tensor:
        """Run the blocks; `conditions` maps e to each block's (a - 1, b)."""
        pairs = conditions(e)[:, None, None].chunk(2 * len(self.blocks), dim=-1)
        for i, block in enumerate(self.blocks):
            h = block(h, 1 + pairs[2 * i], pairs[2 * i + 1])
            if len(self.attention):
                h = self.attention[i](h)
        return h


class UNet(nn.Module):
    """Predicts v of the unknown pixels of an image.

    Args:
        channels: c of the images.
        size: (h, w) of the images.
        classes: how many classes there are; 0 for images without.
        width: channels of the first level.
        multiples: channels of each level, as multiples of `width`.
        blocks: blocks of each level, on the way down and again on the way up; the last level, which
            has no way up, has as many in all.
        patch: pixels along the side of a patch.
        attention: most patches of a level that has attention.
        dropout: share of a block's units that are dropped in training.
    """

    kernel: Gaussian | None = None
    """What it was trained with; None for the kind's own."""
    sampling: Sampling = Sampling("dpm_solver", 20, 20)
    """How numbers are drawn from it."""

    def __init__(
        self,
        channels: int,
        size: tuple[int, int],
        classes: int,
        width: int = 64,
        multiples: Sequence[int] = (1, 2, 4),
        blocks: Sequence[int] = (2, 2, 2),
        patch: int = 2,
        attention: int = 64,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.size = (int(size[0]), int(size[1]))
        self.classes = classes
        self.width = width
        self.multiples = list(multiples)
        self.blocks = list(blocks)
        self.patch = patch
        self.attention = attention
        self.dropout = dropout
        widths = [width * m for m in multiples]
        self.step = patch * 2 ** (len(widths) - 1)  # sizes are padded to multiples of it
        padded = [-(-s // self.step) * self.step // patch for s in self.size]
        pixels = patch**2
        condition = 4 * width
        self.time = nn.Linear(TIME_FEATURES, condition)
        self.label = nn.Embedding(classes + 1, condition)
        self.stem = nn.Linear(pixels * (channels + 1), width)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        self.shrink, self.grow, self.join = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.down_conditions, self.up_conditions = nn.ModuleList(), nn.ModuleList()
        for level, (c, count) in enumerate(zip(widths, self.blocks, strict=True)):
            attends = math.prod(s // 2**level for s in padded) <= attention
            self.down.append(Stage(c, count, attends, dropout))
            self.down_conditions.append(_zero(nn.Linear(condition, 2 * c * count)))
            if level + 1 < len(widths):
                self.shrink.append(nn.Linear(4 * c, widths[level + 1]))
                self.grow.append(nn.Linear(widths[level + 1], 4 * c))
                self.join.append(nn.Linear(2 * c, c))
                self.up.append(Stage(c, count, attends, dropout))
                self.up_conditions.append(_zero(nn.Linear(condition, 2 * c * count)))
        self.norm = nn.LayerNorm(width)
        self.head = _zero(nn.Linear(width, pixels * channels))
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def config(self) -> dict[str, Any]:
        """The arguments that rebuild this network."""
        names = ("channels", "size", "classes", "width", "multiples", "blocks", "patch")
        config = {name: getattr(self, name) for name in (*names, "attention", "dropout")}
        return {**config, "size": list(self.size)}

    def _stem(self, u: Tensor) -> Tensor:
        """W_in in float32: near t = 0 the noise is smaller than the rounding of bfloat16."""
        device = u.device.type
        dtype = torch.float32
        if torch.is_autocast_enabled(device):
            dtype = torch.get_autocast_dtype(device)
        with torch.autocast(device, enabled=False):
            return self.stem(to_patches(u.float(), self.patch)).to(dtype)

    def forward(self, x: Tensor, known: Tensor, t: Tensor, label: Tensor) -> Tensor:
        """Predict v.

        Args:
            x: (n, c, h, w) noisy, or clean where known.
            known: (n, 1, h, w) 1 where a pixel is given.
            t: (n,) times in [0, 1].
            label: (n,) classes; `classes` stands for none.

        Returns:
            (n, c, h, w); of no meaning where known.
        """
        height, width = self.size
        u = torch.cat([x, known.to(x.dtype)], 1).permute(0, 2, 3, 1)
        u = F.pad(u, (0, 0, 0, -width % self.step, 0, -height % self.step))
        e = F.silu(self.time(time_features(t, OCTAVES)) + self.label(label))
        h = self._stem(u)
        kept = []
        for level, stage in enumerate(self.down):
            h = stage(h, e, self.down_conditions[level])
            if level < len(self.shrink):
                kept.append(h)
                h = self.shrink[level](to_patches(h, 2))
        for level in reversed(range(len(self.up))):
            grown = from_patches(self.grow[level](h), 2)
            h = self.join[level](torch.cat([kept[level], grown], dim=-1))
            h = self.up[level](h, e, self.up_conditions[level])
        v = from_patches(self.head(self.norm(h)), self.patch)
        return v.permute(0, 3, 1, 2)[:, :, :height, :width].float()


class IntegerTime(nn.Module):
    """A `UNet` as the net(x_t, t) of `interfuse.core.article.DiffusionModel`.

    Args:
        net: the network.
        steps: T; the times are 0 ... T - 1. Nothing is known of the image, nor its class.
    """

    def __init__(self, net: UNet, steps: int) -> None:
        super().__init__()
        self.net = net
        self.steps = steps

    def forward(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Predict the noise in x_t (n, c, h, w) at t (n,)."""
        label = torch.full_like(t, self.net.classes, dtype=torch.long)
        return self.net(x_t, torch.zeros_like(x_t[:, :1]), (t + 1) / self.steps, label)


NETWORKS = {"unet": UNet}
"""By the name in `config.json`."""
