"""A trained `TableNet` made ready to reveal a record one cell at a time.

The first hidden state is a sum, h_0 = b + sum_{visible j} W_in[:, c_j] + (terms of the numbers and
of t). Revealing cell j adds one column of W_in; asking for cell j needs only its own rows of W_out.
For a table of q cells this does about half of the work of q full evaluations, and builds no one-hot
matrix. The answers are those of `TableNet.forward` (a test compares them).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from interfuse.core.times import time_features
from interfuse.kinds.table.net.network import OCTAVES, TIME_FEATURES, Block, TableNet


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
            columns = stem[:, :d].T
            self._paired: dict[int, int] = {}
            if net.pairs is not None:
                terms = columns.new_zeros(d, len(net.pairs))
                terms[net.paired_values] = net.pairs.detach()
                columns = torch.cat([columns, terms], 1)
                at = 0
                for j in net.pairing or range(len(net.sizes)):
                    self._paired[j], at = at, at + net.sizes[j]
            self.columns = columns.contiguous()
            self.z_weight = stem[:, d : d + p].to(dtype)
            self.present_weight = stem[:, d + p : d + 2 * p].to(dtype)
            self.known_weight = stem[:, d + 2 * p : d + 3 * p].to(dtype)
            end = d + 3 * p + TIME_FEATURES
            self.time_weight = stem[:, d + 3 * p : end]
            self.cross, self.cross_weight = net.cross, stem[:, end:].to(dtype)
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
        self.starts = net.starts
        self._first = net.starts.tolist()
        self.values = net.values
        self.width = net.width

    def start(self, n: int) -> Tensor:
        """h_0 of n records in which nothing is visible yet, without the term of t.

        Returns:
            (n, width), with the pair terms of the visible values behind it if there are any.
        """
        h = torch.zeros(n, self.columns.shape[1], device=self.bias.device)
        h[:, : self.width] = self.bias
        return h

    def reveal(
        self, h: Tensor, codes: Tensor, cell: int | Tensor, where: Tensor | None = None
    ) -> None:
        """Make categories visible: add their columns of W_in to h, in place.

        Args:
            h: hidden state, from `start`.
            codes: (n,) codes.
            cell: the cell, or one for each row (n,).
            where: (n,) rows to change; all if None.
        """
        # The passes over these wide rows are a third of a draw: none is made without need.
        add = self.columns.index_select(0, self.starts[cell] + codes)
        h += add if where is None or bool(where.all()) else add.mul_(where[:, None])

    def crossed(
        self, codes: Tensor, z: Tensor, present: Tensor, known: Tensor, t: float
    ) -> Tensor | float:
        """The term of h_0 of numbers that follow others, of records whose codes are all visible."""
        if self.cross is None:
            return 0.0
        time = torch.full((1,), t, device=z.device)
        told = self.cross(codes, z, present, known, time)
        return F.linear(told.to(self.dtype), self.cross_weight).float()

    def numbers(self, z: Tensor, present: Tensor, known: Tensor) -> Tensor:
        """The numbers' term of h_0: (n, width)."""
        seen = present.to(self.dtype)
        out = F.linear((z * present).to(self.dtype), self.z_weight)
        out = out + F.linear(seen, self.present_weight)
        return (out + F.linear(known.to(self.dtype), self.known_weight)).float()

    def features(self, h: Tensor, t: float, numbers: Tensor | float = 0.0) -> Tensor:
        """The last hidden state at time t.

        Args:
            h: hidden state, from `start`.
            t: time.
            numbers: from `numbers`.
        """
        time = time_features(torch.full((1,), t, device=h.device), OCTAVES) @ self.time_weight.T
        x = (h[:, : self.width] + numbers + time).to(self.dtype)
        for norm, inner, outer in self.blocks:
            x = x + F.linear(F.silu(F.linear(self._norm(x, norm), *inner)), *outer)
        return self._norm(x, self.norm)

    def _norm(self, x: Tensor, norm: tuple[Tensor, Tensor, float]) -> Tensor:
        return F.layer_norm(x, (self.width,), *norm)

    def logits(self, features: Tensor, cell: int, h: Tensor) -> Tensor:
        """Logits of one category cell.

        Args:
            features: (n, width).
            cell: the cell.
            h: hidden state behind `features`, which holds the pair terms.

        Returns:
            (n, k) float32.
        """
        start = self._first[cell]
        rows = slice(start, start + self.sizes[cell])
        out = F.linear(features, self.head[rows], self.head_bias[rows]).float()
        if cell in self._paired:
            at = self.width + self._paired[cell]
            out += h[:, at : at + self.sizes[cell]]
        return out

    def grouped_logits(self, features: Tensor, cells: Sequence[int], h: Tensor) -> Tensor:
        """Logits of another cell for each group of rows.

        Args:
            features: (n, width); rows are in len(cells) groups of equal size.
            cells: the cell that each group asks for.
            h: as for `logits`.

        Returns:
            (n, largest k) float32, minus infinity behind a cell's last value.
        """
        size = len(features) // len(cells)
        shape = (len(features), max(self.sizes[j] for j in cells))
        out = torch.full(shape, -torch.inf, device=features.device)
        for g, j in enumerate(cells):
            rows = slice(g * size, (g + 1) * size)
            out[rows, : self.sizes[j]] = self.logits(features[rows], j, h[rows])
        return out

    def v(self, features: Tensor) -> Tensor:
        """The numbers' v, (n, p), float32."""
        rows = slice(self.values, None)
        return F.linear(features, self.head[rows], self.head_bias[rows]).float()
