"""The weights of a network in a run folder: written, and read into a network that fits them.

Whoever changes a `config.json` could ask for a network of any size. So a network is first built
without memory (`core.plan`) and held against the names and shapes that the head of the
weights' file tells; only then it is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file, save
from torch import nn

from interfuse.core.plan import planned
from interfuse.errors import RunError
from interfuse.io.files import write_atomically
from interfuse.io.memory import require

WEIGHTS = "weights.safetensors"
MOST_WEIGHT = 1e6
"""No training leaves larger ones; products of larger ones overflow, and answers are NaN."""
Net = TypeVar("Net", bound=nn.Module)
_ADVICE = "Restore the run folder or fit again."


def write_weights(folder: Path, net: nn.Module) -> None:
    """Write the parameters of a network to its file in a run folder."""
    # Copies: in training they are views of one long vector.
    named = net.named_parameters()
    weights = {name: p.detach().cpu().clone().contiguous() for name, p in named}
    write_atomically(folder / WEIGHTS, save(weights))


def read_weights(folder: Path, build: Callable[[], Net]) -> Net:
    """A network with the weights of a run folder.

    Args:
        folder: of the run.
        build: makes the network.

    Raises:
        RunError: its weights are of other names or shapes, not finite, or absurd.
    """
    path = folder / WEIGHTS
    shapes = tensor_shapes(path)
    plan = planned(build)
    needed = {name: tuple(p.shape) for name, p in plan.named_parameters()}
    _same(path, shapes, needed)
    tensors = [*plan.parameters(), *plan.buffers()]
    total = 2 * sum(t.numel() * t.element_size() for t in tensors)
    require(total, f"{folder}: the network", _ADVICE, RunError)
    net = build()
    weights = load_file(path)
    for name, weight in weights.items():
        if weight.dtype != torch.float32 or not (weight.abs() <= MOST_WEIGHT).all():
            raise RunError(
                f"{path}: {name} holds {str(weight.dtype).removeprefix('torch.')} values that are "
                f"not all numbers of float32 up to {MOST_WEIGHT:.0e}. {_ADVICE}"
            )
    net.load_state_dict(weights, strict=True)
    return net


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file.

    Raises:
        RunError: it is no file of arrays.
    """
    try:
        return load_arrays(path)
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise RunError(f"{path}: cannot be read as arrays ({error}). {_ADVICE}") from error


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors of a file, by its head alone.

    Raises:
        RunError: it is no such file.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read as tensors ({error}). {_ADVICE}") from error


def _same(path: Path, found: Mapping[str, Any], needed: Mapping[str, Any]) -> None:
    for name, shape in needed.items():
        if found.get(name) != shape:
            has = "lacks it" if name not in found else f"has it as {list(found[name])}"
            raise RunError(
                f"{path.parent}: its parts do not fit together: by config.json {name} is of shape "
                f"{list(shape)}; {path.name} {has}. {_ADVICE}"
            )
    more = sorted(set(found) - set(needed))
    if more:
        raise RunError(
            f"{path.parent}: its parts do not fit together: {path.name} has {more[0]!r}, which no "
            f"network of config.json has. {_ADVICE}"
        )
