"""What codes of other cells leave of a cell's own, in one look-up for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Beside(NamedTuple):
    """What a cell may have beside each code of some others.

    Attributes:
        others: (m,) these cells.
        rows: (m,) rows of each in the table, one for each code and the last for a hidden cell.
        first: (m,) their first ones.
        table: (sum of rows, k) what each code of the cell is multiplied by.
    """

    others: Tensor
    rows: Tensor
    first: Tensor
    table: Tensor

    def may(self, codes: Tensor) -> Tensor:
        """(n, k) the product beside codes (n, q), -1 where hidden."""
        at = torch.remainder(codes[:, self.others], self.rows) + self.first
        return self.table[at].prod(1)

    def to(self, device: torch.device) -> Beside:
        """The same on a device."""
        return Beside(*(part.to(device) for part in self))


def tables_of(pairs: Mapping[tuple[int, int], np.ndarray], least: float = 0.0) -> dict[int, Beside]:
    """By cell what it may have beside others.

    Args:
        pairs: by two cells, (k_a, k_b) which pairs of codes may be.
        least: what stands for those that may not.
    """
    found: dict[int, list[tuple[int, np.ndarray]]] = defaultdict(list)
    for (a, b), may in pairs.items():
        for own, other, table in ((b, a, may), (a, b, may.T)):
            found[own].append((other, np.vstack([table, np.ones((1, table.shape[1]), bool)])))
    out = {}
    for own, some in found.items():
        rows = torch.tensor([len(table) for _, table in some])
        whole = torch.from_numpy(np.vstack([table for _, table in some])).float().clamp_min(least)
        others = torch.tensor([other for other, _ in some])
        out[own] = Beside(others, rows, rows.cumsum(0) - rows, whole)
    return out
