"""Why polars cannot read a delimited text that Python's reader takes: the line, for people."""

from __future__ import annotations

import re
from pathlib import Path

from interfuse.errors import DataError
from interfuse.io.csvlayout import Layout, opened

_RETURN = re.compile(rb"\r(?!\n)")


def unreadable(source: Path | bytes, layout: Layout, where: str, error: Exception) -> DataError:
    """The error for a file that cannot be parsed.

    A quote within a field that does not begin with one is text to Python, as in `19" rack`, and
    opens a quoted part to polars; a carriage return alone ends a line to Python only.

    Args:
        source: the file, or its unpacked content.
        layout: of the file.
        where: how messages call it.
        error: what polars said.
    """
    with opened(source) as file:
        content = file.read()
    if (alone := _RETURN.search(content)) is not None and b"\n" in content:
        line = content.count(b"\n", 0, alone.start()) + 1
        return DataError(
            f"{where}: line {line} holds a carriage return that no line feed follows; expected "
            "line ends of one sort. Write it anew, for example with `tr '\\r' '\\n'`."
        )
    delimiter, quote = (re.escape(c.encode()) for c in (layout.delimiter, layout.quote))
    whole = quote + rb"(?:[^" + quote + rb"]|" + quote + quote + rb")*" + quote
    bare = rb"[^" + delimiter + rb"\r\n" + quote + rb"]*"
    end = rb"(?=" + delimiter + rb"|\r?\n|$)"
    field = re.compile(
        rb"(?:" + whole + rb"|" + bare + rb")" + end + rb"(?:" + delimiter + rb"|\r?\n)?"
    )
    at = 0
    while at < len(content) and (found := field.match(content, at)) and found.end() > at:
        at = found.end()
    if at < len(content):
        line = content.count(b"\n", 0, at) + 1
        shown = content[at:].split(b"\n", 1)[0][:40].decode(errors="replace").strip()
        return DataError(
            f"{where}: line {line} has a quote that neither begins nor ends a field, or is not "
            f"closed, at {shown!r}. Put the field in quotes and double those within it: "
            '"19"" rack".'
        )
    return DataError(
        f"{where}: cannot be read as delimited text ({str(error).splitlines()[0]}). Expected "
        "CSV with one header line and quotes that are closed."
    )
