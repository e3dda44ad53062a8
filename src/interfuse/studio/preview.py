"""What a page shows of an answer: its first rows, and how its columns are distributed."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SEEN = 20_000
"""Rows that distributions are counted over."""
PARSED_BYTES = 16 * 2**20
"""Of a file in a format that has no first rows without all: a log, a capture, a sheet."""
_NO_TABLES = {".html", ".png", ".webp", ".gif", ".jpg", ".jpeg", ".npy", ".npz", ".gz", ".zip"}
_TABLES = ("csv", "tsv", "jsonl", "parquet", "arrow")


def of(path: Path, rows: int, by: str | None = None, *, end: bool = False) -> dict[str, Any]:
    """The first rows of a table as text; null is missing.

    Args:
        path: a file of the command line, or an upload.
        rows: that are shown.
        by: a column of numbers; the largest come first, each with the number of its row.
        end: the last rows (of those that were seen) instead.

    Returns:
        Names, rows, their numbers from 1, and how many there are (null is more than were seen);
        nothing of these for what is no table.
    """
    from interfuse.io.shares import shortened

    both = _read(path)
    if both is None:
        return {"columns": [], "rows": [], "numbers": [], "total": None}
    text, typed = both
    shown = text.tail(rows) if end else text.head(rows)
    first = text.height - shown.height + 1 if end else 1
    numbers = list(range(first, first + shown.height))
    if by in typed.columns and typed[by].dtype.is_numeric():
        order = typed[by].arg_sort(descending=True, nulls_last=True).head(rows)
        shown, numbers = text[order], [i + 1 for i in order.to_list()]
    return {
        "columns": text.columns,
        "rows": [[shortened(v) for v in row] for row in shown.iter_rows()],
        "numbers": numbers,
        "total": text.height if text.height < SEEN else None,
    }


def distributions(path: Path, beside: Path | None) -> list[dict[str, Any]]:
    """How the columns of a table are distributed, beside those of another.

    Args:
        path: of the table.
        beside: of the other; columns it lacks have no second distribution.

    Returns:
        By column: equal bins of numbers (`low`, `high`, shares), or the most frequent values of
        everything else with their shares; `other` is the second table's, in the same bins.
    """
    from interfuse.io.shares import distribution

    both = _read(path)
    if both is None:
        return []
    typed = both[1]
    other = _read(beside) if beside is not None else None
    columns = {} if other is None else {c.name: c for c in other[1].iter_columns()}
    # Of texts that are all different, such as times, and of nothing, there is nothing to draw.
    return [distribution(c, columns.get(c.name)) for c in typed.iter_columns() if not _plain(c)]


def _plain(column: Any) -> bool:
    known = column.drop_nulls()
    if known.is_empty():
        return True
    return not column.dtype.is_numeric() and len(known) > 6 and known.is_unique().all()


def _read(path: Path) -> tuple[Any, Any] | None:
    """The first rows of a table, as text where it is text and as values; None if it is none."""
    ending = path.name.rpartition(".")[2].lower()
    if not path.is_file():
        return None
    if ending not in _TABLES:
        return _parsed(path)
    import polars as pl

    try:
        match ending:
            case "csv" | "tsv":
                how: dict[str, Any] = {"separator": _separator(path), "n_rows": SEEN,
                                       "truncate_ragged_lines": True}  # fmt: skip
                text = pl.read_csv(path, infer_schema=False, **how)
                return text, pl.read_csv(path, ignore_errors=True, infer_schema_length=SEEN, **how)
            case "jsonl":
                both = pl.read_ndjson(path, n_rows=SEEN)
            case "parquet":
                both = pl.read_parquet(path, n_rows=SEEN)
            case _:
                both = pl.read_ipc(path, n_rows=SEEN)
    except (pl.exceptions.PolarsError, OSError):  # a fit says what is wrong with it
        return None
    return both, both


def _parsed(path: Path) -> tuple[Any, Any] | None:
    """The first rows of a log, a capture or a sheet, which are read whole if they are small."""
    if path.stat().st_size > PARSED_BYTES or path.suffix.lower() in _NO_TABLES:
        return None
    from interfuse.errors import InterfuseError
    from interfuse.io.frames import to_polars

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a plan says the same
        try:
            frame = to_polars(str(path))[0].lazy().head(SEEN).collect()
        except (InterfuseError, OSError, ValueError):
            return None
    return frame, frame


def _separator(path: Path) -> str:
    with path.open("rb") as file:
        first = file.readline().decode(errors="replace")
    return max(",;\t|", key=first.count)


def arrow_stream(path: Path) -> Iterator[bytes]:
    """An Arrow file as a stream, a batch at a time."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        file = pa.ipc.open_file(source)
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, file.schema) as writer:
            for i in range(file.num_record_batches):
                writer.write_batch(file.get_batch(i))
                yield _taken(sink)
        yield _taken(sink)


def _taken(sink: io.BytesIO) -> bytes:
    block = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return block
