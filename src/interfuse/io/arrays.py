"""How large the arrays of a `.npy` or `.npz` file are, by their heads alone."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from interfuse.errors import DataError
from interfuse.io.memory import require


class Head(NamedTuple):
    """Shape and bytes of an array."""

    shape: tuple[int, ...]
    size: int


def heads(path: Path) -> dict[str, Head]:
    """The arrays of a file by name; that of a `.npy` file has none.

    Raises:
        ValueError: it is no such file.
        OSError: it cannot be read.
    """
    return {name: head for name, (head, _) in _heads(path).items()}


def _heads(path: Path) -> dict[str, tuple[Head, int]]:
    """The arrays, and of each how many bytes lack for certain."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            file.seek(0)
            return {"": _head(file, path.stat().st_size)}
    out = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                out[name.removesuffix(".npy")] = _head(file, archive.getinfo(name).file_size)
    return out


def check_fits(path: Path, advice: str, copies: float = 1) -> dict[str, Head]:
    """The arrays of a file, once it is known that they fit into memory.

    Args:
        path: of the file.
        advice: what to do if they do not, as a sentence.
        copies: how often they will be there at once.

    Raises:
        DataError: they do not fit.
        ValueError: it is no such file, or is cut short.
        OSError: it cannot be read.
    """
    both = _heads(path)
    found = {name: head for name, (head, _) in both.items()}
    for name, head in found.items():
        require(copies * head.size, f"{path}{name and f', {name}'}", advice, DataError)
    require(copies * sum(head.size for head in found.values()), str(path), advice, DataError)
    for head, short in both.values():
        if short:  # before memory is taken for it
            raise ValueError(f"its head says {head.size:,} bytes, of which {short:,} lack")
    return found


def _head(file: IO[bytes], there: int) -> tuple[Head, int]:
    version = np.lib.format.read_magic(file)
    reader = np.lib.format.read_array_header_1_0
    if version >= (2, 0):
        reader = np.lib.format.read_array_header_2_0
    shape, _, dtype = reader(file)
    size = math.prod(shape) * dtype.itemsize
    lack = 0 if dtype.hasobject else max(size - (there - file.tell()), 0)
    return Head(shape, size), lack
