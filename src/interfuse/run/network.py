"""The network of a model in a run folder: what `config.json` says of it, and its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from torch import nn

from interfuse.core.kernel import Gaussian
from interfuse.core.solvers import Sampling
from interfuse.run.config import NetworkConfig
from interfuse.run.weights import read_weights


class Drawn(Protocol):
    """A network that records are drawn from."""

    kernel: Gaussian | None
    sampling: Sampling

    def config(self) -> dict[str, Any]:
        """The keywords that make it again."""
        ...


Net = TypeVar("Net", bound=nn.Module)


def network_entries(net: Drawn, name: str, usual: Gaussian) -> dict[str, Any]:
    """The entries of `config.json` that `read_network` reads.

    Args:
        net: the network.
        name: which of its kind's networks it is.
        usual: the kernel of its kind, where the network has none of its own.
    """
    return {
        "network": {"name": name, **net.config()},
        "kernel": (net.kernel or usual).to_json(),
        "sampling": net.sampling._asdict(),
    }


def read_network(
    folder: Path, config: NetworkConfig, networks: Mapping[str, Callable[..., Net]]
) -> Net:
    """The network, ready to answer.

    Args:
        folder: of the run.
        config: what `config.json` says.
        networks: those of the kind by their names.

    Raises:
        RunError: its weights are not those of such a network.
    """
    shape = config.network
    arguments = msgspec.structs.asdict(shape)
    build = networks[str(shape.__struct_config__.tag)]
    net: Any = read_weights(folder, lambda: build(**arguments))
    net.kernel = config.kernel.gaussian() if config.kernel else None
    if config.sampling:
        net.sampling = config.sampling.sampling()
    return net.eval()
