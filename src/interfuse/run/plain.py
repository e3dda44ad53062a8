"""The simplest fitted model: a schema, one network, and nothing else.

Kinds with more to a model (`interfuse.run.model`) bring their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import nn

from interfuse.io.files import write_json
from interfuse.io.schemafile import SchemaFile
from interfuse.run import store
from interfuse.run.config import put_together
from interfuse.run.model import BaseModel
from interfuse.run.weights import read_weights, write_weights


@dataclass(frozen=True)
class PlainModel(BaseModel):
    """A model that is a schema and a network.

    Attributes:
        schema: of the data, a `SchemaFile`.
        net: the network; its `config()` gives the keywords that make it again.
        record: what `interfuse show` prints.
    """

    parts: ClassVar[tuple[str, ...]] = store.NET_PARTS

    schema: Any
    net: Any
    record: dict[str, Any] = field(repr=False)

    def write_parts(self, folder: Path) -> None:
        """Write all parts but `run.json`."""
        self.schema.save(folder / "schema.json")
        write_json(folder / "config.json", {"network": self.net.config()})
        write_weights(folder, self.net)

    @classmethod
    def opened(
        cls,
        folder: Path,
        record: dict[str, Any],
        parts: Mapping[str, dict[str, Any]],
        schema: type[SchemaFile],
        build: Callable[..., nn.Module],
    ) -> Self:
        """What `Kind.open` has to give.

        Args:
            folder: of the run.
            record: of it.
            parts: its checked JSON.
            schema: the class of the schema.
            build: the network by its keywords.

        Raises:
            RunError: the parts do not fit together.
        """
        with put_together(folder):
            config = parts["config.json"]["network"]
            net = read_weights(folder, lambda: build(**config))
            return cls(schema.from_json(parts["schema.json"]), net.eval(), record)
