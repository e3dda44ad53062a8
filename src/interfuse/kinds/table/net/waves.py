"""Rows of a matrix that are smooth functions of a position: C S U without the zeros of C.

C, of the docstring of `net.network`, is made of one small block for each cell in
order. Of a hundred cells all but a hundredth of it is zero: as a full matrix it made the step of
a table of a hundred number columns twice as long. Here the blocks, padded to one size, are one
batched product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

WAVES = 12
SMALLEST_ORDERED = 5  # below this the waves span all functions of the position


class Block(NamedTuple):
    """The waves of one cell.

    Attributes:
        start: the row of the whole matrix where its values begin.
        matrix: (k, m), its waves.
        rows: the m rows of U that they multiply.
    """

    start: int
    matrix: Tensor
    rows: list[int]


def in_order(ordered: Sequence[int]) -> list[int]:
    """The cells that have waves."""
    return [j for j, k in enumerate(ordered) if k >= SMALLEST_ORDERED]


def starts_of(sizes: Sequence[int]) -> list[int]:
    """The first value of each cell."""
    return list(accumulate(sizes, initial=0))[:-1]


def cosines(k: int) -> Tensor:
    """cos(pi m (i + 1/2) / k) / m: (k, min(WAVES, k - 1)), slow waves first."""
    m = torch.arange(1, min(WAVES, k - 1) + 1)
    position = (torch.arange(k) + 0.5) / k
    return torch.cos(math.pi * position[:, None] * m) / m


def blocks_of(
    sizes: Sequence[int],
    ordered: Sequence[int],
    scores: Sequence[Sequence[float]],
    slow: float,
    squares: bool,
) -> list[Block]:
    """The waves of every cell in order.

    In U come the cosine waves of all cells, then their scores s, then (s^2 - 1) / sqrt(2).

    Args:
        sizes: number of values of each category cell.
        ordered: how many of the first values of each cell are in order.
        scores: the normal scores of these values in each cell; without any there are cosines alone.
        slow: the factor s of the cosines.
        squares: whether there are waves of squared scores.
    """
    cells = in_order(ordered)
    many = sum(cosines(ordered[j]).shape[1] for j in cells)
    starts = starts_of(sizes)
    out, row = [], 0
    for i, j in enumerate(cells):
        columns = [slow * cosines(ordered[j])]
        rows = list(range(row, row + columns[0].shape[1]))
        row += len(rows)
        if scores:
            s = torch.tensor(scores[j], dtype=torch.float32)[:, None]
            columns += [s, (s**2 - 1) / math.sqrt(2)] if squares else [s]
            rows += [many + i, many + len(cells) + i] if squares else [many + i]
        out.append(Block(starts[j], torch.cat(columns, 1), rows))
    return out


class Waves(nn.Module):
    """The product C S U.

    Args:
        blocks: of the cells in order.
        rows: of the whole matrix; those of no block are zero.
    """

    matrix: Tensor
    source: Tensor
    used: Tensor
    place: Tensor
    placed: Tensor

    def __init__(self, blocks: Sequence[Block], rows: int) -> None:
        super().__init__()
        self.count = sum(len(b.rows) for b in blocks)
        # One row more than the longest block has: it is zero, and where all other rows come from.
        k = 1 + max((len(b.matrix) for b in blocks), default=0)
        m = max((len(b.rows) for b in blocks), default=0)
        many = max(len(blocks), 1)
        matrix = torch.zeros(many, k, m)
        source = torch.zeros(many, m, dtype=torch.long)
        used = torch.zeros(self.count, dtype=torch.long)
        place = torch.full((rows,), k - 1)
        placed = torch.zeros(many, k, dtype=torch.long)
        for i, (start, own, u) in enumerate(blocks):
            values, at = torch.arange(len(own)), torch.tensor(u)
            matrix[i, : len(own), : len(u)] = own
            source[i, : len(u)] = at
            used[at] = i * m + torch.arange(len(u))
            place[start : start + len(own)] = i * k + values
            placed[i, : len(own)] = start + values
        buffers = {"matrix": matrix, "source": source.flatten(), "used": used}
        buffers |= {"place": place, "placed": placed.flatten()}
        for name, buffer in buffers.items():
            self.register_buffer(name, buffer, persistent=False)

    def forward(self, u: Tensor) -> Tensor:
        """(rows, width) of U (count, width), in its precision."""
        many, _, m = self.matrix.shape
        parts = _Taken.apply(u, self.source, self.used).unflatten(0, (many, m))
        product = torch.bmm(self.matrix.to(u.dtype), parts)
        return _Taken.apply(product.flatten(0, 1), self.place, self.placed)


class _Taken(torch.autograd.Function):
    """x[index] of rows, whose gradient is grad[back] rather than a slow sum by places.

    That is exact where each row of x that matters is taken once. The others are multiplied by
    zeros of C before and after, so that any finite gradient of theirs will do.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, back: Tensor) -> Tensor:
        ctx.save_for_backward(back)
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (back,) = ctx.saved_tensors
        return grads[0].contiguous().index_select(0, back), None, None
