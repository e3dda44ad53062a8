"""A run folder: what a fit leaves behind.

    run.json              format version, status, data hash, seed, budget, versions, checksums
    schema.json           the columns, editable, to be passed back to another fit
    config.json           cells, network and training settings
    codec.json            of tables: small state of each column's transform
    codec.safetensors     its arrays
    weights.safetensors   the averaged weights with the lowest held-out loss
    reference.safetensors of tables: rows that `detect` compares with; may be deleted
    events.jsonl          what happened while it was fitted, a line each
    previews/             of images: a grid of draws now and then while it was fitted
    checkpoint.safetensors  only until the fit is done: what --resume needs

Safetensors and JSON hold numbers and text: loading a folder cannot run code. Every file is written
under a temporary name and renamed; `run.json` comes last and says "complete", so that a folder is
a model or it is not. Its checksums make a changed or cut file an error rather than a wrong answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from filelock import FileLock, Timeout

from interfuse.errors import RunError
from interfuse.io.files import check_name, write_json
from interfuse.io.records import read_object, short
from interfuse.run.record import Begun, Done, check
from interfuse.visible import quoted

_ADVICE = "The run folder is incomplete or was changed: restore the file or fit again."
FORMAT = 2
"""2: numbers among the elements of keys; runs of format 1 are read as well."""
CHECKPOINT = "checkpoint.safetensors"
EVENTS = "events.jsonl"
LOCK = ".lock"
"""There only while someone writes."""
REFERENCE = "reference.safetensors"
"""A part that may be absent; its checksum stands in `config.json`."""
PREVIEWS = "previews"
PARTS = ("schema.json", "config.json", "codec.json", "codec.safetensors", "weights.safetensors")
"""Of models whose codec has a state of its own."""
NET_PARTS = ("schema.json", "config.json", "weights.safetensors")
"""Of models that are a network and a schema."""


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one writer; the system lets go of it if the process dies.

    The lock's file is removed when the writer is done, however it ends.

    Raises:
        RunError: another process is writing here, or nobody may.
    """
    path = folder / LOCK
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(
            f"{folder}: another fit ({_owner(path)}) is writing here. "
            "Wait for it, or choose another folder."
        ) from None
    except OSError as error:
        raise RunError(
            f"{folder}: cannot be locked ({error.strerror or error}). Choose a folder that you may "
            "write to."
        ) from error
    try:
        with contextlib.suppress(OSError):  # it is told in a message alone
            path.write_text(str(os.getpid()))
        yield
    finally:
        # Still locked: whoever opened it in the meantime finds that it has no name any more.
        with contextlib.suppress(OSError):
            path.unlink()
        lock.release()


def writer(folder: Path) -> str:
    """The fit that is writing in a folder, for people; nothing if none is."""
    path = folder / LOCK
    if not path.exists():
        return ""
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return _owner(path)
    except OSError:  # a folder that may only be read
        return ""
    lock.release()
    return ""


