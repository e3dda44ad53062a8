"""The forward kernels: how a clean record turns into noise, and what that says of the way back.

A kernel is a Markov process that forgets x_0 as t goes from 0 to 1. Whatever it is, it can

* `corrupt`: draw x_t ~ q(x_t | x_0),
* give the exact `posterior` q(x_s | x_t, x_0), s < t, by Bayes' rule,
* `step`: draw x_s ~ p(x_s | x_t), the posterior with the denoiser's answer in the place of x_0,
* score a denoiser by its `loss`.

**Gaussian**, with `alpha`, `sigma` at t and `alpha_s`, `sigma_s` at s:

    q(x_t | x_0)      = N(alpha x_0, sigma^2)
    q(x_t | x_s)      = N(ratio x_s, fresh),          ratio = alpha / alpha_s,
                                                      fresh = sigma^2 - ratio^2 sigma_s^2
    q(x_s | x_t, x_0) = N(ratio sigma_s^2 / sigma^2 x_t + alpha_s fresh / sigma^2 x_0,
                          fresh sigma_s^2 / sigma^2)

(Ho et al. 2020, eq. 6-7, in the notation of Kingma et al. 2021, arXiv 2107.00630, appendix A).
Limits: s = 0, clean: the posterior is x_0 itself. alpha = 0: x_t says nothing, the posterior is
q(x_s | x_0). s = t: the posterior is x_t.

The absorbing kernel of categories is in `interfuse.core.masked`.

**Windows.** A record's kernels may act at different times. A kernel with `window` (a, b) does all
its work in the global times t in [a, b]: its schedule's time is (t - a) / (b - a), clamped to
[0, 1]. Before a its cells are clean; after b nothing of them is left.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from interfuse.core.record import Posterior
from interfuse.core.schedule import Schedule, as_time, schedule_of, schedule_to_json
from interfuse.errors import OptionError

Target = Literal["eps", "x0", "v"]


def expand(c: Tensor, x: Tensor) -> Tensor:
    """A coefficient of shape () or (n,), ready to multiply x (n, ...); x's dtype and device."""
    c = c.to(device=x.device, dtype=x.dtype if x.is_floating_point() else c.dtype)
    return c.reshape(c.shape + (1,) * (x.ndim - c.ndim)) if c.ndim else c


def in_window(t: Tensor | float, window: tuple[float, float]) -> Tensor:
    """Schedule time of the global time t: (t - a) / (b - a), clamped to [0, 1]; float64."""
    a, b = window
    return ((as_time(t) - a) / (b - a)).clamp(0, 1)


def check_window(name: str, window: tuple[float, float]) -> None:
    """Raise unless window is 0 <= a < b <= 1."""
    a, b = window
    if not 0 <= a < b <= 1:
        raise OptionError(f"{name}: window is ({a}, {b}); give (a, b) with 0 <= a < b <= 1.")


class Normal(NamedTuple):
    """A normal distribution of independent cells."""

    mean: Tensor
    std: Tensor  # broadcasts to mean


class Noised(NamedTuple):
    """Numbers on the way to noise, and what a network is to say of them."""

    x_t: Tensor
    v: Tensor


class Kernel(ABC):
    """A process that forgets x_0. Times are global: floats, or tensors of shape () or (n,)."""

    @abstractmethod
    def start(self, noise: Tensor) -> Tensor:
        """x_1, at which nothing of the data is left."""

    @abstractmethod
    def corrupt(self, x_0: Tensor, t: Tensor | float, *, noise: Tensor) -> Tensor:
        """Draw x_t ~ q(x_t | x_0)."""

    @abstractmethod
    def posterior(self, x_t: Tensor, x_0: Tensor, t: Tensor | float, s: Tensor | float) -> Any:
        """q(x_s | x_t, x_0), s < t."""

    @abstractmethod
    def step(
        self,
        x_t: Tensor,
        prediction: Posterior,
        t: Tensor | float,
        s: Tensor | float,
        *,
        noise: Tensor,
    ) -> Tensor:
        """Draw x_s ~ p(x_s | x_t), the posterior averaged over the denoiser's x_0."""

    @abstractmethod
    def loss(self, prediction: Posterior, x_0: Tensor, x_t: Tensor, t: Tensor | float) -> Tensor:
        """What training descends, cell by cell: x_0's shape."""


