"""What the commands do where the model is one of time series."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.console import bar, clock, facts, interrupts, tell, warn
from interfuse.errors import OptionError
from interfuse.io.unread import Unread
from interfuse.io.withtexts import no_place, placed, with_texts, with_texts_by
from interfuse.io.write import check_target, writes_text
from interfuse.kinds.option import called, check_below, check_share
from interfuse.kinds.series.writing import (
    as_frame,
    check_added,
    drawn,
    gathered_once,
    in_file,
    read_once,
    summary,
    writing_of,
    written,
)
from interfuse.visible import visible

if TYPE_CHECKING:
    from interfuse.kinds.series.data import SeriesSchema
    from interfuse.kinds.series.model import SeriesModel
    from interfuse.kinds.verb import Asked

SUMMARIES = ("median", "mean", "draws")


def print_series_schema(schema: SeriesSchema, found: str = "") -> None:
    """Print what series were taken for."""
    from interfuse.kinds.series.data.describe import describe

    facts("", [("Data", found), *describe(schema)] if found else describe(schema))


def show_series(model: SeriesModel) -> list[tuple[str, str]]:
    """Rows about a model of series for `interfuse show`."""
    from interfuse.kinds.series.data.describe import describe

    net = model.net
    weights = sum(p.numel() for p in net.parameters())
    held = model.calibration.score
    return [
        (
            "Network",
            f"{weights:,} weights, windows of {net.length} steps in patches of {net.patch}",
        ),
        ("p-values", "against held-out points" if len(held) else "none: too short to hold any out"),
        *describe(model.schema),
    ]


def generate(model: SeriesModel, asked: Asked, *, rows: int = 1, **options: Any) -> None:
    """`interfuse generate`: see `generate_series`."""
    check_target(asked.target)
    generate_series(model, asked.target, rows, **options)


def forecast(
    model: SeriesModel,
    asked: Asked,
    *,
    horizon: int,
    given: str | None = None,
    interval: float = 0.9,
    **options: Any,
) -> None:
    """`interfuse forecast`: see `forecast_series`."""
    check_share(interval)
    if given == asked.source == "-":
        raise OptionError("--given: the history is read from standard input; give this as a file.")
    check_target(asked.target)
    forecast_series(
        model, asked.source, asked.target, horizon, given=given, interval=interval, **options
    )


def impute(
    model: SeriesModel,
    asked: Asked,
    *,
    value: str = "median",
    interval: float | None = None,
    **options: Any,
) -> None:
    """`interfuse impute`: see `impute_series`."""
    check_share(interval, value)
    check_target(asked.target)
    impute_series(model, asked.source, asked.target, value=value, interval=interval, **options)


def detect(
    model: SeriesModel,
    asked: Asked,
    *,
    below: float | None = None,
    window: int | None = None,
    device: str | None = None,
) -> None:
    """`interfuse detect`: see `detect_series`."""
    check_below(below)
    if window is not None and below is not None:
        raise OptionError("--window: scores over another window have no p-values. Drop --below.")
    check_target(asked.target)
    detect_series(model, asked.source, asked.target, below=below, window=window, device=device)


def forecast_series(
    model: SeriesModel,
    source: str,
    target: str | Path,
    horizon: int,
    *,
    draws: int = 100,
    given: str | None = None,
    interval: float = 0.9,
    draw_rows: bool = False,
    seed: int = 0,
    steps: int | None = None,
    device: str | None = None,
) -> None:
    """Draw what follows and write it.

    Args:
        model: a fitted model of series.
        source: the history; - is CSV typed in.
        target: a table; see `interfuse.io.write`.
        horizon: how many steps.
        draws: how many futures.
        given: a file with what is known of the future.
        interval: the probability between the columns `NAME_low` and `NAME_high`.
        draw_rows: write every draw, with its number in a column `draw`, instead of summaries.
        seed: of all draws.
        steps: of the sampler.
        device: where to compute.
    """
    from interfuse.io.write import write

    data, text, _ = read_once(source)
    with called(source):
        history = model.read(data)
    check_added(model, written(model), interval, "--draw-rows" if draw_rows else None)
    future = None
    if given is not None:
        with called(given):
            future = model.read(read_once(given)[0])
    begin = time.monotonic()
    with counting("forecasting") as progress:
        answer = model.forecast(
            history,
            horizon,
            draws=draws,
            given=future,
            seed=seed,
            steps=steps,
            device=device,
            tell=progress,
        )
    made = drawn(model, answer) if draw_rows else summary(model, answer, "median", interval, True)
    rows = write(made, target, writing_of(model, text, interval))
    many = f"{len(answer.names):,} series, {horizon:,} steps, {draws:,} draws"
    _tell_end(many, rows, begin, target)


def impute_series(
    model: SeriesModel,
    source: str,
    target: str | Path,
    *,
    draws: int = 20,
    value: str = "median",
    interval: float | None = None,
    add_rows: bool = False,
    unread: bool = False,
    seed: int = 0,
    steps: int | None = None,
    device: str | None = None,
) -> None:
    """Fill what is missing and write it.

    Args:
        model: a fitted model of series.
        source: series with gaps; - is CSV typed in.
        target: a table.
        draws: of each gap.
        value: what fills a cell: median or mean; or draws, for every draw.
        interval: see `forecast_series`; None for no such columns.
        add_rows: also write rows for times that have none.
        unread: also fill cells whose text is no value of their column.
        seed: of all draws.
        steps: of the sampler.
        device: where to compute.
    """
    from interfuse.io.write import write

    if value not in SUMMARIES:
        raise OptionError(
            f"--value {value}: is for categories, which series have none of. Use one of "
            f"{', '.join(SUMMARIES)}."
        )
    data, text, _ = once = gathered_once(model, source)
    columns = getattr(data, "columns", written(model))
    check_added(model, columns, interval, "--value draws" if value == "draws" else None)
    begin = time.monotonic()
    with counting("imputing") as progress, called(source):
        answer = model.impute(
            once.table,
            draws=draws,
            add_rows=add_rows,
            seed=seed,
            steps=steps,
            device=device,
            unread=unread,
            tell=progress,
        )
    whole = value != "draws"
    made = [summary(model, answer, value, interval)] if whole else drawn(model, answer)
    writing = writing_of(model, text, interval)
    if text is not None and not add_rows and writes_text(target):
        made = in_file(made, data, text, writing)
    elif left := Unread() if unread else once.cells():
        keys = [n for n in (model.schema.series, model.schema.time) if n is not None]
        made = (with_texts_by(f, left, data, keys) if add_rows else with_texts(f, left, 0)
                for f in made)  # fmt: skip
        made = placed(made, target, writing)
        for line in no_place(left, target, writing):
            warn(line)
    rows = write(made, target, writing)
    _tell_end(f"{len(answer.names):,} series", rows, begin, target)


def generate_series(
    model: SeriesModel,
    target: str | Path,
    count: int,
    *,
    length: int | None = None,
    like: str | None = None,
    seed: int = 0,
    steps: int | None = None,
    device: str | None = None,
) -> None:
    """Draw new series and write them, one below the other.

    Args:
        model: a fitted model of series.
        target: a table.
        count: how many.
        length: steps of each; those of a window if None.
        like: the name of a fitted series that they should be like.
        seed: of all draws.
        steps: of the sampler.
        device: where to compute.
    """
    from interfuse.io.origin import Origin
    from interfuse.io.write import write

    writing = writing_of(model, None)
    if model.schema.layout != "array":  # frames of another library become polars
        model = replace(model, schema=replace(model.schema, origin=Origin()))
    begin = time.monotonic()
    with counting("generating") as progress:
        answer = model.generate(
            count, length=length, like=like, seed=seed, steps=steps, device=device, tell=progress
        )
    rows = write(as_frame(model, answer, answer.frame(0)), target, writing)
    _tell_end(f"{count:,} series", rows, begin, target)


def detect_series(
    model: SeriesModel,
    source: str,
    target: str | Path,
    *,
    below: float | None = None,
    window: int | None = None,
    device: str | None = None,
) -> None:
    """Score how odd each point is and write it.

    Args:
        model: a fitted model of series.
        source: series; - is CSV typed in.
        target: a table.
        below: write only rows with a p-value of at most this.
        window: steps of the mean that a score is; None for half a season.
        device: where to compute.
    """
    from interfuse.io.write import write

    data, text, _ = once = gathered_once(model, source)
    begin = time.monotonic()
    with counting("scoring") as progress, called(source):
        series = model.read(data)
        scores = model.detect(series, window=window, device=device, tell=progress)
    if series.rows is not None:
        scores = scores.beside(data)
    frame, writing = scores.polars(), writing_of(model, text)
    left = once.cells() if series.rows is not None else Unread()
    if series.rows is not None and text is not None and writes_text(target):
        frame = frame.with_columns(text.get_columns())
    else:
        frame = with_texts(frame, left, 0)
    if below is not None:
        name = [n for n in frame.columns if n.rstrip("_") == "p_value"][-1]
        frame = frame.filter(frame[name] <= below)
    rows = write(placed([frame], target, writing), target, writing)
    for line in no_place(left, target, writing):
        warn(line)
    _tell_end(f"{len(series):,} series", rows, begin, target)


@contextlib.contextmanager
def counting(doing: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar for what a model counts in windows; a Ctrl-C that was lost is raised here."""
    begin = time.monotonic()
    with bar() as progress:
        task = progress.add_task(doing, total=None, status="", remaining=None)

        def told(done: int, total: int) -> None:
            interrupts.check()
            speed = done / max(time.monotonic() - begin, 1e-9)
            progress.update(
                task,
                completed=done,
                total=total,
                status=f"{done:,} of {total:,} windows",
                remaining=(total - done) / max(speed, 1e-9),
            )

        yield told
    interrupts.check()


# -- reading and writing ------------------------------------------------------------------------


def _tell_end(what: str, rows: int, begin: float, target: str | Path) -> None:
    place = "standard output" if str(target) == "-" else visible(target)
    tell(f"{what}: {rows:,} rows in {clock(time.monotonic() - begin)}: {place}")
