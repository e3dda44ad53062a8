"""What passes between kernels, denoisers and samplers.

A *record* is n rows of cells. Numbers are a float tensor (n, ...); categories are codes (n, q),
int64, where the code k_j, the number of values of cell j, means MASK: not visible yet. A record of
both is a `Record`.

*Known* cells are a boolean mask and clean values. Denoisers get the mask and see the clean values
in x_t; samplers put the values back after each step, so that they come back bit-equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


class Record(NamedTuple):
    """A record of numbers and categories; also a pair of masks over its cells."""

    numbers: Tensor  # (n, p)
    codes: Tensor  # (n, q)


class Known(NamedTuple):
    """Known cells of a record of one kind. Values outside the mask are ignored."""

    mask: Tensor  # bool, the record's shape or one that broadcasts to it
    values: Tensor  # the record's shape or one that broadcasts to it

    def put(self, x: Tensor) -> Tensor:
        """`x` with the known cells' values in place."""
        return torch.where(self.mask, self.values.to(x.dtype), x)


class KnownRecord(NamedTuple):
    """Known cells of a mixed record."""

    numbers: Known
    codes: Known

    @property
    def masks(self) -> Record:
        """Which cells are known."""
        return Record(self.numbers.mask, self.codes.mask)

    def put(self, x: Record) -> Record:
        """`x` with the known cells' values in place."""
        return Record(self.numbers.put(x.numbers), self.codes.put(x.codes))


@dataclass(frozen=True)
class Posterior:
    """What a denoiser says of x_0 given x_t.

    Attributes:
        mean: E[x_0 | x_t] of the numbers, of their shape; None if there are none.
        logits: (n, q, K) of the categories, -inf at codes that a cell does not have; None if there
            are none.
    """

    mean: Tensor | None = None
    logits: Tensor | None = None
