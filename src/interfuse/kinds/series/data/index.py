"""The index of a pandas frame as columns of series, and back.

Levels that are time (dates, periods, durations, text that reads as dates) become columns, and then
all others with them. Without such: text that repeats, which tells series apart, and named whole
numbers that sound like time or an identifier. Any other index is no column; it comes back with the
rows all the same. A model that is asked takes the levels that were columns when it was fitted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError
from interfuse.io.frames import from_polars, to_polars
from interfuse.io.origin import Origin
from interfuse.kinds.series.data.roles import sounds_like_identifier
from interfuse.kinds.series.data.stamps import form_of, sounds_like_time


def with_index(data: Any, wanted: Collection[str]) -> tuple[pl.DataFrame, Origin]:
    """A pandas frame as polars, with the levels of its index that are columns in front.

    The origin holds under the name "", which no column has, which levels these are (`index`: column
    and name before) and which of them are periods (`period`: column to frequency).

    Args:
        data: the frame.
        wanted: columns of the model that is asked; none while fitting.

    Raises:
        DataError: a level has the name of a column.
    """
    import pandas as pd

    index = data.index
    levels = [index.get_level_values(i) for i in range(index.nlevels)]
    names = _names(levels, data.columns)
    if wanted:
        taken = [
            i
            for i, (level, name) in enumerate(zip(levels, names, strict=True))
            if name in wanted
            and name not in data.columns
            and (len(levels) > 1 or level.name == name or _is_time(level))
        ]
    else:
        taken = _taken(levels, data)
    special: dict[str, Any] = {}
    if taken:
        data = data.copy(deep=False)
    for place, i in enumerate(taken):
        level, name = levels[i], names[i]
        if name in data.columns:
            raise DataError(f"the frame: {name!r} is both a column and the index. Rename either.")
        if isinstance(level, pd.PeriodIndex):
            special.setdefault("period", {})[name] = level.freqstr
            level = level.to_timestamp()
        values = pd.Series(level.to_series().values).array if level.dtype == object else level.array
        data.insert(place, name, values)
        before = level.name if isinstance(level.name, str) else None
        special.setdefault("index", []).append([name, before])
    frame, origin = to_polars(data)
    origin = replace(origin, rows=index)
    if special:
        origin = replace(origin, columns=origin.columns | {"": special})
    return frame.lazy().collect(), origin


def _names(levels: list[Any], columns: Any) -> list[str]:
    """What the columns of levels would be called."""
    free = next(n for n in ("time", "stamp", "index_", "index__") if n not in columns)
    plain = [free] if len(levels) == 1 else [f"level {i}" for i in range(len(levels))]
    return [
        level.name if isinstance(level.name, str) else name
        for level, name in zip(levels, plain, strict=True)
    ]


def _taken(levels: list[Any], data: Any) -> list[int]:
    """Which levels are columns, where no model says so."""
    times = [_is_time(level) for level in levels]
    text_alone = [i for i, t in enumerate(times) if t == "text"]
    if text_alone and any(_is_time(data.iloc[:, j]) for j in range(data.shape[1])):
        times = [None if t == "text" else t for t in times]
    if any(times):
        return list(range(len(levels)))
    return [i for i, level in enumerate(levels) if _tells_series(level)]


def _is_time(level: Any) -> str | None:
    import pandas as pd

    if isinstance(level.dtype, pd.PeriodDtype | pd.DatetimeTZDtype) or level.dtype.kind in "mM":
        return "time"
    if _is_text(level):
        text = pl.Series("", [None if pd.isna(v) else str(v) for v in level], pl.String)
        return "text" if form_of(text) else None
    return None


def _is_text(level: Any) -> bool:
    import pandas as pd

    return pd.api.types.infer_dtype(level, skipna=True) in ("string", "date", "datetime") or (
        isinstance(level.dtype, pd.CategoricalDtype)
        and pd.api.types.infer_dtype(level.dtype.categories) == "string"
    )


def _tells_series(level: Any) -> bool:
    if _is_text(level):
        return bool(1 < level.nunique() < len(level))
    named = isinstance(level.name, str) and level.dtype.kind in "iu"
    return named and (sounds_like_time(level.name) or sounds_like_identifier(level.name))


def native(table: pl.DataFrame, origin: Origin) -> Any:
    """A frame of series as the library and layout that it came from.

    Args:
        table: with the columns that were levels, if they are to be levels again.
        origin: of `with_index`. With the rows' own index that comes back as it was; without, new
            rows get one of the levels that became columns.
    """
    special = origin.columns.get("", {})
    columns = {n: v for n, v in origin.columns.items() if n in table.columns}
    index = [pair for pair in special.get("index", []) if pair[0] in table.columns]
    own = origin.rows is not None
    out = from_polars(
        table.drop([name for name, _ in index] if own else []), replace(origin, columns=columns)
    )
    if index and not own:
        for name, freq in special.get("period", {}).items():
            out[name] = out[name].dt.to_period(freq)
        out = out.set_index([name for name, _ in index])
        out.index.names = [before for _, before in index]
    if special.get("squeeze") and len(out.columns) == 1:
        out = out[out.columns[0]]
    return out


def with_new_rows(origin: Origin, order: np.ndarray, known: int) -> Origin:
    """The origin of a frame to which rows were added.

    Their labels are missing, or go on after the greatest where labels are whole numbers. An index
    that is columns altogether is made of these.

    Args:
        origin: of the frame before.
        order: (n,) which row is where; those added count from `known`.
        known: rows of the frame before.
    """
    import pandas as pd

    index = origin.rows
    if index is None or index.nlevels == len(origin.columns.get("", {}).get("index", [])):
        return origin.without_rows()
    new = order >= known
    if index.nlevels == 1 and index.dtype.kind in "iu" and len(index):
        labels = np.where(new, order - known + int(index.max()) + 1, 0)
        labels[~new] = index.to_numpy()[order[~new]]
        return replace(origin, rows=pd.Index(labels, name=index.name))
    if index.nlevels == 1 and index.dtype.kind == "b":
        index = index.astype(object)
    at = np.where(new, -1, order)
    return replace(origin, rows=index.take(at, allow_fill=True, fill_value=np.nan))
