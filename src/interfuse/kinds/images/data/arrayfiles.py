"""Arrays of images in files: `.npz` and idx, packed or not. No pickled object is ever loaded."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from interfuse.errors import DataError
from interfuse.io.arrays import check_fits
from interfuse.io.memory import require

_ADVICE = "Make the images smaller, or take fewer."


def read_npz(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """The images of a file of arrays, and their labels if it has any."""
    shapes = {name: head.shape for name, head in check_fits(path, _ADVICE).items()}
    with np.load(path, allow_pickle=False) as file:
        images = [name for name, shape in shapes.items() if len(shape) in (3, 4)]
        labels = [name for name, shape in shapes.items() if len(shape) == 1]
        if len(images) != 1 or len(labels) > 1:
            found = ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"
            raise DataError(
                f"{path}: expected one array of 3 or 4 dimensions (images) and at most one of 1 "
                f"(labels); found {found}. Save those two alone."
            )
        return file[images[0]], file[labels[0]] if labels else None


def is_idx(path: Path) -> bool:
    """Whether a file starts as an idx file of bytes does: 0, 0, 8, the number of dimensions."""
    try:
        with _open(path) as file:
            start = file.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(start) == 4 and start[:3] == b"\0\0\x08" and start[3] in (1, 3, 4)


def read_idx(path: Path) -> np.ndarray:
    """The array of an idx file."""
    with _open(path) as file:
        dimensions = file.read(4)[3]
        shape = tuple(np.frombuffer(file.read(4 * dimensions), ">u4").astype(int).tolist())
        size = math.prod(shape)
        require(size, str(path), _ADVICE, DataError)
        content = file.read(size + 1)
    if len(content) != size:
        found = "more" if len(content) > size else f"{len(content):,}"
        raise DataError(
            f"{path}: its header says {' x '.join(map(str, shape))} = {size:,} bytes; found "
            f"{found}. Fetch it again."
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def labels_beside(path: Path) -> Path | None:
    """The labels of `train-images-idx3-ubyte.gz`: `train-labels-idx1-ubyte.gz`, packed or not."""
    bare = path.name.removesuffix(".gz")
    name = bare.replace("images", "labels")
    for dimensions in ("idx3", "idx4"):
        name = name.replace(dimensions, "idx1")
    if name == bare:
        return None
    there = (path.with_name(name + packed) for packed in ("", ".gz"))
    return next((p for p in there if p.is_file()), None)


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]
