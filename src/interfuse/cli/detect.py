"""`interfuse detect`: how odd each row of a file is, or each point in time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from interfuse.cli.generate import summary, with_progress
from interfuse.cli.kinds import refuse
from interfuse.console import tell
from interfuse.errors import OptionError


def detect(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made.")],
    source: Annotated[
        str, typer.Argument(metavar="DATA", help="The rows to score; - is CSV typed in.")
    ],
    target: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="Its name says the format."),
    ],
    contaminated: Annotated[
        bool,
        typer.Option(
            "--contaminated", help="The rows that were fitted may have odd ones among them."
        ),
    ] = False,
    below: Annotated[
        float | None,
        typer.Option(
            "--below", metavar="P", help="Write only rows with a p-value of at most this."
        ),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            metavar="N",
            min=1,
            help="Of time series: a score is a mean over N steps, half a season unless given.",
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda or mps; default: the best there is.")
    ] = None,
) -> None:
    """Say how odd each row is, and why.

    Beside each row stand its score in nats (higher is odder), the share of normal rows that score
    as high, the cell that stands out most, what was found there and what was expected. Rows are
    written while they are scored, so that any number fits in memory. Of time series a row is a
    point in time, a score of 1 is usual, and nine of ten values lie from low to high.

    [bold]Examples[/]

    interfuse detect run today.csv -o scores.csv

    interfuse detect run flows.parquet -o odd.csv --below .01

    interfuse detect run mixed.csv -o scores.csv --contaminated

    interfuse detect photos-run photos -o scores.csv

    interfuse detect metrics-run today.csv -o odd.csv --below .01
    """
    import interfuse
    from interfuse.io.write import check_target, write

    if below is not None and not 0 < below <= 1:
        raise OptionError(f"--below: is {below:g}; expected a p-value above 0 and up to 1.")
    model = interfuse.load(run)
    kind = model.schema.kind
    if kind != "table":
        refuse(kind, "table", {"--contaminated": contaminated})
    if kind != "series":
        refuse(kind, "series", {"--window": window})
    if window is not None and below is not None:
        raise OptionError("--window: scores over another window have no p-values. Drop --below.")
    if kind == "images":
        from interfuse.kinds.images.cli import detect_images

        refuse(kind, "models of a table or of time series", {"--below": below})
        detect_images(model, source, target, device=device)
        return
    check_target(target)
    if kind == "series":
        from interfuse.kinds.series.cli import detect_series

        detect_series(model, source, target, below=below, window=window, device=device)
        return
    rows = model.detection(source, clean=not contaminated, device=device)
    begin = time.monotonic()
    frames = (scores.polars() for scores in rows.batches())
    shown = with_progress(frames, rows.rows, "scoring")
    if below is None:
        write(shown, target)
    else:
        write((f.filter(f["p_value" + "_" * _taken(f)] <= below) for f in shown), target)
    tell(summary(rows.rows, time.monotonic() - begin, target))


def _taken(frame: object) -> int:
    """How many `_` the column of p-values was given, since the file has such a column itself."""
    names = frame.columns  # type: ignore[attr-defined]
    return max(i for i in range(len(names)) if "p_value" + "_" * i in names)
