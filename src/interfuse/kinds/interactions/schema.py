"""What a table of touches is fitted as: which column says what. People may edit it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any

import polars as pl
from msgspec import Meta

from interfuse.errors import SchemaError
from interfuse.io.dtypes import dtype_from_json
from interfuse.io.origin import Origin
from interfuse.io.records import checked
from interfuse.io.schemafile import SchemaFile

VERSION = 1
NAME = "interactions"
FEWEST_USERS = 3


@dataclass(frozen=True)
class InteractionsSchema(SchemaFile):
    """How touches are read and written.

    Attributes:
        user: the column that says who.
        item: the column that says what.
        time: the column that says when; None if nothing does, and then no order is used.
        rating: the column that says how much it was liked; None if nothing does.
        lowest: the smallest rating there may be; None for none.
        highest: the largest.
        fewest_users: items that fewer users touched are left out, so that no name and no weight
            of the model rests on one user alone.
        types: the columns that are used, in the order of the data, with their polars types.
        ignored: columns that are not used.
        origin: the kind of frame or file, so that answers come back as the same.
    """

    user: str
    item: str
    time: str | None = None
    rating: str | None = None
    lowest: float | None = None
    highest: float | None = None
    fewest_users: Annotated[int, Meta(ge=1, le=2**31 - 1)] = FEWEST_USERS
    types: dict[str, Any] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    origin: Origin = field(default_factory=Origin)
    kind: str = NAME

    def __post_init__(self) -> None:
        used = [n for n in (self.user, self.item, self.time, self.rating) if n is not None]
        for name in used:
            if used.count(name) > 1:
                raise SchemaError(f"schema: column {name!r} has two roles; give each its own.")
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise SchemaError(
                f"schema: lowest is {self.lowest:g}, above highest, {self.highest:g}. Exchange "
                "them, or set either to null."
            )

    @property
    def columns(self) -> list[str]:
        """Those that are used, in the order of the data."""
        roles = (self.user, self.item, self.time, self.rating)
        return list(self.types) or [n for n in roles if n is not None]

    def dtype(self, name: str) -> pl.DataType:
        """The polars type of a column; text if it is not known."""
        return dtype_from_json(self.types[name]) if name in self.types else pl.String()

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        out: dict[str, Any] = {"version": VERSION, "kind": self.kind}
        for f in fields(self):
            value = getattr(self, f.name)
            value = value.to_json() if f.name == "origin" else value
            out[f.name] = list(value) if isinstance(value, tuple) else value
        return out

    @classmethod
    def from_json(cls, d: Any) -> InteractionsSchema:
        """The inverse of `to_json`.

        Raises:
            SchemaError: malformed; the message names the entry.
        """
        given = cls.entries(d, NAME, VERSION, (f.name for f in fields(cls)))
        origin = given.pop("origin", {})
        read = checked(given, cls, "schema", SchemaError)
        for dtype in read.types.values():
            dtype_from_json(dtype)
        return replace(read, origin=Origin.from_json(origin))

    def describe(self) -> list[tuple[str, str]]:
        """Names and values for people."""
        rows = [("User", self.user), ("Item", self.item)]
        rows.append(("Time", self.time or "none: no order is used"))
        if self.rating is not None:
            low, high = self.lowest, self.highest
            span = f", {low:g} to {high:g}" if low is not None and high is not None else ""
            rows.append(("Rating", f"{self.rating}{span}"))
        rows.append(("Fewest users", f"{self.fewest_users} of an item"))
        if self.ignored:
            rows.append(("Not used", ", ".join(self.ignored)))
        return rows
