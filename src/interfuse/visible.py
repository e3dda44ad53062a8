"""Text that a terminal shows as it is, whatever names and values hold."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

# Controls, escapes, marks that turn the direction of text, separators of lines, halves of pairs.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BUT_LAYOUT = re.compile(_HIDDEN.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def visible(text: object, *, layout: bool = False) -> str:
    r"""The text with control characters written out: an escape is `\x1b`.

    Args:
        text: of a file, a user, a frame.
        layout: leave tabs and the ends of lines as they are.
    """
    return (_BUT_LAYOUT if layout else _HIDDEN).sub(_written, str(text))


def cut(text: str, most: int = 60) -> str:
    """The text, or its beginning and how long it is."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def quoted(word: str | Path) -> str:
    """A file or a name as a shell reads it back, control characters included."""
    text = str(word)
    if not _HIDDEN.search(text):
        return shlex.quote(text)
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + _HIDDEN.sub(_bytes, plain) + "'"


def _written(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def _bytes(match: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(match[0]))
