"""Where a frame came from, so that answers are of the same kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from interfuse.errors import SchemaError

LIBRARIES = ("polars", "polars-lazy", "pandas", "pyarrow", "file", "other")


@dataclass(frozen=True)
class Origin:
    """Where a frame came from, and what is needed to give the same kind back.

    Attributes:
        library: one of `LIBRARIES`.
        columns: by column, the type in that library where the type in polars does not determine it;
            of a file, how it is written (`interfuse.io.forms`).
        text: of a delimited file its rows as they stand there, a lazy frame; it is not stored.
    """

    library: str = "polars"
    columns: dict[str, Any] = field(default_factory=dict)
    text: Any = field(default=None, compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        out: dict[str, Any] = {"library": self.library}
        if self.columns:
            out["columns"] = self.columns
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
        return cls(library, dict(d.get("columns", {})))