def _owner(lock: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        owner = lock.read_text().strip()
        if owner.isdigit():
            return f"process {owner}"
    return "of another process"


def prepare(folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Make the folder for a new fit, or check that it can be resumed.

    Raises:
        RunError: it exists and neither `resume` nor `overwrite` says what to do with it; or there
            is nothing to resume.
        DataError: its name is no text.
    """
    check_name(folder)
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: is a file; expected a folder for the run. Choose another name.")
    if resume:
        if not (folder / CHECKPOINT).exists():
            done = (folder / "run.json").exists() and status(folder) == "complete"
            why = "the fit there is complete" if done else "there is no checkpoint there"
            raise RunError(f"{folder}: nothing to resume, {why}. Fit without --resume.")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder}: cannot make this folder ({error.strerror}).") from error
    inside = [p.name for p in folder.iterdir() if p.name != LOCK]
    if not inside:
        return
    ours = "run.json" in inside or CHECKPOINT in inside
    if not ours:
        raise RunError(
            f"{folder}: exists and holds other files ({', '.join(sorted(inside)[:3])}). "
            "Choose a new folder."
        )
    if not overwrite:
        advice = "--resume to go on, " if CHECKPOINT in inside else ""
        raise RunError(
            f"{folder}: a run is already there. Use {advice}--overwrite to replace it, "
            "or choose another folder."
        )


def clear(folder: Path) -> None:
    """Remove the files of an earlier run, and nothing else."""
    for name in (*PARTS, REFERENCE, "run.json", EVENTS, CHECKPOINT):
        (folder / name).unlink(missing_ok=True)
    previews = folder / PREVIEWS
    if previews.is_dir() and not previews.is_symlink():
        for path in previews.glob("*.png"):
            path.unlink()
        with contextlib.suppress(OSError):  # someone's own files are in there
            previews.rmdir()


class Saved(Protocol):
    """A model that can be kept."""

    parts: ClassVar[tuple[str, ...]]
    """The files that it is made of."""

    @property
    def record(self) -> dict[str, Any]:
        """What `run.json` says of it."""
        ...

    def write_parts(self, folder: Path) -> None:
        """Write all parts but `run.json`."""
        ...


def save_model(model: Saved, folder: Path) -> Path:
    """Write a model to a new run folder.

    Raises:
        RunError: the folder holds something already.
    """
    prepare(folder, resume=False, overwrite=False)
    with locked(folder):
        model.write_parts(folder)
        finish(folder, model)
    return folder


def finish(folder: Path, model: Saved) -> None:
    """Write `run.json` with the checksums of all parts; the run is complete from here on."""
    record, sums = model.record, {name: sha256(folder / name) for name in model.parts}
    write_json(
        folder / "run.json", {"format": FORMAT, "status": "complete", **record, "sha256": sums}
    )
    (folder / CHECKPOINT).unlink(missing_ok=True)


def _read_json(path: Path) -> dict[str, Any]:
    return read_object(path, RunError, _ADVICE)


def status(folder: Path) -> str:
    """Whether the run is "fitting" or "complete"."""
    return str(_read_json(folder / "run.json").get("status"))


def unfinished(folder: Path) -> dict[str, Any]:
    """The `run.json` of a fit that was interrupted: seed, budget and data hash.

    Raises:
        RunError: it is missing, malformed, or says that the fit is complete.
    """
    run = _read_json(folder / "run.json")
    if run.get("status") != "fitting":
        raise RunError(f"{folder}/run.json: not that of an unfinished fit. Fit without --resume.")
    check(folder / "run.json", run, Begun)
    return run


def open_record(folder: Path) -> dict[str, Any]:
    """The `run.json` of a complete run folder.

    Raises:
        RunError: missing, unfinished, or of a newer version.
    """
    if not folder.is_dir():
        raise RunError(
            f"{folder}: no such run folder. Make one with: interfuse fit DATA -o {quoted(folder)}"
        )
    if not (folder / "run.json").exists():
        raise RunError(f"{folder}: not a run folder (no run.json in it).")
    run = _read_json(folder / "run.json")
    version = run.get("format")
    if type(version) is not int or version < 1:
        raise RunError(
            f"{folder}/run.json: format is {short(version)}; expected a whole number from 1."
        )
    if version > FORMAT:
        made = run.get("versions")
        by = made.get("interfuse", "unknown") if isinstance(made, dict) else "unknown"
        raise RunError(
            f"{folder}: written in format {short(version)} by a newer interfuse ({short(by)}); "
            f"this one reads up to {FORMAT}. Upgrade with: pip install -U interfuse"
        )
    if run.get("status") != "complete":
        raise RunError(_why_not_complete(folder))
    return run


def _why_not_complete(folder: Path) -> str:
    busy = writer(folder)
    if busy:
        return _being_written(folder, busy)
    command = f"interfuse fit DATA -o {quoted(folder)}"
    if (folder / CHECKPOINT).exists():
        return f"{folder}: the fit did not finish. Go on with: {command} --resume"
    return (
        f"{folder}: the fit ended before its first checkpoint. Start again with: {command} "
        "--overwrite"
    )


def _being_written(folder: Path, busy: str) -> str:
    return f"{folder}: a fit ({busy}) is writing here. Ask again when it has ended."


@contextlib.contextmanager
def whole_meanwhile(folder: Path) -> Iterator[None]:
    """Say that a fit is at work where parts are missing because it began to replace the run."""
    try:
        yield
    except RunError as error:
        if busy := writer(folder):
            raise RunError(_being_written(folder, busy)) from error
        raise


def open_run(
    folder: Path, parts: Sequence[str], kind: type[Done] = Done
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Check a complete run folder.

    Args:
        folder: the run folder.
        parts: names of the files that a model of its kind is made of.
        kind: what `run.json` must be.

    Returns:
        `run.json`, and the other JSON parts by file name.

    Raises:
        RunError: missing, unfinished, of a newer version, with a part that was cut or changed, or
            with an entry of `run.json` that cannot be.
    """
    run = open_record(folder)
    sums = check(folder / "run.json", run, kind).sha256
    for name in parts:
        path = folder / name
        if not path.exists():
            raise RunError(f"{path}: is missing; the run folder is incomplete. Fit again.")
        if sha256(path) != sums.get(name):
            raise RunError(
                f"{path}: its content is not what the fit wrote (checksum differs): cut short or "
                "changed. Restore the file or fit again."
            )
    return run, {name: _read_json(folder / name) for name in parts if name.endswith(".json")}
