"""`interfuse push` and `interfuse pull`: models sent and fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interfuse.console import say
from interfuse.visible import quoted, visible

_URL = "A folder, s3://bucket/name, hf://user/name ...: what fsspec reaches."


def push(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made.")],
    url: Annotated[str, typer.Argument(metavar="URL", help=_URL)],
    reference: Annotated[
        bool,
        typer.Option(
            "--reference/--no-reference",
            help="Whether rows of the data that detect compares with go along.",
        ),
    ] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run that is there.")
    ] = False,
) -> None:
    """Send a model, with a card that says what of the data is in it.

    Where the data lay on this machine is left out.

    [bold]Examples[/]

    interfuse push run /mnt/models/flows

    interfuse push run s3://models/flows --no-reference
    """
    from interfuse.share import CARD, push

    push(run, url, reference=reference, overwrite=overwrite)
    say(f"{run} is at {url}. Read {CARD} there: it says what of the data is in it.")


def pull(
    url: Annotated[str, typer.Argument(metavar="URL", help=_URL)],
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder to make.")],
) -> None:
    """Fetch a model, and check that it is whole. Nothing in it is executed.

    [bold]Examples[/]

    interfuse pull s3://models/flows run
    """
    from interfuse.share import pull

    pull(url, run)
    say(f"The model is in {visible(run)}. Next:\n  interfuse show {quoted(run)}")
