"""Schemas of any kind as JSON files, which people edit."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Self

from interfuse.errors import SchemaError
from interfuse.io.files import write_json


class SchemaFile(ABC):
    """What is saved as a JSON object and loaded from one."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """A JSON object."""

    @classmethod
    @abstractmethod
    def from_json(cls, d: Any) -> Self:
        """The inverse of `to_json`.

        Raises:
            SchemaError: malformed.
        """

    def save(self, path: str | Path) -> None:
        """Write JSON, atomically."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote, edited or not.

        Raises:
            SchemaError: the file cannot be read, or is malformed.
        """
        try:
            value = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SchemaError(f"{path}: cannot be read as a JSON schema ({error}).") from error
        return cls.from_json(value)
