"""Which format a file has: by its name, else by its first bytes."""

from __future__ import annotations

from pathlib import Path

_KINDS = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".parquet": "parquet", ".pq": "parquet",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
}  # fmt: skip
_PACKINGS = {".gz": "gzip", ".zst": "zstd"}
SUPPORTED = (
    ".csv, .tsv, .jsonl, .ndjson, .parquet, .arrow, .feather or .ipc, each also with .gz or .zst"
)


def format_of(path: str | Path) -> tuple[str | None, str | None]:
    """The format and the packing that a name says: ("csv", "gzip") for `a.csv.gz`.

    The format is csv, tsv, jsonl, parquet, arrow, or None where the name says nothing.
    """
    suffixes = [s.lower() for s in Path(path).suffixes]
    packing = _PACKINGS.get(suffixes[-1]) if suffixes else None
    if packing:
        suffixes.pop()
    return (_KINDS.get(suffixes[-1]) if suffixes else None), packing


def packing_by_content(start: bytes) -> str | None:
    """How the bytes are packed: gzip, zstd or None."""
    if start.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if start.startswith(b"\x28\xb5\x2f\xfd") else None


def format_by_content(start: bytes) -> str | None:
    """The format of unpacked bytes; None for bytes that are neither text nor a known format."""
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    if b"\0" in start:
        return None
    return "jsonl" if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else "csv"
