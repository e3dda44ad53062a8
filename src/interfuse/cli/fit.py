"""`interfuse fit`: from a file of rows or series, or a folder of images, to a run folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from interfuse.cli.training import Training, print_end
from interfuse.console import errors, say, tell, warn
from interfuse.errors import OptionError, SchemaError
from interfuse.kinds.images import cli as of_images
from interfuse.kinds.series import cli as of_series

if TYPE_CHECKING:
    from interfuse.kinds.table.job import Notice
    from interfuse.train.events import Event


class _Enough(Exception):
    """Raised out of a dry run when everything has been said."""


def fit(
    data: Annotated[
        str,
        typer.Argument(metavar="DATA", help="A table, - for standard input; series; or images."),
    ],
    run: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="RUN", help="The run folder to make."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", help="What the data is: table, images or series; default: table or images."
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="Train for at most this long.")
    ] = None,
    examples: Annotated[
        int | None,
        typer.Option(
            "--examples",
            help="Train for at most so many rows, images or windows, with repetition.",
        ),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option("--schema", metavar="FILE", help="The columns' kinds; else inferred."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels", metavar="FILE", help="Of images: their classes, in a CSV, .npy or idx file."
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option("--size", metavar="W[xH]", help="Of images: 32 or 48x32; else inferred."),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="Of images in Parquet: which column."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="COLUMN", help="Of series: the time; else found."),
    ] = None,
    series: Annotated[
        str | None,
        typer.Option(
            "--series", metavar="COLUMN", help="Of series: which one a row is of; else found."
        ),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            metavar="COLUMN",
            help="Of series: a column to model; may be repeated; default: all numbers.",
        ),
    ] = None,
    known_future: Annotated[
        list[str] | None,
        typer.Option(
            "--known-future",
            metavar="COLUMN",
            help="Of series: a column that is known for the future too; may be repeated.",
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", help="Of series: the time zone, such as Europe/Vienna."),
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
    no_reference: Annotated[
        bool,
        typer.Option("--no-reference", help="Keep no row of the table in RUN; see detect."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print the schema and the estimate.")
    ] = False,
    save_schema: Annotated[
        Path | None,
        typer.Option("--save-schema", metavar="FILE", help="Also write the schema, to be edited."),
    ] = None,
) -> None:
    """Fit a model to a table: CSV, TSV, JSON lines, Parquet or Arrow, also packed.

    Or to time series: the same files, or .npy and .npz, with --kind series. Or to images.

    Images are a folder of PNG, JPEG, WebP or GIF (sub-folders are classes), a .npz, .npy or idx
    file, or Parquet with a column of encoded images; a grid of draws goes to RUN/previews now and
    then.
    Without a budget, training stops when rows held out of it are no longer predicted better.
    Ctrl-C saves: --resume goes on as if nothing had happened. For detect, RUN keeps up to 12,288
    rows of a table in reference.safetensors; --no-reference leaves them out.

    [bold]Examples[/]

    interfuse fit flows.csv -o run

    interfuse fit flows.parquet -o run --seconds 120 --seed 1

    interfuse fit flows.csv --dry-run --save-schema schema.json

    interfuse fit flows.csv -o run --schema schema.json

    zcat logs.csv.gz | interfuse fit - -o run

    interfuse fit photos -o run --size 32 --seconds 3600

    interfuse fit traffic.csv -o run --kind series

    interfuse fit servers.parquet -o run --kind series --time ts --series host --channel cpu
    """
    import interfuse
    from interfuse.api import FitStopped, kind_of

    _check(run, seconds, examples, schema, seed, resume, overwrite, dry_run)
    if save_schema is not None:
        _check_schema_target(save_schema)
    own = {"--time": time, "--series": series, "--channel": channel,
           "--known-future": known_future, "--zone": zone}  # fmt: skip
    for name in (n for n, value in own.items() if value and kind != "series"):
        raise OptionError(f"{name}: is for time series. Add --kind series, or drop {name}.")
    sort = _kind_there(run) if resume else None
    sort = sort or kind or kind_of(data)
    if sort == "table" and kind is None and not resume and not schema:
        _suggest_series(data)
    hint = "" if schema or resume else _hint(data, sort)

    with Training(hint, unit=_UNITS.get(sort, "rows")) as training:

        def listen(said: Notice | Event) -> None:
            stage = getattr(said, "stage", "")
            if sort != "table" and stage in _NOT_OF_TABLES:
                _say(said, hint, sort)  # type: ignore[arg-type]
            else:
                training(said)
            if stage == "schema" and save_schema is not None:
                said.value.save(save_schema)  # type: ignore[union-attr]
                say(f"Schema: written to {save_schema}.")
            if stage == "estimate" and dry_run:
                raise _Enough

        arguments: dict[str, Any] = {
            "kind": kind,
            "schema": schema,
            "labels": labels,
            "size": of_images.parse_size(size),
            "column": column,
            "time": time,
            "series": series,
            "channels": channel or None,
            "known_future": known_future or (),
            "zone": zone,
            "seconds": seconds,
            "examples": examples,
            "seed": seed or 0,
            "folder": None if dry_run else run,
            "resume": resume,
            "overwrite": overwrite,
            "device": device,
            "precision": precision,
            "keep_rows": not no_reference,
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
    print_end(model, _UNITS.get(sort, "rows"))
    say(f"The model is in {run}. Next:")
    quoted = "DATA" if data == "-" else shlex.quote(data)
    if sort == "images":
        after = of_images.next_commands(quoted, _quoted(run))
    elif sort == "series":
        after = of_series.next_commands(quoted, _quoted(run))
    else:
        after = _next(data, run, model.record["data"]["rows"])
    for command in after:
        say(f"  {command}")


_UNITS = {"images": "images", "series": "windows"}
_NOT_OF_TABLES = ("schema", "reading", "warning", "preview")


def _say(notice: Notice, hint: str, kind: str) -> None:
    """Say what a fit of images or series says and one of tables does not."""
    if notice.stage == "schema":
        if kind == "images":
            of_images.print_image_schema(notice.value)
        else:
            of_series.print_series_schema(notice.value, notice.message)
        if hint:
            say(hint)
    elif notice.stage == "reading" and errors.is_terminal:
        errors.print(f"reading: {notice.message}", end="\r", markup=False)
    elif notice.stage == "warning":
        warn(notice.message)
    elif notice.stage == "preview" and not errors.is_terminal:
        tell(notice.message)
    elif notice.stage == "preview":
        errors.print(f"[dim]{escape(notice.message)}[/]")


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


def _hint(data: str, kind: str) -> str:
    what = {"images": "size, channels or classes", "series": "periods or bounds"}
    said = " --kind series" if kind == "series" else ""
    return (
        f"To change {what.get(kind, 'a kind')}: "
        f"interfuse fit {shlex.quote(data)}{said} --dry-run --save-schema schema.json; edit that "
        f"file; fit with{said} --schema schema.json."
    )


def _kind_there(run: Path | None) -> str | None:
    """What the interrupted fit in a folder is of; None if there is none."""
    from interfuse.run import store

    if run is None or not (run / store.CHECKPOINT).exists():
        return None
    return store.kind_of(store.unfinished(run))


def _suggest_series(data: str) -> None:
    """Say so if a table looks like time series."""
    from interfuse.kinds.series.data import looks_like_series

    if looks_like_series(data):
        tell(
            "This table looks like time series. To fit it as such, and forecast: "
            f"interfuse fit {shlex.quote(data)} --kind series -o RUN"
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
