"""`interfuse generate`: new rows from a run folder, streamed to a file."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfuse.cli.console import bar, clock, tell, warn
from interfuse.errors import ConditionError

if TYPE_CHECKING:
    import polars as pl

    from interfuse.model import Model


def generate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made.")],
    target: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Its name says the format: .csv, .jsonl, .parquet, .arrow ...; - is standard "
            "output, in CSV.",
        ),
    ],
    rows: Annotated[
        int | None,
        typer.Option("--rows", "-n", min=1, help="How many; default: as many as were fitted."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--given", metavar="COLUMN=VALUE", help="Hold this column; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random draw.")] = 0,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Of the numbers' sampler.")
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda or mps; default: the best there is.")
    ] = None,
) -> None:
    """Draw new rows from a fitted model.

    Row i depends on the seed and on i alone. A given column is a known cell: nothing is drawn and
    thrown away, so a rare value costs what a common one costs. COLUMN= gives a missing value,
    COLUMN='""' an empty text.

    [bold]Examples[/]

    interfuse generate run -n 10000 -o synthetic.parquet

    interfuse generate run -n 500 -o attacks.csv --given label=ddos --given proto=udp

    interfuse generate run -n 5 -o - --seed 3
    """
    import interfuse
    from interfuse.data import check_target, write

    check_target(target)
    model = interfuse.load(run)
    known = parse_given(given or (), model.schema.names)
    count = rows if rows is not None else int(model.record["data"]["rows"])
    generation = model.generation(given=known or None, seed=seed, steps=steps, device=device)
    for line in generation.warnings:
        warn(line)
    begin = time.monotonic()
    write(with_progress(generation.frames(count), count), target)
    tell(summary(count, time.monotonic() - begin, target))


def summary(count: int, seconds: float, target: str | Path) -> str:
    """How many rows went where, and how fast."""
    place = "standard output" if str(target) == "-" else target
    speed = count / max(seconds, 1e-9)
    return f"{count:,} rows in {clock(seconds)} ({speed:,.0f} rows/s): {place}"


def with_progress(frames: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The same frames, counted on a progress bar."""
    begin, done = time.monotonic(), 0
    with bar() as progress:
        task = progress.add_task("generating", total=rows, status="", remaining=None)
        for frame in frames:
            yield frame
            done += frame.height
            speed = done / max(time.monotonic() - begin, 1e-9)
            progress.update(
                task,
                completed=done,
                status=f"{done:,} rows  {speed:,.0f} rows/s",
                remaining=(rows - done) / speed,
            )


def parse_given(texts: Sequence[str], names: Sequence[str]) -> dict[str, object]:
    """Read COLUMN=VALUE pairs.

    A column's name may hold "=" itself: the longest name that the model knows wins.

    Args:
        texts: as typed.
        names: the model's columns.

    Returns:
        Column to text, or None for a missing value.

    Raises:
        ConditionError: a text without "=", or a column given twice.
    """
    out: dict[str, object] = {}
    for text in texts:
        places = [i for i, c in enumerate(text) if c == "="]
        if not places:
            raise ConditionError(f"--given: {text!r} has no '='. Write COLUMN=VALUE.")
        known = [i for i in places if text[:i] in names]
        at = known[-1] if known else places[0]
        name, value = text[:at], text[at + 1 :]
        if name in out:
            raise ConditionError(f"--given: column {name!r} is given twice. Give it once.")
        out[name] = {"": None, '""': ""}.get(value, value)
    return out


def draw(model: Model, rows: int, seed: int = 0) -> tuple[pl.DataFrame, float]:
    """Draw rows into one frame; also returns the seconds it took."""
    import polars as pl

    begin = time.monotonic()
    frame = pl.concat(list(with_progress(model.generate_batches(rows, seed=seed), rows)))
    return frame, time.monotonic() - begin
