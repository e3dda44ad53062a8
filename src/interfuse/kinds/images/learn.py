"""The training objective for images, and the defaults that go with it.

An image x_0 = pixels / 127.5 - 1 is drawn, some of its pixels are *known* (often none), and the
others are noised by the Gaussian kernel with the cosine schedule. The network predicts v = alpha
eps - sigma x_0 (Salimans & Ho 2022, arXiv 2202.00512); the loss is its squared error, averaged over
the unknown pixels of the batch.

**Times** of a batch of n are (i + u) / n in a random order, u uniform: each is uniform in (0, 1],
together they vary less than independent ones (Kingma et al. 2021, arXiv 2107.00630, appendix I).

**Known pixels** of `KNOWN_SHARE` of the images are one of: all outside of a rectangle, all inside
of it, one side of a line, or random pixels with a random share. So one network generates,
completes and repairs.

**The class** is hidden from the network in `HIDDEN_SHARE` of the images, which makes it a model of
the images without a class too, as classifier-free guidance needs. Images without a class always
go without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interfuse.core import Cosine, Gaussian
from interfuse.core.schedule import Schedule
from interfuse.core.seeds import Purpose, seed_of
from interfuse.core.solvers import Sampling
from interfuse.kinds.images.net import UNet
from interfuse.train.settings import Settings

KNOWN_SHARE = 0.2
HIDDEN_SHARE = 0.1
HELD_OUT_DRAWS = 1024
RATE = 2e-3
"""Of AdamW. 20,000 images of Fashion-MNIST gave a held-out loss of .152 at 1e-3, .141 at 3e-3."""


def image_gaussian(schedule: Schedule | None = None) -> Gaussian:
    """The kernel of pixels: a schedule, the cosine."""
    return Gaussian(schedule or Cosine())


def kernel_of(net: nn.Module) -> Gaussian:
    """What a network was trained with; the kind's own if it does not say."""
    kernel = getattr(net, "kernel", None)
    return kernel if isinstance(kernel, Gaussian) else image_gaussian()


def sampling_of(net: nn.Module) -> Sampling:
    """How a network is drawn from."""
    sampling = getattr(net, "sampling", None)
    return sampling if isinstance(sampling, Sampling) else UNet.sampling


def to_unit(pixels: Tensor) -> Tensor:
    """uint8 pixels as float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def to_pixels(x: Tensor) -> Tensor:
    """The nearest uint8 pixels; values outside [-1, 1] go to the ends."""
    return ((x.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


@dataclass(frozen=True)
class ImageRows:
    """Images: pixels (n, c, h, w) uint8; labels (n,) int64, negative where there is no class."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, index: Tensor) -> ImageRows:
        """The images at `index`."""
        return ImageRows(self.pixels[index], self.labels[index])

    def to(self, device: torch.device | str) -> ImageRows:
        """The same images on another device."""
        return ImageRows(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True)
class NoisyImages:
    """A batch ready for the network, with what it must predict."""

    x: Tensor  # (n, c, h, w) noisy, clean where known
    known: Tensor  # (n, 1, h, w) bool
    t: Tensor  # (n,)
    label: Tensor  # (n,) `classes` where hidden
    v: Tensor  # (n, c, h, w) target


@dataclass(frozen=True)
class ImageLosses:
    """Sum of the squared errors of v, and how many it is the sum of."""

    square: Tensor
    count: Tensor

    def cells(self) -> Tensor:
        """The one loss there is: (1,)."""
        return self.square[None]

    def total(self) -> Tensor:
        """Mean squared error; what training descends."""
        return self.square / self.count.clamp_min(1)

    def judged(self) -> Tensor:
        """The same of held-out images, to choose weights by."""
        return self.total()


