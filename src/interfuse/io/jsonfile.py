"""JSON lines to a typed lazy frame: one object a line, or one array of objects.

JSON marks numbers, booleans and text; only dates, times and durations are looked for in text, by
the rules of `interfuse.io.texttypes` and `textforms`, and so are times in numbers that are counted
since 1970 or are days without marks, 20210716. Numbers in quotes are numbers if the file has none
without quotes (Nginx, journald and tshark quote all), or if their name or decimals say so; they are
written in quotes again. Whole numbers beyond int64 become UInt64
where that holds the column, else text. A column that mixes numbers or booleans with text is text;
but if most of it is numbers, the words count as missing, as in CSV. A key that a line lacks is a
missing value. What lies in an object within an object becomes a column of its own, a list becomes
text (`interfuse.io.nested`).

An object with a key twice, half of a surrogate pair and one object that holds all rows are refused
(`interfuse.io.jsonkeys`). A last line without an end that is no JSON was cut when the log was
rotated: it is left out.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import polars as pl

from interfuse.errors import DataError, NoRowsError
from interfuse.io.csvfile import check_unique
from interfuse.io.inexact import infinite, words_of_inexact
from interfuse.io.jsonkeys import (
    RepeatedKeyError,
    check_characters,
    check_keys,
    check_rows,
    check_whole,
    repeated,
    unrepeated,
)
from interfuse.io.nested import BARE, Nest, flat, flat_rows, lists_of_text
from interfuse.io.packetjson import is_of_packets, packets
from interfuse.io.plaintext import check_text
from interfuse.io.sheet import AS_IT_IS, Reading, Sheet, words_of
from interfuse.io.textforms import Said, read_text
from interfuse.io.timeguess import forms_of_texts
from interfuse.io.times import TimeForm
from interfuse.io.unread import beside

_LARGE = 10_000_000
_BARE = re.compile(r"(%[a-zA-Z])+")
"""A pattern of times without marks; numbers are read so if they are large enough for a date."""
_NUMBER = r"^-?(0|[1-9]\d{0,17})(\.\d+)?$"
_UNSET = ("", "-")
_ENOUGH = 10
"""Values that say that a program puts all its numbers in quotes."""
_MEASURED = re.compile(
    r"(?i)(^|[._-])(bytes(_sent|_received)?|size|len(gth)?|time|duration|elapsed|latency|rtt|count|"
    r"(n_?|num_?)?packets|pkts|octets|port|status(_code)?|ttl|rate|score|priority|offset|p?pid|age|"
    r"sent|received|total|connections?|requests?|errors?)$"
)
_NULL = re.compile(rb":\s*null\b")


def read_json_lines(
    source: Path | bytes,
    where: str,
    how: Reading = AS_IT_IS,
) -> Sheet:
    """The rows of a JSON lines file, or of its bytes, in memory.

    Args:
        source: the file, or its unpacked content.
        where: how messages call it.
        how: what is known of its columns.

    Raises:
        DataError: not UTF-8 text, a line is not a JSON object (its number is given), an object has
            a key twice or holds all rows within itself, or there are no objects, no keys, or keys
            that cannot name a column.
    """
    content = source if isinstance(source, bytes) else source.read_bytes()
    check_text(content, where)
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise NoRowsError(f"{where}: is empty. Expected one JSON object a line.")
    of_tshark: list[str] = []
    if is_of_packets(content):
        with contextlib.suppress(ValueError, RecursionError):  # what is no JSON is told of below
            content, of_tshark = packets(content)
    if content.lstrip()[:1] == b"[":
        content = _lines_of_array(content, where)
    content, notes = _without_cut(content)
    notes += of_tshark
    check_characters(content, where)
    try:
        read = pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)
        check_keys(content, read, where)
        if read.height == 1:
            check_rows([json.loads(content)], where)
        mixed = any(_has_others(content, name) for name in lists_of_text(read.schema))
        frame, nest = _read_slowly(content, where) if mixed else flat(read)
    except pl.exceptions.PolarsError:
        frame, nest = _read_slowly(content, where)
    nest.absent = _NULL.search(content) is None and any(c.null_count() for c in frame)
    if not frame.width or not frame.height:
        raise NoRowsError(f"{where}: has no keys or no rows. Expected one JSON object a line.")
    if any(not name.strip() for name in frame.columns):
        raise DataError(f"{where}: a key has no name. Name every key.")
    check_unique(frame.columns, where)
    frame = frame.with_columns(_sized(frame[n]) for n, t in frame.schema.items() if t.is_integer())
    frame = frame.with_columns(pl.col(pl.Null).cast(pl.String))
    loose = not any(t.is_numeric() for t in frame.schema.values())
    frame, clocks = _clocks(frame, how)
    nest.numbers = list(clocks)
    text = [n for n, t in frame.schema.items() if t == pl.String and n not in nest.lists]
    keys = {n: nest.paths.get(n, [n])[-1] for n in text}
    sure = {n for n, one in (how.said or {}).items() if one.sure}
    mixed = [n for n in text if n in sure or _has_numbers(content, keys[n])]
    marked = [n for n in text if n not in mixed]
    if b"Infinity" not in content:
        notes += [words_of_inexact(found, _row) for found in infinite(frame)]
    quoted = [n for n in marked if _is_quoted(frame[n], n, loose)] if how.times else []
    mixed, marked = [*mixed, *quoted], [n for n in marked if n not in quoted]
    first = read_text(frame.lazy(), marked, said=how.said, only_times=True, times=how.times)
    both = read_text(first.frame, mixed, said=how.said, times=how.times)
    notes += words_of(first, _row, how.advice) + words_of(both, _row, how.advice)
    types = both.frame.collect_schema()
    nest.quoted = [n for n in quoted if types[n].is_numeric()]
    nest.bare = [n for n in mixed if types[n] == pl.String and _has_bare(content, keys[n])]
    columns = {n: f.to_json() for n, f in (first.forms | both.forms | clocks).items()}
    columns[""] = {"format": "jsonl", **nest.to_json()}
    notes = [f"{where}: {note}" for note in notes]
    return Sheet(both.frame, columns, None, tuple(notes), unread=beside(first.unread, both.unread))


def _without_cut(content: bytes) -> tuple[bytes, list[str]]:
    """The lines without a last one that has no end and is no JSON, and a note on it."""
    end = content.rfind(b"\n") + 1
    if not end or not content[end:].strip() or _is_json(content[end:]):
        return content, []
    if not _is_json(content.lstrip().split(b"\n", 1)[0]):
        return content, []  # no object a line at all
    return content[:end], ["the last line was cut within it, and is left out"]


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _clocks(frame: pl.DataFrame, how: Reading) -> tuple[pl.DataFrame, dict[str, TimeForm]]:
    """The frame with numbers that are times as times, and in which form these are."""
    found: dict[str, TimeForm] = {}
    for name, dtype in frame.schema.items():
        said = (how.said or {}).get(name, Said())
        if not dtype.is_numeric() or not how.times or said.sort in ("number", "plain"):
            continue
        texts = frame[name].cast(pl.String)
        forms = forms_of_texts(texts.drop_nulls(), name, sure=said.sure)
        if isinstance(said.form, TimeForm):
            forms = [said.form]
        for form in forms[:1]:
            times = texts.to_frame().select(form.value(pl.col(name)).alias(name)).to_series()
            least: Any = frame[name].min()
            bare = _BARE.fullmatch(form.pattern) and (least or 0) >= _LARGE
            if (form.epoch or bare) and times.null_count() == texts.null_count():
                found[name] = form
                frame = frame.with_columns(times)
    return frame, found


def _row(row: int) -> str:
    return f"object {row + 1}"


def _has_numbers(content: bytes, name: str) -> bool:
    """Whether a key has numbers somewhere, besides text."""
    key = re.escape(json.dumps(name, ensure_ascii=False).encode())
    return re.search(key + rb"\s*:\s*-?\d", content) is not None


def _is_quoted(column: pl.Series, name: str, loose: bool) -> bool:
    """Whether a column of text is of numbers in quotes.

    Args:
        column: the texts.
        name: of the column.
        loose: whether nothing in the file is a number but in quotes.
    """
    texts = column.drop_nulls()
    texts = texts.filter(~texts.is_in(_UNSET))
    if not len(texts) or not texts.str.contains(_NUMBER).all():
        return False
    return (loose and len(texts) >= _ENOUGH) or bool(
        _MEASURED.search(name) or texts.str.contains(".", literal=True).all()
    )


def _has_bare(content: bytes, name: str) -> bool:
    """Whether a key has numbers or truth values beside text, none of which reads as one of them."""
    key = re.escape(json.dumps(name, ensure_ascii=False).encode()) + rb"\s*:\s*"
    quoted = rb'"(?:' + BARE.encode() + rb')"'
    return bool(re.search(key + rb"(?:-?\d|true\b|false\b)", content)) and not re.search(
        key + quoted, content
    )


def _has_others(content: bytes, name: str) -> bool:
    """Whether a list of texts holds something else somewhere, which polars makes text of."""
    key = re.escape(json.dumps(name, ensure_ascii=False).encode())
    texts = rb'(?:"(?:[^"\\]|\\.)*"\s*,\s*)*'
    return re.search(key + rb"\s*:\s*\[\s*" + texts + rb"[-\d\[{tf]", content) is not None


def _lines_of_array(content: bytes, where: str) -> bytes:
    try:
        rows = json.loads(content, object_pairs_hook=unrepeated)
    except RepeatedKeyError as error:
        raise repeated("the array", str(error), where) from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{where}: starts as a JSON array but is not one ({error}). Expected JSON lines, or an "
            "array of objects."
        ) from None
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{where}: is a JSON array without objects. Expected one object a row.")
    return "\n".join(map(json.dumps, rows)).encode()


def _read_slowly(content: bytes, where: str) -> tuple[pl.DataFrame, Nest]:
    """Line by line, to find the line at fault, or the columns whose types polars cannot join."""
    rows: list[dict[str, Any]] = []
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=unrepeated)
        except RepeatedKeyError as error:
            raise repeated(f"line {number}", str(error), where) from None
        except (ValueError, RecursionError) as error:
            if not rows:
                check_whole(content, where)
            shown = line[:60].decode(errors="replace").strip()
            raise DataError(
                f"{where}: line {number} is not JSON ({error}): {shown!r}. Expected one JSON "
                "object a line, in UTF-8."
            ) from None
        if not isinstance(row, dict):
            raise DataError(
                f"{where}: line {number} is a JSON {type(row).__name__}; expected an object such "
                'as {"bytes": 1500, "proto": "tcp"} on every line.'
            )
        rows.append(row)
    rows, nest = flat_rows(rows)
    for row in rows:
        for name, value in row.items():
            if value is not None:
                kinds[name].add("number" if type(value) in (int, float) else type(value).__name__)
    for name in [n for n, k in kinds.items() if len(k) > 1]:
        for row in rows:
            if row.get(name) is not None and not isinstance(row[name], str):
                row[name] = json.dumps(row[name])
    return pl.DataFrame(rows, infer_schema_length=None, strict=False), nest


def _sized(column: pl.Series) -> pl.Series:
    """The column as Int64, or UInt64, or text, whichever first holds it exactly."""
    for dtype in (pl.Int64(), pl.UInt64()):
        cast = column.cast(dtype, strict=False)
        if cast.null_count() == column.null_count():
            return cast
    return column.cast(pl.String)
