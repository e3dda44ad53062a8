"""`interfuse studio`: a page and a service, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interfuse.kinds.verb import late

_serve = late("interfuse.studio.serve", "serve")
"""By name: the studio is the layer above, which nothing below loads unless it is asked for."""


def studio(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where run folders are, and new ones go.")
    ] = Path("."),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 for any.")] = 8321,
    host: Annotated[
        str, typer.Option("--host", help="The address to listen at; this machine alone by default.")
    ] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Another name of this server; may be repeated."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether to open the page.")
    ] = True,
    fits: Annotated[
        int | None, typer.Option("--fits", min=1, help="Fits at a time; default: the cores.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Questions at a time; default: 2.")
    ] = None,
    max_upload: Annotated[
        float | None, typer.Option("--max-upload", min=0, help="GiB of one upload; default: 4.")
    ] = None,
    max_total: Annotated[
        float | None,
        typer.Option("--max-total", min=0, help="GiB of all uploads and answers; default: 32."),
    ] = None,
    max_columns: Annotated[
        int | None, typer.Option("--max-columns", min=1, help="Columns; default: 2,000.")
    ] = None,
) -> None:
    """Open the studio: a page on this machine to fit, watch, ask and download.

    The same routes are a REST service (/v1/openapi.json). It listens on this machine alone, and
    whoever comes has to bring the token that stands in the address it prints.

    [bold]Examples[/]

    interfuse studio

    interfuse studio models --port 8400 --no-browser
    """
    gib = 2**30
    _serve(
        folder,
        host=host,
        port=port,
        names=tuple(name or ()),
        open_browser=browser,
        fits=fits,
        workers=workers,
        upload_bytes=None if max_upload is None else int(max_upload * gib),
        total_bytes=None if max_total is None else int(max_total * gib),
        columns=max_columns,
    )
