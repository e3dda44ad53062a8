"""A trained `TableNet` made ready to reveal a record one cell at a time.

The first hidden state is a sum, h_0 = b + sum_{visible j} W_in[:, c_j] + (terms of the numbers and
of t). Revealing cell j adds one column of W_in; asking for cell j needs only its own rows of W_out.
For a table of q cells this does about half of the work of q full evaluations, and builds no one-hot
matrix. The answers are those of `TableNet.forward` (a test compares them).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from interfuse.networks.table import Block, TableNet, time_features


class IncrementalNet:
    """Evaluates a network on records whose cells appear one by one.

    Args:
        net: the trained network; copied, not changed.
        dtype: of the matrix products; sums over cells stay in float32.
    """

    def __init__(self, net: TableNet, dtype: torch.dtype = torch.float32) -> None:
        with torch.no_grad():
            folded = net.weights()
            d, p = net.values, net.numbers
            stem = folded.stem.detach()
            self.columns = stem[:, :d].T.contiguous()
            self.z_weight = stem[:, d : d + p].to(dtype)
            self.present_weight = stem[:, d + p : d + 2 * p].to(dtype)
            self.known_weight = stem[:, d + 2 * p : d + 3 * p].to(dtype)
            self.time_weight = stem[:, d + 3 * p :]
            self.bias = net.stem.bias.detach()
            self.head = folded.head.detach().to(dtype)
            self.head_bias = net.head.bias.detach().to(dtype)
            self.blocks = [
                (
                    (b.norm.weight.to(dtype), b.norm.bias.to(dtype), b.norm.eps),
                    (b.inner.weight.to(dtype), b.inner.bias.to(dtype)),
                    (b.outer.weight.to(dtype), b.outer.bias.to(dtype)),
                )
                for b in cast("list[Block]", net.blocks)
            ]
            self.norm = (net.norm.weight.to(dtype), net.norm.bias.to(dtype), net.norm.eps)
        self.dtype = dtype
        self.sizes = net.sizes
        self.starts = net.starts.tolist()
        self.values = net.values
        self.width = net.width

    def start(self, n: int) -> Tensor:
        """h_0 of n records in which nothing is visible yet, without the term of t: (n, width)."""
        return self.bias.repeat(n, 1)

    def reveal(self, h: Tensor, cell: int, codes: Tensor, where: Tensor | None = None) -> None:
        """Add category `codes` (n,) of `cell` to h in place, only in the rows `where` if given."""
        add = self.columns[self.starts[cell] + codes]
        h += add if where is None else add * where[:, None]

    def numbers(self, z: Tensor, present: Tensor, known: Tensor) -> Tensor:
        """The numbers' term of h_0: (n, width)."""
        seen = present.to(self.dtype)
        out = F.linear((z * present).to(self.dtype), self.z_weight)
        out = out + F.linear(seen, self.present_weight)
        return (out + F.linear(known.to(self.dtype), self.known_weight)).float()

    def features(self, h: Tensor, t: float) -> Tensor:
        """The last hidden state at time t, from h_0 without its term of t."""
        time = time_features(torch.full((1,), t, device=h.device)) @ self.time_weight.T
        x = (h + time).to(self.dtype)
        for norm, inner, outer in self.blocks:
            x = x + F.linear(F.silu(F.linear(self._norm(x, norm), *inner)), *outer)
        return self._norm(x, self.norm)

    def _norm(self, x: Tensor, norm: tuple[Tensor, Tensor, float]) -> Tensor:
        return F.layer_norm(x, (self.width,), *norm)

    def logits(self, features: Tensor, cell: int) -> Tensor:
        """Logits of one category cell, (n, k), float32."""
        rows = slice(self.starts[cell], self.starts[cell] + self.sizes[cell])
        return F.linear(features, self.head[rows], self.head_bias[rows]).float()

    def v(self, features: Tensor) -> Tensor:
        """The numbers' v, (n, p), float32."""
        rows = slice(self.values, None)
        return F.linear(features, self.head[rows], self.head_bias[rows]).float()
