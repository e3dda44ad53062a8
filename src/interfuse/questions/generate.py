"""Generate: draw the unknown cells of records of which some, often no, cells are known.

The reverse of the chain in `interfuse.training.objective`:

1. Categories appear one cell at a time in a random order, each drawn from its conditional given
   the visible ones. This is the absorbing chain with its steps taken exactly when something happens
   (the first-hitting sampler, Zheng et al. 2024, arXiv 2409.02908): no two cells appear in one
   step, so there is no error from drawing dependent cells independently.
2. Numbers go from noise to data by DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095) given all
   categories.

**Rows are reproducible one by one.** Row i draws its noise from a counter-based generator keyed by
(seed, i), and rows are always computed in whole blocks of `BLOCK`, so that even the rounding of a
matrix product does not depend on how many rows were asked for. The order in which cells appear is
drawn once a block: any order is exact, and one for all rows lets each step ask the network for one
cell only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import torch
from torch import Tensor

from interfuse.diffusion import RowNoise
from interfuse.errors import OptionError
from interfuse.networks.incremental import IncrementalNet
from interfuse.questions.numbers import NumberSampler
from interfuse.training.objective import NUMBER_WINDOW, table_gaussian
from interfuse.training.precision import choose_device, has_fast_bf16
from interfuse.training.state import generator_for, seed_of

if TYPE_CHECKING:
    from interfuse.model import Model
    from interfuse.questions.conditions import Condition

BLOCK = 2048
STEPS = 10
_ORDER, _NOISE, _CATEGORY, _NUMBER, _KEYS = 21, 22, 0, 1, 23


def draw_codes(logits: Tensor, uniform: Tensor) -> Tensor:
    """Invert the distribution function of a softmax: one uniform number a row.

    Args:
        logits: (n, k) float32.
        uniform: (n,) in [0, 1).

    Returns:
        (n,) codes.
    """
    total = logits.softmax(1).cumsum(1)
    # Scaling by the last sum keeps rounding from leaving a gap above it.
    at = torch.searchsorted(total, (uniform[:, None] * total[:, -1:]).contiguous(), right=True)
    return at[:, 0].clamp_max(logits.shape[1] - 1)


class TableSampler:
    """Draws blocks of encoded records from a model.

    Args:
        model: the fitted model.
        seed: of all draws.
        steps: steps of the numbers' sampler.
        device: where to compute.
        exact: compute in float32 even where bfloat16 is faster.
    """

    def __init__(
        self, model: Model, seed: int, steps: int, device: torch.device, exact: bool = False
    ) -> None:
        dtype = torch.bfloat16 if has_fast_bf16(device) and not exact else torch.float32
        self.layout = model.layout
        self.seed = seed
        self.device = device
        self.net = IncrementalNet(model.net.to(device), dtype)
        end, start = NUMBER_WINDOW
        self.numbers = NumberSampler(self.net, table_gaussian(), (start, end), steps)

    @torch.no_grad()
    def block(
        self,
        index: int,
        known_codes: Tensor | None = None,
        known_z: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Draw rows index * BLOCK ... (index + 1) * BLOCK - 1.

        Args:
            index: which block.
            known_codes: (BLOCK, q) codes, -1 where unknown; None if all are unknown.
            known_z: (BLOCK, p) numbers, NaN where unknown; None if all are unknown.

        Returns:
            Codes (BLOCK, q) int64 and z (BLOCK, p) float32; NaN where a number is absent.
        """
        q, p = self.layout.categories, self.layout.numbers
        rows = torch.arange(index * BLOCK, (index + 1) * BLOCK, device=self.device)
        noise = RowNoise(rows ^ (seed_of(self.seed, _NOISE) & ~0xFFFFFFFF))
        uniform = noise.uniform((q,), stream=_CATEGORY)
        codes = torch.zeros(BLOCK, q, dtype=torch.long, device=self.device)
        hidden = torch.ones(BLOCK, q, dtype=torch.bool, device=self.device)
        h = self.net.start(BLOCK)
        z = torch.full((BLOCK, p), float("nan"), device=self.device)
        if known_z is not None:
            z = known_z.to(self.device)
        known_numbers = ~z.isnan()
        h_known = self.net.numbers(z.nan_to_num(), known_numbers, known_numbers)
        if known_codes is not None:
            hidden = known_codes < 0
            codes = known_codes.clamp_min(0)
            for j in range(q):
                if not bool(hidden[:, j].all()):
                    self.net.reveal(h, j, codes[:, j], ~hidden[:, j])
        order = torch.randperm(q, generator=generator_for(self.seed, _ORDER, index))
        for j in order.tolist():
            where = hidden[:, j]
            if not bool(where.any()):
                continue
            logits = self.net.logits(self.net.features(h + h_known, 1.0), j)
            drawn = draw_codes(logits, uniform[:, j])
            codes[:, j] = torch.where(where, drawn, codes[:, j])
            self.net.reveal(h, j, codes[:, j], None if bool(where.all()) else where)
        if p == 0:
            return codes, z
        present = torch.from_numpy(self.layout.present(codes.cpu().numpy())).to(self.device)
        start = noise.normal((p,), stream=_NUMBER)
        z = self.numbers.run(h, start, present, known_numbers & present, z.nan_to_num())
        return codes, z.masked_fill(~present, float("nan"))


class Generation:
    """A prepared question: what is asked for, ready to be drawn in any number of rows."""

    def __init__(self, model: Model, condition: Condition, sampler: TableSampler) -> None:
        self.model = model
        self.condition = condition
        self.sampler = sampler

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is unusual about the conditions, for people."""
        return self.condition.warnings

    def frames(self, n: int) -> Iterator[pl.DataFrame]:
        """Draw rows 0 .. n - 1, a block at a time.

        Raises:
            OptionError: `n` is no number of rows.
        """
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
            raise OptionError(f"n: is {n!r}; expected a whole number of rows, 0 or more.")
        return self._blocks(int(n))

    def _blocks(self, n: int) -> Iterator[pl.DataFrame]:
        key_seed = seed_of(self.sampler.seed, _KEYS)
        known_codes, known_z = self.condition.cells(BLOCK, self.sampler.layout)
        for index in range(-(-n // BLOCK)):
            codes, z = self.sampler.block(index, known_codes, known_z)
            rows = np.arange(index * BLOCK, min((index + 1) * BLOCK, n))
            frame = self.model.codec.decode(
                codes.cpu().numpy()[: len(rows)],
                z.double().cpu().numpy()[: len(rows)],
                rows,
                key_seed,
            )
            yield self.condition.write(frame)

    def empty(self) -> pl.DataFrame:
        """A frame of no rows with the right columns and types."""
        q, p = self.sampler.layout.categories, self.sampler.layout.numbers
        codes, z = np.zeros((0, q), np.int64), np.zeros((0, p))
        return self.model.codec.decode(codes, z, np.arange(0), 0)


def generate_table(
    model: Model,
    condition: Condition,
    *,
    seed: int,
    steps: int | None = None,
    device: str | None = None,
) -> Generation:
    """Prepare to draw rows from `model` under `condition`.

    Raises:
        OptionError: `steps` is below 1, or there is no such device.
    """
    steps = STEPS if steps is None else steps
    if steps < 1:
        raise OptionError(f"steps: is {steps}; expected 1 or more. The default is {STEPS}.")
    sampler = TableSampler(model, seed, steps, choose_device(device))
    return Generation(model, condition, sampler)
