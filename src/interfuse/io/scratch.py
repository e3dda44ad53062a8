"""Temporary files and folders that outlive no process by more than the next one.

Whoever makes one holds the lock beside it, NAME.lock, that the system lets go of when the process
dies, however it dies. It is made only once its lock is held, so that what is found without a holder
is abandoned.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import string
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from interfuse.errors import DataError

if TYPE_CHECKING:
    import polars as pl

ROWS = "interfuse-rows-"
_LOCK = ".lock"
_SIGNS = string.ascii_lowercase + string.digits + "_"


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
    made = place / f"{prefix}{''.join(secrets.choice(_SIGNS) for _ in range(8))}{suffix}"
    if not place.is_dir():  # a lock would make it
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place))
    with contextlib.ExitStack() as stack:
        _hold(made, stack)
        stack.callback(_remove, made)
        if folder:
            made.mkdir(0o700)
        else:
            made.touch(0o600, exist_ok=False)
        yield made


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
    name = re.compile(f"({re.escape(prefix)}[a-z0-9_]{{8}}{re.escape(suffix)})({_LOCK})?")
    with contextlib.suppress(OSError):
        for entry in os.scandir(place):
            found = name.fullmatch(entry.name)
            if found and not entry.is_symlink():
                with contextlib.suppress(OSError):
                    _remove_if_abandoned(place / found[1], Path(entry.path))


def _remove_if_abandoned(path: Path, seen: Path) -> None:
    if path.is_symlink():
        return
    if hasattr(os, "getuid") and seen.stat().st_uid != os.getuid():
        return
    with contextlib.suppress(Timeout), contextlib.ExitStack() as stack:
        _hold(path, stack)
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _hold(path: Path, stack: contextlib.ExitStack) -> None:
    """Hold the lock of a path until the stack ends, when the lock's file is removed.

    Raises:
        Timeout: another process has it.
        OSError: nobody may make one there.
    """
    beside = path.with_name(path.name + _LOCK)
    lock = FileLock(beside, timeout=0)
    lock.acquire()

    def let_go() -> None:
        # Still held where the system allows that, so that nobody takes a file without a name.
        for end in (lambda: None, lock.release):
            end()
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    stack.callback(let_go)
