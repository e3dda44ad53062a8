"""Every conditional distribution of a record's cells, as one pass gives it.

A record's category cells are codes. Those outside of a set S of columns are hidden, and the network
is asked at t = 1; its answer holds, for *every* hidden cell at once, the distribution given the
visible ones (the absorbing posterior; Austin et al. 2021, arXiv 2107.03006). So one pass gives

    l_a(S) = -log p(c_a | x_S)      for every column a outside of S, in nats.

A column of several cells is told by the chain rule over its cells, which costs a pass more for each
further cell of the columns asked for. A number counts with its bin; where in its bin it lies says
next to nothing and is not shown.

Who answers is a function of codes (`Said`): the network of a model (`NetworkSays`), or a denoiser
whose conditionals are known in closed form, which is how this module is tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from interfuse.core.times import time_features
from interfuse.kinds.table.net.network import OCTAVES, TIME_FEATURES, TableNet

CHUNK = 2048
"""Rows a pass: logits of more of them leave the processor's cache."""
SPAN = 16 * CHUNK
"""Rows among which equal ones are looked for."""


class Said(Protocol):
    """What is expected in some cells."""

    def __call__(self, codes: Tensor, cells: Sequence[int]) -> list[Tensor]:
        """Logits (n, k_j) of cells j, given codes (n, q) that are k_j where hidden."""
        ...


@dataclass(frozen=True)
class NetworkSays:
    """What a model's network says at t = 1, no number being visible but by its bin.

    The first hidden state is a sum of columns of W_in, one a visible cell, and only the rows of
    W_out that belong to the cells asked for are multiplied: of 50 columns a pass takes less than
    half of the time of `TableNet.forward`, whose answers these are (a test compares them).

    Attributes:
        net: the network, on its device; it must not be trained after it was first asked.
        device: where to compute.
        quick: whether to multiply in bfloat16.
    """

    net: TableNet
    device: torch.device
    quick: bool = False

    @cached_property
    def _ready(self) -> _Ready:
        with torch.no_grad():
            return _Ready.of(self.net, torch.bfloat16 if self.quick else torch.float32)

    def __call__(self, codes: Tensor, cells: Sequence[int]) -> list[Tensor]:
        """Logits (n, k_j) of cells j, float32."""
        net, ready, codes = self.net, self._ready, codes.to(self.device)
        with torch.no_grad():
            visible = codes <= net.last
            # The row behind the last value is zero: that of what is hidden.
            place = torch.where(visible, codes + net.starts, net.values)
            h = F.embedding_bag(place, ready.columns, mode="sum") + ready.start
            f = net.trunk(h.to(ready.head.dtype))
            out = []
            for j in cells:
                rows = slice(ready.starts[j], ready.starts[j] + net.sizes[j])
                logits = F.linear(f, ready.head[rows], ready.bias[rows]).float()
                if ready.pairs is not None:
                    terms = ready.pairs[:, rows].contiguous()
                    logits += F.embedding_bag(place, terms, mode="sum")
                out.append(logits)
            return out


@dataclass(frozen=True)
class _Ready:
    """A network's matrices as a pass needs them.

    Attributes:
        columns: (D + 1, width) W_in by values, the last row zero.
        start: (width,) what stands in the first hidden state whatever is visible.
        head, bias: W_out and its bias, by values.
        pairs: (D + 1, D) pair terms, the last row zero; None without any.
        starts: of each cell its first value.
    """

    columns: Tensor
    start: Tensor
    head: Tensor
    bias: Tensor
    pairs: Tensor | None
    starts: list[int]

    @classmethod
    def of(cls, net: TableNet, dtype: torch.dtype) -> _Ready:
        folded, d, p = net.weights(), net.values, net.numbers
        columns = F.pad(folded.stem[:, :d].T, (0, 0, 0, 1)).contiguous()
        at = slice(d + 3 * p, d + 3 * p + TIME_FEATURES)
        time = time_features(torch.ones(1, device=columns.device), OCTAVES)
        start = net.stem.bias + (time @ folded.stem[:, at].T)[0]
        pairs = None
        if net.pairs is not None:
            pairs = columns.new_zeros(d + 1, d)
            pairs[net.paired_values[:, None], net.paired_values] = net.pairs.float()
        head, bias = folded.head[:d].to(dtype), net.head.bias[:d].to(dtype)
        return cls(columns, start, head, bias, pairs, net.starts.tolist())


