"""What is refused of a frame, whatever its library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interfuse.errors import DataError
from interfuse.io.csvfile import check_unique


def check_names(names: Sequence[Any], where: str = "the frame") -> None:
    """Raise unless every column has a name of its own, which is text."""
    if not len(names):
        raise DataError(f"{where}: has no columns. Expected at least one.")
    for i, name in enumerate(names, 1):
        if not isinstance(name, str):
            raise DataError(
                f"{where}: column {i} is named {name!r}, a {type(name).__name__}; expected text. "
                "Rename it, for example with `frame.columns = frame.columns.map(str)`."
            )
        if "\0" in name:
            raise DataError(
                f"{where}: column {i} is named {name!r}, with a NUL that no file of tables can "
                "hold. Rename it."
            )
        if not name.strip():
            raise DataError(f"{where}: column {i} has no name. Name every column.")
    check_unique(list(names), where)


def unusable(name: str, found: str, where: str = "the frame") -> DataError:
    """The error for a column of a type that cannot be modelled."""
    return DataError(
        f"{where}: column {name!r} holds {found}; expected numbers, text, booleans, dates or "
        "times. Leave it out, or turn it into columns of these."
    )
