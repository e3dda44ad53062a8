"""`interfuse fit`: from data of any kind to a run folder."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interfuse.cli.flags import flag, with_parameters
from interfuse.cli.streams import silence
from interfuse.cli.training import Training, print_end
from interfuse.console import say, tell
from interfuse.errors import OptionError, SchemaError
from interfuse.kinds import Kind, all_kinds, knowing, named, of
from interfuse.kinds.option import DEVICE, SEED, Option, typed
from interfuse.visible import quoted, visible

if TYPE_CHECKING:
    from interfuse.run.fitting import Notice
    from interfuse.train.events import Event

COMMON = (
    Option("run", "The run folder to make.", Path, flag="--output", short="-o", metavar="RUN"),
    Option("kind", "What the data is; default: the kind that it looks like."),
    Option("seconds", "Train for at most this long.", float),
    Option("examples", "Train for at most so many records, with repetition.", int),
    Option(
        "schema",
        "What the data is taken for; else inferred.",
        Path,
        metavar="FILE",
    ),
    SEED,
    Option("resume", "Go on with the interrupted fit in RUN.", bool, False),
    Option("overwrite", "Replace the run that is in RUN.", bool, False),
    DEVICE,
    Option("precision", "auto, bf16 or fp32; default: auto."),
    Option("schedule", "Of the noise: cosine, linear_beta or karras; default: cosine."),
    Option("dry_run", "Only print the schema and the estimate.", bool, False),
    Option("save_schema", "Also write the schema, to be edited.", Path, metavar="FILE"),
)
"""What `fit` takes whatever the data."""


class _Enough(Exception):
    """Raised out of a dry run when everything has been said."""


def fit(data: str, **said: Any) -> None:
    """Fit a model to a table: CSV, JSON, Parquet, Excel, SQLite, logs, packet captures.

    Also packed, several, or a folder of them. Or to time series: the same files, or .npy and .npz,
    with --kind series. Or to images.

    Images are a folder of PNG, JPEG, WebP, TIFF ... (sub-folders are classes), a .npz, .npy or idx
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
    _fit(data, said)


def command() -> Any:
    """`fit` with the flags of all kinds, as typer shall see it."""
    what = typer.Argument(metavar="DATA", help="A table, - for standard input; series; or images.")
    takes = inspect.Parameter(
        "data", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[str, what]
    )
    common = [flag(option) for option in COMMON]
    return with_parameters(fit, [takes, *common, *_flags_of_kinds()])


def _flags_of_kinds() -> list[inspect.Parameter]:
    """The options of all kinds; one that several have stands once, in the box of all of them."""
    knows: dict[str, list[Kind]] = {}
    first: dict[str, Option] = {}
    for kind in all_kinds():
        for option in kind.options:
            knows.setdefault(option.name, []).append(kind)
            first.setdefault(option.name, option)
    boxes = {name: " and ".join(k.words.many for k in whose) for name, whose in knows.items()}
    return [flag(option, f"For {boxes[name]}") for name, option in first.items()]