@dataclass(frozen=True)
class Conditionals:
    """-log p(column | other columns) of rows.

    Attributes:
        said: who answers.
        sizes: values k_j of each category cell.
        cells: of each column its cells, in order.
    """

    said: Said
    sizes: tuple[int, ...]
    cells: tuple[tuple[int, ...], ...]

    def nats(
        self, codes: np.ndarray, shown: np.ndarray, wanted: Sequence[int] | None = None
    ) -> np.ndarray:
        """Surprise of columns given what is shown.

        Args:
            codes: (n, q), -1 where a value is unknown, which is never shown.
            shown: (d,) or (n, d), the columns that are visible.
            wanted: the columns asked for, which count where they are hidden; None for all.

        Returns:
            (n, d) nats; NaN where a column is visible, not asked for, or its value unknown.
        """
        n, d = len(codes), len(self.cells)
        shown = np.broadcast_to(shown, (n, d))
        columns = [a for a in (range(d) if wanted is None else wanted) if not shown[:, a].all()]
        out = np.full((n, d), np.nan)
        for start in range(0, n, SPAN):
            rows = slice(start, start + SPAN)
            self._fill(out[rows], codes[rows], shown[rows], columns)
        return out

    def shares(self, codes: np.ndarray, shown: np.ndarray, column: int) -> np.ndarray:
        """(n, k) distribution of the first cell of a column given what is shown.

        Args:
            codes: (n, q), -1 where unknown.
            shown: (d,) or (n, d); the column itself is hidden whatever this says.
            column: which.
        """
        return self.told(codes, shown, column, surprise=False)[1]

    def told(
        self, codes: np.ndarray, shown: np.ndarray, column: int, *, surprise: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """A column's surprise and its distribution, of one pass.

        Args:
            codes: (n, q), -1 where unknown.
            shown: (d,) or (n, d); the column itself is hidden whatever this says.
            column: which.
            surprise: whether it is asked for; else it is NaN.

        Returns:
            (n,) nats and (n, k) distribution of the first cell.
        """
        n, first = len(codes), self.cells[column][0]
        shown = np.array(np.broadcast_to(shown, (n, len(self.cells))))
        shown[:, column] = False
        nats, shares = np.full(n, np.nan), np.zeros((n, self.sizes[first]))
        for start in range(0, n, SPAN):
            rows = slice(start, start + SPAN)
            answer = self._answer(self._hidden(codes[rows], shown[rows]), [first])
            shares[rows] = answer.each[0].double().softmax(1).cpu().numpy()[answer.back]
            if surprise:
                nats[rows] = answer.surprise(0, codes[rows, first])
                nats[rows] += self._further(codes[rows], shown[rows], column)
        return nats, shares

    def _answer(self, hidden: np.ndarray, cells: Sequence[int]) -> _Answer:
        """Ask of each different record once: with few columns shown they are few."""
        first, back = _different(hidden, self.sizes)
        parts = [
            self.said(torch.from_numpy(hidden[first[start : start + CHUNK]]), cells)
            for start in range(0, len(first), CHUNK)
        ]
        return _Answer([torch.cat(own) for own in zip(*parts, strict=True)], back)

    def _hidden(self, codes: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """Codes with k_j where hidden; cells that no column asks about stay hidden."""
        visible = np.zeros(codes.shape, bool)
        visible[:, self._cell_of] = shown[:, self._column_of]
        return np.where(visible & (codes >= 0), codes, np.array(self.sizes, np.int64))

    @cached_property
    def _cell_of(self) -> np.ndarray:
        return np.array([j for own in self.cells for j in own], int)

    @cached_property
    def _column_of(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.cells)), [len(own) for own in self.cells])

    def _fill(
        self, out: np.ndarray, codes: np.ndarray, shown: np.ndarray, columns: Sequence[int]
    ) -> None:
        """Write surprise into (n, d)."""
        if not columns or not len(codes):
            return
        first = [self.cells[a][0] for a in columns]
        answer = self._answer(self._hidden(codes, shown), first)
        for i, a in enumerate(columns):
            out[:, a] = answer.surprise(i, codes[:, first[i]])
            out[:, a] += self._further(codes, shown, a)
        out[shown] = np.nan

    def _further(self, codes: np.ndarray, shown: np.ndarray, a: int) -> np.ndarray | float:
        """Surprise of a column's cells behind the first, each given those before it."""
        more: np.ndarray | float = 0.0
        for level in range(1, len(self.cells[a])):
            # The column's own earlier cells are shown, other hidden columns stay hidden.
            seen = self._hidden(codes, shown)
            before = list(self.cells[a][:level])
            seen[:, before] = np.where(codes[:, before] >= 0, codes[:, before], seen[:, before])
            j = self.cells[a][level]
            # A value known in part: its other cells say nothing.
            more = more + np.nan_to_num(self._answer(seen, [j]).surprise(0, codes[:, j]))
        return more


@dataclass(frozen=True)
class _Answer:
    """Logits of different records, and which of them each row is.

    Attributes:
        each: logits (u, k_j) of each cell asked for.
        back: (n,) places among the u.
    """

    each: list[Tensor]
    back: np.ndarray

    def surprise(self, i: int, codes: np.ndarray) -> np.ndarray:
        """(n,) -log p of codes (n,) of the i-th cell; NaN where a code is unknown."""
        nats = -self.each[i].double().log_softmax(1).cpu().numpy()
        return np.where(codes >= 0, nats[self.back, np.maximum(codes, 0)], np.nan)


def _different(codes: np.ndarray, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """(u,) first places of different rows and (n,) which of them each is; all, if most differ."""
    every = np.arange(len(codes))
    if len(codes) < 2:
        return every, every
    varying = np.flatnonzero((codes != codes[0]).any(0))
    key, room = np.zeros(len(codes), np.int64), 1
    for j in varying.tolist():
        room *= sizes[j] + 1
        if room > 2**62:
            return every, every
        key = key * (sizes[j] + 1) + codes[:, j]
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    return (first, back) if len(first) <= len(codes) // 2 else (every, every)
