"""Instants to wall clocks of a zone and back.

A wall clock shows an hour twice when it is put back, and skips one when it is put forward. Going
back to instants, a reading that occurs twice is the first of the two, unless told otherwise; one
that never occurs is read as if the clock had not been put forward yet (02:30 is the instant that
the clock shows as 03:30).
"""

from __future__ import annotations

import zoneinfo

import numpy as np
import polars as pl

DAY = 86_400_000_000_000


def is_zone(name: str) -> bool:
    """Whether `name` is a time zone."""
    try:
        zoneinfo.ZoneInfo(name)
        pl.Series([0], dtype=pl.Datetime("ns", "UTC")).dt.convert_time_zone(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.PolarsError):
        return False
    return True


def to_wall(instants: np.ndarray, zone: str | None) -> np.ndarray:
    """Nanoseconds in UTC to nanoseconds of the wall clock; the same where there is no zone."""
    if zone in (None, "UTC") or not len(instants):
        return instants
    stamps = pl.Series(instants).cast(pl.Datetime("ns", "UTC")).dt.convert_time_zone(zone)
    return stamps.dt.replace_time_zone(None).to_physical().to_numpy()


def from_wall(
    wall: np.ndarray, zone: str | None, *, latest: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of `to_wall`.

    Args:
        wall: nanoseconds of the wall clock.
        zone: its zone.
        latest: which instant a reading is that occurs twice.

    Returns:
        Instants, and a mask of readings that never occur; see the module.
    """
    if zone in (None, "UTC") or not len(wall):
        return wall, np.zeros(len(wall), bool)

    def localised(ns: np.ndarray) -> pl.Series:
        return (
            pl.Series(ns)
            .cast(pl.Datetime("ns"))
            .dt.replace_time_zone(
                zone, ambiguous="latest" if latest else "earliest", non_existent="null"
            )
            .to_physical()
        )

    instants = localised(wall)
    never = instants.is_null().to_numpy()
    out = instants.fill_null(0).to_numpy().copy()
    if never.any():
        # A day before, the clock had not been put forward.
        out[never] = localised(wall[never] - DAY).to_numpy() + DAY
    return out, never


def instants_of(
    wall: np.ndarray, groups: np.ndarray, zone: str | None
) -> tuple[np.ndarray, int, int]:
    """Instants of wall-clock readings that were written down in order, or in reverse.

    An hour that the clock shows twice is told by the order: in a series, a reading that does not
    lie after one already seen is the second of its kind.

    Args:
        wall: (n,) nanoseconds.
        groups: (n,) which series each is of.
        zone: the zone.

    Returns:
        Instants, and how many readings occur twice and never.
    """
    first, never = from_wall(wall, zone)
    if first is wall:
        return wall, 0, 0
    second, _ = from_wall(wall, zone, latest=True)
    twice = np.flatnonzero((first != second) & ~never)
    out = first.copy()
    steps = np.diff(wall)[np.diff(groups) == 0]
    down = len(steps) > 0 and (steps < 0).sum() > (steps > 0).sum()
    seen: dict[tuple[int, int], int] = {}
    for i in twice[::-1] if down else twice:
        key = (int(groups[i]), int(wall[i]) // DAY)
        if key in seen and wall[i] <= seen[key]:
            out[i] = second[i]
        seen[key] = max(seen.get(key, int(wall[i])), int(wall[i]))
    return out, len(twice), int(never.sum())
