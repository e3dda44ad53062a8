"""How much memory is free, and one clear error before more than that is asked for."""

from __future__ import annotations

from pathlib import Path

import psutil

from interfuse.errors import InterfuseError

KEPT = 256 * 2**20
"""Bytes that are left to everyone else."""
_CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
_CACHES = (Path("/sys/fs/cgroup/memory.stat"), Path("/sys/fs/cgroup/memory/memory.stat"))


def free_memory() -> int:
    """Bytes that can be had without swapping, within the limit of the container."""
    free, within = psutil.virtual_memory().available, _container()
    return free if within is None else min(free, within)


def size(count: float) -> str:
    """Bytes for people."""
    for unit, large in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= large:
            return f"{count / large:.1f} {unit}"
    return f"{count:.0f} bytes"


def most_bytes() -> int:
    """Bytes that one thing may take: what is free, less what others need."""
    return max(free_memory() - KEPT, 0)


def require(count: float, where: str, advice: str, error: type[InterfuseError]) -> None:
    """Raise unless so many bytes can be had.

    Args:
        count: bytes.
        where: the file or the option, and what it needs memory for.
        advice: what to do instead, as a sentence.
        error: the class of what is raised.
    """
    if count > most_bytes():
        raise error(
            f"{where}: needs about {size(count)} of memory, and {size(free_memory())} are "
            f"free here. {advice}"
        )


def _container() -> int | None:
    """What is left of the limit of a control group; files in its cache count as free."""
    for most, used in _CGROUPS:
        try:
            limit, now = most.read_text().strip(), int(used.read_text())
        except (OSError, ValueError):
            continue
        if limit.isdigit() and int(limit) < 2**60:
            return max(int(limit) - now + _cached(), 0)
    return None


def _cached() -> int:
    for path in _CACHES:
        try:
            lines = dict(line.split()[:2] for line in path.read_text().splitlines())
        except (OSError, ValueError):
            continue
        return int(lines.get("inactive_file") or lines.get("total_inactive_file") or 0)
    return 0
