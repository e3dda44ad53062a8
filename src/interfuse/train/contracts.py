"""What the training loop asks of records and of what is learned from them."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

Examples = TypeVar("Examples", bound="Records")
Net = TypeVar("Net", bound=nn.Module)
Goal = TypeVar("Goal", bound="Objective")


class Records(Protocol):
    """Encoded records of any kind."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def take(self: Examples, index: Tensor) -> Examples:
        """The records at `index`."""
        ...

    def to(self: Examples, device: torch.device | str) -> Examples:
        """The same records on another device."""
        ...


class BatchLosses(Protocol):
    """The losses of a batch."""

    def total(self) -> Tensor:
        """What training descends: a scalar."""
        ...

    def judged(self) -> Tensor:
        """What weights are chosen by, of held-out records: a scalar."""
        ...

    def cells(self) -> Tensor:
        """One loss for each of the objective's `names`."""
        ...


class Objective(Protocol):
    """What to learn: noises batches and scores predictions. It keeps no state."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each loss is of, for messages; empty if there is nothing to learn."""
        ...

    @property
    def advice(self) -> str:
        """What to do if a loss is never finite."""
        ...

    def corrupt(self, rows: Any, generator: torch.Generator) -> Any:
        """A noisy batch; all draws come from `generator`."""
        ...

    def loss(self, net: Any, noisy: Any) -> BatchLosses:
        """Score `net` on a noisy batch."""
        ...


def worst_cell(losses: BatchLosses | None, names: tuple[str, ...]) -> str:
    """The name of the first loss that is not finite."""
    if losses is None:
        return "network"
    bad = torch.nonzero(~torch.isfinite(losses.cells().detach())).flatten().tolist()
    return names[bad[0]] if bad else "network"
