"""Images: draw the unknown pixels, and say how likely an image is.

**Drawing.** DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095) from noise at t = 1 to pixels at
t = 0. Known pixels are put back after each step and come back bit-equal. E[x_0 | x_t] is a mean of
pixels, so it lies in [-1, 1]; what the network says beyond that is cut off.

**Guidance** (Ho & Salimans 2022, arXiv 2207.12598, eq. 6, with guidance = 1 + their w):

    eps = eps_none + guidance (eps_class - eps_none)

and the same for v, which is linear in eps given x_t. 1 is the plain conditional, 0 leaves the class
out, above 1 images become more typical of their class and less varied. Both answers come from one
batch of twice the size.

**Rows are reproducible one by one**: image i's noise is a hash of (seed, i), and images are
computed in whole blocks of `BLOCK`, so that even rounding does not depend on how many there are.

**Likelihood.** `bits_per_dim` is the bound of `interfuse.core.bound` on -log2 p of the
8-bit pixels, all of its terms, divided by the number of pixels and channels. `score` is its
diffusion term over the middle noise levels with the same noise for every image: an image's score
does not depend on its neighbours, and the noise cancels in comparisons.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from interfuse.core import SAMPLERS, RowNoise, gaussian_bound, uniform_times
from interfuse.core.denoiser import Denoiser, v_to_x0
from interfuse.core.kernel import Gaussian, expand
from interfuse.core.record import Known, Posterior
from interfuse.core.seeds import Purpose, seed_of
from interfuse.errors import ConditionError, OptionError
from interfuse.kinds.images.learn import kernel_of, sampling_of, to_pixels, to_unit
from interfuse.train.precision import autocast, choose_device, choose_precision

BLOCK = 64
SCORE_DRAWS = 12
SCORE_LEVELS = (-6.0, 6.0)  # log signal-to-noise: below all images look alike, above none
_START = 1 << 20  # stream of x_1; steps draw from streams 0, 1, ...


class ImageDenoiser(Denoiser):
    """E[x_0 | x_t, known pixels, class] by a network that predicts v.

    Args:
        net: a `UNet`, or anything called like one.
        gaussian: the kernel.
        classes: the label that stands for "no class".
        guidance: see the module's docstring.
        precision: "bf16" or "fp32".
    """

    def __init__(
        self, net: nn.Module, gaussian: Gaussian, classes: int, guidance: float, precision: str
    ) -> None:
        self.net = net
        self.gaussian = gaussian
        self.classes = classes
        self.guidance = guidance
        self.precision = precision

    def __call__(
        self, x_t: Tensor, t: Tensor | float, *, known: Any = None, context: Any = None
    ) -> Posterior:
        """The mean of the pixels.

        Args:
            x_t: (n, c, h, w).
            t: () or (n,).
            known: (n, 1, h, w) bool, or None.
            context: (n,) labels, or None for no class.
        """
        n = len(x_t)
        times = torch.as_tensor(t).to(device=x_t.device, dtype=torch.float32).expand(n)
        mask = torch.zeros_like(x_t[:, :1], dtype=torch.bool) if known is None else known
        none = torch.full((n,), self.classes, device=x_t.device)
        label = none if context is None else context
        with autocast(x_t.device, self.precision):
            if self.guidance == 1 or bool((label == none).all()):
                v = self.net(x_t, mask, times, label)
            else:
                pair = (torch.cat([x_t, x_t]), torch.cat([mask, mask]), torch.cat([times, times]))
                given, free = self.net(*pair, torch.cat([label, none])).chunk(2)
                v = free + self.guidance * (given - free)
        alpha, sigma = (expand(c, x_t) for c in self.gaussian.alpha_sigma(t))
        return Posterior(mean=v_to_x0(x_t, v.to(x_t.dtype), alpha, sigma).clamp(-1, 1))


class Bits(NamedTuple):
    """Bits per dimension of some images.

    Attributes:
        mean: over the images.
        error: standard error of the mean; infinite for one image.
        each: (n,) of each image.
    """

    mean: float
    error: float
    each: Tensor


class ImageSampler:
    """Answers for images with a trained network.

    Args:
        net: the network.
        shape: (c, h, w) of the images.
        classes: how many classes there are.
        seed: of all draws.
        steps: evaluations of the network an image; None for as many as the model says.
        guidance: see the module's docstring.
        device: where to compute; the best there is if None.
        solver: a name in `interfuse.core.SAMPLERS`; None for the model's.
        exact: compute in float32 even where bfloat16 is faster.
    """

    def __init__(
        self,
        net: nn.Module,
        shape: tuple[int, int, int],
        classes: int,
        seed: int,
        steps: int | None = None,
        guidance: float = 1.0,
        device: torch.device | str | None = None,
        solver: str | None = None,
        exact: bool = False,
    ) -> None:
        sampling = sampling_of(net)
        solver = sampling.solver if solver is None else solver
        if solver not in SAMPLERS:
            raise OptionError(f"solver: {solver!r} is unknown; use one of {', '.join(SAMPLERS)}.")
        if not math.isfinite(guidance) or guidance < 0:
            raise OptionError(f"guidance: is {guidance}; expected 0 or more. 1 is no guidance.")
        self.device = device if isinstance(device, torch.device) else choose_device(device)
        self.shape = (int(shape[0]), int(shape[1]), int(shape[2]))
        self.classes = classes
        self.seed = seed
        self.times = uniform_times(sampling.steps if steps is None else steps)
        gaussian = kernel_of(net)
        precision = choose_precision("fp32" if exact else "auto", self.device)
        self.solver = SAMPLERS[solver](gaussian)
        self.denoiser = ImageDenoiser(
            net.to(self.device).eval(), gaussian, classes, guidance, precision
        )

    # -- drawing --------------------------------------------------------------------------------

    @torch.no_grad()
    def batch(
        self,
        index: int,
        labels: Tensor | int | None = None,
        pixels: Tensor | None = None,
        known: Tensor | None = None,
    ) -> Tensor:
        """Draw images index * BLOCK ... (index + 1) * BLOCK - 1.

        Args:
            index: which block.
            labels: (BLOCK,) classes, or one for all; `classes` or a negative number for none.
            pixels: (BLOCK, c, h, w) uint8, read where known.
            known: (BLOCK, 1, h, w) bool, the pixels that are given.

        Returns:
            (BLOCK, c, h, w) uint8.

        Raises:
            ConditionError: a label that no class has.
            OptionError: pixels or known have another shape.
        """
        return self._draw(index, labels, pixels, known, None)

    @torch.no_grad()
    def trajectory(
        self,
        index: int,
        labels: Tensor | int | None = None,
        pixels: Tensor | None = None,
        known: Tensor | None = None,
    ) -> Tensor:
        """What `batch` goes through: x_t as pixels at every time of the sampler.

        Returns:
            (steps + 1, BLOCK, c, h, w) uint8; the last is what `batch` returns.
        """
        frames: list[Tensor] = []
        self._draw(index, labels, pixels, known, frames)
        return torch.stack(frames)

    def _draw(
        self,
        index: int,
        labels: Tensor | int | None,
        pixels: Tensor | None,
        known: Tensor | None,
        frames: list[Tensor] | None,
    ) -> Tensor:
        label = self._labels(labels, BLOCK)
        given = self._given(pixels, known)
        rows = torch.arange(index * BLOCK, (index + 1) * BLOCK, device=self.device)
        noise = RowNoise(rows ^ (seed_of(self.seed, Purpose.PIXEL_NOISE) & ~0xFFFFFFFF))

        def shown(x: Tensor) -> Tensor:
            out = to_pixels(x)
            if given is None or pixels is None:
                return out
            return torch.where(given.mask, pixels.to(self.device), out)

        x = self.solver.run(
            self.denoiser,
            noise.normal(self.shape, _START),
            self.times,
            known=given,
            noise=noise,
            context=label,
            watch=None if frames is None else lambda x: frames.append(shown(x)),
        )
        return shown(x)

    def _labels(self, labels: Tensor | int | None, n: int) -> Tensor:
        if labels is None:
            labels = self.classes
        label = torch.as_tensor(labels, device=self.device).long().expand(n)
        if bool((label > self.classes).any()):
            raise ConditionError(
                f"labels: {int(label.max())} is no class; expected 0 to {self.classes - 1}, or "
                f"{self.classes} for none."
            )
        return torch.where(label < 0, self.classes, label)

    def _given(self, pixels: Tensor | None, known: Tensor | None) -> Known | None:
        if pixels is None or known is None:
            return None
        _, h, w = self.shape
        wanted = {"pixels": (BLOCK, *self.shape), "known": (BLOCK, 1, h, w)}
        for (name, shape), found in zip(wanted.items(), (pixels, known), strict=True):
            if tuple(found.shape) != shape:
                raise OptionError(f"{name}: has shape {tuple(found.shape)}; expected {shape}.")
        return Known(known.to(self.device).bool(), to_unit(pixels.to(self.device)))

    # -- likelihood -----------------------------------------------------------------------------

    @torch.no_grad()
    def bits_per_dim(
        self,
        pixels: Tensor,
        labels: Tensor | int | None = None,
        draws: int = 32,
        logsnr: tuple[float, float] = (-12.0, 11.0),
    ) -> Bits:
        """The full bound on -log2 p(pixels), or p(pixels | class), per pixel and channel.

        Args:
            pixels: (n, c, h, w) uint8.
            labels: (n,) classes, or one for all; None for none.
            draws: evaluations an image. The bound holds for any number; more vary less.
            logsnr: between which log signal-to-noise ratios the integral runs. At 11 the noise is
                half a grey level. The last term knows of the grid of levels and the integral does
                not: it pays for digits that pixels do not have if it runs on, and for exact
                denoisers the bound is tight from 9 to 11.
        """
        pixels = pixels.to(self.device)
        label = self._labels(labels, len(pixels))
        keys = torch.arange(len(pixels), device=self.device)
        keys ^= seed_of(self.seed, Purpose.LIKELIHOOD) & ~0xFFFFFFFF
        each = []
        for part, some, key in zip(*(x.split(BLOCK) for x in (pixels, label, keys)), strict=True):
            bound = gaussian_bound(
                self.denoiser,
                self.denoiser.gaussian,
                to_unit(part),
                noise=RowNoise(key),
                draws=draws,
                logsnr=logsnr,
                bin_width=2 / 255,
                ends=(-1.0, 1.0),
                context=some,
            )
            each.append(bound.total.double().flatten(1).mean(1) / math.log(2))
        bits = torch.cat(each).cpu()
        error = float(bits.std()) / math.sqrt(len(bits)) if len(bits) > 1 else math.inf
        return Bits(float(bits.mean()), error, bits)

    def score(self, pixels: Tensor, labels: Tensor | int | None = None) -> Tensor:
        """How odd images are; higher is odder.

        Args:
            pixels: (n, c, h, w) uint8.
            labels: (n,) classes, or one for all; None for none.

        Returns:
            (n,) nats per pixel and channel.
        """
        return self.score_map(pixels, labels).flatten(1).mean(1)

    @torch.no_grad()
    def score_map(self, pixels: Tensor, labels: Tensor | int | None = None) -> Tensor:
        """What each pixel adds to the score: (n, c, h, w) nats."""
        pixels = pixels.to(self.device)
        label = self._labels(labels, len(pixels))
        out = [torch.zeros(0, *self.shape, device=self.device)]
        for start in range(0, len(pixels), BLOCK):
            part, some = pixels[start : start + BLOCK], label[start : start + BLOCK]
            # A block is filled up: rounding must not depend on how many images there are.
            fill = BLOCK - len(part)
            whole = torch.cat([part, part[:1].expand(fill, -1, -1, -1)])
            key = torch.full((BLOCK,), seed_of(self.seed, Purpose.SCORE), device=self.device)
            bound = gaussian_bound(
                self.denoiser,
                self.denoiser.gaussian,
                to_unit(whole),
                noise=RowNoise(key),
                draws=SCORE_DRAWS,
                logsnr=SCORE_LEVELS,
                context=torch.cat([some, some[:1].expand(fill)]),
            )
            out.append(bound.diffusion[: len(part)])
        return torch.cat(out)
