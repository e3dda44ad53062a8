"""How much of the data is left at time t.

A schedule maps t in [0, 1] to `alpha` and `sigma`, float64, of the variance preserving process

    x_t = alpha x_0 + sigma eps,      eps ~ N(0, I),      alpha^2 + sigma^2 = 1.

`logsnr` = log(alpha^2 / sigma^2) falls strictly with t, so it has an `inverse`. Both alpha and
sigma are computed without cancellation: sigma is accurate near the data, alpha near the noise.

==========  ===================================  =========================  =================
Schedule    alpha^2                              logsnr(0)                  logsnr(1)
==========  ===================================  =========================  =================
LinearBeta  prod_{s <= k} (1 - beta_s), t = k/T  inf: clean data            -10.1 (article)
Cosine      (cos(a) / cos(a_0))^2                inf: clean data            -inf: pure noise
Karras      1 / (1 + s^2)                        -2 log sigma_min           -2 log sigma_max
==========  ===================================  =========================  =================
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from interfuse.errors import OptionError


def as_time(t: Tensor | float) -> Tensor:
    """`t` as a float64 tensor."""
    return torch.as_tensor(t, dtype=torch.float64)


class Schedule(ABC):
    """t in [0, 1] -> (alpha, sigma), with alpha^2 + sigma^2 = 1. Immutable."""

    @abstractmethod
    def __call__(self, t: Tensor | float) -> tuple[Tensor, Tensor]:
        """The signal's and the noise's scale at t.

        Args:
            t: times in [0, 1], of any shape.

        Returns:
            alpha and sigma, float64, of the shape of t.
        """

    def logsnr(self, t: Tensor | float) -> Tensor:
        """log(alpha^2 / sigma^2): +inf where the data is clean, -inf where nothing is left."""
        alpha, sigma = self(t)
        return 2 * (alpha.log() - sigma.log())

    @abstractmethod
    def inverse(self, logsnr: Tensor | float) -> Tensor:
        """The t at which `logsnr(t)` has this value; clamped to [0, 1]."""


@dataclass(frozen=True)
class LinearBeta(Schedule):
    """The chain of Ho et al. (2020, arXiv 2006.11239), section 4, as a schedule.

        beta_k = beta_min + (beta_max - beta_min) (k - 1) / (T - 1),      k = 1 ... T
        alpha^2(k / T) = alpha_bar_k = prod_{s <= k} (1 - beta_s),        alpha(0) = 1.

    Between grid points log alpha_bar is linear in t, as if each step's noise came at a constant
    rate. T = 1 is a single step of beta_min.

    Args:
        steps: T, the length of the chain.
        beta_min: variance added by the first step.
        beta_max: variance added by the last step.
    """

    steps: int = 1000
    beta_min: float = 1e-4
    beta_max: float = 0.02

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise OptionError(f"LinearBeta: steps is {self.steps}; give at least 1.")
        if not 0 < self.beta_min <= self.beta_max < 1:
            raise OptionError(
                f"LinearBeta: beta_min is {self.beta_min} and beta_max {self.beta_max}; "
                "give 0 < beta_min <= beta_max < 1."
            )

    @cached_property
    def betas(self) -> Tensor:
        """beta_1 ... beta_T: (T,) float64."""
        return torch.linspace(self.beta_min, self.beta_max, self.steps, dtype=torch.float64)

    @cached_property
    def log_alpha_bar(self) -> Tensor:
        """Log alpha_bar_0 ... log alpha_bar_T: (T + 1,) float64, the first of them 0."""
        zero = torch.zeros(1, dtype=torch.float64)
        return torch.cat([zero, torch.log1p(-self.betas).cumsum(0)])

    def __call__(self, t: Tensor | float) -> tuple[Tensor, Tensor]:
        """Alpha and sigma at t."""
        time = as_time(t)
        grid = self.log_alpha_bar.to(time.device)
        at = time.clamp(0, 1) * self.steps
        # k / T * T is not always k: snap, so that grid points are exact.
        near = at.round()
        at = torch.where((at - near).abs() < 1e-9 * self.steps, near, at)
        k = at.floor().long().clamp_max(self.steps - 1)
        log_alpha_bar = torch.lerp(grid[k], grid[k + 1], at - k)
        return (0.5 * log_alpha_bar).exp(), (-torch.expm1(log_alpha_bar)).sqrt()

    def inverse(self, logsnr: Tensor | float) -> Tensor:
        """The t at which `logsnr(t)` has this value; clamped to [0, 1]."""
        target = torch.nn.functional.logsigmoid(as_time(logsnr))
        grid = self.log_alpha_bar.to(target.device)
        k = torch.searchsorted(-grid, -target, right=True).sub(1).clamp(0, self.steps - 1)
        t = (k + (target - grid[k]) / (grid[k + 1] - grid[k])) / self.steps
        return t.clamp(0, 1)


@dataclass(frozen=True)
class Cosine(Schedule):
    """The cosine schedule of Nichol & Dhariwal (2021, arXiv 2102.09672), eq. 17, not clipped.

        alpha = cos(a) / cos(a_0),      a = (t + offset) / (1 + offset) pi / 2,    a_0 = a(0)

    With offset = 0, the default, alpha = cos(pi t / 2) and sigma = sin(pi t / 2). Their offset is
    0.008. At t = 1 exactly nothing of the data is left: alpha = 0.

    Args:
        offset: s of the paper; makes the first steps' noise larger.
    """

    offset: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.offset < 1:
            raise OptionError(f"Cosine: offset is {self.offset}; give 0 <= offset < 1.")

    @property
    def _first_angle(self) -> float:
        return self.offset / (1 + self.offset) * math.pi / 2

    def __call__(self, t: Tensor | float) -> tuple[Tensor, Tensor]:
        """Alpha and sigma at t."""
        time = as_time(t).clamp(0, 1)
        rate, a_0 = math.pi / 2 / (1 + self.offset), self._first_angle
        alpha = torch.sin(rate * (1 - time)) / math.cos(a_0)
        # 1 - alpha^2 = sin(a - a_0) sin(a + a_0) / cos(a_0)^2, which cancels nothing near t = 0.
        sigma = (torch.sin(rate * time) * torch.sin(rate * time + 2 * a_0)).sqrt() / math.cos(a_0)
        return alpha, sigma

    def inverse(self, logsnr: Tensor | float) -> Tensor:
        """The t at which `logsnr(t)` has this value; clamped to [0, 1]."""
        logsnr = as_time(logsnr)
        c = math.cos(self._first_angle)
        cos_squared = torch.sigmoid(logsnr) * c**2
        sin_squared = 1 - c**2 + torch.sigmoid(-logsnr) * c**2
        angle = torch.atan2(sin_squared.sqrt(), cos_squared.sqrt())
        return (angle * (2 / math.pi) * (1 + self.offset) - self.offset).clamp(0, 1)


@dataclass(frozen=True)
class Karras(Schedule):
    """The noise levels of Karras et al. (2022, arXiv 2206.00364), eq. 5, variance preserving.

        s = (sigma_min^(1/rho) + t (sigma_max^(1/rho) - sigma_min^(1/rho)))^rho
        x_t = (x_0 + s eps) / sqrt(1 + s^2):    alpha = 1 / sqrt(1 + s^2),  sigma = s alpha

    At t = 0 a noise of sigma_min is left. rho = 1 spaces s evenly; as rho grows, log s.

    Args:
        sigma_min: s at t = 0.
        sigma_max: s at t = 1.
        rho: how strongly the levels crowd near sigma_min.
    """

    sigma_min: float = 0.002
    sigma_max: float = 80.0
    rho: float = 7.0

    def __post_init__(self) -> None:
        if not 0 < self.sigma_min < self.sigma_max < math.inf:
            raise OptionError(
                f"Karras: sigma_min is {self.sigma_min} and sigma_max {self.sigma_max}; "
                "give 0 < sigma_min < sigma_max."
            )
        if not self.rho > 0:
            raise OptionError(f"Karras: rho is {self.rho}; give a positive number.")

    @property
    def _ends(self) -> tuple[float, float]:
        return self.sigma_min ** (1 / self.rho), self.sigma_max ** (1 / self.rho)

    def __call__(self, t: Tensor | float) -> tuple[Tensor, Tensor]:
        """Alpha and sigma at t."""
        low, high = self._ends
        s = (low + as_time(t).clamp(0, 1) * (high - low)) ** self.rho
        alpha = (1 + s**2).rsqrt()
        return alpha, s * alpha

    def inverse(self, logsnr: Tensor | float) -> Tensor:
        """The t at which `logsnr(t)` has this value; clamped to [0, 1]."""
        low, high = self._ends
        s = (-0.5 * as_time(logsnr)).exp()
        return ((s ** (1 / self.rho) - low) / (high - low)).clamp(0, 1)


SCHEDULES: dict[str, type[Schedule]] = {
    "linear_beta": LinearBeta,
    "cosine": Cosine,
    "karras": Karras,
}
"""Every schedule by its name; each can be made without arguments."""


def schedule_to_json(schedule: Schedule) -> dict[str, Any]:
    """The schedule's name and its numbers, for `config.json`."""
    names = {made: name for name, made in SCHEDULES.items()}
    return {"name": names[type(schedule)], **asdict(schedule)}  # type: ignore[call-overload]


def schedule_of(value: Schedule | str | Mapping[str, Any]) -> Schedule:
    """A schedule from its name, or from what `schedule_to_json` made of one.

    Raises:
        OptionError: there is none of that name, or its numbers are out of range.
    """
    if isinstance(value, Schedule):
        return value
    numbers: dict[str, Any] = {"name": value} if isinstance(value, str) else dict(value)
    name = numbers.pop("name", None)
    if name not in SCHEDULES:
        raise OptionError(f"schedule: {name!r} is unknown; expected one of {', '.join(SCHEDULES)}.")
    try:
        return SCHEDULES[name](**numbers)
    except TypeError as error:
        raise OptionError(f"schedule: {name} takes no such numbers ({error}).") from error
