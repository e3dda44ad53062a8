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
    from interfuse.api import ask, compare
    from interfuse.core import DiffusionModel
    from interfuse.errors import InterfuseError, InterfuseWarning
    from interfuse.evaluate import evaluate
    from interfuse.kinds.images.answer import ImageScores
    from interfuse.kinds.images.data import ImageSchema
    from interfuse.kinds.images.model import ImageModel
    from interfuse.kinds.series.answer import SeriesDraws, SeriesScores
    from interfuse.kinds.series.data import SeriesSchema
    from interfuse.kinds.series.model import SeriesModel
    from interfuse.kinds.table.answer import Comparison, Draws, Explanation, Scores
    from interfuse.kinds.table.fields.limit import Except, Range
    from interfuse.kinds.table.infer import infer_schema
    from interfuse.kinds.table.model import Model
    from interfuse.kinds.table.schema import ColumnSpec, Schema
    from interfuse.kinds.typed import fit, load

__all__ = [
    "ColumnSpec",
    "Comparison",
    "DiffusionModel",
    "Draws",
    "Except",
    "Explanation",
    "ImageModel",
    "ImageSchema",
    "ImageScores",
    "InterfuseError",
    "InterfuseWarning",
    "Model",
    "Range",
    "Schema",
    "Scores",
    "SeriesDraws",
    "SeriesModel",
    "SeriesSchema",
    "SeriesScores",
    "ask",
    "compare",
    "evaluate",
    "fit",
    "infer_schema",
    "load",
]

_HOMES = {
    "ColumnSpec": "interfuse.kinds.table.schema",
    "Comparison": "interfuse.kinds.table.answer",
    "DiffusionModel": "interfuse.core",
    "Explanation": "interfuse.kinds.table.answer",
    "Draws": "interfuse.kinds.table.answer",
    "ImageModel": "interfuse.kinds.images.model",
    "ImageSchema": "interfuse.kinds.images.data",
    "ImageScores": "interfuse.kinds.images.answer",
    "InterfuseError": "interfuse.errors",
    "InterfuseWarning": "interfuse.errors",
    "Model": "interfuse.kinds.table.model",
    "Except": "interfuse.kinds.table.fields.limit",
    "Range": "interfuse.kinds.table.fields.limit",
    "Schema": "interfuse.kinds.table.schema",
    "Scores": "interfuse.kinds.table.answer",
    "SeriesDraws": "interfuse.kinds.series.answer",
    "SeriesModel": "interfuse.kinds.series.model",
    "SeriesSchema": "interfuse.kinds.series.data",
    "SeriesScores": "interfuse.kinds.series.answer",
    "ask": "interfuse.api",
    "compare": "interfuse.api",
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
