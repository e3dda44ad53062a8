"""`interfuse fit`: from a data file to a run folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interfuse.cli.console import say, tell
from interfuse.cli.training import Training, print_end
from interfuse.errors import OptionError, SchemaError

if TYPE_CHECKING:
    from interfuse.job import Notice
    from interfuse.training.trainer import Event


class _Enough(Exception):
    """Raised out of a dry run when everything has been said."""


def fit(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A table; - is standard input.")],
    run: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="RUN", help="The run folder to make."),
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="What the data is; so far always a table.")
    ] = "table",
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="Train for at most this long.")
    ] = None,
    examples: Annotated[
        int | None,
        typer.Option("--examples", help="Train for at most so many rows, with repetition."),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option("--schema", metavar="FILE", help="The columns' kinds; else inferred."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of every random draw; default 0.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the interrupted fit in RUN.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run that is in RUN.")
    ] = False,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda or mps; default: the best there is.")
    ] = None,
    precision: Annotated[str, typer.Option("--precision", help="auto, bf16 or fp32.")] = "auto",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print the schema and the estimate.")
    ] = False,
    save_schema: Annotated[
        Path | None,
        typer.Option("--save-schema", metavar="FILE", help="Also write the schema, to be edited."),
    ] = None,
) -> None:
    """Fit a model to a table: CSV, TSV, JSON lines, Parquet or Arrow, also packed.

    Without a budget, training stops when rows held out of it are no longer predicted better.
    Ctrl-C saves: --resume goes on as if nothing had happened.

    [bold]Examples[/]

    interfuse fit flows.csv -o run

    interfuse fit flows.parquet -o run --seconds 120 --seed 1

    interfuse fit flows.csv --dry-run --save-schema schema.json

    interfuse fit flows.csv -o run --schema schema.json

    zcat logs.csv.gz | interfuse fit - -o run
    """
    import interfuse
    from interfuse.api import FitStopped

    _check(run, seconds, examples, schema, seed, resume, overwrite, dry_run)
    if save_schema is not None:
        _check_schema_target(save_schema)
    hint = "" if schema or resume else _hint(data)

    with Training(hint) as training:

        def listen(said: Notice | Event) -> None:
            training(said)
            stage = getattr(said, "stage", "")
            if stage == "schema" and save_schema is not None:
                said.value.save(save_schema)  # type: ignore[union-attr]
                say(f"Schema: written to {save_schema}.")
            if stage == "estimate" and dry_run:
                raise _Enough

        arguments: dict[str, Any] = {
            "kind": kind,
            "schema": schema,
            "seconds": seconds,
            "examples": examples,
            "seed": seed or 0,
            "folder": None if dry_run else run,
            "resume": resume,
            "overwrite": overwrite,
            "device": device,
            "precision": precision,
            "listener": listen,
        }
        try:
            model = interfuse.fit(data, **arguments)
        except _Enough:
            say("Nothing was trained (--dry-run).")
            return
        except FitStopped as stopped:
            training.__exit__(None, None, None)
            tell(_stopped(str(stopped), data, run))
            raise typer.Exit(130) from None
    print_end(model)
    say(f"The model is in {run}. Next:")
    for command in _next(data, run, model.record["data"]["rows"]):
        say(f"  {command}")


def _check(
    run: Path | None,
    seconds: float | None,
    examples: int | None,
    schema: Path | None,
    seed: int | None,
    resume: bool,
    overwrite: bool,
    dry_run: bool,
) -> None:
    """Find options that contradict each other before anything is read.

    Raises:
        OptionError: they do.
    """
    if run is None and not dry_run:
        raise OptionError("--output: where should the model go? Give a folder: -o run")
    if seconds is not None and examples is not None:
        raise OptionError("--seconds, --examples: both are given; a fit has one budget. Drop one.")
    for name, value in (("--seconds", seconds), ("--examples", examples)):
        if value is not None and not value > 0:
            raise OptionError(f"{name}: is {value}; expected a number above 0.")
    if not resume:
        return
    own = {
        "--seconds": seconds,
        "--examples": examples,
        "--schema": schema,
        "--seed": seed,
        "--overwrite": overwrite or None,
        "--dry-run": dry_run or None,
    }
    for name, value in own.items():
        if value is not None:
            raise OptionError(
                f"--resume, {name}: an interrupted fit goes on with the budget, seed and schema "
                f"that it was started with. Drop {name}."
            )


def _check_schema_target(path: Path) -> None:
    if path.suffix != ".json":
        raise SchemaError(f"--save-schema: {path} is not named .json. Name it schema.json.")
    if path.exists():
        raise SchemaError(
            f"--save-schema: {path} exists; it may hold your edits. Choose another name, or "
            "remove it."
        )


def _hint(data: str) -> str:
    return (
        "To change a kind: "
        f"interfuse fit {shlex.quote(data)} --dry-run --save-schema schema.json; edit that file; "
        "fit with --schema schema.json."
    )


def _stopped(message: str, data: str, run: Path | None) -> str:
    """What the fit said, with a command that can be typed as it is."""
    said = message.split(" Go on with:")[0]
    return f"{said}\nGo on with:\n  interfuse fit {shlex.quote(data)} -o {_quoted(run)} --resume"


def _next(data: str, run: Path | None, rows: int) -> list[str]:
    real = "REAL.csv" if data == "-" else shlex.quote(data)
    return [
        f"interfuse generate {_quoted(run)} -n {rows} -o synthetic.parquet",
        f"interfuse evaluate {real} synthetic.parquet --run {_quoted(run)} -o report.html",
    ]


def _quoted(path: Path | None) -> str:
    return shlex.quote(str(path))
