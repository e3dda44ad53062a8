"""Classes of images that a table names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from interfuse.errors import DataError
from interfuse.io.frames import to_polars
from interfuse.io.read import read
from interfuse.kinds.images.data.arrays import to_names

FILE_NAMES = ("file", "filename", "file_name", "path", "image", "name")
CLASS_NAMES = ("class", "label", "labels", "classes", "target", "y")


def by_file(labels: Any, names: list[str], root: Path) -> list[str | None]:
    """Classes of a folder's files from a CSV or frame, or a sequence in the order of their names.

    A pandas index of text names the files.
    """
    table = read(labels).collect() if isinstance(labels, str | Path) else _framed(labels)
    if table is None:
        return to_names(labels, len(names), "labels")
    if not isinstance(labels, str | Path):
        labels = "labels"
    if len(table.columns) < 2:
        raise DataError(f"{labels}: has one column; expected two: file and class.")
    file = named(table.columns, FILE_NAMES, table.columns[0])
    label = named(table.columns, CLASS_NAMES, next(c for c in table.columns if c != file))
    if table[file].is_duplicated().any():
        twice = table[file].filter(table[file].is_duplicated())[0]
        raise DataError(f"{labels}: column {file!r} lists {twice!r} twice; list each file once.")
    listed = to_names(table[label], table.height, f"{labels}: column {label!r}")
    said = dict(zip((str(f).removeprefix("./") for f in table[file]), listed, strict=True))
    if not any(name in said for name in names):
        raise DataError(
            f"{labels}: column {file!r} names none of the images in {root} (it begins with "
            f"{table[file][0]!r}, the folder with {names[0]!r}). Give paths under that folder."
        )
    return [said.get(name) for name in names]


def _framed(labels: Any) -> pl.DataFrame | None:
    """Labels that say which file each is of as a table; None for a plain sequence."""
    series = nw.dependencies.is_pandas_series(labels)
    if not series and not nw.dependencies.is_into_dataframe(labels):
        return None
    index = getattr(labels, "index", None)
    named = index is not None and getattr(index, "inferred_type", "") == "string"
    if series and not named:
        return None
    if named:
        labels = labels.rename("class").to_frame() if series else labels
        labels = labels.rename_axis("file").reset_index()
    return to_polars(labels)[0].lazy().collect()


def named(columns: Sequence[str], known: Sequence[str], default: str) -> str:
    """The first column with one of the known names."""
    return next((c for c in columns if c.lower() in known), default)
