"""Temporary files and folders that outlive no process by more than the next one.

Whoever makes one holds a lock on it that the system lets go of when the process dies, however it
dies. It has its name only once it is held, so that what is found without a holder is abandoned.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from interfuse.errors import DataError

if TYPE_CHECKING:
    import polars as pl

try:
    import fcntl
except ImportError:  # Windows, where leftovers stay
    fcntl = None

ROWS = "interfuse-rows-"
_NOT_YET = ".new"


@contextlib.contextmanager
def temporary(
    place: Path, prefix: str, suffix: str = "", *, folder: bool = False
) -> Iterator[Path]:
    """A new file or folder of one's own; removed at the end, unless it has another name by then.

    Args:
        place: the folder to make it in; what others of these names left there is removed.
        prefix: of its name.
        suffix: of its name.
        folder: whether to make a folder.

    Raises:
        OSError: it cannot be made.
    """
    remove_abandoned(place, prefix, suffix)
    if folder:
        made = Path(tempfile.mkdtemp(prefix=prefix, suffix=suffix + _NOT_YET, dir=place))
    else:
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=suffix + _NOT_YET, dir=place)
        os.close(handle)
        made = Path(name)
    with contextlib.ExitStack() as stack:
        stack.callback(_remove, made)
        held = _hold(made)
        if held is not None:
            stack.callback(os.close, held)
        named = made.with_name(made.name.removesuffix(_NOT_YET))
        made.rename(named)
        stack.callback(_remove, named)
        yield named


@contextlib.contextmanager
def on_disk(lazy: pl.LazyFrame) -> Iterator[pl.LazyFrame]:
    """The same rows in an Arrow file of their own, any part of which is read at once.

    Raises:
        DataError: the temporary folder has no room for them.
    """
    import polars as pl

    place = "temporary folder"
    with contextlib.ExitStack() as stack:
        try:
            place = tempfile.gettempdir()
            folder = stack.enter_context(temporary(Path(place), ROWS, folder=True))
            lazy.sink_ipc(folder / "rows.arrow")
        except OSError as error:
            why = error.strerror or str(error).splitlines()[0]
            raise DataError(
                f"{place}: has no room for the rows on their way ({why}). Free some space there, "
                "or name another folder in the environment variable TMPDIR."
            ) from error
        yield pl.scan_ipc(folder / "rows.arrow")


def remove_abandoned_rows() -> None:
    """Remove the rows of processes that have died."""
    with contextlib.suppress(OSError):
        remove_abandoned(Path(tempfile.gettempdir()), ROWS)


def remove_abandoned(place: Path, prefix: str, suffix: str = "") -> None:
    """Remove what processes that have died left in a folder under such names."""
    name = re.compile(re.escape(prefix) + "[a-z0-9_]{8}" + re.escape(suffix))
    with contextlib.suppress(OSError):
        for entry in os.scandir(place):
            if name.fullmatch(entry.name) and not entry.is_symlink():
                with contextlib.suppress(OSError):
                    _remove_if_abandoned(Path(entry.path))


def _remove_if_abandoned(path: Path) -> None:
    if fcntl is None or path.stat().st_uid != os.getuid():
        return
    held = _hold(path)
    if held is not None:
        _remove(path)
        os.close(held)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _hold(path: Path) -> int | None:
    """An open descriptor that locks the path for this process; None if another has it."""
    if fcntl is None:
        return None
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
