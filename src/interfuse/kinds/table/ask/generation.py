"""The prepared question behind `generate`: block after block of rows, as frames.

`interfuse.kinds.table.ask.generate` draws the cells of a block; where columns are held in sets or
ranges, `interfuse.kinds.table.ask.restrict` draws those first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from torch import Tensor

from interfuse.core.seeds import Purpose, seed_of
from interfuse.core.solvers import steps_of
from interfuse.errors import OptionError, note
from interfuse.io.format import Mended
from interfuse.io.formats import format_named
from interfuse.kinds.table.ask.again import Again
from interfuse.kinds.table.ask.generate import BLOCK, TableSampler
from interfuse.kinds.table.ask.restrict import start_block, unlikely
from interfuse.train.precision import choose_device

if TYPE_CHECKING:
    from interfuse.kinds.table.ask.conditions import Chosen, Condition
    from interfuse.kinds.table.fitted import Fitted


class Generation:
    """A prepared question: what is asked for, ready to be drawn in any number of rows."""

    def __init__(self, model: Fitted, condition: Condition, sampler: TableSampler) -> None:
        self.model = model
        self.condition = condition
        self.sampler = sampler
        ranged = any(left.range is not None for left in model.codec.derived.values())
        self.again = Again(sampler) if ranged else None
        self.changed: Counter[str] = Counter()

    def remarks(self, n: int) -> tuple[str, ...]:
        """What people should know of the conditions and of so many rows."""
        said = self.condition.warnings
        said = said or unlikely(self.sampler, self.condition, self.model.schema.rows)
        return (*said, *self.model.codec.remarks(n))

    def frames(self, n: int, keys: bool = True, first: int = 0) -> Iterator[pl.DataFrame]:
        """Draw rows first, ..., first + n - 1, a block at a time.

        Args:
            n: how many.
            keys: whether to make keys; missing if not.
            first: where to begin. It costs nothing to begin late: no row before is drawn.

        Raises:
            OptionError: `n` is no number of rows, or `first` no row.
        """
        for name, value in (("n", n), ("first", first)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
                raise OptionError(f"{name}: is {value!r}; expected a whole number, 0 or more.")
        return self._blocks(range(int(first), int(first) + int(n)), keys)

    def _blocks(self, asked: range, keys: bool) -> Iterator[pl.DataFrame]:
        known_codes, known_z = self.condition.cells(BLOCK, self.sampler.layout)
        for index in range(asked.start // BLOCK, -(-asked.stop // BLOCK)):
            chosen: list[Chosen] = []
            if self.condition.limits or self.condition.wanted:
                begun = start_block(self.sampler, self.condition, index)
                known_codes, known_z, chosen = begun.codes, begun.z, begun.chosen
            cells = self.sampler.block(index, known_codes, known_z)
            start = index * BLOCK
            part = slice(max(asked.start - start, 0), min(asked.stop - start, BLOCK))
            decode = partial(self._decoded, start=start, chosen=chosen, keys=keys)
            if self.again is None:
                frame = decode(*cells, np.arange(BLOCK)[part])
            else:
                free = self.condition.fixed | {w.name for w in self.condition.wanted}
                free |= {values.name for values, _ in chosen}
                beyond = partial(self.model.codec.beyond, fixed=free)
                known = known_codes, known_z
                frame = self.again.mended(index, cells, known, decode, beyond)[part]
            yield self._mended(frame)
        if self.changed:
            note(Mended.words(self.changed))

    def _decoded(
        self,
        codes: Tensor,
        z: Tensor,
        places: np.ndarray,
        *,
        start: int,
        chosen: list[Chosen],
        keys: bool,
    ) -> pl.DataFrame:
        """Rows of a block as a frame.

        Args:
            codes: (BLOCK, q).
            z: (BLOCK, p).
            places: of the rows in the block.
            start: the number of its first row.
            chosen: values drawn for columns of the block.
            keys: whether to make keys.
        """
        picked = [(c[places], w if w is None else w[places]) for c, w in chosen]
        return self.model.codec.decode(
            codes.cpu().numpy()[places],
            z.double().cpu().numpy()[places],
            start + places,
            seed_of(self.sampler.seed, Purpose.KEYS),
            keys,
            put=partial(self.condition.write, chosen=picked),
            fixed=self.condition.fixed | {values.name for values, _ in picked},
        )

    def _mended(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows that the format of what was fitted could hold; what was given stays."""
        origin = self.model.schema.origin
        kind = format_named(origin.file.get("format")) if origin.library == "file" else None
        if kind is None:
            return frame
        mended = kind.mend(frame, set(self.condition.fixed), origin.file)
        self.changed.update(mended.changed)
        return mended.frame

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
