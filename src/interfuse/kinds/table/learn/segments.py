"""Cross-entropy over category cells of unequal size whose logits lie side by side.

For cell j with logits l_j (k_j values) and true code c_j the loss of a row is

    w_j * log sum_i exp(l_ji - l_{j, c_j})          in nats,

and its gradient is w_j * (softmax(l_j) - onehot(c_j)). Both are made in one visit of each row, a
few hundred rows at a time, so that what lies between (exponentials in float32, four times the size
of everything else) stays in the processor's cache and is never kept: on a table of 900 values this
is four times faster than keeping it for a second visit. Differences are at most `LIMIT` inside the
exponential, where a float32 holds their sums: a probability under e^-80 is of no use to anyone.
They are taken from the true code's logit and not from a fixed number: logits of what is certain
grow as long as a fit lasts, and were once clamped at 40 each, beyond which the loss had no end.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F

LIMIT = 80.0
VISITED = 1 << 18
"""Logits that are visited at once: a megabyte in float32."""
MOST_MEMBERS = 1 << 14
"""Of the matrix of columns by cells: up to here one product is faster than many small sums."""


class _CellCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, logits: Tensor, target: Tensor, weight: Tensor, sizes: tuple[int, ...]
    ) -> Tensor:
        loss = weight.new_zeros(len(sizes))
        gradient = torch.empty_like(logits)
        rows = max(VISITED // max(logits.shape[1], 1), 1)
        for some, goal, w, out in zip(
            *(x.split(rows) for x in (logits, target, weight, gradient)), strict=True
        ):
            exp = some.float()
            exp = (exp - _spread_cells(exp.gather(1, goal), sizes)).clamp_max_(LIMIT).exp_()
            total = _sum_cells(exp, sizes)
            loss += (total.log() * w).sum(0)
            exp.mul_(_spread_cells(w / total, sizes)).scatter_add_(1, goal, -w)
            out.copy_(exp)
        ctx.save_for_backward(gradient)
        ctx.sizes = sizes  # type: ignore[attr-defined]
        return loss

    @staticmethod
    def backward(ctx: FunctionCtx, *upstream: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors  # type: ignore[attr-defined]
        factor = _spread_cells(upstream[0][None], ctx.sizes)  # type: ignore[attr-defined]
        # In place: autograd refuses a second backward pass with an error.
        return gradient.mul_(factor.to(gradient.dtype)), None, None, None


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
    """Weighted cross-entropy of each category cell, summed over the rows.

    Args:
        logits: (n, sum k_j) logits, the cells side by side.
        codes: (n, q) true codes, 0 <= code < k_j.
        weight: (n, q) weights; cells of weight 0 pass no gradient.
        sizes: the k_j.
        starts: (q,) first column of each cell in `logits`.

    Returns:
        (q,) losses in nats.
    """
    return _CellCrossEntropy.apply(logits, codes + starts, weight, tuple(sizes))  # type: ignore[return-value]
