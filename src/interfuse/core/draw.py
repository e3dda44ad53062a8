"""Samplers of numbers, what they share: from noise to data through a list of times.

A sampler is one verb, `step`: go from x_t to x_s, s < t, by the denoiser's E[x_0 | x_t]. `run` is
the loop. Samplers are immutable: what a multistep method remembers is passed to `step` and comes
back from it. Coefficients are computed in float64, x keeps its dtype. Where t and s have one noise
level, outside the kernel's window, x stays as it is. The members of the family are in
`interfuse.core.solvers`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor

from interfuse.core.denoiser import Denoiser
from interfuse.core.kernel import Gaussian
from interfuse.core.noise import Noise, as_noise
from interfuse.core.record import Known
from interfuse.errors import OptionError

Mean = Denoiser | Callable[[Tensor, float], Tensor]
Progress = Callable[[int, int], None]
Watch = Callable[[Tensor], None]


class Memory(NamedTuple):
    """What a multistep sampler keeps of the step before."""

    x_0: Tensor
    lam: float  # lambda, or the angle, where x_0 was predicted
    v: Tensor | None = None


class Step(NamedTuple):
    """Where a step arrived, and what the next one may want to know."""

    x: Tensor
    memory: Memory | None = None


def uniform_times(steps: int, start: float = 1.0, end: float = 0.0) -> Tensor:
    """Steps + 1 evenly spaced times from `start` down to `end`, float64."""
    if steps < 1 or not start > end:
        raise OptionError(
            f"uniform_times: steps is {steps}, start {start}, end {end}; "
            "give steps >= 1 and start > end."
        )
    return torch.linspace(start, end, steps + 1, dtype=torch.float64)


def check_times(times: Tensor) -> list[float]:
    """The times as floats; raise unless they are at least two and descend."""
    values = [float(t) for t in times]
    if len(values) < 2 or any(not s < t for t, s in pairwise(values)):
        raise OptionError(
            f"Sampler.run: times is {values[:4]}...; give at least two, each below the one before."
        )
    return values


class Levels(NamedTuple):
    """The two ends of a step: t with alpha and sigma, s with alpha_s and sigma_s."""

    t: float
    s: float
    alpha: float
    sigma: float
    alpha_s: float
    sigma_s: float

    @property
    def fresh(self) -> float:
        """Variance of q(x_t | x_s)."""
        return max(self.sigma**2 - (self.alpha / self.alpha_s * self.sigma_s) ** 2, 0.0)


@dataclass(frozen=True)
class Sampler(ABC):
    """The family's verb, `step`, and its loop, `run`.

    Args:
        gaussian: the numbers' kernel.
    """

    gaussian: Gaussian

    @property
    def stochastic(self) -> bool:
        """Whether `step` draws noise."""
        return False

    def times(self, steps: int) -> Tensor:
        """Steps + 1 times that suit it, from the end of the kernel's window to its beginning.

        Args:
            steps: evaluations of the denoiser, for those that need one a step.
        """
        end, start = self.gaussian.window
        return torch.linspace(start, end, steps + 1, dtype=torch.float64)

    @abstractmethod
    def _step(
        self,
        mean: Callable[[Tensor, float], Tensor],
        x_t: Tensor,
        at: Levels,
        noise: Tensor | None,
        memory: Memory | None,
    ) -> Step:
        """The step between two different noise levels."""

    def step(
        self,
        denoiser: Mean,
        x_t: Tensor,
        t: float | Tensor,
        s: float | Tensor,
        *,
        noise: Tensor | None = None,
        known: Known | None = None,
        context: Any = None,
        memory: Memory | None = None,
    ) -> Step:
        """Go from x_t to x_s.

        Args:
            denoiser: a `Denoiser`, or a function (x_t, t) -> E[x_0 | x_t]. A function is not told
                what is known: it can see it in x_t.
            x_t: (n, ...).
            t: where x_t is.
            s: where to go, s < t.
            noise: standard normal, x_t's shape; needed if the sampler is `stochastic`.
            known: known cells, kept at their values.
            context: passed on to the denoiser.
            memory: what the step before returned, if there was one.

        Returns:
            x_s, and the memory for the next step.
        """
        t, s = float(t), float(s)
        (alpha, sigma), (alpha_s, sigma_s) = (
            [float(c) for c in self.gaussian.alpha_sigma(u)] for u in (t, s)
        )
        if sigma == sigma_s and alpha == alpha_s:
            return Step(x_t, memory)
        if self.stochastic and noise is None and sigma_s > 0:
            raise OptionError(
                f"{type(self).__name__}: it draws noise and got none; give noise to step or run."
            )
        mask = None if known is None else known.mask

        def mean(x: Tensor, time: float) -> Tensor:
            if not isinstance(denoiser, Denoiser):
                return denoiser(x, time)
            out = denoiser(x, time, known=mask, context=context).mean
            if out is None:
                raise OptionError("Sampler.step: the denoiser gave no mean; it must for numbers.")
            return out

        at = Levels(t, s, alpha, sigma, alpha_s, sigma_s)
        x, memory = self._step(mean, x_t, at, noise, memory)
        return Step(x if known is None else known.put(x), memory)

    def run(
        self,
        denoiser: Mean,
        start: Tensor,
        times: Tensor,
        *,
        known: Known | None = None,
        noise: Noise | torch.Generator | None = None,
        context: Any = None,
        progress: Progress | None = None,
        watch: Watch | None = None,
    ) -> Tensor:
        """Go from the first of `times` to the last.

        Args:
            denoiser: as for `step`.
            start: (n, ...) x at times[0]; noise, if that is 1.
            times: descending global times, float64.
            known: known cells; they come back bit-equal.
            noise: source of the noise of a stochastic sampler. Step i draws from stream i.
            context: passed on to the denoiser.
            progress: called after each step as progress(done, steps).
            watch: shown x at each of the times, the first and the last too.

        Returns:
            x at times[-1]: x_0, if that is 0.
        """
        values = check_times(times)
        steps = len(values) - 1
        source = None if noise is None else as_noise(noise, len(start))
        x, memory = (start if known is None else known.put(start)), None
        if watch is not None:
            watch(x)
        for i in range(steps):
            z = None
            if self.stochastic and source is not None:
                z = source.normal(tuple(x.shape[1:]), i).to(device=x.device, dtype=x.dtype)
            x, memory = self.step(
                denoiser,
                x,
                values[i],
                values[i + 1],
                noise=z,
                known=known,
                context=context,
                memory=memory,
            )
            if watch is not None:
                watch(x)
            if progress is not None:
                progress(i + 1, steps)
        return x
