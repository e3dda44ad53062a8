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
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from interfuse.kinds.table.net.network import TableNet

CHUNK = 2048
"""Rows a pass: logits of more of them leave the processor's cache."""


class Said(Protocol):
    """What is expected in some cells."""

    def __call__(self, codes: Tensor, cells: Sequence[int]) -> list[Tensor]:
        """Logits (n, k_j) of cells j, given codes (n, q) that are k_j where hidden."""
        ...


@dataclass(frozen=True)
class NetworkSays:
    """What a model's network says at t = 1, no number being visible but by its bin.

    Attributes:
        net: the network, on its device.
        device: where to compute.
        quick: whether to multiply in bfloat16.
    """

    net: TableNet
    device: torch.device
    quick: bool = False

    def __call__(self, codes: Tensor, cells: Sequence[int]) -> list[Tensor]:
        """Logits (n, k_j) of cells j, float32."""
        n, codes = len(codes), codes.to(self.device)
        z = torch.zeros(n, self.net.numbers, device=self.device)
        t = torch.ones(n, device=self.device)
        with torch.no_grad(), torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.quick
        ):  # fmt: skip
            logits, _ = self.net(codes, z, z, z, t)
        sizes, starts = self.net.sizes, np.cumsum([0, *self.net.sizes])
        return [logits[:, starts[j] : starts[j] + sizes[j]].float() for j in cells]


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
        for start in range(0, n, CHUNK):
            rows = slice(start, start + CHUNK)
            out[rows] = self._chunk(codes[rows], shown[rows], columns)
        return out

    def shares(self, codes: np.ndarray, shown: np.ndarray, column: int) -> np.ndarray:
        """(n, k) distribution of the first cell of a column given what is shown.

        Args:
            codes: (n, q), -1 where unknown.
            shown: (d,) or (n, d); the column itself is hidden whatever this says.
            column: which.
        """
        shown = np.array(np.broadcast_to(shown, (len(codes), len(self.cells))))
        shown[:, column] = False
        parts = []
        for start in range(0, len(codes), CHUNK):
            rows = slice(start, start + CHUNK)
            (logits,) = self.said(self._hidden(codes[rows], shown[rows]), [self.cells[column][0]])
            parts.append(logits.double().softmax(1).cpu().numpy())
        return np.concatenate(parts) if parts else np.zeros((0, self.sizes[self.cells[column][0]]))

    def _hidden(self, codes: np.ndarray, shown: np.ndarray) -> Tensor:
        """Codes with k_j where hidden; cells that no column asks about stay hidden."""
        visible = np.zeros(codes.shape, bool)
        for a, own in enumerate(self.cells):
            visible[:, list(own)] = shown[:, a, None] & (codes[:, list(own)] >= 0)
        return torch.from_numpy(np.where(visible, codes, np.array(self.sizes, np.int64)))

    def _chunk(self, codes: np.ndarray, shown: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        out = np.full(shown.shape, np.nan)
        first = [self.cells[a][0] for a in columns]
        for a, logits in zip(
            columns, self.said(self._hidden(codes, shown), first) if columns else [], strict=True
        ):
            out[:, a] = _surprise(logits, codes[:, self.cells[a][0]])
        for a in columns:
            for level in range(1, len(self.cells[a])):
                # The column's own earlier cells are shown, other hidden columns stay hidden.
                seen = self._hidden(codes, shown)
                for j in self.cells[a][:level]:
                    known = torch.from_numpy(codes[:, j])
                    seen[:, j] = torch.where(known >= 0, known, seen[:, j])
                j = self.cells[a][level]
                more = _surprise(self.said(seen, [j])[0], codes[:, j])
                # A value known in part: its other cells say nothing.
                out[:, a] += np.nan_to_num(more)
        out[shown] = np.nan
        return out


def _surprise(logits: Tensor, codes: np.ndarray) -> np.ndarray:
    """(n,) -log p of codes (n,); NaN where a code is unknown."""
    at = torch.from_numpy(np.maximum(codes, 0)).to(logits.device)
    nats = -logits.double().log_softmax(1).gather(1, at[:, None])[:, 0]
    return np.where(codes >= 0, nats.cpu().numpy(), np.nan)
