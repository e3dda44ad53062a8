"""Which columns say who touched what, when and how much they liked it: by their names.

A table is taken for interactions without being told only if hardly anything else is in it: an
ordinary table may have a column `user` too.
"""

from __future__ import annotations

import csv
import re
import warnings
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
from scipy import sparse

from interfuse.io.formats import format_of

ROLES = ("user", "item", "time", "rating")
_NAMES = {
    "user": "user username customer visitor member reviewer reader listener uid",
    "item": "item product asin parentasin sku article movie film song track artist album book isbn "
    "business venue poi location game app video news recipe anime iid place",
    "time": "time timestamp ts date datetime unixtime unixreviewtime createdat eventtime "
    "checkintime ratedat",
    "rating": "rating ratings stars overall",
}
KNOWN = {role: frozenset(names.split()) for role, names in _NAMES.items()}
SURE = 0.8
"""More than a table is of anything."""
MOST_OTHERS = 2
"""Columns without a role that a table of `user` and `item` may have and still be taken for one."""
_HEAD = 1 << 16
_FEWEST = 50
_TYPED = ".inter"


def plain(name: str) -> str:
    """A name without case, signs, RecBole's type and a closing "id": `User_ID:token` is `user`."""
    bare = re.sub(r"[^a-z0-9]", "", name.split(":")[0].lower())
    return bare.removesuffix("id") if bare not in ("uid", "iid") else bare


def roles_of(names: list[str]) -> dict[str, str]:
    """By role the first column whose name says that it is that."""
    found: dict[str, str] = {}
    for name in names:
        for role, known in KNOWN.items():
            if plain(name) in known and role not in found and name not in found.values():
                found[role] = name
    return found


def looks_like(data: Any) -> bool:
    """Whether data is surely interactions."""
    if sparse.issparse(data):
        return True
    if isinstance(data, str | Path) and Path(data).suffix == _TYPED:
        return True
    head = head_of(data)
    return head is not None and _surely(head)


def may_be(data: Any) -> bool:
    """Whether data has a user and an item, and too much besides to be sure."""
    head = head_of(data)
    return head is not None and {"user", "item"} <= set(roles_of(head.columns))


def _surely(head: pl.DataFrame) -> bool:
    names = head.columns
    roles = roles_of(names)
    if not {"user", "item"} <= set(roles):
        return False
    others = len(names) - len(roles)
    literal = plain(roles["user"]) == "user" and plain(roles["item"]) == "item"
    if others > (MOST_OTHERS if literal else 0):
        return False
    # A table with a row for each user, or for each item, is one of users or of items.
    rows = head.height
    twice = (head[roles[r]].n_unique() < rows for r in ("user", "item"))
    return rows < _FEWEST or any(twice)


def head_of(data: Any) -> pl.DataFrame | None:
    """The first rows of a file or frame, nothing parsed; None if they cannot be had cheaply."""
    try:
        if isinstance(data, str | Path):
            return _head_of_file(Path(data).expanduser()) if str(data) != "-" else None
        if isinstance(data, pl.LazyFrame):
            return data.head(1_000).collect()
        if isinstance(data, pl.DataFrame):
            return data.head(1_000)
        frame: Any = nw.from_native(data, eager_only=True)
        head = frame.head(1_000)
        columns = [n for n in head.columns if isinstance(n, str)]
        return pl.DataFrame({n: [str(x) for x in head[n].to_list()] for n in columns})
    except (TypeError, ValueError, OSError, nw.exceptions.NarwhalsError, pl.exceptions.PolarsError):
        return None


def _head_of_file(path: Path) -> pl.DataFrame | None:
    if not path.is_file():
        return None
    named, packing = format_of(path)
    if packing is not None or named is None:
        return None
    if named.name == "parquet":
        return pl.scan_parquet(path).head(1_000).collect()
    if not named.text:
        return None
    with path.open("rb") as file:
        text = file.read(_HEAD).decode("utf-8-sig", "replace")
    lines = text.splitlines()[: 1_000 if len(text) < _HEAD else -1]
    if len(lines) < 2:
        return None
    tabs = lines[0].count("\t")
    delimiter = "\t" if tabs else ";" if lines[0].count(";") > lines[0].count(",") else ","
    names, *rows = csv.reader(lines, delimiter=delimiter)
    if len(set(names)) != len(names) or any(len(row) != len(names) for row in rows):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pl.DataFrame(rows, schema=names, orient="row")
