"""Images to files that appear whole or not at all: PNG, a folder of them, or .npz."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from interfuse.errors import DataError
from interfuse.io.files import replacing
from interfuse.kinds.images.data.decode import need_pillow, to_image


def write_png(pixels: np.ndarray, path: str | Path) -> None:
    """Write one image (c, h, w); exactly, PNG loses nothing."""
    need_pillow()
    with replacing(path) as temporary:
        to_image(pixels).save(temporary, format="PNG")


def write_npz(path: str | Path, **arrays: np.ndarray) -> None:
    """Write arrays under their names, packed."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


@contextlib.contextmanager
def writing_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; it becomes `path` if the block ends well.

    Raises:
        DataError: something is there already, or the place cannot be written to.
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DataError(f"{path}: exists and is not an empty folder. Choose a new one.")
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
    except OSError as error:
        raise DataError(f"{path}: cannot write here ({error.strerror}).") from error
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o777 & ~umask)
        os.replace(temporary, path)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)
