"""Run folders sent to, and fetched from, wherever fsspec reaches: a folder, S3, the web, a hub.

What is sent is what a model is made of, and a card (`README.md`) made from its record, which says
what of the data is in it. `run.json` goes last, so that what is there is whole or no run; it is
fetched first, and only the files that it is made of are fetched, each held against its checksum.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interfuse.console import clock
from interfuse.errors import OptionError, RunError
from interfuse.io.records import read_object
from interfuse.kinds import Kind, of_record
from interfuse.run import store
from interfuse.visible import quoted

CARD = "README.md"
RECORD = "run.json"
_PRIVATE = ("path", "labels")
"""Entries of `data` in `run.json` that name places on the machine of the fit."""


def push(run: str | Path, url: str, *, reference: bool = True, overwrite: bool = False) -> str:
    """Send a model.

    Args:
        run: its folder.
        url: the folder that it becomes: a path, s3://bucket/name, hf://user/name ...; what fsspec
            and the packages installed beside it know.
        reference: whether the rows that `detect` compares with go with it, if there are any.
        overwrite: whether to replace a run that is there.

    Returns:
        The card, Markdown.

    Raises:
        RunError: the run is damaged, or another is there.
        OptionError: the place cannot be reached, or is in a bucket that is not there.
    """
    run = Path(run)
    kind = of_record(store.open_record(run), run)
    record, _ = store.open_run(run, kind.parts)
    record = {**record, "data": {k: v for k, v in record["data"].items() if k not in _PRIVATE}}
    names = list(kind.parts)
    if reference and (run / store.REFERENCE).exists():
        names.append(store.REFERENCE)
    address = url if "://" in url else "URL"  # a path means nothing elsewhere
    written = card(run, kind, record, store.REFERENCE in names, address)
    with _reached(url) as (system, place):
        if system.exists(f"{place}/{RECORD}"):
            if not overwrite:
                raise RunError(f"{url}: a run is already there. Use --overwrite to replace it.")
            for name in (RECORD, *kind.parts, store.REFERENCE):
                if system.exists(f"{place}/{name}"):
                    system.rm_file(f"{place}/{name}")
        bucket = place.partition("/")[0]
        if hasattr(system, "split_path") and not system.exists(bucket):
            # Stores of objects would make one of that name, in whoever's account it is.
            raise OptionError(f"{url}: there is no bucket {bucket!r}. Make it first.")
        system.makedirs(place, exist_ok=True)
        for name in names:
            system.put_file(str(run / name), f"{place}/{name}")
        system.pipe_file(f"{place}/{CARD}", written.encode())
        system.pipe_file(f"{place}/{RECORD}", json.dumps(record, indent=1).encode())
    return written


def pull(url: str, run: str | Path) -> Path:
    """Fetch a model, and check that it is whole. Nothing in it is executed.

    Args:
        url: see `push`.
        run: the folder to make.

    Raises:
        RunError: there is no run, it is damaged, or the folder exists.
        OptionError: the place cannot be reached.
    """
    run = Path(run)
    if run.exists():
        raise RunError(f"{run}: exists. Choose a new folder.")
    run.parent.mkdir(parents=True, exist_ok=True)
    fetched = Path(tempfile.mkdtemp(prefix=f".{run.name}-", dir=run.parent))
    try:
        with _reached(url) as (system, place):
            if not system.exists(f"{place}/{RECORD}"):
                raise RunError(f"{url}: no run is there (no run.json).")
            system.get_file(f"{place}/{RECORD}", str(fetched / RECORD))
            kind = of_record(store.open_record(fetched), url)
            for name in kind.parts:
                if not system.exists(f"{place}/{name}"):
                    raise RunError(f"{url}: {name} is missing; the run is incomplete.")
                system.get_file(f"{place}/{name}", str(fetched / name))
            for name in (store.REFERENCE, CARD):
                if system.exists(f"{place}/{name}"):
                    system.get_file(f"{place}/{name}", str(fetched / name))
        try:
            record, parts = store.open_run(fetched, kind.parts)
            body = {k: v for k, v in record.items() if k not in ("format", "status", "sha256")}
            kind.open(fetched, body, parts)
        except RunError as error:
            raise RunError(str(error).replace(str(fetched), url)) from error
        fetched.rename(run)
    finally:
        shutil.rmtree(fetched, ignore_errors=True)
    return run


@contextlib.contextmanager
def _reached(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of an address, and the place in it.

    Raises:
        OptionError: it is unknown, or cannot be reached.
    """
    import fsspec

    try:
        system, place = fsspec.core.url_to_fs(url)
        yield system, place.rstrip("/")
    except (ImportError, ValueError) as error:
        raise OptionError(
            f"{url}: cannot be reached ({error}). Install what its protocol needs, such as s3fs "
            "for s3:// or huggingface_hub for hf://."
        ) from error
    except (OSError, RuntimeError) as error:  # a hub wraps what went wrong in the latter
        why, cause = (" ".join(str(e or "").split()) for e in (error, error.__cause__))
        more = "" if cause in why else f" {cause}"
        raise OptionError(f"{url}: cannot be read or written ({why}{more}).") from error


def card(
    run: Path, kind: Kind, record: dict[str, Any], reference: bool, address: str = "URL"
) -> str:
    """A model card in Markdown, with what a hub reads at its head.

    Args:
        run: the folder.
        kind: of the model.
        record: `run.json`.
        reference: whether rows of the data go with it.
        address: where it will lie.
    """
    training, data = record["training"], record["data"]
    schema = read_object(run / "schema.json", RunError, "Fit again.")
    lost = training["held_out_loss"]
    facts = [
        ("Data", f"{data['source']}, {kind.how_much(data)}"),
        ("SHA-256 of the data", data["sha256"]),
        ("Stopped", training["reason"]),
        ("Trained", f"{training['examples']:,} examples in {clock(training['seconds'])}"),
        ("Held-out loss", "none" if lost is None else f"{lost:.4f}"),
        ("Seed", record["seed"]),
        ("Made with", ", ".join(f"{k} {v}" for k, v in record["versions"].items())),
    ]
    columns = schema.get("columns")
    rows = [
        (c["name"], c.get("kind", ""), c.get("note", ""))
        for c in (columns if isinstance(columns, list) else [])
        if isinstance(c, dict) and "name" in c
    ]
    kept = (
        f"`{store.REFERENCE}` holds rows of the data as they were. Leave it out with "
        "`--no-reference`; `detect` then compares with rows drawn from the model."
        if reference
        else "No row of the data goes with it as a row."
    )
    lines = [
        "---", "library_name: interfuse", "tags: [interfuse, diffusion, synthetic-data]", "---", "",
        f"# A model {kind.words.of} by interfuse", "",
        *_table(("", ""), facts), "",
        "## What of the data is in it", "",
        f"{kind.holds()} {kept} A network can remember single records; nothing here is a proof "
        "that it does not. `interfuse evaluate` measures it.", "",
        *(["## Columns", "", *_table(("Column", "Taken for", "Why"), rows), ""] if rows else []),
        "## Use", "",
        "```", f"interfuse pull {quoted(address)} run", "interfuse show run", "```", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]


def _cell(value: Any) -> str:
    """Text that stays text in Markdown and in what is made of it."""
    text = " ".join(str(value).split())
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "\\`"), ("[", "\\[")):
        text = text.replace(sign, written)
    return text
