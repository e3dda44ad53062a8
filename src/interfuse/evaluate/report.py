"""The report: every measurement of a synthetic table in one object, JSON and HTML.

`Report.data` is plain JSON (no NaN: null), and the page is a function of it alone, so a report read
back by `Report.from_json` saves the same page.
"""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interfuse.errors import DataError
from interfuse.evaluate.findings import nothing_found
from interfuse.evaluate.html import page
from interfuse.language import speaking

FORMAT = 1


@dataclass(frozen=True)
class Report:
    """What was measured.

    Attributes:
        data: Plain JSON: ``verdict``, ``findings`` with their ``faults`` (sort and columns) and
            ``level``, ``figures``, ``columns``, ``pairs``, ``detection``, ``utility``, ``targets``,
            ``secrets``, ``missing``, ``rules``, ``pictures``, ``notes``, ``tables``.
    """

    data: dict[str, Any]

    def __getitem__(self, key: str) -> float | None:
        """Return the synthetic table's figure of that key, such as ``fidelity.shape``."""
        for row in self.data["figures"]:
            if row["key"] == key:
                return row["value"]
        known = ", ".join(row["key"] for row in self.data["figures"])
        raise KeyError(f"no figure {key!r}; this report has: {known}")

    @property
    def verdict(self) -> list[str]:
        """Three sentences: fidelity, usefulness, privacy."""
        return self.data["verdict"]

    @property
    def findings(self) -> list[str]:
        """What is wrong with the synthetic table, a sentence each; empty when nothing is."""
        return self.data["findings"]

    @property
    def nothing_found(self) -> str:
        """What to say where there are no findings: what was asked, and that nothing was found."""
        with speaking(self.data.get("language", "en")):
            return nothing_found(self.data["level"].get("questions"), self.data.get("asked", ()))

    def table(self) -> list[dict[str, Any]]:
        """Return the figures as rows.

        Keys: ``key``, ``name``, ``value``, its 95% interval ``low`` to ``high``, ``floor``,
        ``floor_sd``, ``independent``, ``copula``, ``better``, ``unit``, ``meaning``, ``floor_is``,
        ``independent_is``.
        """
        return [dict(row) for row in self.data["figures"]]

    def to_json(self) -> str:
        """Return the report as strict JSON."""
        return json.dumps(self.data, ensure_ascii=False, allow_nan=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read a report written by `to_json`.

        Raises:
            DataError: The text is not a report, or one of a newer format.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise DataError(f"not a report: the text is not JSON ({error})") from None
        found = data.get("format") if isinstance(data, dict) else None
        if found != FORMAT:
            raise DataError(f"not a report of format {FORMAT}: found format {found!r}")
        return cls(data)

    def to_html(self) -> str:
        """Return the report as one self-contained page."""
        with speaking(self.data.get("language", "en")):
            return page(self.data)

    def save(self, path: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write the page and, beside it, the JSON; each appears whole or not at all.

        Args:
            path: The page; the JSON has the same name with the suffix ``.json``.

        Returns:
            The two paths.

        Raises:
            DataError: The folder or the files cannot be written.
        """
        return save_page(path, self.to_html(), self.to_json())


def save_page(path: str | os.PathLike[str], page: str, data: str) -> tuple[Path, Path]:
    """Write a page and its JSON; see `Report.save`."""
    html = Path(path)
    if html.suffix.lower() not in (".html", ".htm"):
        html = html.with_name(html.name + ".html")
    out = html, html.with_suffix(".json")
    try:
        html.parent.mkdir(parents=True, exist_ok=True)
        for target, text in zip(out, (page, data), strict=True):
            _write(target, text)
    except OSError as error:
        raise DataError(
            f"cannot write the report {html}: {error.strerror}. "
            "Choose a folder that can be written and has space"
        ) from None
    return out


def _write(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
