"""Whether data looks like time series. A cautious guess, for a hint and no more."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import InterfuseError, InterfuseWarning
from interfuse.io.frames import to_polars
from interfuse.io.scratch import ROWS, temporary
from interfuse.kinds.series.data.build import place_rows
from interfuse.kinds.series.data.roles import find_roles, is_number, is_text
from interfuse.kinds.series.data.stamps import is_calendar, read_stamps

_ROWS, _FEWEST = 5000, 20
_HEAD, _LONGEST_NAMES = 1 << 19, 1 << 14
"""Bytes of a text that are read, and bytes of the line of names from which a table is too wide."""
_LINES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson")
_LAZY = (".parquet", ".arrow", ".feather", ".ipc")
_REGULAR = 0.9


def looks_like_series(data: Any) -> bool:
    """Whether a frame or a file of a table is series at first sight.

    True if there is exactly one column of dates, all other columns are numbers, or constant within
    every series, and nine in ten stamps of the first 5,000 rows lie on one grid, one row a point.
    """
    if str(data) == "-" or (isinstance(data, str | Path) and str(data).endswith((".npz", ".npy"))):
        return False
    try:
        with warnings.catch_warnings():  # whoever fits is told then
            warnings.simplefilter("ignore", InterfuseWarning)
            head = _head(data)
        return head is not None and _looks(head)
    except (InterfuseError, OSError):
        return False


def _head(data: Any) -> pl.DataFrame | None:
    """The first rows; None where a large file would have to be read for them.

    The fit has read it already: a hint is not worth reading all of it again.
    """
    path = Path(data) if isinstance(data, str | Path) else None
    if path is None or not path.is_file() or path.suffix.lower() in _LAZY:
        return to_polars(data)[0].lazy().head(_ROWS).collect()
    with path.open("rb") as file:
        start = file.read(_HEAD + 1)
    if len(start.partition(b"\n")[0]) > _LONGEST_NAMES:
        return None
    if len(start) <= _HEAD:
        return to_polars(path)[0].lazy().head(_ROWS).collect()
    if path.suffix.lower() not in _LINES:
        return None
    with temporary(Path(tempfile.gettempdir()), ROWS, path.suffix) as part:
        part.write_bytes(start[: start.rfind(b"\n") + 1])
        return to_polars(part)[0].lazy().head(_ROWS).collect()


def _looks(frame: pl.DataFrame) -> bool:
    if frame.height < _FEWEST:
        return False
    if not any(is_text(d) or d.is_temporal() for d in frame.dtypes):
        return False
    roles = find_roles(frame, "")
    if roles.time is None or not is_calendar(roles.form):
        return False
    if any(is_text(frame[n].dtype) for n in roles.channels):
        return False
    if any(not is_number(frame[n].dtype) and frame[n].null_count() < frame.height
           for n in roles.ignored):  # fmt: skip
        return False
    stamps, gone = read_stamps(frame[roles.time], roles.form)
    codes = np.zeros(frame.height, np.int64)
    many = 1
    if roles.series is not None:
        codes = frame[roles.series].rank("dense").fill_null(0).to_numpy().astype(np.int64)
        present, codes = np.unique(codes, return_inverse=True)
        many = len(present)
    if gone.any() or frame.height < 2 * many:
        return False
    placed = place_rows(
        stamps, codes, tuple(range(many)), "", dates=True, zone=None, grid=None
    )  # fmt: skip
    k, off = placed.grid.nearest(placed.starts[codes], stamps)
    regular = (np.abs(off) <= 0.01 * placed.grid.step).mean() >= _REGULAR
    rows = np.unique(np.stack([codes, k]), axis=1).shape[1]
    full = placed.lengths.sum() <= 2 * rows + many
    return bool(regular and full and rows >= 0.99 * frame.height)