def draw_known(n: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Masks of known pixels, of the four kinds of the module's docstring in equal shares.

    Args:
        n: how many.
        size: (h, w).
        generator: of all draws.

    Returns:
        (n, h, w) bool.
    """
    device = generator.device

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device)

    def between(length: int) -> Tensor:
        """(n, length): which places lie in a random interval, of at least one place."""
        ends = (uniform(n, 2) * (length + 1)).long().sort(1).values
        place = torch.arange(length, device=device)
        low = ends[:, :1].clamp_max(length - 1)
        return (place >= low) & (place < torch.maximum(ends[:, 1:], low + 1))

    h, w = size
    inside = between(h)[:, :, None] & between(w)[:, None, :]
    across = torch.arange(h, device=device)[:, None] < uniform(n, 1, 1) * h
    along = torch.arange(w, device=device) < uniform(n, 1, 1) * w
    side = torch.where(uniform(n, 1, 1) < 0.5, across, along) ^ (uniform(n, 1, 1) < 0.5)
    random = uniform(n, h, w) < uniform(n, 1, 1)
    kind = (uniform(n, 1, 1) * 4).long()
    out = torch.where(kind == 0, ~inside, inside)
    return torch.where(kind == 2, side, torch.where(kind == 3, random, out))


class ImageObjective:
    """Noises batches of images and scores the network's predictions.

    Args:
        classes: how many classes there are.
        gaussian: the kernel.
        known_share: share of the images of which some pixels are known.
        hidden_share: share of the images whose class is hidden.
    """

    names = ("images",)
    advice = "Look for images that do not belong to the others, or fit again with precision fp32."

    def __init__(
        self,
        classes: int,
        gaussian: Gaussian | None = None,
        known_share: float = KNOWN_SHARE,
        hidden_share: float = HIDDEN_SHARE,
    ) -> None:
        self.classes = classes
        self.gaussian = gaussian or image_gaussian()
        self.known_share = known_share
        self.hidden_share = hidden_share

    def corrupt(self, rows: ImageRows, generator: torch.Generator) -> NoisyImages:
        """Draw known pixels, times, noise and hidden classes. All draws come from `generator`."""
        x_0 = to_unit(rows.pixels)
        n, _, h, w = x_0.shape
        device = x_0.device

        def uniform(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator, device=device)

        place = torch.randperm(n, generator=generator, device=device)
        t = ((place + uniform(1)) / n).clamp_min(1e-5)
        asked = uniform(n) < self.known_share
        known = (draw_known(n, (h, w), generator) & asked[:, None, None])[:, None]
        hidden = (uniform(n) < self.hidden_share) | (rows.labels < 0)
        eps = torch.randn(x_0.shape, generator=generator, device=device)
        x_t, v = self.gaussian.noised(x_0, t, noise=eps)
        return NoisyImages(
            x=torch.where(known, x_0, x_t),
            known=known,
            t=t,
            label=torch.where(hidden, self.classes, rows.labels),
            v=v,
        )

    def loss(
        self, net: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], noisy: NoisyImages
    ) -> ImageLosses:
        """Score `net` on a corrupted batch."""
        v = net(noisy.x, noisy.known, noisy.t, noisy.label)
        unknown = ~noisy.known
        square = ((v - noisy.v) ** 2 * unknown).sum()
        return ImageLosses(square, unknown.sum() * v.shape[1])


def image_network_for(shape: tuple[int, int, int], classes: int, images: int, seed: int) -> UNet:
    """The default network for images of `shape` (c, h, w).

    Patches are small enough for the first level to have 8 to 32 of them along a side; levels are
    added until 4 are left. Dropout is there against memorising small data sets.
    """
    channels, *size = shape
    patch = 1 if max(size) <= 12 else 2 if max(size) <= 64 else 4
    levels, side = 1, max(size) // patch
    while side > 4 and levels < 4:
        levels, side = levels + 1, -(-side // 2)
    rng = torch.random.get_rng_state()
    try:
        torch.manual_seed(seed_of(seed, Purpose.WEIGHTS))
        return UNet(
            channels,
            (size[0], size[1]),
            classes,
            width=64,
            multiples=(1, 2, 4, 4)[:levels],
            blocks=(2,) * levels,
            patch=patch,
            dropout=0.1 if images < 20_000 else 0.0,
        )
    finally:
        torch.random.set_rng_state(rng)


def image_settings_for(
    shape: tuple[int, int, int], images: int, seed: int, precision: str
) -> Settings:
    """Batches of 64, of a quarter of the images if they are few.

    Args:
        shape: (c, h, w); at 64 x 64 and above batches are half as large.
        images: how many there are to train on.
        seed: of every draw.
        precision: "bf16" or "fp32".
    """
    batch = 64 if shape[1] * shape[2] < 64 * 64 else 32
    while batch > 8 and batch > images // 4:
        batch //= 2
    return Settings(
        seed=seed, batch=batch, rate=RATE, precision=precision, held_out_draws=HELD_OUT_DRAWS
    )
