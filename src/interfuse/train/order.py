"""In which order rows are visited."""

from __future__ import annotations

import torch
from torch import Tensor

from interfuse.core.seeds import Purpose, generator_for, seed_of


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


class BlockOrder:
    """Epochs over rows that lie on a disk in random order already, read block by block.

    In epoch e the blocks come in the order of a permutation seeded by e, and the rows of a block in
    one seeded by e and the block. Neither is kept: the permutation of m blocks is a Feistel network
    on 2 h bits, (l, r) -> (r, l xor F_k(r)), applied until the number is below m (Black & Rogaway
    2002, doi 10.1007/3-540-45760-7_9). Memory is that of one block, and a visit's number alone says
    which row it is to. The last block, if it is a shorter one, is the last of every epoch.

    Args:
        seed: of the fit.
        rows: how many there are.
        block: rows that are read at once.
    """

    def __init__(self, seed: int, rows: int, block: int) -> None:
        self.seed, self.rows, self.block = seed, rows, block
        self._now, self._order = (-1, -1), torch.empty(0, dtype=torch.long)

    def batch(self, start: int, size: int) -> Tensor:
        """(size,) rows, those of visits start ... start + size - 1."""
        parts, left = [], size
        while left:
            epoch, at = divmod(start + size - left, self.rows)
            turn, offset = divmod(at, self.block)
            part = self._rows_of(epoch, turn)[offset : offset + left]
            parts.append(part)
            left -= len(part)
        return torch.cat(parts)

    def _rows_of(self, epoch: int, turn: int) -> Tensor:
        if self._now != (epoch, turn):
            whole = self.rows // self.block
            block = turn
            if turn < whole:
                block = permuted(turn, whole, seed_of(self.seed, Purpose.ORDER, epoch))
            first = block * self.block
            rows = min(self.block, self.rows - first)
            g = generator_for(self.seed, Purpose.ORDER, epoch, block)
            self._now, self._order = (epoch, turn), first + torch.randperm(rows, generator=g)
        return self._order


def permuted(i: int, m: int, seed: int) -> int:
    """The image of i in a permutation of 0 ... m - 1 that the seed chooses."""
    half = max(1, -(-(m - 1).bit_length() // 2))
    low = (1 << half) - 1
    while True:
        left, right = i >> half, i & low
        for turn in range(_ROUNDS):
            left, right = right, left ^ (seed_of(seed, turn, right) & low)
        i = left << half | right
        if i < m:
            return i


_ROUNDS = 6
