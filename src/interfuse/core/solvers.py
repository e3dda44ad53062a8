"""The samplers of numbers: DDPM, DDIM, Heun, DPM-Solver++(2M) and one in the angle of the noise.

All go from x_t to x_s, s < t, by `x_0` = E[x_0 | x_t], the denoiser's answer. With `alpha`, `sigma`
at t, `alpha_s`, `sigma_s` at s and lambda = log(alpha / sigma):

DDPM       x_s ~ q(x_s | x_t, x_0)                       (stochastic, order 1)
DDIM       x_s = alpha_s x_0 + sqrt(sigma_s^2 - d^2) eps + d z,   eps = (x_t - alpha x_0) / sigma,
           d = eta times the posterior's standard deviation   (eta = 0: ODE, order 1; eta = 1: DDPM)
Heun       the trapezoidal rule for dy/du = (y - x_0) / u, y = x / alpha, u = sigma / alpha
           (ODE, order 2, two evaluations a step)
DPMSolver  x_s = (sigma_s / sigma) x_t + (alpha_s - alpha sigma_s / sigma) D,
           D = x_0 + (h / 2 h_before) (x_0 - x_0_before),    h = lambda_s - lambda
           (ODE, order 2, one evaluation a step)
Angular    Adams-Bashforth for dx/dphi = v, phi = arctan(sigma / alpha), v = (alpha x - x_0) / sigma
           (ODE, order 2, one evaluation a step)

The ODE samplers follow the probability flow (Song et al. 2021, arXiv 2011.13456): the answer is a
function of the start. Where sigma_s = 0 all of them end in x_0; where alpha = 0 they begin with a
DDIM step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from interfuse.core.draw import Levels, Memory, Sampler, Step
from interfuse.core.kernel import Gaussian
from interfuse.errors import OptionError


def _flow(x_t: Tensor, x_0: Tensor, at: Levels) -> Tensor:
    """The DDIM step with eta = 0: exact if x_0 does not change on the way."""
    keep = at.sigma_s / at.sigma
    return keep * x_t + (at.alpha_s - keep * at.alpha) * x_0


@dataclass(frozen=True)
class DDPM(Sampler):
    """Ancestral sampling (Ho et al. 2020, algorithm 2), for any t and s.

    Args:
        gaussian: the numbers' kernel.
        variance: "posterior", that of q(x_s | x_t, x_0) (beta-tilde, right for a single point), or
            "forward", that of q(x_t | x_s) (beta, right for x_0 ~ N(0, I)). The last step, to
            sigma_s = 0, draws nothing.
    """

    variance: Literal["posterior", "forward"] = "posterior"

    @property
    def stochastic(self) -> bool:
        """True."""
        return True

    def _step(
        self,
        mean: Callable[[Tensor, float], Tensor],
        x_t: Tensor,
        at: Levels,
        noise: Tensor | None,
        memory: Memory | None,
    ) -> Step:
        x_0 = mean(x_t, at.t)
        if noise is None or at.sigma_s == 0:  # `step` asks for noise wherever it matters
            return Step(x_0)
        shrink = (at.sigma_s / at.sigma) ** 2
        x = (at.alpha / at.alpha_s * shrink) * x_t + (at.alpha_s * at.fresh / at.sigma**2) * x_0
        variance = at.fresh * (shrink if self.variance == "posterior" else 1.0)
        return Step(x + math.sqrt(variance) * noise)


@dataclass(frozen=True)
class DDIM(Sampler):
    """Song et al. (2021, arXiv 2010.02502), eq. 12 and 16.

    Args:
        gaussian: the numbers' kernel.
        eta: 0, deterministic, to 1, which is `DDPM`.
    """

    eta: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.eta <= 1:
            raise OptionError(f"DDIM: eta is {self.eta}; give 0 <= eta <= 1.")

    @property
    def stochastic(self) -> bool:
        """Whether eta > 0."""
        return self.eta > 0

    def _step(
        self,
        mean: Callable[[Tensor, float], Tensor],
        x_t: Tensor,
        at: Levels,
        noise: Tensor | None,
        memory: Memory | None,
    ) -> Step:
        x_0 = mean(x_t, at.t)
        if noise is None or self.eta == 0 or at.sigma_s == 0:
            return Step(_flow(x_t, x_0, at))
        d = self.eta * math.sqrt(at.fresh) * at.sigma_s / at.sigma
        keep = math.sqrt(at.sigma_s**2 - d**2) / at.sigma
        return Step(keep * x_t + (at.alpha_s - keep * at.alpha) * x_0 + d * noise)


@dataclass(frozen=True)
class Heun(Sampler):
    """Karras et al. (2022, arXiv 2206.00364), algorithm 1, in variance preserving coordinates.

    The steps from alpha = 0 and to sigma_s = 0 are Euler steps, which here are DDIM's.
    """

    def _step(
        self,
        mean: Callable[[Tensor, float], Tensor],
        x_t: Tensor,
        at: Levels,
        noise: Tensor | None,
        memory: Memory | None,
    ) -> Step:
        x_0 = mean(x_t, at.t)
        x = _flow(x_t, x_0, at)
        if at.alpha == 0 or at.sigma_s == 0:
            return Step(x)
        y, y_s = x_t / at.alpha, x / at.alpha_s
        u, u_s = at.sigma / at.alpha, at.sigma_s / at.alpha_s
        slope = (y - x_0) / u + (y_s - mean(x, at.s)) / u_s
        return Step(at.alpha_s * (y + 0.5 * (u_s - u) * slope))


@dataclass(frozen=True)
class DPMSolver(Sampler):
    """DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2).

    The first step, and those from alpha = 0 or to sigma_s = 0, are of order one.
    """

    def _step(
        self,
        mean: Callable[[Tensor, float], Tensor],
        x_t: Tensor,
        at: Levels,
        noise: Tensor | None,
        memory: Memory | None,
    ) -> Step:
        x_0 = mean(x_t, at.t)
        if at.alpha == 0 or at.sigma_s == 0:
            return Step(_flow(x_t, x_0, at))
        lam, lam_s = math.log(at.alpha / at.sigma), math.log(at.alpha_s / at.sigma_s)
        target = x_0
        if memory is not None:
            target = x_0 + (0.5 * (lam_s - lam) / (lam - memory.lam)) * (x_0 - memory.x_0)
        return Step(_flow(x_t, target, at), Memory(x_0, lam))


@dataclass(frozen=True)
class Angular(Sampler):
    """The probability flow in the angle phi of the noise, alpha = cos phi, sigma = sin phi.

    There it is dx/dphi = v (v of Salimans & Ho 2022, arXiv 2202.00512; Lu & Song 2025, arXiv
    2410.11081). Of N(0, I), such as normal scores of which nothing is known, v is 0, and x stays
    as it is; DPM-Solver++ takes it for moving, at the first and the last step to first order. The
    two-step formula of Adams and Bashforth takes the steps but the last, to phi_s at the end of the
    window. x_0 is even in phi, so that its limit is found from the two last answers with an error
    of order four, and a step of DDIM's goes there:

        x_0(phi_s) = x_0 + (x_0 - x_0_before) (phi^2 - phi_s^2) / (phi_before^2 - phi^2).

    With `times`, whose angles fall as squares, the standard deviation of N(0, s^2), s <= 1, is off
    by at most .023 after five steps, where ten of DPM-Solver++ have up to .047, and .021 at s = 1.
    """

    def times(self, steps: int) -> Tensor:
        """Angles that fall as (1 - i / steps)^2: an x_0 that is nearly known is so near 0."""
        end, start = self.gaussian.window
        last, first = (self._angle(t) for t in (end, start))
        if not 0 <= last < first <= math.pi / 2:
            return super().times(steps)
        share = torch.linspace(1, 0, steps + 1, dtype=torch.float64) ** 2
        angle = last + (first - last) * share
        times = self.gaussian.time(-2 * torch.log(torch.tan(angle[1:-1])))
        ends = torch.tensor([start, end], dtype=torch.float64)
        return torch.cat([ends[:1], times, ends[1:]])

    def _angle(self, t: float) -> float:
        alpha, sigma = (float(c) for c in self.gaussian.alpha_sigma(t))
        return math.atan2(sigma, alpha)

    def _step(
        self,
        mean: Callable[[Tensor, float], Tensor],
        x_t: Tensor,
        at: Levels,
        noise: Tensor | None,
        memory: Memory | None,
    ) -> Step:
        x_0 = mean(x_t, at.t)
        angle, arrival = math.atan2(at.sigma, at.alpha), math.atan2(at.sigma_s, at.alpha_s)
        if at.s <= self.gaussian.window[0]:
            if memory is None:
                return Step(_flow(x_t, x_0, at))
            more = (angle**2 - arrival**2) / (memory.lam**2 - angle**2)
            return Step(_flow(x_t, x_0 + more * (x_0 - memory.x_0), at))
        slope = v = (at.alpha * x_t - x_0) / at.sigma
        if memory is not None and memory.v is not None:
            slope = v + (0.5 * (arrival - angle) / (angle - memory.lam)) * (v - memory.v)
        return Step(x_t + (arrival - angle) * slope, Memory(x_0, angle, v))


SAMPLERS: dict[str, type[Sampler]] = {
    "ddpm": DDPM,
    "ddim": DDIM,
    "heun": Heun,
    "dpm_solver": DPMSolver,
    "angular": Angular,
}
"""Every sampler of numbers by its name; each can be made from a `Gaussian` alone."""


def steps_of(asked: int | None, usual: int) -> int:
    """The number of steps that was asked for, or the usual one.

    Raises:
        OptionError: it is below 1.
    """
    if asked is not None and asked < 1:
        raise OptionError(f"steps: is {asked}; expected 1 or more. The default is {usual}.")
    return usual if asked is None else asked


class Sampling(NamedTuple):
    """How a model draws numbers unless asked otherwise; it is kept with the model.

    Attributes:
        solver: a name in `SAMPLERS`.
        steps: of a new record.
        fill: steps of the unknown numbers of a record that is given.
    """

    solver: str
    steps: int
    fill: int

    def sampler(self, gaussian: Gaussian) -> Sampler:
        """The sampler of a kernel."""
        return SAMPLERS[self.solver](gaussian)
