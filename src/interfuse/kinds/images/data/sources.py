"""Where images come from: each source says how many there are at most, and gives them in order.

An *encoded* source gives files, or the bytes of files, one at a time; an *array* gives pixels.

    folder       its files by extension, sub-folders included, by path; hidden ones are left out,
                 and so are other endings, with a note.
                 Class: a sub-folder (`data.foldernames`), or what a CSV says of the file
    .npz         its one array of 3 or 4 dimensions. Class: its one array of 1 dimension
    .npy         the array, left on disk
    idx, idx.gz  the array (3 or 4 dimensions of bytes). Class: the idx file beside it, which is
                 named labels-idx1 where this one is named images-idx3
    Parquet      a column of encoded bytes, or of structs with `bytes`. Class: a column named
                 class or label

A CSV of classes has a column `file` and a column `class` (else the first and the second); a
`labels.csv` in the folder is used without being asked for, and then sub-folders are not classes.
A file that it does not list has no class. No pickled object is ever loaded.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from interfuse.errors import DataError
from interfuse.io.arrays import check_fits
from interfuse.io.many import holds_tables
from interfuse.io.read import read
from interfuse.kinds.images.data.arrayfiles import is_idx, labels_beside, read_idx, read_npz
from interfuse.kinds.images.data.arrays import PixelArray, to_names
from interfuse.kinds.images.data.classes import CLASS_NAMES, by_file, named
from interfuse.kinds.images.data.decode import SUFFIXES
from interfuse.kinds.images.data.foldernames import classes_of, left_out
from interfuse.kinds.images.data.levels import Levels

LABELS = "labels.csv"
_MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
_BATCH = 256


@dataclass(frozen=True)
class Folder:
    """Encoded images in files.

    Attributes:
        names: paths under the folder, sorted.
        labels: their classes; None where there is none.
        notes: what was left out, for people.
    """

    root: Path
    names: list[str]
    labels: list[str | None]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def at(self, index: Sequence[int]) -> Iterator[tuple[int, Path | bytes]]:
        """Some of the images, in order."""
        return ((i, self.root / self.names[i]) for i in index)

    def every(self) -> Iterator[tuple[int, Path | bytes]]:
        """All images in order."""
        return self.at(range(len(self)))


@dataclass(frozen=True)
class Column:
    """Encoded images in a Parquet column."""

    path: Path
    column: str
    names: list[str]
    labels: list[str | None]

    def __len__(self) -> int:
        return len(self.names)

    def at(self, index: Sequence[int]) -> Iterator[tuple[int, Path | bytes]]:
        """Some of the images, in order; what lies between is read and left."""
        wanted = set(index)
        last = max(wanted, default=-1)
        for i, data in self.every():
            if i in wanted:
                yield i, data
            if i >= last:
                return

    def every(self) -> Iterator[tuple[int, Path | bytes]]:
        """All images in order, a batch of rows in memory at a time."""
        i = 0
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(_BATCH, columns=[self.column]):
                for value in batch.column(0):
                    data = value.as_py()
                    data = data.get("bytes") if isinstance(data, dict) else data
                    yield i, data or b""
                    i += 1


@dataclass(frozen=True)
class Array:
    """Images that are pixels already."""

    pixels: PixelArray
    names: list[str]
    labels: list[str | None]

    def __len__(self) -> int:
        return len(self.names)


Source = Folder | Column | Array


def holds_images(folder: Path) -> bool:
    """Whether a folder, or one in it, has a file that is named as an image."""
    return any(path.suffix.lower() in SUFFIXES for path in folder.rglob("*"))


def is_images(data: Any) -> bool:
    """Whether data that nobody said anything about is images rather than a table."""
    if isinstance(data, np.ndarray):
        return data.ndim in (3, 4)
    if not isinstance(data, str | Path) or str(data) == "-":
        return False
    path = Path(data).expanduser()
    if path.is_dir():
        return holds_images(path) or not holds_tables(path)
    if path.suffix.lower() in (".npz", ".npy", *SUFFIXES):
        return True
    if not path.is_file():
        return False
    return is_idx(path) or (path.suffix.lower() in (".parquet", ".pq") and bool(_encoded(path)))


def called(data: Any) -> str:
    """What messages call images: a file by its path, an array never by its values."""
    if isinstance(data, str | os.PathLike):
        return os.fspath(data)
    return "array" if isinstance(data, np.ndarray) else type(data).__name__


def find(
    data: Any,
    labels: Any = None,
    column: str | None = None,
    levels: Levels = Levels(),  # noqa: B008
) -> Source:
    """The images that `data` names.

    Args:
        data: a path, or an array.
        labels: a path, or an array of classes; None to look where the module says.
        column: of a Parquet file.
        levels: what is white in arrays, if a model says so.

    Raises:
        DataError: nothing is there, or no images are.
    """
    if isinstance(data, np.ndarray):
        return _array(data, labels, "array", levels)
    path = Path(data).expanduser()
    if not path.exists():
        raise DataError(
            f"{path}: no such file. Check the name; the current folder is {Path.cwd()}."
        )
    if path.is_dir():
        return _folder(path, labels)
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return Folder(path.parent, [path.name], [None])
    try:
        if suffix in (".parquet", ".pq"):
            return _column(path, labels, column)
        if suffix == ".npz":
            values, beside = read_npz(path)
            return _array(values, beside if labels is None else labels, str(path), levels)
        if suffix == ".npy":
            values = np.load(path, mmap_mode="r", allow_pickle=False)
            return _array(values, labels, str(path), levels)
        if is_idx(path):
            beside = labels_beside(path)
            labels = beside if labels is None else labels
            return _array(read_idx(path), labels, str(path), levels)
    except (
        OSError,
        ValueError,
        EOFError,
        zlib.error,
        zipfile.BadZipFile,
        pa.ArrowException,
    ) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{path}: is cut short, damaged or no array of numbers ({text})."
        ) from error
    raise DataError(
        f"{path}: is not a set of images; expected a folder, .npz, .npy, idx, or Parquet with a "
        "column of encoded images."
    )


# -- folders ------------------------------------------------------------------------------------


def _folder(root: Path, labels: Any) -> Folder:
    names: list[str] = []
    others: Counter[str] = Counter()
    for folder, inside, files in os.walk(root):
        inside[:] = sorted(d for d in inside if not d.startswith((".", "__MACOSX")))
        for name in files:
            if name.startswith(".") or name in (LABELS, "Thumbs.db", "desktop.ini"):
                continue
            suffix = os.path.splitext(name)[1].lower()
            if suffix in SUFFIXES:
                names.append(os.path.relpath(os.path.join(folder, name), root))
            else:
                others[suffix or name] += 1
    if not names:
        found = ", ".join(f"{n:,} {suffix}" for suffix, n in others.most_common(3))
        raise DataError(
            f"{root}: has no images in it ({'found ' + found if found else 'it is empty'}); "
            f"expected files named {', '.join(SUFFIXES)}, perhaps in sub-folders."
        )
    names.sort()
    if labels is None and (root / LABELS).is_file():
        labels = root / LABELS
    if labels is not None:
        said = by_file(labels, names, root)
        return Folder(root, names, said, tuple(left_out(others)))
    classes, notes = classes_of(names)
    return Folder(root, names, classes, (*left_out(others), *notes))


# -- arrays -------------------------------------------------------------------------------------


def _array(values: np.ndarray, labels: Any, where: str, levels: Levels) -> Array:
    pixels = PixelArray(values, where, levels)
    n = len(pixels)
    names = [f"{i:06d}" for i in range(n)]
    if labels is None:
        return Array(pixels, names, [None] * n)
    told = "labels"
    if isinstance(labels, str | Path):
        told, labels = str(labels), _label_file(Path(labels).expanduser())
    return Array(pixels, names, to_names(labels, n, told))


def _label_file(path: Path) -> Any:
    """Labels in order, from .npy, idx, or a table."""
    if path.suffix.lower() == ".npy":
        check_fits(path, "Are these labels?")
        return np.load(path, allow_pickle=False)
    if path.is_file() and is_idx(path):
        return read_idx(path)
    table = read(path).collect()
    return table[named(table.columns, CLASS_NAMES, table.columns[-1])]


# -- Parquet ------------------------------------------------------------------------------------


def _encoded(path: Path) -> list[str]:
    """The columns of a Parquet file whose first value is an encoded image."""
    out = []
    try:
        with pq.ParquetFile(path) as file:
            for field in file.schema_arrow:
                inner = field.type
                if pa.types.is_struct(inner) and inner.get_field_index("bytes") >= 0:
                    inner = inner.field("bytes").type
                if not (pa.types.is_binary(inner) or pa.types.is_large_binary(inner)):
                    continue
                for batch in file.iter_batches(8, columns=[field.name]):
                    values = [v.as_py() for v in batch.column(0)]
                    values = [v.get("bytes") if isinstance(v, dict) else v for v in values]
                    if any(v and v.startswith(_MAGIC) for v in values):
                        out.append(field.name)
                    break
    except (OSError, pa.ArrowException):
        return []
    return out


def _column(path: Path, labels: Any, column: str | None) -> Column:
    there = _encoded(path)
    with pq.ParquetFile(path) as file:
        columns, n = file.schema_arrow.names, file.metadata.num_rows
    if column is None and len(there) != 1:
        found = f"columns {', '.join(map(repr, there))} do" if there else "none does"
        raise DataError(
            f"{path}: expected one column that holds encoded images; {found}, of "
            f"{', '.join(map(repr, columns[:8]))}. Name it with --column."
        )
    if column is not None and column not in columns:
        raise DataError(
            f"{path}: has no column {column!r}; it has {', '.join(map(repr, columns[:8]))}."
        )
    names = [f"{i:06d}" for i in range(n)]
    if labels is None:
        name = next((c for c in columns if c.lower() in CLASS_NAMES and c != column), None)
        if name is None:
            return Column(path, column or there[0], names, [None] * n)
        where, labels = f"{path}: column {name!r}", pl.read_parquet(path, columns=[name])[name]
    elif isinstance(labels, str | Path):
        where, labels = str(labels), _label_file(Path(labels).expanduser())
    else:
        where = "labels"
    return Column(path, column or there[0], names, to_names(labels, n, where))
