"""Which format a file has: by its name, else by its first bytes.

Formats register themselves. Packages add theirs by an entry point in the group `interfuse.formats`
that leads to a `Format`; `interfuse.io.format` has the contract.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

from interfuse.io.format import Format

_OURS = (
    "delimited", "jsonlines", "columnar", "excel", "logs.zeek", "logs.events", "logs.w3c",
    "logs.layouts", "logs.barred", "logs.keyvalue", "logs.access", "logs.syslog", "logs.nfdump",
    "logs.cicflow", "capture.formats",
)  # fmt: skip
"""Files here with `FORMATS`; the order is that of messages."""
_PACKINGS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".xz": "xz"}
_MAGIC = {
    "gzip": b"\x1f\x8b",
    "zstd": b"\x28\xb5\x2f\xfd",
    "bz2": b"BZh",
    "xz": b"\xfd7zXZ\0",
}
_formats: dict[str, Format] = {}
_loaded: list[str] = []


class Named(NamedTuple):
    """What a name says: the format, if any, and the packing."""

    format: Format | None
    packing: str | None


def register_format(one: Format) -> Format:
    """Add a format.

    Raises:
        ValueError: another has its name or one of its endings.
    """
    taken = {suffix: f.name for f in _formats.values() for suffix in (*f.suffixes, *f.others)}
    for suffix in (*one.suffixes, *one.others):
        if not suffix.startswith(".") or taken.get(suffix, one.name) != one.name:
            raise ValueError(
                f"{one.name!r}: the ending {suffix!r} has no dot, or is that of "
                f"{taken.get(suffix)!r}; choose another."
            )
    if _formats.setdefault(one.name, one) is not one:
        raise ValueError(f"{one.name!r}: another format has this name; choose one of its own.")
    return one


def unregister_format(name: str) -> None:
    """Take a format away again, as tests do."""
    del _formats[name]


def all_formats() -> tuple[Format, ...]:
    """All formats: those of interfuse, then those of other packages."""
    if not _loaded:
        _loaded.append("")
        others = dict(_formats)
        _formats.clear()
        for module in _OURS:
            for one in import_module(f"interfuse.io.{module}").FORMATS:
                register_format(one)
        for one in others.values():
            register_format(one)
        for point in entry_points(group="interfuse.formats"):
            register_format(point.load())
    return tuple(_formats.values())


def supported(written: bool = False) -> str:
    """The endings that there are, for people.

    Args:
        written: of formats that can be written.
    """
    names = [s for f in all_formats() if f.writes or not written for s in f.suffixes]
    names = list(dict.fromkeys(names))
    *packings, last = _PACKINGS
    return f"{', '.join(names[:-1])} or {names[-1]}, each also with {', '.join(packings)} or {last}"


def format_of(path: str | Path) -> Named:
    """The format and the packing that a name says: CSV and gzip for `a.csv.gz`."""
    last, packing = ending_of(path)
    found = (f for f in all_formats() if last in f.suffixes or last in f.others)
    return Named(next(found, None), packing)


def format_named(name: str | None) -> Format | None:
    """The format of a name, which `Sheet.columns[""]` may have."""
    return next((f for f in all_formats() if f.name == name), None)


def ending_of(path: str | Path) -> tuple[str, str | None]:
    """The ending that says the format, and the packing: .csv and gzip for `a.csv.gz`."""
    suffixes = [s.lower() for s in Path(path).suffixes]
    packing = _PACKINGS.get(suffixes[-1]) if suffixes else None
    if packing:
        suffixes.pop()
    return suffixes[-1] if suffixes else "", packing


def format_to_write(path: str | Path, like: str | None) -> Named:
    """The format and the packing of a file that is to be written.

    Args:
        path: its name.
        like: the name of the format of the file that the table is about; it counts where the name
            ends as files of that format may.
    """
    last, packing = ending_of(path)
    for one in all_formats():
        if one.name == like and one.writes and last in one.shares:
            return Named(one, packing)
    return format_of(path)


def packing_by_content(start: bytes) -> str | None:
    """How the bytes are packed: gzip, zstd, bz2, xz or None."""
    return next((name for name, magic in _MAGIC.items() if start.startswith(magic)), None)


def format_by_content(start: bytes) -> Format | None:
    """The format of unpacked bytes: one that begins so, the certain and the special first.

    Text that nothing else claims is the first format, delimited text; other bytes are None.
    """
    formats = all_formats()
    for one in sorted(formats, key=lambda f: (not f.certain, not f.special)):
        if one.starts(start) and (one.certain or b"\0" not in start):
            return one
    return None if b"\0" in start else formats[0]
