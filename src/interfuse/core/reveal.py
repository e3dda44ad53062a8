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

`reveal` is the loop of the second for any order of cells and any way of asking.

Both have the verbs of `interfuse.core.draw`. A denoiser is a `Denoiser` that gives logits,
or a function (x_t, t) -> logits (n, q, K).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from interfuse.core.denoiser import Denoiser
from interfuse.core.draw import Progress, check_times
from interfuse.core.masked import MaskedCategorical, draw_codes
from interfuse.core.noise import Noise, as_noise
from interfuse.core.record import Known, Posterior
from interfuse.errors import OptionError


class Event(NamedTuple):
    """Cells that appear together, one a row.

    Attributes:
        rows: (m,) which rows.
        cells: (m,) the cell of each.
        uniform: (m,) in [0, 1): what is drawn.
    """

    rows: Tensor
    cells: Tensor
    uniform: Tensor


class Revealing(Protocol):
    """What can be asked about hidden cells, and told what they turned out to be."""

    def ask(self, rows: Tensor, cells: Tensor) -> Iterable[tuple[slice, Tensor]]:
        """The distributions of cells given all that is visible.

        Args:
            rows: (m,) which rows.
            cells: (m,) the cell of each.

        Returns:
            Parts of the m, each with the probabilities (k, K) of its values.
        """
        ...

    def show(self, rows: Tensor, cells: Tensor, codes: Tensor, where: Tensor) -> None:
        """Make codes visible in those of the rows where `where` (m,) is true."""
        ...


def reveal(
    state: Revealing,
    events: Iterable[Event],
    codes: Tensor,
    hidden: Tensor | None = None,
) -> Tensor:
    """First hitting: cells appear one after the other, each drawn given those before it.

    p(x) = prod_s p(x_{o(s)} | x_{o(1)} ... x_{o(s-1)}) for whatever order o the events have: the
    absorbing chain with its steps taken exactly when something happens (Zheng et al. 2024, arXiv
    2409.02908). Every question that draws categories one at a time goes through here.

    Args:
        state: answers, and is told.
        events: the cells in their order; they may depend on `codes` as they are then.
        codes: (n, q), changed in place.
        hidden: (n, q) bool, cells that are drawn; others stay as they are. None: whatever comes.

    Returns:
        `codes`.
    """
    for rows, cells, uniform in events:
        before = codes[rows, cells]
        where = torch.ones_like(before, dtype=torch.bool)
        if hidden is not None:
            where = hidden[rows, cells]
            if not bool(where.any()):
                continue
        drawn = torch.empty_like(before)
        for part, share in state.ask(rows, cells):
            drawn[part] = draw_codes(share, uniform[part])
        drawn = torch.where(where, drawn, before)
        codes[rows, cells] = drawn
        state.show(rows, cells, drawn, where)
    return codes


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
        last = 1 - float(self.kernel.survival(float(s)))
        share = (1 - self.kernel.survival(float(t))).to(x.device).expand(len(x))
        asked = _Asked(self.kernel, denoiser, x, known, context, share)
        reveal(asked, self._events(asked, noise, last), x)
        return x if known is None else known.put(x)

    def _events(self, asked: _Asked, noise: Tensor, last: float) -> Iterator[Event]:
        """The next cell of each row that comes to its next event before s."""
        x = asked.x
        for event in range(x.shape[1]):
            when, which, what = noise[:, event].double().unbind(-1)
            hidden = self.kernel.hidden(x)
            if asked.known is not None:
                hidden = hidden & ~asked.known.mask
            count = hidden.sum(1)
            share = asked.share * when ** (1 / count.clamp_min(1))
            active = (count > 0) & (share >= last)
            if not bool(active.any()):
                return
            # A row that has passed s stays out: its next event lies beyond s, too.
            asked.share = torch.where(active, share, -1.0)
            nth = (which * count).long().clamp_max(count.clamp_min(1) - 1)
            cell = (hidden.cumsum(1) <= nth[:, None]).sum(1).clamp_max(x.shape[1] - 1)
            rows = active.nonzero()[:, 0]
            yield Event(rows, cell[rows], what[rows])


@dataclass
class _Asked:
    """Rows of codes that a denoiser is asked about, each at its own time."""

    kernel: MaskedCategorical
    denoiser: Logits
    x: Tensor
    known: Known | None
    context: Any
    share: Tensor
    """(n,) share of cells that are hidden."""

    def ask(self, rows: Tensor, cells: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """All rows are asked, so that a denoiser sees one batch; the answers of some are used."""
        time = self.kernel.time(1 - self.share.clamp_min(0))
        logits = _logits(self.denoiser, self.x, time, self.known, self.context)
        yield slice(None), logits[rows, cells].double().softmax(-1)

    def show(self, rows: Tensor, cells: Tensor, codes: Tensor, where: Tensor) -> None:
        """The codes are in `x` already."""


CATEGORY_SAMPLERS: dict[str, type[CategorySampler]] = {
    "unmasking": Unmasking,
    "first_hitting": FirstHitting,
}
"""Every sampler of categories by its name; each is made from a `MaskedCategorical` alone."""
