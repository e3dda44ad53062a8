"""What a page shows of an answer: its first rows, and how its columns are distributed."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BINS = 24
TOP = 8
SEEN = 20_000
"""Rows that distributions are counted over."""
LONGEST = 200
_TABLES = ("csv", "tsv", "jsonl", "parquet", "arrow")


def of(path: Path, rows: int, data: str | None = None) -> dict[str, Any]:
    """A preview.

    Args:
        path: a file of the command line.
        rows: that are shown.
        data: unused but by answers about data, whose distributions say little.

    Returns:
        Names, rows of text (null is missing), and by column its distribution; nothing of these for
        what is no table.
    """
    ending = path.name.rpartition(".")[2]
    if ending not in _TABLES:
        return {"columns": [], "rows": [], "distributions": [], "total": None}
    import polars as pl

    match ending:
        case "csv" | "tsv":
            separator = "\t" if ending == "tsv" else _separator(path)
            text = pl.read_csv(path, infer_schema=False, separator=separator, n_rows=SEEN)
            typed = pl.read_csv(path, separator=separator, n_rows=SEEN, ignore_errors=True,
                                infer_schema_length=SEEN)  # fmt: skip
        case "jsonl":
            typed = text = pl.read_ndjson(path, n_rows=SEEN)
        case "parquet":
            typed = text = pl.read_parquet(path, n_rows=SEEN)
        case _:
            typed = text = pl.read_ipc(path, n_rows=SEEN, memory_map=False)
    return {
        "columns": text.columns,
        "rows": [[_shown(v) for v in row] for row in text.head(rows).iter_rows()],
        "total": text.height if text.height < SEEN else None,
        "distributions": [distribution(column) for column in typed.iter_columns()],
    }


def _separator(path: Path) -> str:
    with path.open("rb") as file:
        first = file.readline().decode(errors="replace")
    return max(",;\t|", key=first.count)


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def distribution(column: Any) -> dict[str, Any]:
    """Shares of equal bins of numbers, or of the most frequent values of everything else."""
    known = column.drop_nulls()
    out: dict[str, Any] = {"name": column.name, "missing": column.len() - known.len()}
    if known.len() and column.dtype.is_numeric():
        numbers = known.cast(float)
        numbers = numbers.filter(numbers.is_finite())
        low, high = (numbers.quantile(q) for q in (0.005, 0.995))
        if low is not None and high is not None and high > low:
            inside = numbers.clip(low, high)
            place = ((inside - low) / (high - low) * BINS).floor().clip(0, BINS - 1).cast(int)
            counts = dict(place.value_counts().iter_rows())
            shares = [counts.get(i, 0) / numbers.len() for i in range(BINS)]
            return {**out, "low": _rounded(low), "high": _rounded(high), "shares": shares}
    counts = known.cast(str, strict=False).value_counts(sort=True).head(TOP)
    top = [(_shown(v), n / max(1, column.len())) for v, n in counts.iter_rows()]
    return {**out, "values": top, "distinct": known.n_unique()}


def _rounded(x: float) -> float:
    return float(f"{x:.6g}") if math.isfinite(x) else 0.0


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
