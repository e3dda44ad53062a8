"""The rows of a table, piece by piece, as often as it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from interfuse.errors import DataError
from interfuse.io.databases import is_database
from interfuse.io.many import called, is_many, is_on_disk, parts_of

PIECE = 1 << 18
"""Rows of a piece."""
PIECES_AT_ONCE = 6
"""Pieces that are in memory: read ahead, at hand, and on the way to cells."""
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True)
class Pieces:
    """A table that is read anew for each pass, in the same order.

    Attributes:
        lazy: its rows.
        source: what messages call it.
        files: its files with their size and time of change; none if it is no files.
        size: rows of a piece; what is learned does not depend on it.
    """

    lazy: pl.LazyFrame
    source: str
    files: tuple[tuple[Path, int, int], ...] = ()
    size: int = PIECE

    @classmethod
    def of(cls, data: Any, lazy: pl.LazyFrame) -> Pieces:
        """The rows of a source, as its files are now."""
        if not is_on_disk(data) or str(data) == "-":
            return cls(lazy, "the frame")
        paths = [part.path for part in parts_of(data)[0]] if is_many(data) else []
        if not paths and not is_database(data):
            paths = [Path(str(data)).expanduser()]
        return cls(lazy, called(data), tuple(_state(path) for path in paths))

    def select(self, names: Sequence[str]) -> Pieces:
        """Some of the columns."""
        return Pieces(self.lazy.select(names), self.source, self.files, self.size)

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """One pass.

        Raises:
            DataError: a file cannot be read to its end, or is not what it was at the beginning.
        """
        self.check()
        try:
            batches = self.lazy.collect_batches(
                chunk_size=self.size, maintain_order=True, lazy=True, engine="streaming"
            )
            yield from (piece for piece in batches if piece.height)
        except _UNREADABLE as error:
            self.check()
            raise self._unreadable(error) from error
        self.check()

    def check(self) -> None:
        """Look whether all files are what they were at the beginning.

        Raises:
            DataError: one is gone or was written to.
        """
        for path, size, time in self.files:
            if not path.exists():
                raise DataError(
                    f"{path}: is gone, though the fit has not ended. Expected files that stay as "
                    "they are. Put it back and fit again."
                )
            if _state(path) != (path, size, time):
                raise DataError(
                    f"{path}: was written to while it was fitted: {path.stat().st_size:,} bytes "
                    f"for {size:,}. Expected files that stay as they are. Fit a copy, or again "
                    "when it is complete."
                )

    def _unreadable(self, error: BaseException) -> DataError:
        """The error, with the name of the file that is the reason."""
        bad = self.source
        for path, _, _ in self.files if len(self.files) > 1 else ():
            try:
                for _ in pl.scan_parquet(path).collect_batches(engine="streaming"):
                    pass
            except _UNREADABLE as own:
                if path.suffix == ".parquet":
                    bad, error = str(path), own
                    break
        why = str(error).splitlines()[0]
        return DataError(
            f"{bad}: cannot be read to its end ({why}). Expected a whole file. Mend it, or leave "
            "it out."
        )


def _state(path: Path) -> tuple[Path, int, int]:
    found = path.stat()
    return path, found.st_size, found.st_mtime_ns
