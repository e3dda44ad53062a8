"""Packets as tshark writes them in JSON (`-T json`, `-T jsonraw`, `-T ek`), to plain JSON lines.

tshark repeats keys in an object (`ip.addr` for either end), which JSON leaves open; they become
lists, as `tshark --no-duplicate-keys` writes them. The lines between packets that tell
Elasticsearch where to put them, and the bytes of fields (`..._raw`), are left out.
"""

from __future__ import annotations

import json
import re
from typing import Any

_ARRAY = re.compile(rb'^\s*\[\s*\{\s*"_index"\s*:[^{]*"_source"\s*:\s*\{\s*"layers"\s*:', re.DOTALL)
_BULK = re.compile(
    rb'^\s*\{"index"\s*:\s*\{"_index"\s*:\s*"[^"]*"(,"_type"\s*:\s*"[^"]*")?\}\}\s*\n'
)


def is_of_packets(content: bytes) -> bool:
    """Whether it begins as tshark does."""
    start = content[:4096]
    return _ARRAY.match(start) is not None or _BULK.match(start) is not None


def packets(content: bytes) -> tuple[bytes, list[str]]:
    """One object a line and a packet, and what was done.

    Raises:
        ValueError: it is not JSON.
    """
    if _ARRAY.match(content[:4096]):
        rows = json.loads(content, object_pairs_hook=_together)
    else:
        lines = [line for line in content.split(b"\n") if line.strip()]
        whole = lines if content.endswith(b"\n") else lines[:-1]
        rows = [json.loads(line, object_pairs_hook=_together) for line in whole]
        rows = [row for row in rows if not (isinstance(row, dict) and set(row) == {"index"})]
    text = "\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    return text.encode() + b"\n", ["keys that tshark repeats in an object are read as lists"]


def _together(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    many: set[str] = set()
    for key, value in pairs:
        if key.endswith("_raw"):
            continue
        if key in many:
            out[key].append(value)
        elif key in out:
            out[key] = [out[key], value]
            many.add(key)
        else:
            out[key] = value
    return out
