"""Rows about a file, with the cells whose text is no value of their column (`interfuse.io.unread`).

The texts travel beside the rows in columns of their own, so that rows may be left out on the way,
and take their place when they are written: in delimited text, and in formats in which a column may
hold both (`Format.mixed`). Elsewhere the cells stay empty, which `no_place` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from interfuse.io.astext import as_text
from interfuse.io.unread import Unread
from interfuse.io.write import holds_mixed, writes_text
from interfuse.io.written import Writing

_MARK = "\0unread "  # no column of a file has such a name


def with_texts(frame: pl.DataFrame, unread: Unread, first: int, each: int = 1) -> pl.DataFrame:
    """Rows with the texts of theirs beside them.

    Args:
        frame: rows, or draws of rows, those of a row together.
        unread: of all rows.
        first: the number of the first row.
        each: how many draws of a row there are.
    """
    if not unread:
        return frame
    texts = unread.texts(first, frame.height // each)
    if each > 1:
        turn = pl.int_range(frame.height, dtype=pl.UInt32, eager=True) // each
        texts = texts[turn]
    return frame.with_columns(texts.rename(lambda name: _MARK + name))


def with_texts_by(
    frame: pl.DataFrame, unread: Unread, rows: pl.DataFrame, keys: Sequence[str]
) -> pl.DataFrame:
    """The same for rows among which are new ones.

    Args:
        frame: rows, in any order.
        unread: of `rows`.
        rows: those that were read.
        keys: the columns that tell rows apart, which both have.
    """
    if not unread:
        return frame
    texts = unread.texts(0, rows.height).rename(lambda name: _MARK + name)
    there = pl.concat([rows.select(keys), texts], how="horizontal").unique(keys, keep="first")
    return frame.join(there, on=list(keys), how="left", nulls_equal=True, maintain_order="left")


def placed(
    frames: Iterable[pl.DataFrame], target: str | Path, writing: Writing
) -> Iterator[pl.DataFrame]:
    """Rows as they are to be written: the texts that stood beside them have their place."""
    text, mixed = writes_text(target, writing), holds_mixed(target, writing)
    done = 0
    for frame in frames:
        beside = [n for n in frame.columns if n.startswith(_MARK)]
        rows, texts = frame.drop(beside), frame.select(beside)
        names = [n.removeprefix(_MARK) for n in beside]
        if beside and text:
            rows = as_text(writing.frame(rows)).with_columns(
                pl.coalesce(texts[mark], pl.col(name).cast(pl.String)).alias(name)
                for mark, name in zip(beside, names, strict=True)
                if name in rows.columns
            )
        for mark, name in zip(beside, names, strict=True) if mixed else ():
            for row in texts[mark].is_not_null().arg_true():
                writing.beside.setdefault(done + int(row), {})[name] = texts[mark][int(row)]
        done += rows.height
        yield rows


def no_place(unread: Unread, target: str | Path, writing: Writing) -> list[str]:
    """What people should know of a file that has no place for such texts."""
    if not unread or writes_text(target, writing) or holds_mixed(target, writing):
        return []
    names = ", ".join(map(repr, unread.cells))
    return [
        f"{target}: its columns hold values alone, so the cells of {names} whose text is none are "
        "empty in it; CSV, JSON lines and Excel keep them."
    ]
