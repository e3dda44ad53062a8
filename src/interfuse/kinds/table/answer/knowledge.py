"""What answers about a whole table have in common: JSON, a page beside it, frames of parts."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from interfuse.io.frames import from_polars
from interfuse.io.origin import Origin
from interfuse.language import speaking


@dataclass(frozen=True)
class Knowledge(ABC):
    """An answer that is a page, JSON, and frames.

    Attributes:
        data: plain JSON.
        origin: the kind of frame that comes back.
    """

    data: dict[str, Any]
    origin: Origin = Origin()  # noqa: RUF009

    @property
    @abstractmethod
    def _pages(self) -> ModuleType:
        """What says the answer in sentences, and as a page."""

    @property
    def language(self) -> str:
        """In which the answer is said: "en" or "zh"."""
        return self.data.get("language", "en")

    @property
    def sentences(self) -> list[str]:
        """What is to be known, a sentence each, most important first."""
        with speaking(self.language):
            return self._pages.sentences(self.data)

    def to_html(self) -> str:
        """The answer as one self-contained page."""
        with speaking(self.language):
            return self._pages.page(self.data)

    @property
    def row_groups(self) -> Any:
        """A row a group of rows: its conditions, its mean of what stands out, that elsewhere."""
        rows = [{**g, "given": " and ".join(g["given"])} for g in self.data["row_groups"]]
        text, real = pl.String, pl.Float64
        names = {
            "given": text, "of": text, "mean": real, "others": real, "rows": pl.Int64,
            "share": real, "z": real, "p": real,
        }  # fmt: skip
        return self._frame(rows, names)

    def to_json(self) -> str:
        """The answer as strict JSON."""
        return json.dumps(self.data, ensure_ascii=False, allow_nan=False, indent=1)

    def save(self, path: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write the page and, beside it, the JSON; each appears whole or not at all.

        Args:
            path: the page; the JSON has the same name with the suffix ``.json``.

        Raises:
            DataError: the folder or the files cannot be written.
        """
        from interfuse.evaluate.report import save_page

        return save_page(path, self.to_html(), self.to_json())

    def _frame(self, rows: Sequence[Mapping[str, Any]], names: Mapping[str, Any]) -> Any:
        """Rows as a frame of the kind that was fitted; lists become text with commas."""
        columns = {}
        for name, dtype in names.items():
            values = [r.get(name) for r in rows]
            joined = [", ".join(v) if isinstance(v, list) else v for v in values]
            columns[name] = pl.Series(name, joined, dtype=dtype)
        plain = Origin(self.origin.library if self.origin.library != "file" else "polars")
        return from_polars(pl.DataFrame(columns), plain)
