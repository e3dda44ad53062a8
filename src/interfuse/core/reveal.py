"""Samplers of categories: hidden cells appear.

Unmasking     Through a list of times, each hidden cell appears with the kernel's probability r and
              is then drawn from the denoiser's p(x_0 | visible), all cells of a step at once and
              independently, as in tau-leaping. The error is that of independence: it falls as
              1 / steps and is 0 if no two cells appear together (Austin et al. 2021, arXiv
              2107.03006).
FirstHitting  Jumps from event to event. With k hidden cells and a fraction m = 1 - alpha hidden,
              the next cell to appear does so at m' = m u^(1/k), u uniform; which one is uniform
              among the k (Zheng et al. 2024, arXiv 2409.02908, section 4). One cell at a time:
              exact for an exact denoiser, in as many evaluations as there are hidden cells.

Both have the verbs of `interfuse.core.draw`. A denoiser is a `Denoiser` that gives logits,
or a function (x_t, t) -> logits (n, q, K).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interfuse.core.denoiser import Denoiser
from interfuse.core.draw import Progress, check_times
from interfuse.core.masked import MaskedCategorical, draw
from interfuse.core.noise import Noise, as_noise
from interfuse.core.record import Known, Posterior
from interfuse.errors import OptionError

Logits = Denoiser | Callable[[Tensor, Any], Tensor]


def _logits(denoiser: Logits, x: Tensor, t: Any, known: Known | None, context: Any) -> Tensor:
    if not isinstance(denoiser, Denoiser):
        return denoiser(x, t)
    mask = None if known is None else known.mask
    out = denoiser(x, t, known=mask, context=context).logits
    if out is None:
        raise OptionError("sampler: the denoiser gave no logits; it must for categories.")
    return out


@dataclass(frozen=True)
class CategorySampler(ABC):
    """Common to both: the loop.

    Args:
        kernel: of the categories.
    """

    kernel: MaskedCategorical

    def numbers_needed(self, cells: int) -> tuple[int, ...]:
        """Shape of one row's uniform numbers for one step."""
        return (cells,)

    @abstractmethod
    def step(
        self,
        denoiser: Logits,
        x_t: Tensor,
        t: float | Tensor,
        s: float | Tensor,
        *,
        noise: Tensor,
        known: Known | None = None,
        context: Any = None,
    ) -> Tensor:
        """Go from x_t to x_s.

        Args:
            denoiser: gives logits.
            x_t: (n, q) codes, MASK where hidden.
            t: where x_t is.
            s: where to go, s < t.
            noise: (n, *numbers_needed(q)) uniform in [0, 1).
            known: known cells, kept at their values.
            context: passed on to the denoiser.
        """

    def run(
        self,
        denoiser: Logits,
        start: Tensor,
        times: Tensor,
        *,
        known: Known | None = None,
        noise: Noise | torch.Generator | None = None,
        context: Any = None,
        progress: Progress | None = None,
    ) -> Tensor:
        """Go from the first of `times` to the last.

        Args:
            denoiser: as for `step`.
            start: (n, q) codes at times[0]; all MASK, if that is 1.
            times: descending global times, float64.
            known: known cells; they come back bit-equal.
            noise: source of uniform numbers; step i draws from stream i.
            context: passed on to the denoiser.
            progress: called after each step as progress(done, steps).

        Returns:
            (n, q) codes at times[-1]: none is MASK, if that is 0.
        """
        values = check_times(times)
        if noise is None:
            raise OptionError(f"{type(self).__name__}.run: noise is None; give a source of noise.")
        source, steps = as_noise(noise, len(start)), len(values) - 1
        x = start if known is None else known.put(start)
        shape = self.numbers_needed(x.shape[1])
        for i in range(steps):
            u = source.uniform(shape, i).to(x.device)
            x = self.step(
                denoiser, x, values[i], values[i + 1], noise=u, known=known, context=context
            )
            if progress is not None:
                progress(i + 1, steps)
        return x


@dataclass(frozen=True)
class Unmasking(CategorySampler):
    """Ancestral sampling of the absorbing kernel."""

    def step(
        self,
        denoiser: Logits,
        x_t: Tensor,
        t: float | Tensor,
        s: float | Tensor,
        *,
        noise: Tensor,
        known: Known | None = None,
        context: Any = None,
    ) -> Tensor:
        """See `CategorySampler.step`."""
        t, s = float(t), float(s)
        if bool(self.kernel.survival(t) == self.kernel.survival(s)):
            return x_t
        logits = _logits(denoiser, x_t, t, known, context)
        x = self.kernel.step(x_t, Posterior(logits=logits), t, s, noise=noise)
        return x if known is None else known.put(x)


@dataclass(frozen=True)
class FirstHitting(CategorySampler):
    """One cell at a time, at the times at which the kernel's reverse has them appear.

    The number of times between the first and the last makes no difference; the denoiser is called
    with each row's own time (n,).
    """

    def numbers_needed(self, cells: int) -> tuple[int, ...]:
        """When, which and what, for each cell."""
        return (cells, 3)

    def step(
        self,
        denoiser: Logits,
        x_t: Tensor,
        t: float | Tensor,
        s: float | Tensor,
        *,
        noise: Tensor,
        known: Known | None = None,
        context: Any = None,
    ) -> Tensor:
        """See `CategorySampler.step`."""
        x = x_t.clone()
        rows = torch.arange(len(x), device=x.device)
        hidden_share = (1 - self.kernel.survival(float(t))).to(x.device).expand(len(x))
        last = 1 - float(self.kernel.survival(float(s)))
        for event in range(x.shape[1]):
            when, which, what = noise[:, event].double().unbind(-1)
            hidden = self.kernel.hidden(x)
            if known is not None:
                hidden = hidden & ~known.mask
            count = hidden.sum(1)
            hidden_share = hidden_share * when ** (1 / count.clamp_min(1))
            active = (count > 0) & (hidden_share >= last)
            if not bool(active.any()):
                break
            nth = (which * count).long().clamp_max(count.clamp_min(1) - 1)
            cell = (hidden.cumsum(1) <= nth[:, None]).sum(1).clamp_max(x.shape[1] - 1)
            logits = _logits(denoiser, x, self.kernel.time(1 - hidden_share), known, context)
            code = draw(logits[rows, cell].double().softmax(-1), what)
            x[rows, cell] = torch.where(active, code, x[rows, cell])
            # A row that has passed s stays out: its next event lies beyond s, too.
            hidden_share = torch.where(active, hidden_share, -1.0)
        return x if known is None else known.put(x)


CATEGORY_SAMPLERS: dict[str, type[CategorySampler]] = {
    "unmasking": Unmasking,
    "first_hitting": FirstHitting,
}
"""Every sampler of categories by its name; each is made from a `MaskedCategorical` alone."""
