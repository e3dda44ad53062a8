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
    from interfuse.api import fit, load
    from interfuse.core import DiffusionModel
    from interfuse.errors import InterfuseError
    from interfuse.evaluate import evaluate
    from interfuse.kinds.images.model import ImageModel
    from interfuse.kinds.series.model import SeriesModel
    from interfuse.kinds.table.infer import infer_schema
    from interfuse.kinds.table.model import Model
    from interfuse.kinds.table.schema import Schema

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
    "DiffusionModel": "interfuse.core",
    "ImageModel": "interfuse.kinds.images.model",
    "InterfuseError": "interfuse.errors",
    "Model": "interfuse.kinds.table.model",
    "Schema": "interfuse.kinds.table.schema",
    "SeriesModel": "interfuse.kinds.series.model",
    "evaluate": "interfuse.evaluate",
    "fit": "interfuse.api",
    "infer_schema": "interfuse.kinds.table.infer",
    "load": "interfuse.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'interfuse' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