@dataclass(frozen=True)
class Gaussian(Kernel):
    """Numbers: x_t = alpha x_0 + sigma eps.

    Args:
        schedule: t in [0, 1] -> (alpha, sigma).
        window: the global times in which the schedule runs.
    """

    schedule: Schedule
    window: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        check_window("Gaussian", self.window)

    def to_json(self) -> dict[str, Any]:
        """Schedule and window, for `config.json`."""
        return {"schedule": schedule_to_json(self.schedule), "window": list(self.window)}

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> Gaussian:
        """The inverse of `to_json`.

        Raises:
            OptionError: there is no such schedule or window.
        """
        low, high = (float(x) for x in d["window"])
        return cls(schedule_of(d["schedule"]), (low, high))

    def alpha_sigma(self, t: Tensor | float) -> tuple[Tensor, Tensor]:
        """Alpha and sigma at the global times t: float64, the shape of t."""
        return self.schedule(in_window(t, self.window))

    def logsnr(self, t: Tensor | float) -> Tensor:
        """log(alpha^2 / sigma^2) at the global times t: float64, the shape of t."""
        return self.schedule.logsnr(in_window(t, self.window))

    def time(self, logsnr: Tensor | float) -> Tensor:
        """The global time in the window at which `logsnr` has this value."""
        a, b = self.window
        return a + (b - a) * self.schedule.inverse(logsnr)

    def start(self, noise: Tensor) -> Tensor:
        """x_1 = noise, standard normal."""
        return noise

    def corrupt(self, x_0: Tensor, t: Tensor | float, *, noise: Tensor) -> Tensor:
        """Draw x_t = alpha x_0 + sigma eps.

        Args:
            x_0: (n, ...) clean numbers.
            t: () or (n,).
            noise: eps, standard normal, x_0's shape.
        """
        return self.noised(x_0, t, noise=noise).x_t

    def target(self, x_0: Tensor, t: Tensor | float, *, noise: Tensor) -> Tensor:
        """V = alpha eps - sigma x_0 (Salimans & Ho 2022, arXiv 2202.00512), of `corrupt`'s x_t.

        Args:
            x_0: (n, ...) clean numbers.
            t: () or (n,).
            noise: eps, standard normal, x_0's shape.
        """
        return self.noised(x_0, t, noise=noise).v

    def noised(self, x_0: Tensor, t: Tensor | float, *, noise: Tensor) -> Noised:
        """`corrupt` and `target` at once, as training needs them: alpha and sigma are found once.

        Args:
            x_0: (n, ...) clean numbers.
            t: () or (n,).
            noise: eps, standard normal, x_0's shape.
        """
        alpha, sigma = (expand(c, x_0) for c in self.alpha_sigma(t))
        return Noised(alpha * x_0 + sigma * noise, alpha * noise - sigma * x_0)

    def posterior(self, x_t: Tensor, x_0: Tensor, t: Tensor | float, s: Tensor | float) -> Normal:
        """q(x_s | x_t, x_0); see the module's docstring."""
        alpha_t, sigma_t = self.alpha_sigma(t)
        alpha_s, sigma_s = self.alpha_sigma(s)
        still = alpha_t == alpha_s  # also where both are 0, or both sigma are
        ratio = torch.where(still, 1.0, alpha_t / alpha_s)
        fresh = torch.where(still, 0.0, sigma_t**2 - ratio**2 * sigma_s**2).clamp_min(0)
        shrink = torch.where(still, 1.0, sigma_s**2 / sigma_t**2)
        pull = torch.where(still, 0.0, alpha_s * fresh / sigma_t**2)
        mean = expand(ratio * shrink, x_t) * x_t + expand(pull, x_t) * x_0
        return Normal(mean, expand((fresh * shrink).sqrt(), x_t))

    def step(
        self,
        x_t: Tensor,
        prediction: Posterior,
        t: Tensor | float,
        s: Tensor | float,
        *,
        noise: Tensor,
    ) -> Tensor:
        """Draw x_s from q(x_s | x_t, x_0 = E[x_0 | x_t]): one step of ancestral sampling.

        Args:
            x_t: (n, ...).
            prediction: with a mean.
            t: where x_t is.
            s: where to go, s <= t.
            noise: standard normal, x_t's shape.
        """
        if prediction.mean is None:
            raise OptionError("Gaussian.step: the prediction has no mean; give Posterior(mean=...)")
        q = self.posterior(x_t, prediction.mean, t, s)
        return q.mean + q.std * noise

    def loss(
        self,
        prediction: Posterior,
        x_0: Tensor,
        x_t: Tensor,
        t: Tensor | float,
        target: Target = "v",
    ) -> Tensor:
        """Squared error of eps, x_0 or v, cell by cell, from the error of x_0.

        Given x_t the three differ by a factor only:
        (eps error)^2 = (alpha / sigma)^2 (x_0 error)^2 and (v error)^2 = (x_0 error)^2 / sigma^2.

        Args:
            prediction: with a mean.
            x_0: (n, ...) the truth.
            x_t: not used; the interface's.
            t: () or (n,), sigma > 0.
            target: whose error; "eps" is the simple loss of Ho et al. (2020), eq. 14.
        """
        if prediction.mean is None:
            raise OptionError("Gaussian.loss: the prediction has no mean; give Posterior(mean=...)")
        alpha, sigma = self.alpha_sigma(t)
        scale = {"x0": torch.ones_like(sigma), "eps": alpha / sigma, "v": 1 / sigma}[target]
        return (expand(scale, x_0) * (prediction.mean - x_0)) ** 2
