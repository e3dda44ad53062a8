"""The simplest records and losses that training takes: one tensor of records, one loss each.

Kinds with more to a record (`interfuse.train.contracts`) bring their own.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Tensors(NamedTuple):
    """Records that are rows of one tensor.

    Attributes:
        values: (n, ...).
    """

    values: Tensor

    def __len__(self) -> int:
        return self.values.shape[0]

    def take(self, index: Tensor) -> Tensors:
        """The records at `index`."""
        return Tensors(self.values[index])

    def to(self, device: torch.device | str) -> Tensors:
        """The same records on another device."""
        return Tensors(self.values.to(device))


class Mean(NamedTuple):
    """Losses whose mean is descended, and judged by.

    Attributes:
        each: (k,) one loss for each of the objective's names.
    """

    each: Tensor

    def total(self) -> Tensor:
        """Their mean."""
        return self.each.mean()

    def judged(self) -> Tensor:
        """Their mean."""
        return self.each.mean()

    def cells(self) -> Tensor:
        """All of them."""
        return self.each
