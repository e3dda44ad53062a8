"""Which class an image is of: the one asked for, or a draw."""

from __future__ import annotations

import numpy as np
import torch

from interfuse.core import RowNoise
from interfuse.core.seeds import Purpose, seed_of
from interfuse.errors import ConditionError
from interfuse.kinds.images.data import ImageSchema

CLASS = "class"


def place_of(schema: ImageSchema, given: dict[str, object] | None) -> int | None:
    """The place of a class that is asked for."""
    if not given:
        return None
    classes = schema.classes
    for name in given:
        if name != CLASS:
            raise ConditionError(
                f"given: {name!r} is unknown; a model of images knows {CLASS!r} alone."
            )
    asked = given[CLASS]
    if not classes:
        raise ConditionError(
            "given: the images were fitted without classes. Fit a folder of sub-folders, or "
            "give labels."
        )
    if asked is None:
        return len(classes)
    if str(asked) not in classes:
        some = ", ".join(map(repr, classes[:12])) + (", ..." if len(classes) > 12 else "")
        raise ConditionError(f"given: class {str(asked)!r} was never seen; expected one of {some}.")
    return classes.index(str(asked))


def draw_classes(schema: ImageSchema, rows: np.ndarray, given: int | None, seed: int) -> np.ndarray:
    """The place of each image's class: the one asked for, or a draw."""
    if given is not None:
        return np.full(len(rows), given)
    counts = np.array(schema.counts, dtype=np.float64)
    if len(counts) < 2 or not counts.sum():
        return np.full(len(rows), len(schema.classes))
    keys = torch.from_numpy(rows) ^ (seed_of(seed, Purpose.CLASSES) & ~0xFFFFFFFF)
    uniform = RowNoise(keys).uniform((1,), stream=0)[:, 0].double().numpy()
    total = counts.cumsum() / counts.sum()
    return np.searchsorted(total, uniform, side="right").clip(max=len(counts) - 1)
