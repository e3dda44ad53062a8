"""Tables of users and of items beside the touches: read, matched by name, and coded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from interfuse.errors import DataError
from interfuse.kinds.interactions.data.attributes import Attributes, each_once, find
from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.data.files import checksum, read
from interfuse.kinds.interactions.experts.forms import Known
from interfuse.kinds.interactions.schema import InteractionsSchema
from interfuse.run.job import source_of

FEWEST_ITEMS = 2
"""That share a value: a catalogue is no secret, but a value of one item tells of no other."""


@dataclass(frozen=True)
class Beside:
    """Attributes of all users, or of all items.

    Attributes:
        attributes: what there is.
        codes: (users or items, codes).
        cold: of items, those that the touches lack or have too few users of; last in `codes`.
        notes: what was left out.
        words: for the record.
    """

    attributes: Attributes
    codes: Known
    cold: pl.Series
    notes: tuple[str, ...]
    words: dict[str, Any]


def of_users(data: Any, baskets: Baskets, schema: InteractionsSchema) -> Beside:
    """The attributes of the users of baskets.

    Raises:
        DataError: the table cannot be read, or says nothing of these users.
    """
    return _beside(data, schema.user, baskets.users, schema.fewest_users, catalogue=False)


def of_items(data: Any, names: pl.Series, schema: InteractionsSchema) -> Beside:
    """The attributes of items, and which items there are besides.

    Raises:
        DataError: the table cannot be read, or says nothing of these items.
    """
    return _beside(data, schema.item, names, FEWEST_ITEMS, catalogue=True)


def _beside(data: Any, key: str, names: pl.Series, fewest: int, *, catalogue: bool) -> Beside:
    what = "items" if catalogue else "users"
    where = str(data) if isinstance(data, str) else f"the table of {what}"
    frame, _ = read(data)
    notes: list[str] = []
    if key not in frame.columns:
        raise DataError(
            f"{where}: there is no column {key!r}, which names {what} in the touches; there are "
            f"{', '.join(map(repr, frame.columns[:8]))}. Rename the column."
        )
    given = frame[key].cast(names.dtype, strict=False).drop_nulls().unique(maintain_order=True)
    known = int(names.is_in(given.implode()).sum())
    if not known:
        raise DataError(
            f"{where}: column {key!r} names none of the {len(names):,} {what} of the touches, such "
            f"as {', '.join(map(str, names.head(3)))}; expected the same names."
        )
    if known < len(names):
        notes.append(f"{where}: {len(names) - known:,} {what} of the touches are not in it")
    cold = given.filter(~given.is_in(names.implode())).sort()
    if len(cold) and not catalogue:
        notes.append(f"{where}: {len(cold):,} users touched no item that is known and are left out")
        cold = cold.clear()
    whole = pl.concat([names, cold.rename(names.name)])
    table = each_once(frame, key, whole, where, notes)
    attributes = find(table, key, fewest, where, notes)
    if not attributes.columns:
        raise DataError(f"{where}: has no column that can be an attribute of {what}: {notes[-1]}.")
    words = {"source": source_of(data), "sha256": checksum(data, frame)}
    if isinstance(data, str):
        words["path"] = data
    return Beside(attributes, attributes.matrix(table), cold, tuple(notes), words)


def coded(baskets: Baskets, frame: pl.DataFrame, key: str, attributes: Attributes) -> Baskets:
    """Baskets with the attributes that a frame has of their users."""
    if not attributes.columns:
        return baskets
    kept = [key, *[c.name for c in attributes.columns if c.name in frame.columns]]
    notes: list[str] = []
    table = each_once(frame.select(kept), key, baskets.users, "", notes)
    told = (line.removeprefix(": ") for line in notes)
    return replace(baskets, codes=attributes.matrix(table), notes=(*baskets.notes, *told))
