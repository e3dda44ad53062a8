"""interfuse: fit one diffusion model to a data set of the internet, then ask it anything.

    import interfuse

    model = interfuse.fit("flows.csv", seconds=120)
    rows = model.generate(10_000, given={"label": "ddos"}, seed=0)
    model.save("run")
    model = interfuse.load("run")

The names below are the whole public surface; they are imported when first used, so that
`import interfuse` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interfuse.api import fit
    from interfuse.data import Schema, infer_schema
    from interfuse.diffusion import DiffusionModel
    from interfuse.errors import InterfuseError
    from interfuse.evaluate import evaluate
    from interfuse.imagemodel import ImageModel
    from interfuse.model import Model, load
    from interfuse.seriesmodel import SeriesModel

__all__ = [
    "DiffusionModel",
    "ImageModel",
    "InterfuseError",
    "Model",
    "Schema",
    "SeriesModel",
    "evaluate",
    "fit",
    "infer_schema",
    "load",
]

_HOMES = {
    "DiffusionModel": "interfuse.diffusion",
    "ImageModel": "interfuse.imagemodel",
    "InterfuseError": "interfuse.errors",
    "Model": "interfuse.model",
    "Schema": "interfuse.data",
    "SeriesModel": "interfuse.seriesmodel",
    "evaluate": "interfuse.evaluate",
    "fit": "interfuse.api",
    "infer_schema": "interfuse.data",
    "load": "interfuse.model",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'interfuse' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
