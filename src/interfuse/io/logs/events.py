"""JSON lines that are events of several sorts: Suricata's eve.json, and Zeek's logs as JSON.

An event says of which sort it is, and events of one sort have the same keys; so one sort is a
table. Where a file holds several, someone has to say which (`event_type`); the answer is remembered
by the run.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from interfuse.errors import DataError
from interfuse.io.jsonlines import JsonLines
from interfuse.io.sheet import Reading, Sheet

_NONE = "none"


class Events(JsonLines):
    """JSON lines with a key that says what an event is.

    Attributes:
        key: that key.
        beside: keys one of which other events of the format have.
    """

    suffixes = ()
    others = ()
    special = True
    key: ClassVar[str]
    beside: ClassVar[tuple[str, ...]]

    def starts(self, start: bytes) -> bool:
        """An object with the keys of the format."""
        return (
            start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
            and _has(start, self.key)
            and any(_has(start, key) for key in self.beside)
        )

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The events of one sort."""
        content = source if isinstance(source, bytes) else source.read_bytes()
        asked = how.file.get("event_type")
        content, sort, notes = self._of_sort(content, where, asked)
        sheet = super().read(content, where, how)
        columns = {**sheet.columns}
        columns[""] = {**columns[""], "format": self.name}
        if sort is not None:
            columns[""]["event_type"] = sort
        return replace(sheet, columns=columns, notes=(*notes, *sheet.notes))

    def _of_sort(
        self, content: bytes, where: str, asked: str | None
    ) -> tuple[bytes, str | None, list[str]]:
        """The lines of one sort, that sort, and a note on the others.

        Raises:
            DataError: there are several and none is asked for, or none of that sort.
        """
        said = re.compile(rb'"' + re.escape(self.key.encode()) + rb'"\s*:\s*"((?:[^"\\]|\\.)*)"')
        lines = content.split(b"\n")
        found = [said.search(line) for line in lines]
        sorts = [f[1].decode(errors="replace") if f else _NONE for f in found]
        filled = [bool(line.strip()) for line in lines]
        if not content.endswith(b"\n") and found[-1] is None:
            filled[-1] = False  # cut before it says what it is
        counts = Counter(s for s, fill in zip(sorts, filled, strict=True) if fill)
        if asked is None and len(counts) == 1:
            return content, next(iter(counts)) if _NONE not in counts else None, []
        some = ", ".join(f"{name} ({n:,})" for name, n in counts.most_common())
        if asked is None:
            best = counts.most_common(1)[0][0]
            raise DataError(
                f"{where}: holds events of {len(counts)} types: {some}. Say which are to be rows, "
                f"for example fit --event-type {best}, or event_type={best!r} in Python."
            )
        if asked not in counts:
            raise DataError(
                f"{where}: holds no event of type {asked!r}; it has {some}. Ask for one of these "
                "with --event-type."
            )
        rest = sum(counts.values()) - counts[asked]
        # A line that was cut stays the last, to be told of.
        kept = [x for x, s, fill in zip(lines, sorts, filled, strict=True) if fill and s == asked]
        whole = content.endswith(b"\n") or sorts[-1] != asked
        of = f"{rest:,} of {sum(counts.values()):,} events"
        notes = [f"{where}: {of} are not of type {asked!r} and are left out"] if rest else []
        return b"\n".join(kept) + b"\n" * whole, asked, notes


class Eve(Events):
    """Suricata's eve.json: `event_type` says what an event is."""

    name = "eve"
    key = "event_type"
    beside = ("timestamp",)


class ZeekJson(Events):
    """Zeek's logs as JSON; `_path` names the log where one stream has them all."""

    name = "zeek-json"
    key = "ts"
    beside = ("uid", "id.orig_h", "_path")

    def _of_sort(
        self, content: bytes, where: str, asked: str | None
    ) -> tuple[bytes, str | None, list[str]]:
        stream = _has(content[:4096], "_path")
        return _Stream()._of_sort(content, where, asked) if stream else (content, None, [])


class _Stream(Events):
    name = "zeek-stream"
    key = "_path"
    beside = ("ts",)


def _has(start: bytes, key: str) -> bool:
    return re.search(rb'"' + re.escape(key.encode()) + rb'"\s*:', start) is not None


FORMATS = (Eve(), ZeekJson())
