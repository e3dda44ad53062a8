"""In which order rows are visited."""

from __future__ import annotations

import torch
from torch import Tensor

from interfuse.core.seeds import Purpose, generator_for


class Order:
    """Epochs, each in an order seeded by its number; so that a fit can go on anywhere.

    Args:
        seed: of the fit.
        rows: how many there are.
    """

    def __init__(self, seed: int, rows: int) -> None:
        self.seed, self.rows = seed, rows
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.long)

    def batch(self, start: int, size: int) -> Tensor:
        """(size,) rows, those of visits start ... start + size - 1."""
        out = torch.empty(size, dtype=torch.long)
        filled = 0
        while filled < size:
            epoch, offset = divmod(start + filled, self.rows)
            if self._epoch != epoch:
                g = generator_for(self.seed, Purpose.ORDER, epoch)
                self._epoch, self._order = epoch, torch.randperm(self.rows, generator=g)
            part = self._order[offset : offset + size - filled]
            out[filled : filled + len(part)] = part
            filled += len(part)
        return out
