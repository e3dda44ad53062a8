"""Denoisers: from a noisy record to what it says of the clean one.

A *denoiser* answers E[x_0 | x_t] for numbers and logits of x_0 for categories, as a `Posterior`.
A network may predict any of three things that determine each other given x_t = alpha x_0 +
sigma eps (Salimans & Ho 2022, arXiv 2202.00512, appendix D; alpha^2 + sigma^2 = 1):

    v   = alpha eps - sigma x_0
    x_0 = alpha x_t - sigma v     = (x_t - sigma eps) / alpha
    eps = sigma x_t + alpha v     = (x_t - alpha x_0) / sigma

so the parameterisation is a choice by composition: `Eps(net, gaussian)`, `X0(net, gaussian)`,
`V(net, gaussian)` are denoisers. At alpha = 0 eps does not determine x_0, and at sigma = 0 x_0 does
not determine eps: with `Eps`, begin sampling where alpha > 0. v always determines both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from interfuse.core.kernel import Gaussian, expand
from interfuse.core.record import Posterior, Record


def eps_to_x0(x_t: Tensor, eps: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """x_0 = (x_t - sigma eps) / alpha; alpha > 0."""
    return (x_t - sigma * eps) / alpha


def x0_to_eps(x_t: Tensor, x_0: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """Eps = (x_t - alpha x_0) / sigma; sigma > 0."""
    return (x_t - alpha * x_0) / sigma


def v_to_x0(x_t: Tensor, v: Tensor, alpha: Tensor | float, sigma: Tensor | float) -> Tensor:
    """x_0 = alpha x_t - sigma v."""
    return alpha * x_t - sigma * v


def v_to_eps(x_t: Tensor, v: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """Eps = sigma x_t + alpha v."""
    return sigma * x_t + alpha * v


def x0_to_v(x_t: Tensor, x_0: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """V = (alpha x_t - x_0) / sigma; sigma > 0."""
    return (alpha * x_t - x_0) / sigma


def eps_to_v(x_t: Tensor, eps: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """V = (eps - sigma x_t) / alpha; alpha > 0."""
    return (eps - sigma * x_t) / alpha


class Denoiser(ABC):
    """Anything that says what x_0 is, given x_t."""

    @abstractmethod
    def __call__(
        self, x_t: Any, t: Tensor | float, *, known: Any = None, context: Any = None
    ) -> Posterior:
        """The posterior of x_0.

        Args:
            x_t: (n, ...) numbers, (n, q) codes, or a `Record` of both. Known cells hold their clean
                values.
            t: () or (n,), global time.
            known: bool mask of the known cells (of a `Record`, a `Record` of masks), or None.
            context: whatever else the denoiser was made to look at.
        """


class _Network(Denoiser):
    """A network with the parameterisation of a subclass.

    Args:
        net: called as net(x_t, t) with t of shape (n,) and x_t's dtype; `known=` and `context=` are
            passed on when there are any.
        gaussian: the kernel, for alpha and sigma.
    """

    def __init__(self, net: Callable[..., Tensor], gaussian: Gaussian) -> None:
        self.net = net
        self.gaussian = gaussian

    @abstractmethod
    def _x_0(self, x_t: Tensor, out: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """The clean cells of a network's output."""

    def __call__(
        self, x_t: Tensor, t: Tensor | float, *, known: Any = None, context: Any = None
    ) -> Posterior:
        alpha, sigma = (expand(c, x_t) for c in self.gaussian.alpha_sigma(t))
        times = torch.as_tensor(t).to(device=x_t.device, dtype=x_t.dtype).expand(len(x_t))
        given = {"known": known, "context": context}
        out = self.net(x_t, times, **{k: v for k, v in given.items() if v is not None})
        return Posterior(mean=self._x_0(x_t, out, alpha, sigma))


class Eps(_Network):
    """The network predicts eps, as in the article (Ho et al. 2020)."""

    def _x_0(self, x_t: Tensor, out: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        return eps_to_x0(x_t, out, alpha, sigma)


class X0(_Network):
    """The network predicts x_0."""

    def _x_0(self, x_t: Tensor, out: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        return out


class V(_Network):
    """The network predicts v = alpha eps - sigma x_0 (Salimans & Ho 2022)."""

    def _x_0(self, x_t: Tensor, out: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        return v_to_x0(x_t, out, alpha, sigma)


class Mixed(Denoiser):
    """A record of numbers and categories, denoised by one network with two outputs.

    Args:
        net: called as net(numbers, codes, t), t of shape (n,); returns the numbers' prediction and
            the categories' logits (n, q, K). `known=` and `context=` are passed on if given.
        numbers: which parameterisation the numbers' prediction has: `Eps`, `X0` or `V`.
        gaussian: the numbers' kernel.
    """

    def __init__(
        self,
        net: Callable[..., tuple[Tensor, Tensor]],
        numbers: type[Eps] | type[X0] | type[V],
        gaussian: Gaussian,
    ) -> None:
        self.net = net
        self.numbers = numbers
        self.gaussian = gaussian

    def __call__(
        self, x_t: Record, t: Tensor | float, *, known: Any = None, context: Any = None
    ) -> Posterior:
        """The mean of the numbers and the logits of the categories."""
        logits: list[Tensor] = []

        def half(numbers: Tensor, times: Tensor, **given: Any) -> Tensor:
            out, categories = self.net(numbers, x_t.codes, times, **given)
            logits.append(categories)
            return out

        mean = self.numbers(half, self.gaussian)(x_t.numbers, t, known=known, context=context).mean
        return Posterior(mean=mean, logits=logits[0])
