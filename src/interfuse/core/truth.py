"""Data whose denoiser is known in closed form: the truth that samplers and bounds are tested with.

**Mixtures of Gaussians**, x_0 ~ sum_k w_k N(m_k, C_k). What is seen of a cell is y = a x_0 + noise
of variance r: a = `alpha`, r = `sigma`^2 for an unknown cell, a = 1, r = 0 for a known one. With
A = diag(a), R = diag(r), component by component

    S_k = A C_k A + R,    E[x_0 | y, k] = m_k + C_k A S_k^-1 (y - A m_k),
    p(k | y) ~ w_k N(y; A m_k, S_k),

so conditioning on known cells is exact. One component is `GaussianData`; one point each, with C_k =
0, is `FiniteSet`: E[x_0 | x_t] is the mean of the points with weights w_k exp(-|x_t - alpha x_k|^2
/ 2 sigma^2), the denoiser of a training set (and of perfect memorising).

Categories, alone and with numbers, are in `interfuse.core.truth_codes`.

All tensors are float64. `denoiser(gaussian)` returns a `Denoiser`.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from interfuse.core.denoiser import Denoiser
from interfuse.core.kernel import Gaussian, expand
from interfuse.core.record import Posterior
from interfuse.errors import OptionError


def to_double(x: Any) -> Tensor:
    """`x` as a float64 tensor."""
    return torch.as_tensor(x, dtype=torch.float64)


def to_weights(weights: Any) -> Tensor:
    """Weights that sum to 1, float64."""
    w = to_double(weights)
    if w.ndim != 1 or bool((w < 0).any()) or not float(w.sum()) > 0:
        raise OptionError(f"weights is {w.tolist()}; give numbers >= 0 with a positive sum.")
    return w / w.sum()


class _Exact(Denoiser):
    """The denoiser of numbers that have a posterior mean in closed form."""

    def __init__(self, data: MixtureData | FiniteSet, gaussian: Gaussian) -> None:
        self.data = data
        self.gaussian = gaussian

    def __call__(
        self, x_t: Tensor, t: Tensor | float, *, known: Any = None, context: Any = None
    ) -> Posterior:
        alpha, sigma = self.gaussian.alpha_sigma(t)
        return Posterior(mean=self.data.posterior_mean(x_t, alpha, sigma, known).to(x_t.dtype))


class MixtureData:
    """x_0 ~ sum_k weights_k N(means_k, covs_k).

    Args:
        weights: (K,), made to sum to 1.
        means: (K, p).
        covs: (K, p, p), positive definite.
    """

    def __init__(self, weights: Any, means: Any, covs: Any) -> None:
        self.weights = to_weights(weights)
        self.means, self.covs = to_double(means), to_double(covs)
        k, p = self.means.shape
        if self.covs.shape != (k, p, p) or len(self.weights) != k:
            raise OptionError(
                f"MixtureData: {len(self.weights)} weights, means {tuple(self.means.shape)}, covs "
                f"{tuple(self.covs.shape)}; give (K,), (K, p) and (K, p, p)."
            )
        self._roots = torch.linalg.cholesky(self.covs)

    @property
    def mean(self) -> Tensor:
        """E[x_0]: (p,)."""
        return self.weights @ self.means

    @property
    def cov(self) -> Tensor:
        """Covariance of x_0: (p, p)."""
        d = self.means - self.mean
        return torch.einsum("k,kij->ij", self.weights, self.covs + d[:, :, None] * d[:, None, :])

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, p) draws of x_0."""
        k = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        z = torch.randn(n, self.means.shape[1], generator=generator, dtype=torch.float64)
        return self.means[k] + torch.einsum("nij,nj->ni", self._roots[k], z)

    def components(
        self, x_t: Tensor, alpha: Tensor | float, sigma: Tensor | float, known: Any = None
    ) -> tuple[Tensor, Tensor]:
        """Log w_k N(x_t; A m_k, S_k) and E[x_0 | x_t, k].

        Args:
            x_t: (n, p).
            alpha: () or (n,).
            sigma: () or (n,).
            known: bool mask of clean cells, broadcasts to (n, p), or None.

        Returns:
            (n, K) and (n, K, p).
        """
        x = x_t.double()
        a = expand(to_double(alpha), x) * torch.ones_like(x[:1])
        r = expand(to_double(sigma), x) ** 2 + torch.zeros_like(a)
        if known is not None:
            a, r = torch.where(known, 1.0, a), torch.where(known, 0.0, r)
        logs, means = [], []
        for w, m, c in zip(self.weights, self.means, self.covs, strict=True):
            root = torch.linalg.cholesky(a[:, :, None] * c * a[:, None, :] + torch.diag_embed(r))
            y = x - a * m
            # One factor for all rows solves them as columns: (1, p, n); else (n, p, 1).
            columns = y.T[None] if len(root) == 1 else y[:, :, None]
            half = torch.linalg.solve_triangular(root, columns, upper=False)
            full = torch.linalg.solve_triangular(root.mT, half, upper=True)
            half, full = (u[0].T if len(root) == 1 else u[:, :, 0] for u in (half, full))
            means.append(m + (a * full) @ c)
            log_det = root.diagonal(dim1=-2, dim2=-1).log().sum(-1)
            normal = 0.5 * half.square().sum(1) + log_det + 0.5 * len(m) * math.log(2 * math.pi)
            logs.append(w.log() - normal)
        return torch.stack(logs, 1), torch.stack(means, 1)

    def posterior_mean(
        self, x_t: Tensor, alpha: Tensor | float, sigma: Tensor | float, known: Any = None
    ) -> Tensor:
        """E[x_0 | x_t, known cells]: (n, p)."""
        logs, means = self.components(x_t, alpha, sigma, known)
        return (logs.softmax(1).unsqueeze(-1) * means).sum(1)

    def log_prob(
        self, x: Tensor, alpha: Tensor | float = 1.0, sigma: Tensor | float = 0.0
    ) -> Tensor:
        """Log density of x_t, that of the data if alpha = 1 and sigma = 0: (n,)."""
        return self.components(x, alpha, sigma)[0].logsumexp(1)

    def denoiser(self, gaussian: Gaussian) -> Denoiser:
        """E[x_0 | x_t] under the kernel."""
        return _Exact(self, gaussian)


