"""`interfuse generate`: new rows, images or series from a run folder, streamed to a file."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfuse.cli.kinds import refuse
from interfuse.console import bar, clock, interrupts, tell, warn
from interfuse.errors import OptionError

if TYPE_CHECKING:
    import polars as pl

    from interfuse.kinds.table.model import Model


def generate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made.")],
    target: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Its name says the format: .csv, .jsonl, .parquet, .arrow ...; - is standard "
            "output, in CSV. Of images: a new folder, .npz, or .png for a grid.",
        ),
    ],
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows",
            "-n",
            min=1,
            help="How many; default: as many rows as were fitted, 64 images or 1 series.",
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            metavar="CONDITION",
            help="COLUMN=VALUE, 'COLUMN in [A, B]', 'COLUMN > A' or 'A <= COLUMN < B'; may be "
            "repeated.",
        ),
    ] = None,
    given_file: Annotated[
        str | None,
        typer.Option(
            "--given-file",
            metavar="FILE",
            help="Partly known rows to complete, -n draws of each (1 unless given).",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random draw.")] = 0,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Of the sampler of numbers, or of images.")
    ] = None,
    guidance: Annotated[
        float | None,
        typer.Option(
            "--guidance", min=0, help="Of images: above 1, more typical of the class; default 1."
        ),
    ] = None,
    length: Annotated[
        int | None,
        typer.Option("--length", min=1, help="Of series: how many steps; default: a window's."),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option("--like", metavar="NAME", help="Of series: like this one that was fitted."),
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda or mps; default: the best there is.")
    ] = None,
) -> None:
    """Draw new rows, images or series from a fitted model.

    Row i depends on the seed and on i alone. A given column is a known cell: nothing is drawn and
    thrown away, so a rare value costs what a common one costs. COLUMN= gives a missing value,
    COLUMN='""' an empty text. Columns can also be held in a set or a range, and rows that are
    known in part can be completed from a file.

    [bold]Examples[/]

    interfuse generate run -n 10000 -o synthetic.parquet

    interfuse generate run -n 500 -o attacks.csv --given label=ddos --given proto=udp

    interfuse generate run -o large.csv --given 'bytes > 1e6' --given 'label in [ddos, scan]'

    interfuse generate run -n 10 -o completed.csv --given-file partly-known.csv

    interfuse generate run -n 5 -o - --seed 3

    interfuse generate digits-run -n 64 -o sevens.png --given class=7 --guidance 2

    interfuse generate traffic-run -n 10 -o days.csv --length 288
    """
    import interfuse
    from interfuse.io.write import check_target, write

    model = interfuse.load(run)
    kind = model.schema.kind
    if kind != "series":
        refuse(kind, "series", {"--length": length, "--like": like})
    if kind != "images":
        refuse(kind, "images", {"--guidance": guidance})
    if kind != "table":
        refuse(kind, "table", {"--given-file": given_file})
    if kind == "images":
        from interfuse.kinds.images.cli import generate_images, parse_class

        known = parse_class(given or ())
        scale = 1.0 if guidance is None else guidance
        generate_images(
            model, target, rows, known, seed=seed, steps=steps, guidance=scale, device=device
        )
        return
    check_target(target)
    if kind == "series":
        from interfuse.kinds.series.cli import generate_series

        refuse(kind, "models of a table or of images", {"--given": given})
        generate_series(
            model, target, rows or 1, length=length, like=like, seed=seed, steps=steps,
            device=device,
        )  # fmt: skip
        return
    if given_file is not None:
        if given:
            raise OptionError("--given-file: cannot stand beside --given. Put it in the file.")
        complete(model, given_file, target, rows or 1, seed, steps, device)
        return
    known = parse_given(given or (), model.schema.names)
    count = rows if rows is not None else int(model.record["data"]["rows"])
    generation = model.generation(given=known or None, seed=seed, steps=steps, device=device)
    for line in generation.warnings:
        warn(line)
    begin = time.monotonic()
    write(with_progress(generation.frames(count), count), target)
    tell(summary(count, time.monotonic() - begin, target))


def complete(
    model: Model,
    source: str,
    target: str,
    draws: int,
    seed: int,
    steps: int | None,
    device: str | None,
) -> None:
    """Complete the rows of a file, some draws of each."""
    from interfuse.io.write import write
    from interfuse.kinds.table.ask.generate import STEPS

    rows = model.imputation(
        source,
        draws=draws,
        seed=seed,
        steps=STEPS if steps is None else steps,
        device=device,
        subset=True,
        values=False,
    )
    begin, count = time.monotonic(), rows.rows * draws
    write(with_progress(rows.completions(), count), target)
    for line in rows.warnings:
        warn(line)
    tell(summary(count, time.monotonic() - begin, target))


def summary(count: int, seconds: float, target: str | Path) -> str:
    """How many rows went where, and how fast."""
    place = "standard output" if str(target) == "-" else target
    speed = count / max(seconds, 1e-9)
    return f"{count:,} rows in {clock(seconds)} ({speed:,.0f} rows/s): {place}"


def with_progress(
    frames: Iterator[pl.DataFrame], rows: int, doing: str = "generating"
) -> Iterator[pl.DataFrame]:
    """The same frames, counted on a progress bar."""
    begin, done = time.monotonic(), 0
    with bar() as progress:
        task = progress.add_task(doing, total=rows, status="", remaining=None)
        for frame in frames:
            interrupts.check()
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
    """Read conditions as they are typed; see `interfuse.kinds.table.ask.expressions`."""
    from interfuse.kinds.table.ask.expressions import parse_expressions

    return parse_expressions(texts, names)


def draw(model: Model, rows: int, seed: int = 0) -> tuple[pl.DataFrame, float]:
    """Draw rows into one frame; also returns the seconds it took."""
    import polars as pl

    begin = time.monotonic()
    frame = pl.concat(list(with_progress(model.generate_batches(rows, seed=seed), rows)))
    return frame, time.monotonic() - begin
