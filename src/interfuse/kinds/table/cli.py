"""What the commands do where the model is one of a table."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from interfuse.console import counted, say, summary, table, tell, warn
from interfuse.errors import OptionError
from interfuse.kinds.option import called, check_below, check_share, check_value

if TYPE_CHECKING:
    import polars as pl

    from interfuse.io.unread import Unread
    from interfuse.io.written import Writing
    from interfuse.kinds.table.ask.detect import Detection
    from interfuse.kinds.table.ask.impute import Imputation
    from interfuse.kinds.table.model import Model
    from interfuse.kinds.table.schema import Schema
    from interfuse.kinds.verb import Asked

MOST_COLUMNS = 60
MOST_LAWS = 12
SUMMARIES = ("median", "mean", "mode", "draws")
_ROW = "\0row"  # no column of a file has such a name


def print_schema(schema: Schema, most: int | None = MOST_COLUMNS) -> None:
    """Print the columns: what they are and why; at most `most` of them."""
    from interfuse.kinds.table.schema import describe

    rows = describe(schema)
    table("", ("Column", "Type", "Kind", "Why"), rows[:most], text=True)
    if most is not None and len(rows) > most:
        say(f"... and {len(rows) - most} more columns; schema.json holds all of them.")
    laws = (*schema.bounds, *schema.cases)
    if laws:
        more = len(laws) - MOST_LAWS if most is not None else 0
        shown = "; ".join(laws[: None if most is None else MOST_LAWS])
        say(f"In every row: {shown}" + (f"; and {more} more." if more > 0 else "."))


def generate(
    model: Model,
    asked: Asked,
    *,
    rows: int | None = None,
    given: Sequence[str] = (),
    given_file: str | None = None,
    shard: str | None = None,
    payload: str | None = None,
    seed: int = 0,
    steps: int | None = None,
    device: str | None = None,
) -> None:
    """Draw rows and write them while they are drawn; see `Model.generate`."""
    from interfuse.io.write import check_taken, check_target, write
    from interfuse.io.written import Writing
    from interfuse.kinds.table.ask.shard import Shard
    from interfuse.kinds.table.timeorder import in_order

    part = Shard(1, 1) if shard is None else Shard.read(shard)
    target = asked.target if shard is None else part.target(asked.target)
    writing = Writing.of(model.schema.origin).asked(payload=payload, seed=seed)
    check_target(target, writing)
    check_taken(target, writing, payload=payload)
    if given_file is not None:
        if given or shard is not None:
            beside = "--given" if given else "--shard"
            advice = "Put it in" if given else "Cut"
            raise OptionError(f"--given-file: cannot stand beside {beside}. {advice} the file.")
        complete(model, given_file, target, rows or 1, seed, steps, device, writing)
        return
    known = parse_given(given, model.schema.names)
    count = rows if rows is not None else int(model.record["data"]["rows"])
    generation = model.generation(given=known or None, seed=seed, steps=steps, device=device)
    for line in generation.remarks(count):
        warn(line)
    begin = time.monotonic()
    own = part.rows(count)
    drawn = generation.frames(len(own), first=own.start) if own else [generation.empty()]
    drawn = counted(drawn, len(own), "generating", "rows")
    write(in_order(drawn, model.schema.order, len(own)), target, writing)
    tell(summary(len(own), time.monotonic() - begin, target))


def complete(
    model: Model,
    source: str,
    target: str,
    draws: int,
    seed: int,
    steps: int | None,
    device: str | None,
    writing: Writing,
) -> None:
    """Complete the rows of a file, some draws of each."""
    from interfuse.io.write import write

    with called(source):
        rows = model.completion(source, draws, seed=seed, steps=steps, device=device)
    begin, count = time.monotonic(), rows.rows * draws
    frames = as_in_file(rows.completions(), rows, target, writing, True)
    write(counted(frames, count, "generating", "rows"), target, writing)
    for line in rows.warnings:
        warn(line)
    tell(summary(count, time.monotonic() - begin, target))


def impute(
    model: Model,
    asked: Asked,
    *,
    draws: int = 20,
    value: str = "median",
    interval: float | None = None,
    columns: str | None = None,
    tolerance: float | None = None,
    unread: bool = False,
    seed: int = 0,
    steps: int | None = None,
    device: str | None = None,
) -> None:
    """Fill missing cells and write the rows while they are filled; see `Model.impute`."""
    from interfuse.io.withtexts import no_place
    from interfuse.io.write import check_target, write
    from interfuse.io.written import Writing

    check_value(value, SUMMARIES)
    check_share(interval, value)
    check_target(asked.target, Writing.of(model.schema.origin))
    names = None if columns is None else [n.strip() for n in columns.split(",") if n.strip()]
    with called(asked.source):
        rows = model.imputation(
            asked.source,
            draws=draws,
            columns=names,
            seed=seed,
            tolerance=tolerance,
            steps=steps,
            device=device,
            unread=unread,
        )
    if value == "draws" and "draw" in rows.reader.types:
        raise OptionError(
            "--value draws: adds a column 'draw', which the rows have. Rename theirs."
        )
    if interval is not None:
        check_bounds(rows)
    begin = time.monotonic()
    count = rows.rows * (draws if value == "draws" and tolerance is None else 1)
    like = {f"{n}_{end}": n for n in rows.ordered for end in ("low", "high")}
    writing = Writing.of(model.schema.origin, {} if interval is None else like)
    frames = as_in_file(
        filled(rows, value, interval), rows, asked.target, writing, value == "draws"
    )
    write(counted(frames, count, "imputing", "rows"), asked.target, writing)
    for line in (*rows.warnings, *no_place(rows.unread, asked.target, writing)):
        warn(line)
    tell(summary(rows.rows, time.monotonic() - begin, asked.target))


def as_in_file(
    frames: Iterator[pl.DataFrame], rows: Imputation, target: str, writing: Writing, often: bool
) -> Iterator[pl.DataFrame]:
    """The answer with every observed cell in the text that it has in the file.

    Args:
        frames: the answer, in the order of the rows.
        rows: the question.
        target: what is written; nothing changes where that holds no text.
        writing: the form of the cells that were drawn.
        often: whether each row comes once for each draw.
    """
    import polars as pl

    from interfuse.io.astext import as_text
    from interfuse.io.scratch import on_disk
    from interfuse.io.withtexts import placed
    from interfuse.io.write import writes_text
    from interfuse.io.written import observed_kept

    if rows.text is None or not writes_text(target, writing):
        yield from placed(
            _with_texts(frames, rows.unread, rows.draws if often else 1), target, writing
        )
        return
    names = rows.given.collect_schema().names()
    start = 0
    with on_disk(rows.text) as text, on_disk(rows.given) as given:
        for frame in frames:
            each = rows.draws if often else 1
            many = frame.height // each
            before = [part.slice(start, many).collect() for part in (text, given)]
            if each > 1:
                turn = pl.Series([i for i in range(many) for _ in range(each)], dtype=pl.UInt32)
                before = [part[turn] for part in before]
            yield observed_kept(as_text(writing.frame(frame)), before[0], before[1], names)
            start += many


def _with_texts(
    frames: Iterator[pl.DataFrame], unread: Unread, each: int = 1
) -> Iterator[pl.DataFrame]:
    """Rows with the texts beside them that are no values of their columns."""
    from interfuse.io.withtexts import with_texts

    start = 0
    for frame in frames:
        yield with_texts(frame, unread, start, each)
        start += frame.height // each


def check_bounds(rows: Imputation) -> None:
    """Refuse to write over a column, before anything is drawn.

    Raises:
        OptionError: a column of bounds would take the place of one that came in.
    """
    for name in rows.ordered:
        for end in (f"{name}_low", f"{name}_high"):
            if end in rows.reader.types:
                raise OptionError(
                    f"--interval: adds a column {end!r}, which the rows have. Rename theirs, or "
                    "leave its column out (--columns)."
                )


def filled(rows: Imputation, value: str, interval: float | None) -> Iterator[pl.DataFrame]:
    """The answer in frames of some hundred rows; see `check_bounds`."""
    import polars as pl

    for draws in rows.batches():
        if value == "draws":
            frames: list[Any] = list(draws.frames())
            number = pl.int_range(pl.len(), dtype=pl.Int64)
            labelled = [
                f.with_columns(pl.lit(i, pl.Int64).alias("draw"), number.alias(_ROW))
                for i, f in enumerate(frames)
            ]
            yield pl.concat(labelled).sort(_ROW, "draw").drop(_ROW)
            continue
        frame = draws.polars(value)
        if interval is not None:
            bounds = draws.bounds(interval)
            for name in rows.ordered:
                if name in bounds:
                    low, high = bounds[name]
                else:
                    low = high = frame[name].clear(frame.height)
                for end, bound in ((f"{name}_low", low), (f"{name}_high", high)):
                    frame = frame.with_columns(bound.alias(end))
        yield frame


def detect(
    model: Model,
    asked: Asked,
    *,
    contaminated: bool = False,
    below: float | None = None,
    device: str | None = None,
) -> None:
    """Score rows and write them while they are scored; see `Model.detect`."""
    from interfuse.io.withtexts import no_place, placed
    from interfuse.io.write import check_target, write
    from interfuse.io.written import Writing

    check_below(below)
    check_target(asked.target, Writing.of(model.schema.origin))
    with called(asked.source):
        rows = model.detection(asked.source, clean=not contaminated, device=device)
    begin = time.monotonic()
    writing = Writing.of(rows.origin)
    shown = counted(scored(rows, writing, asked.target), rows.rows, "scoring", "rows")
    if below is not None:
        shown = (f.filter(f[_p_value(f)] <= below) for f in shown)
    write(placed(shown, asked.target, writing), asked.target, writing)
    for line in no_place(rows.unread, asked.target, writing):
        warn(line)
    tell(summary(rows.rows, time.monotonic() - begin, asked.target))


def scored(rows: Detection, writing: Writing, target: str) -> Iterator[pl.DataFrame]:
    """Rows and their scores; in text, cells as they stand in the file, and others alike."""
    from interfuse.io.scratch import on_disk
    from interfuse.io.write import writes_text

    if rows.text is None or not writes_text(target):
        yield from _with_texts((scores.polars() for scores in rows.batches()), rows.unread)
        return
    start = 0
    with on_disk(rows.text) as lazy:
        for scores in rows.batches():
            text = lazy.slice(start, len(scores)).collect()
            yield scores.polars_as(text, writing)
            start += len(scores)


def _p_value(frame: pl.DataFrame) -> str:
    """Our column of p-values, which stands behind those of the file that are called alike."""
    return [n for n in frame.columns if n.rstrip("_") == "p_value"][-1]


def parse_given(texts: Sequence[str], names: Sequence[str]) -> dict[str, object]:
    """Read conditions as they are typed; see `ask.expressions`."""
    from interfuse.kinds.table.ask.expressions import parse_expressions

    return parse_expressions(texts, names)