class GaussianData(MixtureData):
    """x_0 ~ N(mean, cov).

    Args:
        mean: (p,).
        cov: (p, p), positive definite.
    """

    def __init__(self, mean: Any, cov: Any) -> None:
        super().__init__([1.0], to_double(mean)[None], to_double(cov)[None])

    def conditional(self, known: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and covariance of the unknown cells given the known ones.

        Args:
            known: (p,) bool.
            values: (p,), read where known.
        """
        m, c = self.means[0], self.covs[0]
        gain = torch.linalg.solve(c[known][:, known], c[known][:, ~known]).T
        mean = m[~known] + gain @ (values.double()[known] - m[known])
        return mean, c[~known][:, ~known] - gain @ c[known][:, ~known]


class FiniteSet:
    """x_0 is one of some points.

    Args:
        points: (m, p).
        weights: (m,), made to sum to 1; equal if None.
    """

    def __init__(self, points: Any, weights: Any = None) -> None:
        self.points = to_double(points)
        self.weights = to_weights([1.0] * len(self.points) if weights is None else weights)

    @property
    def mean(self) -> Tensor:
        """E[x_0]: (p,)."""
        return self.weights @ self.points

    @property
    def cov(self) -> Tensor:
        """Covariance of x_0: (p, p)."""
        d = self.points - self.mean
        return (self.weights[:, None] * d).T @ d

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, p) draws of x_0."""
        return self.points[
            torch.multinomial(self.weights, n, replacement=True, generator=generator)
        ]

    def posterior_mean(
        self, x_t: Tensor, alpha: Tensor | float, sigma: Tensor | float, known: Any = None
    ) -> Tensor:
        """E[x_0 | x_t, known cells]: (n, p). At sigma = 0, the nearest point.

        A known value that no point has selects the points nearest to it.
        """
        x = x_t.double()
        a = expand(to_double(alpha), x) * torch.ones_like(x[:1])
        weight = torch.ones_like(a) / (expand(to_double(sigma), x) ** 2).clamp_min(1e-300)
        gap = (x[:, None] - a[:, None] * self.points) ** 2
        if known is not None:
            known = known.expand(x.shape)
            gap = torch.where(known[:, None], (x[:, None] - self.points) ** 2, gap)
            weight = torch.where(known, 1e12, weight)
        exponent = -0.5 * (gap * weight[:, None]).sum(-1)
        return (self.weights.log() + exponent).softmax(1) @ self.points

    def denoiser(self, gaussian: Gaussian) -> Denoiser:
        """E[x_0 | x_t] under the kernel."""
        return _Exact(self, gaussian)
