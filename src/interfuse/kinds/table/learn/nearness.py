"""How many bins apart two numbers lie that follow each other, put right after training.

`balance_2` is `balance_1` moved by 3 %: of 45 bins each, the second lies in the bin of the first in
78 % of the rows and in the next one in the others. The network says so a little too softly, and the
pair terms of calibration, which share groups of bins that hold a twentieth of the rows
(`learn.groups`), are too coarse for it. What is held to the data is the share of the rows in which
the two lie k bins apart, k = -FAR ... FAR, the ends for all beyond:

    pair term of bins i and j += rate log (S_k + s) / (D_k + s),      k = i - (the bin of a that the
                                                                       middle of j lies in),

iterative proportional fitting of one factor with 2 FAR + 1 values (Deming & Stephan 1940, doi
10.1214/aoms/1177731829): too few to hold any row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.equals import FOLLOWS
from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.learn.moments import LARGEST_STEP, RATE, SLOWER
from interfuse.kinds.table.rules import Sum

FAR = 3
NEVER = 2 * FAR + 1
"""The class of codes that are no bins: of missing values, and of links."""


@dataclass(frozen=True)
class Nearness:
    """One pair of columns of which one follows the other.

    Attributes:
        cells: their category cells, a and b.
        apart: (k_a, k_b) by their codes how many bins they are apart, counted from 0, or `NEVER`.
    """

    cells: tuple[int, int]
    apart: Tensor

    def shares(self, codes: Tensor) -> Tensor:
        """(NEVER,) share of records of each distance."""
        a, b = (codes[:, cell].long() for cell in self.cells)
        count = torch.bincount(self.apart[a, b], minlength=NEVER + 1)[:NEVER]
        return count.double() / max(len(codes), 1)

    def step(self, turn: int, wanted: Tensor, found: Tensor, small: float) -> Tensor:
        """(k_a, k_b) pair terms to add, given the shares of the data and of drawn records.

        Args:
            turn: how many steps were made before.
            wanted: from `shares`.
            found: the same of drawn records.
            small: share that is added to both.
        """
        ratio = torch.log((wanted + small) / (found + small)).clamp(-LARGEST_STEP, LARGEST_STEP)
        by = torch.cat([RATE / (1 + turn / SLOWER) * ratio, ratio.new_zeros(1)])
        return by[self.apart].float()


def nearness_of(codec: TableCodec, cells: Sequence[int], device: torch.device) -> list[Nearness]:
    """The pairs that a schema's `follows` name, of the category cells given.

    Args:
        codec: of the table.
        cells: category cells of the table, in order; those of the answer count among them.
        device: where the codes are.
    """
    at = {cell: i for i, cell in enumerate(cells)}
    found: dict[frozenset[str], Nearness] = {}
    for column in codec.schema.columns:
        for text in column.options.get(FOLLOWS, ()):
            names = column.name, Sum.parse(text).columns[0]
            own = [codec.places[n].codes.start for n in names if n in codec.places]
            if len(own) < 2 or not set(own) <= set(at) or frozenset(names) in found:
                continue
            a, b = (codec.fields[n] for n in names)
            if a.bins and b.bins:
                apart = torch.from_numpy(_apart(a, b)).to(device)
                found[frozenset(names)] = Nearness((at[own[0]], at[own[1]]), apart)
    return list(found.values())


def _apart(a: Field, b: Field) -> np.ndarray:
    out = np.full((a.cells[0].size, b.cells[0].size), NEVER)
    place = np.searchsorted(_values(a, -8.0), _values(b, 0.0), side="right") - 1
    steps = np.arange(a.bins)[:, None] - place.clip(0)
    out[: a.bins, : b.bins] = steps.clip(-FAR, FAR) + FAR
    return out


def _values(field: Field, z: float) -> np.ndarray:
    """(bins,) the value of each bin at a score."""
    assert field.quantiles is not None
    bins = np.arange(field.bins)
    return field.quantiles.to_values(bins, np.full(field.bins, z)).astype(np.float64)
