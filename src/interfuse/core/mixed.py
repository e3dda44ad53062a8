"""Mixed records: numbers and categories step together.

    p(numbers_s, codes_s | x_t) = p_Gaussian(numbers_s | x_t) p_masked(codes_s | x_t)

Each part takes its own kernel's step with its part of one denoiser's answer. Given x_0 the two
kernels are independent, so this is exact as the steps shrink. If the kernels' windows do not
overlap, only one part moves at a time and the product is exact for any number of steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from interfuse.core.denoiser import Denoiser
from interfuse.core.draw import Memory, Progress, Sampler, check_times
from interfuse.core.noise import Noise, as_noise
from interfuse.core.record import KnownRecord, Posterior, Record
from interfuse.core.reveal import CategorySampler
from interfuse.errors import OptionError


class MixedStep(NamedTuple):
    """Where a step arrived, and what the next one may want to know."""

    x: Record
    memory: Memory | None = None


class _Numbers(Denoiser):
    """The numbers' part of a denoiser, the categories held still; the first answer is reused."""

    def __init__(self, denoiser: Denoiser, x_t: Record, t: float, masks: Any, context: Any) -> None:
        self.first = denoiser(x_t, t, known=masks, context=context)
        self.ask = denoiser
        self.x_t, self.t, self.masks, self.context = x_t, t, masks, context

    def __call__(
        self, x_t: Tensor, t: Tensor | float, *, known: Any = None, context: Any = None
    ) -> Posterior:
        if x_t is self.x_t.numbers and t == self.t:
            return self.first
        return self.ask(Record(x_t, self.x_t.codes), t, known=self.masks, context=self.context)


@dataclass(frozen=True)
class MixedSampler:
    """A sampler of numbers and one of categories, in step.

    Args:
        numbers: any of `SAMPLERS`.
        categories: any of `CATEGORY_SAMPLERS`. `FirstHitting` asks the denoiser for more answers
            within a step, with the numbers held still: give the kernels separate windows.
    """

    numbers: Sampler
    categories: CategorySampler

    def step(
        self,
        denoiser: Denoiser,
        x_t: Record,
        t: float | Tensor,
        s: float | Tensor,
        *,
        noise: Record,
        known: KnownRecord | None = None,
        context: Any = None,
        memory: Memory | None = None,
    ) -> MixedStep:
        """Go from x_t to x_s.

        Args:
            denoiser: of records; gives a mean and logits.
            x_t: where we are.
            t: the time of x_t.
            s: where to go, s < t.
            noise: standard normal for the numbers, uniform for the codes.
            known: known cells, kept at their values.
            context: passed on to the denoiser.
            memory: what the step before returned, if there was one.
        """
        t, s = float(t), float(s)
        masks = None if known is None else known.masks
        part = _Numbers(denoiser, x_t, t, masks, context)
        first = part.first.logits
        if first is None:
            raise OptionError("MixedSampler: the denoiser gave no logits; it must for categories.")

        def logits(codes: Tensor, time: Any) -> Tensor:
            if codes is x_t.codes and isinstance(time, float):
                return first
            out = denoiser(Record(x_t.numbers, codes), time, known=masks, context=context).logits
            return first if out is None else out

        numbers = self.numbers.step(
            part,
            x_t.numbers,
            t,
            s,
            noise=noise.numbers,
            known=None if known is None else known.numbers,
            memory=memory,
        )
        codes = self.categories.step(
            logits,
            x_t.codes,
            t,
            s,
            noise=noise.codes,
            known=None if known is None else known.codes,
        )
        return MixedStep(Record(numbers.x, codes), numbers.memory)

    def run(
        self,
        denoiser: Denoiser,
        start: Record,
        times: Tensor,
        *,
        noise: Noise | torch.Generator,
        known: KnownRecord | None = None,
        context: Any = None,
        progress: Progress | None = None,
    ) -> Record:
        """Go from the first of `times` to the last.

        Args:
            denoiser: as for `step`.
            start: x at times[0]: noise and MASK, if that is 1.
            times: descending global times, float64.
            noise: source of noise; step i draws from stream i.
            known: known cells; they come back bit-equal.
            context: passed on to the denoiser.
            progress: called after each step as progress(done, steps).

        Returns:
            x at times[-1]: x_0, if that is 0.
        """
        values = check_times(times)
        source, steps = as_noise(noise, len(start.codes)), len(values) - 1
        x, memory = (start if known is None else known.put(start)), None
        cells = self.categories.numbers_needed(x.codes.shape[1])
        for i in range(steps):
            z = source.normal(tuple(x.numbers.shape[1:]), i).to(x.numbers)
            u = source.uniform(cells, i).to(x.codes.device)
            arrived = self.step(
                denoiser,
                x,
                values[i],
                values[i + 1],
                noise=Record(z, u),
                known=known,
                context=context,
                memory=memory,
            )
            x, memory = arrived.x, arrived.memory
            if progress is not None:
                progress(i + 1, steps)
        return x
