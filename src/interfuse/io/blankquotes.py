"""Blanks between a delimiter and a quote, `1, "a, b", 2`: readers take them for the field's."""

from __future__ import annotations

import re
from pathlib import Path

from interfuse.io.csvlayout import layout_of, opened

_HEAD = 1 << 16


def without_blanks(source: Path | bytes) -> Path | bytes:
    """The file, or its content without such blanks if its first lines have them.

    Only if each such quote also closes at the end of a field, and the lines then agree on that
    delimiter: text within fields is not touched. Line ends stay where they are.

    Args:
        source: the file, or its unpacked content.
    """
    with opened(source) as file:
        head = file.read(_HEAD)
    if len(head) == _HEAD:
        head = head[: head.rfind(b"\n") + 1]
    for mark in (b",", b";", b"|"):
        sign = re.escape(mark)
        gaps = re.findall(sign + rb' +"', head)
        fields = re.findall(sign + rb' +"(?:[^"]|"")*" *(?=' + sign + rb"|\r?\n|$)", head)
        if not gaps or len(gaps) != len(fields):
            continue
        if layout_of(_tight(head, sign), tabs=False).delimiter == mark.decode():
            with opened(source) as file:
                return _tight(file.read(), sign)
    return source


def _tight(content: bytes, sign: bytes) -> bytes:
    """The content without blanks between the delimiter and a quote outside of quotes."""
    return re.sub(rb'("(?:[^"]|"")*")|(' + sign + rb') +(?=")', lambda m: m[1] or m[2], content)
