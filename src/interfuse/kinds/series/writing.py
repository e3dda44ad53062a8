"""What answers about series look like in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from interfuse.console import interrupts
from interfuse.errors import OptionError

if TYPE_CHECKING:
    import polars as pl

    from interfuse.kinds.series.answer import SeriesDraws
    from interfuse.kinds.series.model import SeriesModel

DRAW = "draw"


def as_frame(model: SeriesModel, answer: SeriesDraws, made: Any) -> pl.DataFrame:
    """An answer as polars; arrays get columns `series` and `step`, channels are `value`s."""
    import numpy as np
    import polars as pl

    if isinstance(made, pl.DataFrame):
        return made
    if isinstance(made, np.ndarray):
        one = len(answer.times) == 1
        made = [made if not one or made.ndim < 3 else made[0]] if one else list(made)
    names = _channels(model)
    parts = []
    for name, stamps, values in zip(answer.names, answer.times, made, strict=True):
        values = np.asarray(values).reshape(len(stamps), len(names))
        columns: dict[str, Any] = {} if name is None else {"series": [str(name)] * len(stamps)}
        columns |= {"step": stamps, **{n: values[:, j] for j, n in enumerate(names)}}
        parts.append(pl.DataFrame(columns, nan_to_null=True))
    return pl.concat(parts)


def _channels(model: SeriesModel) -> list[str]:
    """Names of the channels in what is written."""
    names = model.schema.names
    if model.schema.layout != "array":
        return names
    return ["value"] if len(names) == 1 else [f"value_{n}" for n in names]


def written(model: SeriesModel) -> list[str]:
    """The columns of a forecast as they were in the data."""
    schema = model.schema
    parts = [*_channels(model), *(s.name for s in schema.statics)]
    return [n for n in (schema.time, schema.series) if n is not None] + parts


def bounds_of(name: str) -> tuple[str, str]:
    """The names of the columns beside a channel that hold its interval."""
    return f"{name}_low", f"{name}_high"


def check_added(
    model: SeriesModel, columns: Iterable[str], interval: float | None, draws: str | None
) -> None:
    """Refuse to write over a column, before anything is drawn.

    Args:
        model: that is asked.
        columns: what will be written besides.
        interval: None if no bounds are written.
        draws: the option that asks for every draw; None for summaries.

    Raises:
        OptionError: a column of ours would take the place of one of theirs.
    """
    taken = set(columns)
    if draws is not None:
        if DRAW in taken:
            raise OptionError(
                f"{draws}: adds a column {DRAW!r}, which the data has. Rename theirs."
            )
        return
    for channel in _channels(model) if interval is not None else ():
        for name in bounds_of(channel):
            if name in taken:
                raise OptionError(
                    f"--interval: adds a column {name!r}, which the data has. Rename theirs, or "
                    "write every draw."
                )


def summary(
    model: SeriesModel, answer: SeriesDraws, value: str, interval: float | None
) -> pl.DataFrame:
    """One row a time, and bounds beside what was drawn."""
    frame = as_frame(model, answer, getattr(answer, value)())
    if interval is None:
        return frame
    low, high = (as_frame(model, answer, end) for end in answer.interval(interval))
    blank = as_frame(model, answer, answer.blank())
    out = []
    for column in frame.iter_columns():
        out.append(column)
        if column.name not in _channels(model):
            continue
        missing = _missing(blank[column.name])
        for end, name in zip((low, high), bounds_of(column.name), strict=True):
            bound = end[column.name].alias(name)
            out.append(bound.set(~missing, None))
    return type(frame)(out)


def _missing(column: pl.Series) -> pl.Series:
    gone = column.is_null()
    return gone | ~column.is_finite().fill_null(False) if column.dtype.is_float() else gone


def drawn(model: SeriesModel, answer: SeriesDraws) -> Iterator[pl.DataFrame]:
    """Every draw, its number in the first column."""
    import polars as pl

    for i in range(len(answer)):
        interrupts.check()
        frame = as_frame(model, answer, answer.frame(i))
        yield frame.select(pl.lit(i, pl.Int64).alias(DRAW), pl.all())
