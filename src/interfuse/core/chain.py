"""The T-step chain of the article, function by function (Ho et al. 2020, arXiv 2006.11239).

Steps are k = 1 ... T; x_0 is clean. Symbols, each a table with an entry for every k from 0 on:

    beta      variance added by step k; beta_0 = 0            alpha = 1 - beta
    signal    sqrt(alpha_bar),     alpha_bar_k = prod_{s <= k} alpha_s,  alpha_bar_0 = 1
    noise     sqrt(1 - alpha_bar)

    one step        q(x_k | x_{k-1})      = N(sqrt(alpha) x_{k-1}, beta)
    closed form     q(x_k | x_0)          = N(signal x_0, noise^2)
    posterior       q(x_{k-1} | x_k, x_0) = N(mu, beta_tilde)
                    mu = signal_{k-1} beta / noise^2 x_0 + sqrt(alpha) noise_{k-1}^2 / noise^2 x_k
                    beta_tilde = beta noise_{k-1}^2 / noise^2
    model           p(x_{k-1} | x_k)      = N(mu_theta, sigma_k^2)
                    mu_theta = (x_k - beta / noise eps_theta) / sqrt(alpha)
                    sigma_k^2 = beta ("forward") or beta_tilde ("posterior")
    sampling        x_{k-1} = mu_theta + sigma_k z,  z ~ N(0, I), and no z at k = 1

The bound on -log p(x_0), in nats, is L_T + sum_{k=2}^T L_{k-1} + L_0:

    L_T     = KL(q(x_T | x_0) || N(0, I))
    L_{k-1} = KL(q(x_{k-1} | x_k, x_0) || p(x_{k-1} | x_k))
            = (beta_tilde + (mu - mu_theta)^2) / (2 sigma_k^2) - 1/2
              + log(sigma_k / sqrt(beta_tilde))                                 per cell
    L_0     = -log p(x_0 | x_1): a Gaussian density, or for data on a grid the Gaussian's mass in
              x_0's bin, the outermost bins reaching to infinity (eq. 13)

and with (mu - mu_theta)^2 = beta^2 / (alpha noise^2) (eps - eps_theta)^2 the simple loss drops the
factor before |eps - eps_theta|^2 (eq. 14). Limit: T = 0 is the identity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from interfuse.core.kernel import Normal, expand
from interfuse.core.schedule import LinearBeta

Variance = Literal["forward", "posterior"]


@dataclass(frozen=True)
class Chain:
    """The chain's tables, each (T + 1,), on one device.

    Args:
        beta: variance added by each step, beta[0] = 0.
        signal: sqrt(alpha_bar), signal[0] = 1.
        noise: sqrt(1 - alpha_bar), noise[0] = 0.
    """

    beta: Tensor
    signal: Tensor
    noise: Tensor

    @staticmethod
    def of(schedule: LinearBeta | None = None) -> Chain:
        """The chain of a schedule; the article's T = 1000, 1e-4 to 0.02 if None. float64."""
        schedule = schedule or LinearBeta()
        log_alpha_bar = schedule.log_alpha_bar
        return Chain(
            beta=torch.cat([torch.zeros(1, dtype=torch.float64), schedule.betas]),
            signal=(0.5 * log_alpha_bar).exp(),
            noise=(-torch.expm1(log_alpha_bar)).sqrt(),
        )

    @property
    def steps(self) -> int:
        """T."""
        return len(self.beta) - 1

    def _at(self, table: Tensor, k: Tensor | int, x: Tensor) -> Tensor:
        index = torch.as_tensor(k, device=table.device)
        return expand(table[index], x)

    def _coefficients(self, k: Tensor | int, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """beta, sqrt(alpha), noise_{k-1}^2 / noise^2 and noise at step k, ready to multiply x."""
        beta, noise = self._at(self.beta, k, x), self._at(self.noise, k, x)
        before = self._at(self.noise, k - 1, x)
        return beta, (1 - beta).sqrt(), (before / noise) ** 2, noise

    def one_step(self, x_before: Tensor, k: Tensor | int) -> Normal:
        """q(x_k | x_{k-1})."""
        beta = self._at(self.beta, k, x_before)
        return Normal((1 - beta).sqrt() * x_before, beta.sqrt())

    def closed_form(self, x_0: Tensor, k: Tensor | int) -> Normal:
        """q(x_k | x_0)."""
        return Normal(self._at(self.signal, k, x_0) * x_0, self._at(self.noise, k, x_0))

    def posterior(self, x_k: Tensor, x_0: Tensor, k: Tensor | int) -> Normal:
        """q(x_{k-1} | x_k, x_0)."""
        beta, root_alpha, shrink, noise = self._coefficients(k, x_k)
        pull = self._at(self.signal, k - 1, x_k) * beta / noise**2
        return Normal(pull * x_0 + root_alpha * shrink * x_k, (beta * shrink).sqrt())

    def predicted_x0(self, x_k: Tensor, eps: Tensor, k: Tensor | int) -> Tensor:
        """(x_k - noise eps) / signal."""
        return (x_k - self._at(self.noise, k, x_k) * eps) / self._at(self.signal, k, x_k)

    def model(
        self, x_k: Tensor, eps: Tensor, k: Tensor | int, variance: Variance = "forward"
    ) -> Normal:
        """p(x_{k-1} | x_k) for a predicted eps."""
        beta, root_alpha, shrink, noise = self._coefficients(k, x_k)
        std = (beta if variance == "forward" else beta * shrink).sqrt()
        return Normal((x_k - beta / noise * eps) / root_alpha, std)

    def step(
        self,
        x_k: Tensor,
        eps: Tensor,
        k: Tensor | int,
        z: Tensor,
        variance: Variance = "forward",
    ) -> Tensor:
        """Draw x_{k-1}: mu_theta + sigma_k z, without z where k = 1.

        Args:
            x_k: (n, ...).
            eps: predicted noise, x_k's shape.
            k: () or (n,), 1 ... T.
            z: standard normal, x_k's shape.
            variance: which sigma_k.
        """
        p = self.model(x_k, eps, k, variance)
        first = expand((torch.as_tensor(k) == 1).to(x_k.device), x_k).bool()
        return torch.where(first, p.mean, p.mean + p.std * z)

    def kl_prior(self, x_0: Tensor) -> Tensor:
        """L_T, cell by cell."""
        q = self.closed_form(x_0, self.steps)
        return 0.5 * (q.mean**2 + q.std**2 - 1) - q.std.log()

    def kl_step(
        self,
        x_k: Tensor,
        x_0: Tensor,
        eps: Tensor,
        k: Tensor | int,
        variance: Variance = "forward",
    ) -> Tensor:
        """L_{k-1}, cell by cell; k >= 2."""
        q, p = self.posterior(x_k, x_0, k), self.model(x_k, eps, k, variance)
        return normal_kl(q, p)

    def reconstruction(
        self,
        x_1: Tensor,
        x_0: Tensor,
        eps: Tensor,
        bin_width: float | None = None,
        ends: tuple[float, float] = (-1.0, 1.0),
    ) -> Tensor:
        """L_0, cell by cell.

        Args:
            x_1: (n, ...).
            x_0: the data.
            eps: predicted at k = 1.
            bin_width: of data on a grid, 2 / 255 for 8-bit images in [-1, 1]; None for a density.
            ends: the outermost grid points, whose bins are open.
        """
        p = self.model(x_1, eps, 1, "forward")
        if bin_width is None:
            return 0.5 * ((x_0 - p.mean) / p.std) ** 2 + p.std.log() + 0.5 * math.log(2 * math.pi)
        return -log_bin_mass(p, x_0, bin_width, ends)

    def simple_loss(self, noise: Tensor, eps: Tensor) -> Tensor:
        """(eps - eps_theta)^2, cell by cell; `noise` is the one that is in x_k."""
        return (noise - eps) ** 2


def normal_kl(q: Normal, p: Normal) -> Tensor:
    """KL(q || p) of normal distributions, cell by cell, in nats."""
    return (
        0.5 * ((q.std / p.std) ** 2 + ((q.mean - p.mean) / p.std) ** 2 - 1) + (p.std / q.std).log()
    )


def log_bin_mass(p: Normal, x: Tensor, bin_width: float, ends: tuple[float, float]) -> Tensor:
    """Log of p's mass within half a bin of x; bins at the `ends` are open; exact in the tails."""
    half, tiny = bin_width / 2, 1e-6 * bin_width
    up, down = (x + half - p.mean) / p.std, (x - half - p.mean) / p.std
    up = torch.where(x >= ends[1] - tiny, torch.inf, up)
    down = torch.where(x <= ends[0] + tiny, -torch.inf, down)
    # Mirror to the lower tail, where log_ndtr keeps its digits.
    flip = down > 0
    up, down = torch.where(flip, -down, up), torch.where(flip, -up, down)
    top, bottom = torch.special.log_ndtr(up), torch.special.log_ndtr(down)
    return top + torch.log1p(-(bottom - top).exp())
