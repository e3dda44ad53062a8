"""`interfuse impute`: the missing cells of a file filled, streamed to another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interfuse.cli.generate import summary, with_progress
from interfuse.cli.kinds import refuse
from interfuse.console import tell, warn
from interfuse.errors import OptionError, RunError

if TYPE_CHECKING:
    import polars as pl

    from interfuse.kinds.table.ask.impute import Imputation

_ROW = "\0row"  # no column of a file has such a name
SUMMARIES = ("median", "mean", "mode", "draws")


def impute(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made.")],
    source: Annotated[
        str, typer.Argument(metavar="DATA", help="The rows, with missing cells; - is CSV typed in.")
    ],
    target: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="Its name says the format."),
    ],
    draws: Annotated[int, typer.Option("--draws", min=1, help="Of each missing cell.")] = 20,
    value: Annotated[
        str,
        typer.Option(
            "--value",
            help="What fills a cell: median, mean or mode; or draws, for a row of each draw.",
        ),
    ] = "median",
    interval: Annotated[
        float | None,
        typer.Option(
            "--interval",
            metavar="SHARE",
            help="Add columns NAME_low and NAME_high between which a filled number lies with this "
            "probability, such as .9.",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="A,B", help="Fill these alone; default: all."),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            help="Draw less often, once intervals move by less than this share of their widths.",
        ),
    ] = None,
    mask: Annotated[
        str | None,
        typer.Option(
            "--mask",
            metavar="IMAGE",
            help="Of images: white where there are holes, or a folder with one for each image; "
            "default: a hole is where alpha is 0.",
        ),
    ] = None,
    add_rows: Annotated[
        bool,
        typer.Option("--add-rows", help="Of series: also write rows for times that have none."),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random draw.")] = 0,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Of the numbers' sampler.")
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda or mps; default: the best there is.")
    ] = None,
) -> None:
    """Fill the missing cells of a file.

    A filled number is the median of its distribution given the observed cells of the row, a filled
    category the most likely one. Observed cells stay as they are. Rows are written while they are
    filled, so that any number fits in memory.

    [bold]Examples[/]

    interfuse impute run flows.csv -o filled.csv

    interfuse impute run flows.csv -o filled.csv --interval .9 --columns bytes,packets

    interfuse impute run flows.csv -o draws.parquet --value draws --draws 50

    interfuse impute photos-run photos -o filled --mask mask.png

    interfuse impute traffic-run traffic.csv -o filled.csv --interval .9 --add-rows
    """
    import interfuse
    from interfuse.io.write import check_target, write

    if value not in SUMMARIES:
        raise OptionError(f"--value: {value!r} is unknown; expected one of {', '.join(SUMMARIES)}.")
    if interval is not None and not 0 < interval < 1:
        raise OptionError(f"--interval: is {interval:g}; expected a share between 0 and 1.")
    if interval is not None and value == "draws":
        raise OptionError("--interval: cannot stand beside --value draws, which has no bounds.")
    model = interfuse.load(run)
    kind = model.schema.kind
    if kind != "images":
        refuse(kind, "images", {"--mask": mask})
    if kind != "table":
        refuse(kind, "table", {"--columns": columns, "--tolerance": tolerance})
    if kind != "series":
        refuse(kind, "series", {"--add-rows": add_rows})
    if kind == "images":
        from interfuse.kinds.images.cli import impute_images

        impute_images(model, run, source, target, mask, seed=seed, steps=steps, device=device)
        return
    check_target(target)
    if kind == "series":
        from interfuse.kinds.series.cli import impute_series

        impute_series(
            model, source, target, draws=draws, value=value, interval=interval, add_rows=add_rows,
            seed=seed, steps=steps, device=device,
        )  # fmt: skip
        return
    if kind != "table":
        raise RunError(f"{run}: is a model of {kind}; expected one of a table. Fit rows first.")
    names = None if columns is None else [n.strip() for n in columns.split(",") if n.strip()]
    rows = model.imputation(
        source,
        draws=draws,
        columns=names,
        seed=seed,
        tolerance=tolerance,
        steps=steps,
        device=device,
    )
    if value == "draws" and "draw" in rows.reader.types:
        raise OptionError(
            "--value draws: adds a column 'draw', which the rows have. Rename theirs."
        )
    begin = time.monotonic()
    count = rows.rows * (draws if value == "draws" and tolerance is None else 1)
    write(with_progress(filled(rows, value, interval), count, "imputing"), target)
    for line in rows.warnings:
        warn(line)
    tell(summary(rows.rows, time.monotonic() - begin, target))


def filled(rows: Imputation, value: str, interval: float | None) -> Iterator[pl.DataFrame]:
    """The answer in frames of some hundred rows."""
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
                frame = frame.with_columns(low.alias(f"{name}_low"), high.alias(f"{name}_high"))
        yield frame