def _fit(data: str, said: dict[str, Any]) -> None:
    from interfuse import api

    if int(os.environ.get("RANK", 0)) and int(os.environ.get("WORLD_SIZE", 1)) > 1:
        silence(sys.stdout)
        silence(sys.stderr)
    common = typed(COMMON, said)
    run = common.get("run")
    dry_run, save_schema = common.get("dry_run", False), common.get("save_schema")
    _check(common)
    if save_schema is not None:
        _check_schema_target(save_schema)
    asked, resume = common.get("kind"), common.get("resume", False)
    kind = (_kind_there(run) if resume else None) or (named(asked) if asked else of(data))
    own = _own(kind, said)
    free = not (asked or resume or common.get("schema"))
    if free and kind.looks(data) < 1:
        _suggest(data, kind)
    hint = "" if common.get("schema") or resume else _hint(data, kind)

    with Training(kind, hint) as training:

        def listen(notice: Notice | Event) -> None:
            training(notice)
            stage = getattr(notice, "stage", "")
            if stage == "schema" and save_schema is not None:
                notice.value.save(save_schema, completes=True)  # type: ignore[union-attr]
                say(f"Schema: written to {save_schema}.")
            if stage == "estimate" and dry_run:
                raise _Enough

        setattr(listen, api.WATCHED, training.previews)
        words = ("schema", "seconds", "examples", "seed", "resume", "overwrite", "device",
                 "precision", "schedule")  # fmt: skip
        arguments = {name: common[name] for name in words if name in common}
        folder = None if dry_run else run
        try:
            model = api.fit(
                data, kind=kind.name, folder=folder, listener=listen, **arguments, **own
            )
        except _Enough:
            say("Nothing was trained (--dry-run).")
            return
        except api.FitStopped as stopped:
            training.__exit__(None, None, None)
            tell(_stopped(str(stopped), data, run))
            raise typer.Exit(130) from None
    if model is None:  # one of several processes, of which the first says everything
        return
    print_end(model, kind.words.unit)
    say(f"The model is in {visible(run)}. Next:")
    shown = "DATA" if data == "-" else quoted(data)
    for line in kind.next_commands(shown, quoted(run or "RUN"), model.record["data"]["rows"]):
        say(f"  {line}")


def _own(kind: Kind, said: dict[str, Any]) -> dict[str, Any]:
    """The kind's own options; those of others are refused.

    Raises:
        OptionError: one is for another kind.
    """
    known = {option.name for option in kind.options}
    for other in all_kinds():
        for option in other.options:
            if option.name not in known and option.typed(said.get(option.name)) is not None:
                knows = knowing(option.name)
                whose = " and ".join(k.words.many for k in knows)
                raise OptionError(
                    f"{option.flag}: is for {whose}; this fit is of {kind.words.a}. "
                    f"Add --kind {' or '.join(k.name for k in knows)}, or drop {option.flag}."
                )
    return typed(kind.options, said)


def _check(common: dict[str, Any]) -> None:
    """Find options that contradict each other before anything is read.

    Raises:
        OptionError: they do.
    """
    if "run" not in common and not common.get("dry_run"):
        raise OptionError("--output: where should the model go? Give a folder: -o run")
    for name in ("seconds", "examples"):
        value = common.get(name)
        if value is not None and not value > 0:
            raise OptionError(f"--{name}: is {value}; expected a number above 0.")
    if not common.get("resume"):
        return
    for name in ("seconds", "examples", "schema", "seed", "schedule", "overwrite", "dry_run"):
        if name in common:
            flag = "--" + name.replace("_", "-")
            raise OptionError(
                f"--resume, {flag}: an interrupted fit goes on with the budget, seed and schema "
                f"that it was started with. Drop {flag}."
            )


def _check_schema_target(path: Path) -> None:
    if path.suffix != ".json":
        raise SchemaError(f"--save-schema: {path} is not named .json. Name it schema.json.")
    if path.exists():
        raise SchemaError(
            f"--save-schema: {path} exists; it may hold your edits. Choose another name, or "
            "remove it."
        )


def _hint(data: str, kind: Kind) -> str:
    said = kind.words.fit
    return (
        f"To change {kind.words.edit}: "
        f"interfuse fit {quoted(data)}{said} --dry-run --save-schema schema.json; edit that "
        f"file; fit with{said} --schema schema.json."
    )


def _kind_there(run: Path | None) -> Kind | None:
    """What the interrupted fit in a folder is of; None if there is none."""
    from interfuse.kinds import of_record
    from interfuse.run import store

    if run is None or not (run / store.CHECKPOINT).exists():
        return None
    return of_record(store.unfinished(run), run)


def _suggest(data: str, kind: Kind) -> None:
    """Say so if the data may be of another kind."""
    for other in all_kinds():
        hint = "" if other is kind else other.hint(data)
        if hint:
            tell(f"{hint} interfuse fit {quoted(data)}{other.words.fit} -o RUN")


def _stopped(message: str, data: str, run: Path | None) -> str:
    """What the fit said, with a command that can be typed as it is."""
    said = message.split(" Go on with:")[0]
    return f"{said}\nGo on with:\n  interfuse fit {quoted(data)} -o {quoted(run or 'RUN')} --resume"
