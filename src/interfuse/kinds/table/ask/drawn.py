"""Rows of which some cells were drawn, and rows before any is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


@dataclass(frozen=True)
class Drawn:
    """Answers for n rows.

    Attributes:
        codes: (m, n, q) int64, known cells as they were.
        z: (m, n, p) float32; NaN where a number is absent.
        shares: for each category cell that is unknown somewhere, its rows and, for each of them,
            the probabilities of its values given the known cells.
    """

    codes: Tensor
    z: Tensor
    shares: dict[int, tuple[Tensor, Tensor]]


class Begun(NamedTuple):
    """Rows before the first cell is drawn.

    Attributes:
        codes, z: of `rows.RowSampler.draw`, on its device.
        h: (n, width) the hidden state with all known categories revealed.
        h_known: (n, width) its term of known numbers.
        shares: of `Drawn`.
    """

    codes: Tensor
    z: Tensor
    h: Tensor
    h_known: Tensor
    shares: dict[int, tuple[Tensor, Tensor]]
