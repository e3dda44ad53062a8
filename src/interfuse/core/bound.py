"""Bounds on -log p(x_0), in nats, cell by cell.

**Gaussian, continuous time** (Kingma et al. 2021, arXiv 2107.00630, eq. 11-18). With gamma =
log(alpha^2 / sigma^2) between gamma_low and gamma_high,

    -log p(x_0) <= prior + diffusion + reconstruction
    prior          = KL(q(x_low | x_0) || N(0, I))
    diffusion      = 1/2 integral of E |eps - eps_theta(x_gamma)|^2 d gamma
    reconstruction = E[-log p(x_0 | x_high)],
                     p(x_0 | x_high) = N(x_high / alpha, sigma^2 / alpha^2)

The integral does not see the schedule, only its ends. For the exact denoiser the bound is tight as
gamma_high -> inf and gamma_low -> -inf: its gap is KL(q(x_low) || N(0, I)) plus a term of order
exp(-gamma_high). Data on a grid has the Gaussian's mass in x_0's bin for its reconstruction.

**Masked, continuous time** (Shi et al. 2024, arXiv 2406.04329, eq. 4), with m = 1 - survival:

    -log p(x_0) <= integral_0^1 1/m E[ sum_{hidden} -log p(x_0j | visible) ] dm

whatever the survival function. **Masked, by order** (Hoogeboom et al. 2022, arXiv 2110.02037): the
same value is E over orders of sum_i -log p(x_{o(i)} | x_{o(<i)}), one term a cell. For an exact
denoiser this is -log p(x_0) for every order: an estimate without variance.

**The chain** of T steps: L_T + sum L_{k-1} + L_0 of `interfuse.core.chain`.

Known cells are given, not scored: their share is 0 and the bound is on -log p(unknown | known).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from interfuse.core.chain import Chain, Variance, log_bin_mass
from interfuse.core.denoiser import Denoiser
from interfuse.core.kernel import Gaussian, Normal, expand
from interfuse.core.masked import MaskedCategorical, cross_entropy
from interfuse.core.noise import Noise, as_noise
from interfuse.core.record import Posterior
from interfuse.errors import OptionError


class Bound(NamedTuple):
    """A bound's parts, each of x_0's shape, in nats."""

    prior: Tensor
    diffusion: Tensor
    reconstruction: Tensor

    @property
    def total(self) -> Tensor:
        """Nats per cell."""
        return self.prior + self.diffusion + self.reconstruction


def _mean(answer: Posterior) -> Tensor:
    if answer.mean is None:
        raise OptionError("likelihood: the denoiser gave no mean; it must for numbers.")
    return answer.mean


def _nats(answer: Posterior, x_0: Tensor) -> Tensor:
    if answer.logits is None:
        raise OptionError("likelihood: the denoiser gave no logits; it must for categories.")
    return cross_entropy(answer.logits, x_0)


def gaussian_bound(
    denoiser: Denoiser,
    gaussian: Gaussian,
    x_0: Tensor,
    *,
    noise: Noise | torch.Generator,
    draws: int = 32,
    logsnr: tuple[float, float] = (-12.0, 12.0),
    bin_width: float | None = None,
    ends: tuple[float, float] = (-math.inf, math.inf),
    known: Tensor | None = None,
    context: Any = None,
) -> Bound:
    """The continuous-time bound for numbers.

    Args:
        denoiser: gives a mean.
        gaussian: the kernel; `logsnr` is cut to its range.
        x_0: (n, ...) the data.
        noise: source of noise, streams 0 ... draws.
        draws: evaluations of the denoiser a row. The integral is stratified over them.
        logsnr: gamma_low and gamma_high.
        bin_width: of data on a grid; None for a density.
        ends: the outermost grid points, whose bins are open.
        known: bool mask of cells that are given.
        context: passed on to the denoiser.
    """
    source, n, shape = as_noise(noise, len(x_0)), len(x_0), tuple(x_0.shape[1:])
    a, b = gaussian.window
    low = max(logsnr[0], float(gaussian.logsnr(b)))
    high = min(logsnr[1], float(gaussian.logsnr(a)))

    def noisy(gamma: Tensor, stream: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        t = gaussian.time(gamma)
        alpha, sigma = (expand(c, x_0) for c in gaussian.alpha_sigma(t))
        x_t = alpha * x_0 + sigma * source.normal(shape, stream).to(x_0)
        return t, alpha, sigma, x_t if known is None else torch.where(known, x_0, x_t)

    diffusion = torch.zeros_like(x_0)
    for j in range(draws):
        u = source.uniform((), 2 * j).to(device=x_0.device, dtype=torch.float64)
        t, alpha, sigma, x_t = noisy(high - (high - low) * (j + u) / draws, 2 * j)
        x_hat = _mean(denoiser(x_t, t, known=known, context=context))
        diffusion += 0.5 * (high - low) / draws * (alpha / sigma * (x_0 - x_hat)) ** 2

    _, alpha, sigma, x_high = noisy(torch.full((n,), high, dtype=torch.float64), 2 * draws)
    decoder = Normal(x_high / alpha, sigma / alpha)
    if bin_width is None:
        gap = (x_0 - decoder.mean) / decoder.std
        reconstruction = 0.5 * gap**2 + decoder.std.log() + 0.5 * math.log(2 * math.pi)
    else:
        reconstruction = -log_bin_mass(decoder, x_0, bin_width, ends)

    alpha, sigma = (float(c) for c in gaussian.alpha_sigma(gaussian.time(low)))
    prior = 0.5 * ((alpha * x_0) ** 2 + sigma**2 - 1) - math.log(sigma)
    parts = (prior, diffusion, reconstruction)
    if known is not None:
        parts = tuple(torch.where(known, torch.zeros_like(p), p) for p in parts)
    return Bound(*parts)


def masked_bound(
    denoiser: Denoiser,
    kernel: MaskedCategorical,
    x_0: Tensor,
    *,
    noise: Noise | torch.Generator,
    draws: int = 16,
    known: Tensor | None = None,
    context: Any = None,
) -> Tensor:
    """The continuous-time bound for categories: (n, q) nats.

    Args:
        denoiser: gives logits.
        kernel: the absorbing kernel.
        x_0: (n, q) codes.
        noise: source of uniform numbers, streams 0 ... 2 draws - 1.
        draws: evaluations of the denoiser a row. The integral is stratified over them.
        known: bool mask of cells that are given.
        context: passed on to the denoiser.
    """
    source, q = as_noise(noise, len(x_0)), x_0.shape[1]
    mask, total = kernel.mask(x_0.device), 0.0
    for j in range(draws):
        u = source.uniform((), 2 * j).to(device=x_0.device, dtype=torch.float64)
        m = (j + 1 - u) / draws  # in (0, 1]
        hidden = source.uniform((q,), 2 * j + 1).to(x_0.device) < m[:, None]
        if known is not None:
            hidden = hidden & ~known
        x_t = torch.where(hidden, mask, x_0)
        answer = denoiser(x_t, kernel.time(1 - m), known=known, context=context)
        nats = _nats(answer, x_0)
        weight = (1 / (draws * m))[:, None].to(nats.dtype)
        total = total + torch.where(hidden, weight * nats, torch.zeros_like(nats))
    return torch.as_tensor(total)


def order_bound(
    denoiser: Denoiser,
    kernel: MaskedCategorical,
    x_0: Tensor,
    *,
    noise: Noise | torch.Generator,
    known: Tensor | None = None,
    context: Any = None,
) -> Tensor:
    """The bound along one random order a row: (n, q) nats, in as many evaluations as cells.

    Args:
        denoiser: gives logits.
        kernel: the absorbing kernel.
        x_0: (n, q) codes.
        noise: source of uniform numbers, stream 0.
        known: bool mask of cells that are given.
        context: passed on to the denoiser.
    """
    source, (n, q) = as_noise(noise, len(x_0)), x_0.shape
    score = source.uniform((q,), 0).to(x_0.device)
    hidden = torch.ones_like(x_0, dtype=torch.bool)
    if known is not None:
        hidden, score = hidden & ~known, torch.where(known, 2.0, score)
    order, mask = score.argsort(1), kernel.mask(x_0.device)
    rows, total = torch.arange(n, device=x_0.device), None
    unknown = hidden.sum(1).clamp_min(1)
    for i in range(q):
        cell = order[:, i]
        scored = hidden[rows, cell]
        if not bool(scored.any()):
            break
        x_t = torch.where(hidden, mask, x_0)
        m = hidden.sum(1) / unknown
        nats = _nats(denoiser(x_t, kernel.time(1 - m.double()), known=known, context=context), x_0)
        total = torch.zeros_like(nats) if total is None else total
        total[rows, cell] = torch.where(scored, nats[rows, cell], total[rows, cell])
        hidden = hidden.clone()
        hidden[rows, cell] = False
    return torch.zeros_like(x_0, dtype=torch.float32) if total is None else total


def chain_bound(
    eps: Callable[[Tensor, int], Tensor],
    chain: Chain,
    x_0: Tensor,
    *,
    noise: Noise | torch.Generator,
    variance: Variance = "forward",
    bin_width: float | None = None,
    ends: tuple[float, float] = (-1.0, 1.0),
) -> Bound:
    """The article's bound, all T terms of it, with one draw of x_k each.

    Args:
        eps: (x_k, k) -> predicted noise.
        chain: the chain.
        x_0: (n, ...) the data.
        noise: source of noise, streams 1 ... T.
        variance: sigma_k^2 of the model.
        bin_width: of data on a grid; None for a density.
        ends: the outermost grid points, whose bins are open.
    """
    source, shape = as_noise(noise, len(x_0)), tuple(x_0.shape[1:])
    diffusion = torch.zeros_like(x_0)
    for k in range(chain.steps, 1, -1):
        q = chain.closed_form(x_0, k)
        x_k = q.mean + q.std * source.normal(shape, k).to(x_0)
        diffusion += chain.kl_step(x_k, x_0, eps(x_k, k), k, variance)
    q = chain.closed_form(x_0, 1)
    x_1 = q.mean + q.std * source.normal(shape, 1).to(x_0)
    reconstruction = chain.reconstruction(x_1, x_0, eps(x_1, 1), bin_width, ends)
    return Bound(chain.kl_prior(x_0), diffusion, reconstruction)
