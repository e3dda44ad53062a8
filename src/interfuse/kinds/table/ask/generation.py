"""The prepared question behind `generate`: block after block of rows, as frames.

`interfuse.kinds.table.ask.generate` draws the cells of a block; where columns are held in sets or
ranges, `interfuse.kinds.table.ask.restrict` draws those first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from interfuse.core.seeds import Purpose, seed_of
from interfuse.core.solvers import steps_of
from interfuse.errors import OptionError
from interfuse.kinds.table.ask.generate import BLOCK, TableSampler
from interfuse.kinds.table.ask.restrict import start_block, unlikely
from interfuse.train.precision import choose_device

if TYPE_CHECKING:
    from interfuse.kinds.table.ask.conditions import Condition
    from interfuse.kinds.table.fitted import Fitted


class Generation:
    """A prepared question: what is asked for, ready to be drawn in any number of rows."""

    def __init__(self, model: Fitted, condition: Condition, sampler: TableSampler) -> None:
        self.model = model
        self.condition = condition
        self.sampler = sampler

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What is unusual about the conditions, for people."""
        said = self.condition.warnings
        rows = self.model.schema.rows
        return said or unlikely(self.sampler, self.condition, rows)

    def frames(self, n: int, keys: bool = True) -> Iterator[pl.DataFrame]:
        """Draw rows 0 .. n - 1, a block at a time.

        Args:
            n: how many.
            keys: whether to make keys; missing if not.

        Raises:
            OptionError: `n` is no number of rows.
        """
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
            raise OptionError(f"n: is {n!r}; expected a whole number of rows, 0 or more.")
        return self._blocks(int(n), keys)

    def _blocks(self, n: int, keys: bool) -> Iterator[pl.DataFrame]:
        key_seed = seed_of(self.sampler.seed, Purpose.KEYS)
        known_codes, known_z = self.condition.cells(BLOCK, self.sampler.layout)
        for index in range(-(-n // BLOCK)):
            chosen: list[pl.Series] = []
            if self.condition.limits or self.condition.wanted:
                begun = start_block(self.sampler, self.condition, index)
                known_codes, known_z, chosen = begun.codes, begun.z, begun.chosen
            codes, z = self.sampler.block(index, known_codes, known_z)
            rows = np.arange(index * BLOCK, min((index + 1) * BLOCK, n))
            frame = self.model.codec.columns_of(
                codes.cpu().numpy()[: len(rows)],
                z.double().cpu().numpy()[: len(rows)],
                rows,
                key_seed,
                keys,
            )
            if self.condition.codec is None:
                yield self.model.codec.complete(frame)
            else:
                yield self.condition.write(frame, [c[: len(rows)] for c in chosen])

    def empty(self) -> pl.DataFrame:
        """A frame of no rows with the right columns and types."""
        q, p = self.sampler.layout.categories, self.sampler.layout.numbers
        codes, z = np.zeros((0, q), np.int64), np.zeros((0, p))
        return self.model.codec.decode(codes, z, np.arange(0), 0)


def generate_table(
    model: Fitted,
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
    steps = steps_of(steps, model.net.sampling.steps)
    sampler = TableSampler(model.layout, model.net, seed, steps, choose_device(device))
    return Generation(model, condition, sampler)
