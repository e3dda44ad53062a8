"""Data of any form to a frame with a row for each touch.

Besides what `interfuse.io` reads: RecBole's `.inter` (tabs, `user_id:token`), MovieLens' lines
`user::item::rating::time`, lines `user item item ...` (LightGCN's), and sparse matrices of users by
items, whose values other than 1 are ratings, as `implicit` takes them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from interfuse.errors import DataError
from interfuse.io.frames import to_polars
from interfuse.io.origin import Origin
from interfuse.io.read import fingerprint

_START = 1 << 16
_COLONS = re.compile(r"[^:\n]+(::[^:\n]*)+")
_WHOLE = re.compile(r"\d+( \d+)*")
_TYPES = {"token": pl.String, "float": pl.Float64}


def read(data: Any) -> tuple[pl.DataFrame, Origin]:
    """A frame with a row for each touch, and where it came from.

    Raises:
        DataError: it cannot be read.
    """
    if sparse.issparse(data):
        return _matrix(data), Origin()
    if isinstance(data, str | Path) and str(data) != "-":
        path = Path(data).expanduser()
        special = _special(path) if path.is_file() else None
        if special is not None:
            return special, Origin("file")
    frame, origin = to_polars(data, nested=True)
    return frame.lazy().collect(), origin


def checksum(data: Any, frame: pl.DataFrame) -> str:
    """SHA-256 of a file's bytes, else of the values."""
    if isinstance(data, str | Path) and str(data) != "-":
        return fingerprint(data)
    return fingerprint(frame)


def _matrix(matrix: Any) -> pl.DataFrame:
    """Users are rows, items columns, both named by their numbers."""
    coo = sparse.coo_matrix(matrix)
    if coo.nnz == 0:
        raise DataError("the matrix: has no entry; expected users by items with some touches.")
    values = np.asarray(coo.data, np.float64)
    columns: dict[str, Any] = {"user_id": coo.row.astype(np.int64)}
    columns["item_id"] = coo.col.astype(np.int64)
    if not (values == 1).all():
        columns["rating"] = values
    return pl.DataFrame(columns)


def _special(path: Path) -> pl.DataFrame | None:
    """A file that `interfuse.io` does not read as it is meant; None for all others."""
    if path.suffix == ".inter":
        return _recbole(path)
    if path.suffix not in (".dat", ".txt", ".data"):
        return None
    with path.open("rb") as file:
        head = file.read(_START).decode("utf-8", "replace").splitlines()
    head = head[:-1] if len(head) > 1 else head
    if head and all(_COLONS.fullmatch(line) for line in head):
        return _colons(path)
    widths = {line.count(" ") for line in head}
    if head and len(widths) > 1 and all(_WHOLE.fullmatch(line.strip()) for line in head):
        return _baskets(path)
    return None


def _recbole(path: Path) -> pl.DataFrame:
    frame = pl.read_csv(path, separator="\t", infer_schema=False, quote_char=None)
    out, names = [], [n.split(":") for n in frame.columns]
    for column, (name, *kind) in zip(frame.iter_columns(), names, strict=True):
        dtype = _TYPES.get(kind[0] if kind else "token", pl.String)
        try:
            out.append(column.cast(dtype).alias(name))
        except pl.exceptions.PolarsError:
            raise DataError(
                f"{path}: column {name!r} holds text; its type there says {kind[0]}. Mend the "
                "file, or its first line."
            ) from None
    if frame.is_empty():
        raise DataError(f"{path}: has names but no rows. Expected a row for each touch.")
    return pl.DataFrame(out)


def _colons(path: Path) -> pl.DataFrame:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    rows = [line.split("::") for line in lines if line]
    width = len(rows[0])
    bad = next((i for i, row in enumerate(rows) if len(row) != width), None)
    if bad is not None or width > 4 or width < 2:
        place = f"line {bad + 1}" if bad is not None else "line 1"
        raise DataError(
            f"{path}: {place} has {len(rows[bad or 0])} fields between '::'; expected user, item, "
            f"rating, time, or the first of them, as many in each line. Mend that line."
        )
    names = ["user_id", "item_id", "rating", "timestamp"][:width]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(_numbers(frame[name]) for name in names)


def _numbers(column: pl.Series) -> pl.Series:
    for dtype in (pl.Int64, pl.Float64):
        try:
            return column.cast(dtype)
        except pl.exceptions.PolarsError:
            continue
    return column


def _baskets(path: Path) -> pl.DataFrame:
    users, items = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            user, *touched = map(int, line.split())
        except ValueError:
            raise DataError(
                f"{path}: line {number} is not whole numbers; expected 'user item item ...'. Mend "
                "that line."
            ) from None
        users += [user] * len(touched)
        items += touched
    return pl.DataFrame({"user_id": users, "item_id": items})
