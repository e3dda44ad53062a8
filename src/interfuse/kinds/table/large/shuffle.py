"""Encoded rows on a disk, in random order: written piece by piece, read block by block.

A record has the same number of bytes in every row: codes in one byte each where the cell has at
most 256 values and in two or four elsewhere, then low and high of each number in four. Rows are in
the order of their keys

    key(i) = splitmix64's finaliser of (i + 1) G + s,      s from the seed,

a bijection of 64 bits (Steele, Lea & Flood 2014, doi 10.1145/2660193.2660195): no two rows share a
key, and the order depends on the seed and the rows' numbers alone, not on pieces or parts. So any
first rows are a uniform sample: the first ones are held out. To get there in bounded memory each
piece is cut by keys into parts of the range of keys, which are then sorted one by one (Sanders
1998, doi 10.1016/S0020-0190(98)00127-3).

Blocks are read, not mapped: mapped pages would count as this process's memory.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from interfuse.core.seeds import Purpose, seed_of
from interfuse.errors import DataError
from interfuse.io.memory import size as size_of
from interfuse.kinds.table.fields import Encoded
from interfuse.kinds.table.learn.objective import Rows

BLOCK = 4_096
"""Rows that are read at once."""
PART = 32 << 20
"""Bytes that are sorted at once."""
_CACHED = 4
_G, _A, _B = (np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def row_keys(rows: np.ndarray, seed: int) -> np.ndarray:
    """The keys (uint64) of row numbers."""
    start = np.uint64(seed_of(seed, Purpose.SPLIT))
    with np.errstate(over="ignore"):
        x = (rows.astype(np.uint64) + np.uint64(1)) * _G + start
        x = (x ^ (x >> np.uint64(30))) * _A
        x = (x ^ (x >> np.uint64(27))) * _B
    return x ^ (x >> np.uint64(31))


def record_type(sizes: Sequence[int], numbers: int) -> np.dtype:
    """What a record is on the disk.

    Args:
        sizes: values of each category cell.
        numbers: number cells.
    """
    small = sum(k <= 1 << 8 for k in sizes)
    wide = np.uint16 if max(sizes, default=0) <= 1 << 16 else np.uint32
    return np.dtype(
        [
            ("small", np.uint8, (small,)),
            ("wide", wide, (len(sizes) - small,)),
            ("low", np.float32, (numbers,)),
            ("high", np.float32, (numbers,)),
        ]
    )


def bytes_needed(rows: int, record: np.dtype) -> int:
    """Of the disk, while rows are shuffled."""
    return rows * (record.itemsize + 8) + PART


class Shuffler:
    """Writes encoded rows in the order of their keys.

    Args:
        folder: an empty one.
        sizes: values of each category cell.
        numbers: number cells.
        rows: how many there will be.
        seed: of the keys.
        part: bytes that are sorted at once.
    """

    def __init__(
        self,
        folder: Path,
        sizes: Sequence[int],
        numbers: int,
        rows: int,
        seed: int,
        part: int = PART,
    ) -> None:
        self.folder, self.seed, self.rows = folder, seed, rows
        self.sizes = tuple(sizes)
        self.record = record_type(sizes, numbers)
        self._keyed = np.dtype([("key", np.uint64), ("row", self.record)])
        self._parts = max(1, -(-rows * self._keyed.itemsize // part))
        self._small = np.array([k <= 1 << 8 for k in sizes], bool)
        self.written = 0

    def add(self, cells: Encoded, first: int) -> None:
        """Write the rows first, first + 1, ... to the parts that they belong to.

        Raises:
            DataError: the disk is full, or a value was not there when columns were learned.
        """
        n = len(cells.codes)
        if not n:
            return
        if cells.codes.min(initial=0) < 0:
            raise _changed("has values that it had not when they were counted")
        keys = row_keys(np.arange(first, first + n, dtype=np.uint64), self.seed)
        out = np.empty(n, self._keyed)
        out["key"] = keys
        row = out["row"]
        row["small"], row["wide"] = cells.codes[:, self._small], cells.codes[:, ~self._small]
        row["low"], row["high"] = cells.low, cells.high
        # A part is a range of keys: the upper 32 bits say which.
        part = ((keys >> np.uint64(32)) * np.uint64(self._parts)) >> np.uint64(32)
        order = np.argsort(part, kind="stable")
        out, part = out[order], part[order]
        which, start = np.unique(part, return_index=True)
        for i, a, b in zip(which, start, [*start[1:], n], strict=True):
            self._append(f"part-{int(i):05}", out[a:b])
        self.written += n

    def finish(self) -> StoredRows:
        """Sort the parts, one behind the other.

        Raises:
            DataError: the disk is full, or there were more or fewer rows.
        """
        if self.written != self.rows:
            raise _changed(f"has {self.written:,} rows, {self.rows:,} when they were counted")
        for i in range(self._parts):
            part = self.folder / f"part-{i:05}"
            if part.exists():
                rows = np.fromfile(part, self._keyed)
                self._append("rows", rows["row"][np.argsort(rows["key"])])
                part.unlink()
        return StoredRows(self.folder / "rows", self.record, self.sizes, 0, self.rows)

    def _append(self, name: str, rows: np.ndarray) -> None:
        try:
            with (self.folder / name).open("ab") as file:
                file.write(rows.tobytes())
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise no_room(self.folder.parent, bytes_needed(self.rows, self.record)) from error


def _changed(found: str) -> DataError:
    return DataError(f"the data: {found}. Expected data that stays as it is. Fit a copy.")


def no_room(place: Path, wanted: int, free: int = 0) -> DataError:
    """The error of a disk without room for encoded rows."""
    return DataError(
        f"{place}: has no room for the encoded rows, which need {size_of(wanted)}; "
        f"{size_of(free)} are free. Free some space there, name another folder in the environment "
        "variable TMPDIR, or fit a part of the rows."
    )


@dataclass
class StoredRows:
    """Encoded rows on a disk; what training asks of `Rows`.

    Attributes:
        path: their file.
        record: what a row is in it.
        sizes: values of each category cell.
        start, stop: which rows of the file these are.
    """

    path: Path
    record: np.dtype
    sizes: tuple[int, ...]
    start: int
    stop: int
    _cache: dict[int, Rows] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return self.stop - self.start

    def part(self, first: int, rows: int) -> Rows:
        """Some rows behind one another, in memory.

        Args:
            first: of these rows.
            rows: how many; fewer at the end.
        """
        rows = max(min(rows, len(self) - first), 0)
        offset = (self.start + first) * self.record.itemsize
        found = np.fromfile(self.path, self.record, rows, offset=offset)
        if len(found) < rows:
            raise DataError(f"{self.path}: is cut short. Expected no one to touch it. Fit again.")
        small = np.array([k <= 1 << 8 for k in self.sizes], bool)
        codes = np.empty((rows, len(small)), np.int32)
        codes[:, small], codes[:, ~small] = found["small"], found["wide"]
        low, high = (found[name].copy() for name in ("low", "high"))
        return Rows(torch.from_numpy(codes), torch.from_numpy(low), torch.from_numpy(high))

    def take(self, index: Tensor) -> Rows:
        """The rows at `index`, in memory; cheap where they are of few blocks."""
        block = index // BLOCK
        which = block.unique().tolist()
        if len(which) < 2:
            b = which[0] if which else 0
            return self._block(b).take(index - b * BLOCK)
        here = [torch.nonzero(block == b).flatten() for b in which]
        parts = [
            self._block(b).take(index[at] - b * BLOCK) for b, at in zip(which, here, strict=True)
        ]
        back = torch.cat(here).argsort()
        codes, low, high = (
            torch.cat([getattr(part, name) for part in parts])[back]
            for name in ("codes", "low", "high")
        )
        return Rows(codes, low, high)

    def to(self, device: torch.device | str) -> StoredRows:
        """Itself: a batch goes to the device, not the file."""
        return self

    def _block(self, b: int) -> Rows:
        if b not in self._cache:
            while len(self._cache) >= _CACHED:
                del self._cache[next(iter(self._cache))]
            self._cache[b] = self.part(b * BLOCK, BLOCK)
        return self._cache[b]
