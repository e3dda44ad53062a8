"""What answers about series look like in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from interfuse.console import interrupts
from interfuse.errors import OptionError

if TYPE_CHECKING:
    import polars as pl

    from interfuse.io.unread import Unread
    from interfuse.io.written import Writing
    from interfuse.kinds.series.answer import SeriesDraws
    from interfuse.kinds.series.model import SeriesModel

DRAW = "draw"
_ARRAYS = (".npy", ".npz")


class Once(NamedTuple):
    """What was read once, as standard input can be.

    Attributes:
        data: a frame; files of arrays stay paths.
        text: the rows as they stand in a file of text.
        unread: `interfuse.io.sheet.Sheet.unread`.
    """

    data: Any
    text: pl.DataFrame | None = None
    unread: pl.LazyFrame | None = None

    @property
    def table(self) -> Any:
        """What a model is asked with, so that it knows of cells that are not read."""
        from interfuse.io.origin import Origin
        from interfuse.kinds.series.data.source import Table

        if self.unread is None:
            return self.data
        return Table(self.data, Origin(unread=self.unread), "the frame")

    def cells(self) -> Unread:
        """The cells that are not read."""
        from interfuse.io.unread import Unread

        return Unread.of(self.unread, getattr(self.data, "columns", ()))


def read_once(source: str) -> Once:
    """The table of a file, or its path."""
    from interfuse.io.frames import to_polars

    if Path(source).suffix.lower() in _ARRAYS:
        return Once(source)
    frame, origin = to_polars(source, times=False)
    text = None if origin.text is None else origin.text.collect()
    unread = None if origin.unread is None else origin.unread.collect().lazy()
    return Once(frame.lazy().collect(), text, unread)


def gathered_once(model: SeriesModel, source: str) -> Once:
    """`read_once`, gathered as the rows of the fit were; these have no text of their own then."""
    from interfuse.kinds.option import called
    from interfuse.kinds.series.data.read import gathered_frame

    once = read_once(source)
    if not model.schema.every:
        return once
    with called(source):
        made = gathered_frame(model.schema, once.data)
    return once if made is once.data else Once(made)


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


def _measured(model: SeriesModel) -> list[str]:
    """Names of the channels that hold numbers, and so have bounds."""
    states = set(model.schema.states)
    return [n for j, n in enumerate(_channels(model)) if j not in states]


def share_of(name: str) -> str:
    """The name of the column that says how many draws have the state beside it."""
    return f"{name}_share"


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
    added = [n for c in _measured(model) for n in bounds_of(c)]
    added += [share_of(_channels(model)[j]) for j in model.schema.states]
    for name in added if interval is not None else ():
        if name in taken:
            raise OptionError(
                f"--interval: adds a column {name!r}, which the data has. Rename theirs, or "
                "write every draw."
            )


def summary(
    model: SeriesModel, answer: SeriesDraws, value: str, interval: float | None,
    shares: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """One row a time, and bounds beside what was drawn; beside states how many draws have them."""
    import numpy as np
    import polars as pl

    frame = as_frame(model, answer, getattr(answer, value)())
    if interval is None:
        return frame
    low, high = (as_frame(model, answer, end) for end in answer.interval(interval))
    blank = as_frame(model, answer, answer.blank())
    states = {_channels(model)[j]: j for j in model.schema.states if shares}
    out: list[pl.Series] = []
    for column in frame.iter_columns():
        out.append(column)
        if column.name in states:
            agree = np.concatenate(answer.share(states[column.name]))
            out.append(pl.Series(share_of(column.name), agree).round(4))
        if column.name not in _measured(model):
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


def writing_of(
    model: SeriesModel, text: pl.DataFrame | None, interval: float | None = None
) -> Writing:
    """How answers are written: numbers as in the file that was fitted, times as in the one asked.

    Args:
        model: that is asked.
        text: the rows of the file asked about as they stand there; None if it is no text.
        interval: None if no bounds are written.
    """
    from interfuse.io.textvalues import value_of
    from interfuse.io.timeguess import forms_of_texts
    from interfuse.io.written import Writing

    origin, time = model.schema.origin, model.schema.time
    columns = dict(origin.columns) if origin.library == "file" else {}
    if text is not None and time in text.columns and time is not None:
        stamps = text.select(value_of(time)).to_series().drop_nulls()
        if forms := forms_of_texts(stamps, time):
            columns.setdefault(time, forms[0].to_json())
    ends = {b: n for n in _measured(model) for b in bounds_of(n)} if interval is not None else {}
    return Writing(columns, ends)


def in_file(
    frames: Iterable[pl.DataFrame], given: pl.DataFrame, text: pl.DataFrame, writing: Writing
) -> Iterator[pl.DataFrame]:
    """Answers with a row for each of a file, every cell that was there in the text that it had.

    Args:
        frames: the answers.
        given: the rows as they were read.
        text: the same as they stand in the file.
        writing: the form of the cells that were drawn.
    """
    import polars as pl

    from interfuse.io.astext import as_text
    from interfuse.io.written import observed_kept

    floats = [n for n, dtype in given.schema.items() if dtype.is_float()]
    # An infinite value counts as missing and is filled.
    given = given.with_columns(pl.when(pl.col(n).is_finite()).then(pl.col(n)) for n in floats)
    for frame in frames:
        yield observed_kept(as_text(writing.frame(frame)), text, given, given.columns)
