"""Networks of which only the shapes are known: they take no memory, whatever their size.

Torch's own device "meta" does that, too. But where a constructor computes with such tensors, or
fills them with random numbers, torch imports its compiler: 3.4 s of processor time, several times
what it takes to open a model and to ask it. Here these operations say their shape and no more.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Net = TypeVar("Net")

_FILLED = {Tensor.uniform_, Tensor.normal_}
_CELLWISE = {
    *("add", "radd", "sub", "rsub", "mul", "rmul", "div", "truediv", "rdiv", "rtruediv", "pow"),
    *("cos", "sin", "exp", "log", "sqrt", "where", "eq"),
}
_REAL = {"div", "truediv", "rdiv", "rtruediv", "cos", "sin", "exp", "log", "sqrt"}


class _Shapes(TorchFunctionMode):
    """What is computed cell by cell, or joined, is a shape and a type; all else is torch's."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in _FILLED or getattr(func, "__module__", "") == nn.init.__name__:
            return args[0] if args else (kwargs or {})["tensor"]
        if func is torch.arange and not kwargs and all(type(a) is int for a in args):
            return torch.empty(len(range(*args)), dtype=torch.long)
        if func is torch.cat:
            return _joined(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "").strip("_")
        if name in _CELLWISE and not kwargs:
            return _like(name, args)
        return func(*args, **(kwargs or {}))


def _joined(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    shape = list(tensors[0].shape)
    shape[dim] = sum(t.shape[dim] for t in tensors)
    return torch.empty(
        shape, dtype=functools.reduce(torch.promote_types, (t.dtype for t in tensors))
    )


def _like(name: str, args: tuple[Any, ...]) -> Tensor:
    shape = np.broadcast_shapes(*(a.shape for a in args if isinstance(a, Tensor)))
    values = list(args[1:] if name == "where" else args)
    dtype = torch.result_type(values[0], values[1]) if len(values) > 1 else values[0].dtype
    if name == "eq":
        dtype = torch.bool
    elif name in _REAL and not dtype.is_floating_point:
        dtype = torch.get_default_dtype()
    return torch.empty(shape, dtype=dtype)


def planned(build: Callable[[], Net]) -> Net:
    """A network without values.

    Args:
        build: makes the network, such as its class; it reads no values of tensors that it makes.

    Returns:
        The network, its parameters and buffers on torch's device "meta".
    """
    with torch.device("meta"), _Shapes():
        return build()
