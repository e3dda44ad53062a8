"""Rows that no row of the data is like are drawn again.

A computed column with a `range` (`rules.leftover`) is outside of it in a drawn row where the
columns that it is computed from are each a little wrong: bytes of a long flow, and the seconds of a
short one. Such a row is drawn again, from noise of its own and with what is known of it, at most
`TURNS` times: rejection sampling, so that what comes out is what the network says of rows inside.

A block is looked at whole, whatever is asked of it, so that each row depends on the seed and its
number alone. The rows to be drawn again stand together in small blocks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import torch
from torch import Tensor

from interfuse.core.seeds import Purpose
from interfuse.kinds.table.ask.generate import BLOCK, TableSampler

SIZE = 64
"""Rows of a small block. Of 2,048 flows of UNSW-NB15 about a dozen are beyond a range."""
TURNS = 4

Cells = tuple[Tensor, Tensor]
Known = tuple[Tensor | None, Tensor | None]


class Again:
    """Draws rows of blocks again.

    Args:
        sampler: what blocks were drawn with.
    """

    def __init__(self, sampler: TableSampler) -> None:
        self.sampler = sampler.in_blocks_of(SIZE, Purpose.AGAIN)

    def mended(
        self,
        index: int,
        cells: Cells,
        known: Known,
        decode: Callable[[Tensor, Tensor, np.ndarray], pl.DataFrame],
        beyond: Callable[[pl.DataFrame], np.ndarray],
    ) -> pl.DataFrame:
        """A block as a frame, with rows drawn again that are beyond a range.

        Args:
            index: which block.
            cells: its codes and scores; changed in place.
            known: codes and scores that it was drawn with.
            decode: cells of a block, and places of rows in it, to a frame.
            beyond: the rows of a frame that are to be drawn again.
        """
        frame = decode(*cells, np.arange(BLOCK))
        places = np.flatnonzero(beyond(frame))
        for turn in range(TURNS):
            if not len(places):
                break
            for k, first in enumerate(range(0, len(places), SIZE)):
                number = (index * TURNS + turn) * (BLOCK // SIZE) + k
                self._draw(number, places[first : first + SIZE], cells, known)
            anew = decode(*cells, places)
            order = np.arange(BLOCK)
            order[places] = BLOCK + np.arange(len(places))
            frame = pl.concat([frame, anew])[order]
            places = places[beyond(anew)]
        return frame

    def _draw(self, number: int, places: np.ndarray, cells: Cells, known: Known) -> None:
        """Put one small block into the cells at `places`; what it has more is not used."""
        at = torch.from_numpy(np.resize(places, SIZE)).to(cells[0].device)
        own = [None if x is None else x.to(at.device)[at] for x in known]
        drawn = self.sampler.block(number, *own)
        for whole, some in zip(cells, drawn, strict=True):
            whole[at[: len(places)]] = some[: len(places)]
