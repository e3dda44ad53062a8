"""What the calendar says of a stamp, in local time.

| features | where |
|---|---|
| sin, cos of the hour | step up to 15 minutes |
| sin, cos of the day, 2 harmonics | step up to 12 hours (the second up to 6), span of a day |
| sin, cos of the week, 2 harmonics | step up to a day, span of a week |
| weekend | the same; not on a grid of working days |
| sin, cos of the year | step of an hour or more, span of more than a year |

Where time is no date there are none.
"""

from __future__ import annotations

import numpy as np

from interfuse.data.series.schema import SeriesSchema
from interfuse.data.series.seriesset import grid_of
from interfuse.data.series.zones import DAY, to_wall

_HOUR = DAY // 24
_YEAR_DAYS = 365.2425


def calendar_features(schema: SeriesSchema, start: int, length: int) -> np.ndarray:
    """(length, F) float32 of the grid points from `start` on; F depends on the schema alone."""
    return features_at(schema, grid_of(schema).at(start, np.arange(length)))


def calendar_names(schema: SeriesSchema) -> list[str]:
    """Names of the features."""
    if not schema.calendar:
        return []
    step, span, names = schema.step, schema.span, []
    if step <= DAY // 96:
        names += _waves("hour", 1)
    if step <= DAY // 2 and span >= DAY:
        names += _waves("day", 2 if step <= DAY // 4 else 1)
    if step <= DAY and span >= 7 * DAY:
        names += _waves("week", 2)
        names += ["weekend"] * (schema.grid != "business day")
    if step >= _HOUR and span > _YEAR_DAYS * DAY:
        names += _waves("year", 1)
    return names


def features_at(schema: SeriesSchema, stamps: np.ndarray) -> np.ndarray:
    """(n, F) float32 of any stamps."""
    names = calendar_names(schema)
    out = np.empty((len(stamps), len(names)), np.float32)
    if not names:
        return out
    wall = to_wall(np.asarray(stamps, np.int64), schema.zone)
    day = wall // DAY
    phases = {
        "hour": wall % _HOUR / _HOUR,
        "day": wall % DAY / DAY,
        "week": (wall + 3 * DAY) % (7 * DAY) / (7 * DAY),  # 0 is Monday
        "year": _part_of_year(wall),
    }
    for i, name in enumerate(names):
        if name == "weekend":
            out[:, i] = (day + 3) % 7 >= 5
            continue
        wave, which, harmonic = name.split(" ")
        angle = 2 * np.pi * int(harmonic) * phases[which]
        out[:, i] = np.sin(angle) if wave == "sin" else np.cos(angle)
    return out


def _waves(name: str, harmonics: int) -> list[str]:
    return [f"{wave} {name} {h + 1}" for h in range(harmonics) for wave in ("sin", "cos")]


def _part_of_year(wall: np.ndarray) -> np.ndarray:
    year = (wall // DAY).astype("datetime64[D]").astype("datetime64[Y]")
    begin = year.astype("datetime64[D]").astype(np.int64) * DAY
    end = (year + 1).astype("datetime64[D]").astype(np.int64) * DAY
    return (wall - begin) / (end - begin)
