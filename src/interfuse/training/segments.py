"""Cross-entropy over category cells of unequal size whose logits lie side by side.

For cell j with logits l_j (k_j values) and true code c_j the loss is

    w_j * (log sum_i exp l_ji - l_{j, c_j})          in nats,

and its gradient is w_j * (softmax(l_j) - onehot(c_j)). One pass of `exp` over all cells together
and a gradient written in place of it make this several times faster than a loop of
`cross_entropy` calls. Logits are clamped to +-`LIMIT` inside the exponential, where a float32 can
hold every value: a probability under e^-80 is of no use to anyone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

LIMIT = 40.0


class _CellCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, logits: Tensor, target: Tensor, weight: Tensor, sizes: list[int]
    ) -> Tensor:
        exp = logits.float().clamp(-LIMIT, LIMIT).exp_()
        total = torch.stack([part.sum(1) for part in exp.split(sizes, 1)], 1)
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
        out = torch.empty_like(exp)
        parts = zip(exp.split(ctx.sizes, 1), out.split(ctx.sizes, 1), strict=True)  # type: ignore[attr-defined]
        for j, (part, into) in enumerate(parts):
            torch.mul(part, factor[:, j : j + 1], out=into)
        out.scatter_add_(1, target, -scale)
        return out.to(ctx.dtype), None, None, None  # type: ignore[attr-defined]


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
    return _CellCrossEntropy.apply(logits, codes + starts, weight, list(sizes))  # type: ignore[return-value]
