"""One process that trains, or several that train one network together.

Each of N processes holds the rows, draws the noise of the whole batch and learns from its part of
it: losses are sums over records, divided by counts of the whole batch, so that the sum of the
parts' gradients is the gradient of the batch. One sum over all processes a step makes it so on all
of them; whatever depends on time is what the first one says.

`torchrun --nproc-per-node N -m interfuse fit ...` starts them and says to each, in `RANK`,
`WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT`, which it is.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from interfuse.errors import InterfuseError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Alone:
    """One process.

    Attributes:
        rank: its number.
        size: how many there are.
    """

    rank = 0
    size = 1

    def parts(self, count: int) -> Iterator[int]:
        """Which parts of a batch are this process's."""
        yield from range(self.rank, count, self.size)

    def summed(self, gradient: Tensor, loss: Tensor) -> Tensor:
        """Make the gradient the sum of all processes', in place; the sum of their losses."""
        return loss

    def agreed(self, *numbers: float) -> tuple[float, ...]:
        """What the first process says, on all of them."""
        return numbers


class Together(Alone):
    """One of several processes.

    Args:
        rank: its number.
        size: how many there are.

    Raises:
        OptionError: they cannot be reached.
    """

    def __init__(self, rank: int, size: int) -> None:
        import torch.distributed

        self.rank, self.size = rank, size
        if not torch.distributed.is_initialized():
            try:
                torch.distributed.init_process_group("gloo", rank=rank, world_size=size)
            except (RuntimeError, ValueError) as error:
                raise OptionError(
                    f"WORLD_SIZE: says {size} processes, which cannot be reached "
                    f"({_first_line(error)}). Start them with torchrun."
                ) from error

    def summed(self, gradient: Tensor, loss: Tensor) -> Tensor:
        """Make the gradient the sum of all processes', in place; the sum of their losses.

        Raises:
            InterfuseError: another process has ended.
        """
        whole = torch.cat([gradient.flatten(), loss.reshape(1).to(gradient.dtype)])
        self._do(torch.distributed.all_reduce, whole)
        gradient.copy_(whole[:-1].view_as(gradient))
        return whole[-1]

    def agreed(self, *numbers: float) -> tuple[float, ...]:
        """What the first process says, on all of them."""
        said = torch.tensor(numbers, dtype=torch.float64)
        self._do(functools.partial(torch.distributed.broadcast, src=0), said)
        return tuple(said.tolist())

    def _do(self, collective: Callable[[Tensor], object], tensor: Tensor) -> None:
        try:
            collective(tensor)
        except RuntimeError as error:
            raise InterfuseError(
                f"process {self.rank} of {self.size}: another one has ended "
                f"({_first_line(error)}). See what it said; the first one has saved what was "
                "learned, and the same command with --resume goes on with any number of them."
            ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


@functools.cache
def ranks() -> Alone:
    """This process among those that torchrun started; alone if it did not.

    Raises:
        OptionError: the others cannot be reached.
    """
    size = int(os.environ.get("WORLD_SIZE", 1))
    return Together(int(os.environ["RANK"]), size) if size > 1 and "RANK" in os.environ else Alone()
