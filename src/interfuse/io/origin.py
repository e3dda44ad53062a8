"""Where a frame came from, so that answers are of the same kind."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from interfuse.errors import SchemaError

LIBRARIES = ("polars", "polars-lazy", "pandas", "pyarrow", "file", "other")


@dataclass(frozen=True)
class Origin:
    """Where a frame came from, and what is needed to give the same kind back.

    Attributes:
        library: one of `LIBRARIES`.
        columns: by column, the type in that library where the type in polars does not determine it;
            of a file, how it is written (`interfuse.io.forms`); under "" the file as a whole.
        heading: the name of a pandas frame's row of names.
        rows: the index of a pandas frame, for answers that keep its rows; never stored.
        objects: values of pandas columns that were read as text and were none, by column, for
            answers that keep its rows; never stored.
        text: of a delimited file its rows as they stand there, a lazy frame; it is not stored.
        unread: of a file, `Sheet.unread`; it is not stored.
    """

    library: str = "polars"
    columns: dict[str, Any] = field(default_factory=dict)
    heading: str | None = None
    rows: Any = field(default=None, compare=False, repr=False)
    text: Any = field(default=None, compare=False, repr=False)
    unread: Any = field(default=None, compare=False, repr=False)
    objects: dict[str, list[Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def index(self) -> str:
        """An index that says more than the order of rows, for people; else empty."""
        if self.rows is None:
            return ""
        names = [str(n) for n in self.rows.names if n is not None]
        if names:
            return f"the index {', '.join(map(repr, names))}"
        counts = self.rows.nlevels == 1 and self.rows.dtype.kind in "iu"
        return "" if counts else f"the index ({self.rows[0]!r}, ...)"

    @property
    def file(self) -> dict[str, Any]:
        """What the format said of the file as a whole, for another like it."""
        said = self.columns.get("")
        return dict(said) if isinstance(said, dict) else {}

    def without_rows(self) -> Origin:
        """The same for answers with rows of their own."""
        return replace(self, rows=None, objects={})

    def at(self, positions: Any) -> Origin:
        """The same for answers with some of the rows.

        Args:
            positions: (k,) whole numbers; a row may be named more than once.
        """
        if self.rows is None:
            return self
        objects = {n: [values[int(i)] for i in positions] for n, values in self.objects.items()}
        return replace(self, rows=self.rows.take(positions), objects=objects)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        out: dict[str, Any] = {"library": self.library}
        if self.columns:
            out["columns"] = self.columns
        if self.heading is not None:
            out["heading"] = self.heading
        return out

    @classmethod
    def from_json(cls, d: Any) -> Origin:
        """The inverse of `to_json`; an empty object is the default.

        Raises:
            SchemaError: malformed.
        """
        if not isinstance(d, dict) or not isinstance(d.get("columns", {}), dict):
            raise SchemaError(f"schema: origin is {d!r}; expected an object with a library.")
        library = d.get("library", "polars")
        if library not in LIBRARIES:
            raise SchemaError(
                f"schema: origin has library {library!r}; expected one of {', '.join(LIBRARIES)}."
            )
        heading = d.get("heading")
        if not isinstance(heading, str | None):
            raise SchemaError(f"schema: origin has heading {heading!r}; expected text or null.")
        return cls(library, dict(d.get("columns", {})), heading)
