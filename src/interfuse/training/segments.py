"""Cross-entropy over category cells of unequal size whose logits lie side by side.

For cell j with logits l_j (k_j values) and true code c_j the loss is

    w_j * (log sum_i exp l_ji - l_{j, c_j})          in nats,

and its gradient is w_j * (softmax(l_j) - onehot(c_j)). One pass of `exp` over all cells together
and a gradient written in place of it make this several times faster than a loop of
`cross_entropy` calls; sums by cell are a product with a matrix of zeros and ones. Logits are
clamped to +-`LIMIT` inside the exponential, where a float32 can hold every value: a probability
under e^-80 is of no use to anyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F

LIMIT = 40.0
MOST_MEMBERS = 1 << 14
"""Of the matrix of columns by cells: up to here one product is faster than many small sums."""


class _CellCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, logits: Tensor, target: Tensor, weight: Tensor, sizes: tuple[int, ...]
    ) -> Tensor:
        exp = logits.float().clamp(-LIMIT, LIMIT).exp_()
        total = _sum_cells(exp, sizes)
        loss = (total.log() - logits.gather(1, target).float()) * weight
        ctx.save_for_backward(exp, total, target, weight)
        ctx.sizes, ctx.dtype = sizes, logits.dtype  # type: ignore[attr-defined]
        return loss

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        exp, total, target, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        scale = weight * gradients[0]
        factor = scale / total
        # A new tensor: the saved one must survive a second backward pass.
        out = exp * _spread_cells(factor, ctx.sizes)  # type: ignore[attr-defined]
        out.scatter_add_(1, target, -scale)
        return out.to(ctx.dtype), None, None, None  # type: ignore[attr-defined]


@lru_cache(maxsize=8)
def _membership(sizes: tuple[int, ...], device: torch.device) -> Tensor | None:
    """(D, q): which column belongs to which cell; None where products with it cost too much."""
    d, q = sum(sizes), len(sizes)
    if d * q > MOST_MEMBERS:
        return None
    cell = torch.arange(q).repeat_interleave(torch.tensor(sizes), output_size=d)
    return F.one_hot(cell, q).float().to(device)


@lru_cache(maxsize=8)
def _runs(sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """(size, how many) of neighbouring cells of one size: wide tables have few of them."""
    return tuple((size, len(list(cells))) for size, cells in groupby(sizes))


def _sum_cells(x: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Sums over the columns of each cell: (n, D) to (n, q)."""
    members = _membership(sizes, x.device)
    if members is not None:
        return x @ members
    runs = _runs(sizes)
    parts = x.split([size * many for size, many in runs], 1)
    # Not view: a part of a matrix is not contiguous.
    sums = [p.unflatten(1, (m, k)).sum(2) for p, (k, m) in zip(parts, runs, strict=True)]
    return torch.cat(sums, 1)


def _spread_cells(x: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The number of its cell in every column: (n, q) to (n, D)."""
    members = _membership(sizes, x.device)
    if members is not None:
        return x @ members.T
    runs = _runs(sizes)
    parts = x.split([many for _, many in runs], 1)
    wide = [p[:, :, None].expand(-1, -1, k) for p, (k, _) in zip(parts, runs, strict=True)]
    return torch.cat([part.flatten(1) for part in wide], 1)


def cell_cross_entropy(
    logits: Tensor, codes: Tensor, weight: Tensor, sizes: Sequence[int], starts: Tensor
) -> Tensor:
    """Weighted cross-entropy of each category cell.

    Args:
        logits: (n, sum k_j) logits, the cells side by side.
        codes: (n, q) true codes, 0 <= code < k_j.
        weight: (n, q) weights; cells of weight 0 pass no gradient.
        sizes: the k_j.
        starts: (q,) first column of each cell in `logits`.

    Returns:
        (n, q) losses in nats.
    """
    return _CellCrossEntropy.apply(logits, codes + starts, weight, tuple(sizes))  # type: ignore[return-value]
