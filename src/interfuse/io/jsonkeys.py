"""JSON that readers take without a word though it says two things, or is no rows.

RFC 8259 leaves to the reader what an object with a repeated key means, and half of a surrogate pair
is no character. Both would change values in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import polars as pl

from interfuse.errors import DataError

_HALF = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")


class RepeatedKeyError(ValueError):
    """An object has a key twice."""


def unrepeated(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its keys and values, for `json.loads`.

    Raises:
        RepeatedKeyError: a key stands twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        again = next(k for k, _ in pairs if k in seen or seen.add(k))
        raise RepeatedKeyError(again)
    return found


def check_keys(content: bytes, read: pl.DataFrame, where: str) -> None:
    """Raise if an object has a key twice.

    The keys in the text are counted and held against those in the frame; only where these differ
    are the lines looked at one by one.

    Args:
        content: the lines.
        read: what polars made of them.
        where: how messages call the file.

    Raises:
        DataError: with the line and the key.
    """
    written = content.count(b'":') - content.count(b'\\":')
    if written == _keys(read) + content.count(b'":null') + content.count(b'": null'):
        return
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            json.loads(line or b"0", object_pairs_hook=unrepeated)
        except RepeatedKeyError as error:
            raise repeated(f"line {number}", str(error), where) from None
        except (ValueError, RecursionError):
            return  # no JSON at all: that is said elsewhere


def repeated(place: str, key: str, where: str) -> DataError:
    """The error of a key that an object has twice."""
    return DataError(
        f"{where}: {place} has the key {key!r} twice in one object; expected every key once, since "
        "readers differ in which value counts. Rename or remove one of them."
    )


def _keys(frame: pl.DataFrame) -> int:
    """How many keys with a value the objects have, at any depth."""
    return sum(_inner(column) for column in frame.iter_columns())


def _inner(column: pl.Series) -> int:
    """A value's own key and those within it."""
    return len(column) - column.null_count() + _within(column)


def _within(column: pl.Series) -> int:
    if isinstance(column.dtype, pl.Struct):
        held = column.drop_nulls()
        return sum(_inner(held.struct.field(f.name)) for f in column.dtype.fields)
    if isinstance(column.dtype, pl.List):
        return _within(column.explode())
    return 0


def check_characters(content: bytes, where: str) -> None:
    r"""Raise if a text holds half of a surrogate pair, as `\ud83d` alone.

    Raises:
        DataError: with the line.
    """
    if _HALF.search(content) is None:
        return
    for number, line in enumerate(content.split(b"\n"), 1):
        if _HALF.search(line) is None:
            continue
        try:
            text = json.dumps(json.loads(line), ensure_ascii=False)
        except (ValueError, RecursionError):
            return  # no JSON at all: that is said elsewhere
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise DataError(
                f"{where}: line {number} holds half of a surrogate pair (\\ud800 to \\udfff "
                "alone), which is no character. Write the whole pair, or the character itself."
            )


def check_rows(rows: Sequence[dict[str, Any]], where: str) -> None:
    """Raise if a single object holds the rows within itself.

    So does {"data": [{...}, ...]} of web services, {"a": [...], "b": [...]}, and what pandas writes
    unless asked for records, {"a": {"0": ..., "1": ...}} and {"row": {"a": ...}, ...}.

    Raises:
        DataError: with the way to write one object a row.
    """
    if len(rows) != 1:
        return
    values = list(rows[0].values())
    lists = {k: v for k, v in rows[0].items() if isinstance(v, list)}
    for key, value in lists.items() if len(lists) == 1 else ():
        if len(value) > 1 and all(isinstance(v, dict) for v in value):
            raise DataError(
                f"{where}: is one JSON object that holds {len(value):,} objects under {key!r}; "
                "expected one object a row. Write them so, for example with "
                f"`jq -c '.[{json.dumps(key)}][]'`."
            )
    long = {len(v) for v in lists.values()}
    if len(lists) == len(values) > 0 and len(long) == 1 and max(long) > 1:
        raise _by_columns(where, max(long))
    if {"columns", "data"} <= set(rows[0]) and isinstance(rows[0]["data"], list):
        raise _by_columns(where, len(rows[0]["data"]))  # to_json(orient='split')
    objects = [v for v in values if isinstance(v, dict)]
    alike = len(objects) == len(values) > 2 and all(set(v) == set(objects[0]) for v in objects)
    named = alike and not all(k.isdigit() for k in objects[0])
    if named and any(not isinstance(v, dict | list) for v in objects[0].values()):
        raise DataError(
            f"{where}: is one JSON object that holds {len(values):,} objects by their names; "
            "expected one object a row. Write them so, for example with `jq -c '.[]'`."
        )
    keys = {tuple(v) if isinstance(v, dict) else () for v in values}
    numbered = len(keys) == 1 and len(next(iter(keys))) > 1
    if numbered and all(k.isdigit() for k in next(iter(keys))):
        raise _by_columns(where, len(values[0]))


def check_whole(content: bytes, where: str) -> None:
    """Raise if the lines are one object.

    Raises:
        DataError: with the way to write it on one line, or its rows on one line each.
    """
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(whole, dict):
        check_rows([whole], where)
        raise DataError(
            f"{where}: is one JSON object over several lines; expected one object a line. Write it "
            "on one, for example with `jq -c .`."
        )


def _by_columns(where: str, rows: int) -> DataError:
    return DataError(
        f"{where}: is one JSON object that holds a list of {rows:,} values for each column; "
        "expected one object a row. pandas writes so with `to_json(orient='records', lines=True)`."
    )
