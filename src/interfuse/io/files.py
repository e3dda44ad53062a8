"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

from interfuse.errors import DataError
from interfuse.io.scratch import temporary


def check_name(path: Path) -> None:
    """Raise if the name of a file is no text, which half of the libraries cannot open.

    So is one of another encoding, and every name beyond ASCII where Python is told to read names
    as ASCII.

    Raises:
        DataError: with the name, its bytes written out.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        raise DataError(
            f"{shown}: the name is not text in UTF-8. Rename it, or set PYTHONUTF8=1 if it is."
        ) from None


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` if the block ends well.

    The temporary file is removed if the block raises, an interrupt included.

    Raises:
        DataError: the folder does not exist, cannot be written, or the disk is full.
    """
    with _beside(Path(path), folder=False) as made:
        yield made


@contextlib.contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; it becomes `path` if the block ends well.

    Raises:
        DataError: something is there already, or the place cannot be written to.
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DataError(f"{path}: exists and is not an empty folder. Choose a new one.")
    with _beside(path, folder=True) as made:
        yield made


@contextlib.contextmanager
def _beside(path: Path, *, folder: bool) -> Iterator[Path]:
    check_name(path)
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(
                temporary(path.parent, f".{path.name}.", ".tmp", folder=folder)
            )
        except OSError as error:
            raise DataError(
                f"{path}: cannot write here ({error.strerror}). Choose another place."
            ) from error
        try:
            yield made
            # It was made private; what we leave should follow the user's umask.
            umask = os.umask(0)
            os.umask(umask)
            made.chmod((0o777 if folder else 0o666) & ~umask)
            os.replace(made, path)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise DataError(
                    f"{path}: the disk is full; nothing was written. Free some space and try again."
                ) from error
            raise


def write_atomically(path: str | Path, content: bytes | str) -> None:
    """Write `content` under a temporary name, flush it to the disk, then rename it to `path`."""
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as temporary, temporary.open("wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())


def write_json(path: str | Path, value: object) -> None:
    """Write JSON atomically, indented, with every number finite."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, text + "\n")
