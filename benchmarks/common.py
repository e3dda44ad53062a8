"""What every benchmark shares: where and with what it ran, its JSON file, and printing."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interfuse.io.files import write_json

RESULTS = Path(__file__).parent / "results"
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
"""What the environment of a process on one core says."""
PACKAGES = ("interfuse", "torch", "numpy", "polars", "scikit-learn", "xgboost", "sdmetrics")

console = Console(highlight=False)


def machine() -> dict[str, Any]:
    """Where a benchmark runs; nothing that names the machine."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    accelerator = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": cores,
        "memory_gib": round(memory, 1),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "accelerator": accelerator,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions() -> dict[str, str]:
    """Versions of what a figure may depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def circumstances(command: str, seed: int) -> dict[str, Any]:
    """What stands beside every result, so that it can be measured again."""
    return {
        "command": command,
        "seed": seed,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
    }


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process is in here with the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Results:
    """A JSON file of results by name, rewritten whole whenever one is added.

    Several processes may add to one file; `found` is what it held when it was last read or
    written here.

    Args:
        path: the file; read if it exists, so that results of earlier calls stay.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[str, Any] = {}
        self._read()

    def _read(self) -> None:
        exists = self.path.exists()
        self.found = json.loads(self.path.read_text(encoding="utf-8")) if exists else {}

    def add(self, name: str, result: dict[str, Any]) -> None:
        """Put a result in the place of an earlier one of that name, and write the file."""
        with alone(self.path.parent):
            self._read()
            self.found[name] = plain(result)
            write_json(self.path, self.found)

    def remove(self, names: Sequence[str]) -> None:
        """Take results out, and write the file if any were there."""
        with alone(self.path.parent):
            self._read()
            gone = [name for name in names if self.found.pop(name, None) is not None]
            if gone:
                write_json(self.path, self.found)


def plain(value: Any) -> Any:
    """A value as JSON holds it; null for what is not finite, six significant digits."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def mean_and_sd(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard deviation (n - 1); no deviation for fewer than two values."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, None
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: the first column to the left."""
    grid = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for i, name in enumerate(header):
        grid.add_column(name, justify="left" if i in (0, len(header) - 1) else "right")
    for row in rows:
        grid.add_row(*map(escape, row))
    console.print(grid)


def shown(value: float | None, sd: float | None = None, digits: int = 3) -> str:
    """A figure with its standard deviation, as text."""
    if value is None:
        return "–"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"
    return text if sd is None else f"{text} ± {sd:.{digits}f}"
