"""`interfuse forecast`: what follows a history, with the interval in which it will lie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interfuse.errors import OptionError, RunError


def forecast(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made.")],
    source: Annotated[
        str,
        typer.Argument(metavar="HISTORY", help="The series up to now; - is CSV typed in."),
    ],
    target: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="Its name says the format."),
    ],
    horizon: Annotated[int, typer.Option("--horizon", min=1, help="How many steps to forecast.")],
    draws: Annotated[int, typer.Option("--draws", min=1, help="Futures that are drawn.")] = 100,
    given: Annotated[
        str | None,
        typer.Option(
            "--given",
            metavar="FILE",
            help="What is known of the future: rows at later times, with covariates, or with "
            "values that are to hold.",
        ),
    ] = None,
    interval: Annotated[
        float,
        typer.Option(
            "--interval",
            metavar="SHARE",
            help="NAME_low and NAME_high are bounds between which a value lies with this "
            "probability.",
        ),
    ] = 0.9,
    draw_rows: Annotated[
        bool,
        typer.Option(
            "--draw-rows", help="Write every draw, numbered in a column draw, and no summary."
        ),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random draw.")] = 0,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Of the sampler.")] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda or mps; default: the best there is.")
    ] = None,
) -> None:
    """Forecast time series.

    The history may be that of any series with the columns that were fitted, also of one never
    seen. What is written: for every step a row with the median of the draws and, beside each
    channel NAME, the bounds NAME_low and NAME_high.

    [bold]Examples[/]

    interfuse forecast run traffic.csv --horizon 288 -o tomorrow.csv

    interfuse forecast run traffic.csv --horizon 48 -o out.csv --interval .5 --draws 500 --seed 1

    interfuse forecast run traffic.csv --horizon 48 -o out.csv --given holidays.csv

    interfuse forecast run traffic.csv --horizon 48 -o draws.parquet --draw-rows
    """
    import interfuse
    from interfuse.io.write import check_target
    from interfuse.kinds.series.cli import forecast_series

    if not 0 < interval < 1:
        raise OptionError(f"--interval: is {interval:g}; expected a share between 0 and 1.")
    if given == source == "-":
        raise OptionError("--given: the history is read from standard input; give this as a file.")
    check_target(target)
    model = interfuse.load(run)
    if model.schema.kind != "series":
        raise RunError(
            f"{run}: is a model of {model.schema.kind}; expected one of time series. Fit one with: "
            f"interfuse fit DATA -o RUN --kind series"
        )
    forecast_series(
        model,
        source,
        target,
        horizon,
        draws=draws,
        given=given,
        interval=interval,
        draw_rows=draw_rows,
        seed=seed,
        steps=steps,
        device=device,
    )
