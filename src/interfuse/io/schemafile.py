"""Schemas of any kind as JSON files, which people edit."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from interfuse.errors import SchemaError
from interfuse.io.files import write_json
from interfuse.io.records import read_object, short

JsonObject = dict[str, Any]
COMPLETES = "$schema"
"""The entry that tells editors which JSON Schema a file has."""
SHIPPED = "schema.schema.json"


class SchemaFile(ABC):
    """What is saved as a JSON object and loaded from one.

    A JSON Schema of it may lie beside its module, as `schema.schema.json`.
    """

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

    @staticmethod
    def entries(d: Any, kind: str, version: int, known: Iterable[str] | None = None) -> JsonObject:
        """The entries of a JSON object but its version, once it is one of this kind.

        Args:
            d: what was read.
            kind: what its entry "kind" must say.
            version: the one that is read; an object without any is taken for it.
            known: the entries that there may be; None for any.

        Raises:
            SchemaError: it is another thing, of another version, or has another entry.
        """
        if not isinstance(d, dict) or d.get("kind") != kind:
            raise SchemaError(f"schema: expected a JSON object with 'kind': '{kind}'.")
        if d.get("version", version) != version:
            raise SchemaError(
                f"schema: version {short(d['version'])}; this interfuse reads version {version}."
            )
        names = None if known is None else {*known, "version"}
        for key in d:
            if names is not None and key not in names:
                raise SchemaError(
                    f"schema: has an unknown entry {short(key)}; it knows "
                    f"{', '.join(sorted(names))}."
                )
        return {key: value for key, value in d.items() if key != "version"}

    @classmethod
    def json_schema_file(cls) -> Path:
        """Where its JSON Schema is, if it has one."""
        return Path(str(sys.modules[cls.__module__].__file__)).with_name(SHIPPED)

    def save(self, path: str | Path, *, completes: bool = False) -> None:
        """Write JSON, atomically.

        Args:
            path: of the file.
            completes: whether to name the JSON Schema, so that editors complete and check; it is
                where this package is, which means nothing on other machines.
        """
        schema = self.json_schema_file()
        named = {COMPLETES: schema.as_uri()} if completes and schema.exists() else {}
        write_json(path, {**named, **self.to_json()})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote, edited or not.

        Raises:
            SchemaError: the file cannot be read, or is malformed; the message names it.
        """
        value = read_object(Path(path), SchemaError, "Expected a schema, as --save-schema writes.")
        value.pop(COMPLETES, None)
        try:
            return cls.from_json(value)
        except SchemaError as error:
            raise SchemaError(f"{path}: {str(error).removeprefix('schema: ')}") from error
