"""Text that is short in a file, since it is repeated there, and long in memory."""

from __future__ import annotations

import polars as pl

from interfuse.errors import DataError
from interfuse.io.memory import free_memory, most_bytes, size


def check_text_size(lazy: pl.LazyFrame, where: str) -> None:
    """Raise if the text of a frame would not fit into memory.

    The lengths alone are asked for, which costs little: Parquet keeps a repeated value once.

    Args:
        lazy: the frame.
        where: for the message.

    Raises:
        DataError: it would not fit; the longest column is named.
    """
    text = [name for name, dtype in lazy.collect_schema().items() if dtype == pl.String]
    if not text:
        return
    lengths = (pl.col(name).str.len_bytes().cast(pl.UInt64).sum() for name in text)
    found = lazy.select(lengths).collect(engine="streaming").row(0, named=True)
    check_bytes(found, where)


def check_bytes(found: dict[str, int], where: str) -> None:
    """Raise if so many bytes of text, by column, would not fit into memory.

    Raises:
        DataError: the longest column is named.
    """
    total, most = sum(found.values()), most_bytes()
    if total > most:
        name = max(found, key=found.__getitem__)
        raise DataError(
            f"{where}: holds {size(total)} of text, {size(found[name])} of it in column {name!r}; "
            f"{size(free_memory())} of memory are free. Leave that column out, or take fewer rows."
        )
