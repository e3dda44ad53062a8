"""`reproduce`: fit again from what a run folder says of itself, and compare.

A fit is a function of its data, its schema, its seed, its turns in examples (`training.replay`) and
of the code and the machine that computed it. The first four stand in the run folder; the data must
have the checksum that stands there. On the same versions and the same machine the second fit has
the same weights, bit for bit. Elsewhere sums may round otherwise, so weights may differ; then rows
drawn from both with one seed say how far.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from interfuse.api import load
from interfuse.errors import RunError
from interfuse.io.scratch import ROWS, temporary
from interfuse.kinds import Kind, of_record
from interfuse.run import store
from interfuse.run.fitting import Listener, machine, versions
from interfuse.run.job import BaseJob
from interfuse.train.replay import Replay


@dataclass(frozen=True)
class Reproduction:
    """What came of fitting again.

    Attributes:
        same_weights: whether all weights and transforms are bit-equal.
        weight_difference: the largest difference of two weights.
        same_answers: share of rows drawn with one seed (of images: of pixels) that are equal.
        answer_difference: the largest difference of two numbers drawn, as a share of the range of
            their column (of images: of 255).
        held_out_loss: then and now; None where no rows were held out.
        examples: then and now.
        changed: versions and parts of the machine that differ: name to then and now.
        kind: the name of the kind of data.
    """

    same_weights: bool
    weight_difference: float
    same_answers: float
    answer_difference: float
    held_out_loss: tuple[float | None, float | None]
    examples: tuple[int, int]
    changed: dict[str, tuple[str, str]]
    kind: str

    @property
    def same(self) -> bool:
        """Whether the second fit is the first: equal weights, or at least equal answers."""
        return self.same_weights or self.same_answers == 1.0


def reproduce(
    run: str | Path, data: Any = None, *, listener: Listener | None = None, **options: Any
) -> Reproduction:
    """Fit again what is in a run folder, in a temporary folder, and compare.

    Args:
        run: the folder that `interfuse fit -o` made. It is only read.
        data: what was fitted. None looks for the file by the name that was given then, seen from
            the current folder, and by its last part beside the run folder.
        listener: called with each notice and training event.
        options: what was fitted beside the data and was no file, such as the `labels` of images.

    Returns:
        Whether the result is the same, how far it is from it, and what differs here.

    Raises:
        RunError: the run is not complete, or its data cannot be found or is other data.
        DataError: the data cannot be read.
    """
    run = Path(run)
    kind = of_record(store.open_record(run), run)
    record, _ = store.open_run(run, kind.parts)
    source = _source(run, record) if data is None else data
    listen = listener or (lambda _: None)
    job = _job(kind, run, record, source, options, listen)
    place = Path(tempfile.gettempdir())
    with temporary(place, ROWS, folder=True) as kept, _threads(record):
        folder = kept / "run"
        store.prepare(folder, resume=False, overwrite=False)
        with store.locked(folder):
            _check(run, record, job)
            again = job.run_in(folder, again=False)
        return _compared(kind, run, record, folder, again)


def _source(run: Path, record: Mapping[str, Any]) -> Path:
    """The data file of a run."""
    found = record["data"]
    given = found.get("path")
    if given is None and "." not in str(found["source"]):
        raise RunError(
            f"{run}: was fitted to data in memory ({found['source']}). Pass the same data: "
            "interfuse.reproduce.reproduce(run, data=...)."
        )
    if given == "-":
        raise RunError(
            f"{run}: was fitted to standard input. Pass the same rows as a frame: "
            "interfuse.reproduce.reproduce(run, data=...)."
        )
    name = str(found["source"])
    places = [Path(given)] if given else []
    places += [Path(name), run.parent / name, run.parent.parent / name]
    for place in places:
        if place.exists():
            return place
    raise RunError(
        f"{run}: its data {given or name!r} is not where it was, nor beside the run folder. "
        "Say where it is: --data FILE"
    )


def _job(
    kind: Kind,
    run: Path,
    record: Mapping[str, Any],
    data: Any,
    options: Mapping[str, Any],
    listener: Listener,
) -> BaseJob[Any, Any]:
    """The same fit once more."""
    training = record["training"]
    given = {name: value for name, value in options.items() if value is not None}
    return kind.job(
        data=data,
        schema=run / "schema.json",
        seconds=None,
        examples=training["examples"],
        seed=record["seed"],
        device=training["device"],
        precision=training["settings"]["precision"],
        listener=listener,
        budget=Replay.of_record(training),
        asked=record["budget"]["seconds"],
        schedule=record.get("schedule"),
        **{**kind.again(record), **given},
    )


def _check(run: Path, record: Mapping[str, Any], job: BaseJob[Any, Any]) -> None:
    """Compare checksums before anything is trained."""
    found = job.fingerprint()
    if found != record["data"]["sha256"]:
        raise RunError(
            f"{run}: was fitted to other data: {record['data']['source']} had checksum "
            f"{record['data']['sha256'][:16]}, this has {found[:16]}. Pass the file that was "
            "fitted, unchanged."
        )


@contextmanager
def _threads(record: Mapping[str, Any]) -> Iterator[None]:
    """As many threads as then: sums are cut among them."""
    now = torch.get_num_threads()
    torch.set_num_threads(record["machine"].get("threads", now))
    try:
        yield
    finally:
        torch.set_num_threads(now)


def _compared(
    kind: Kind, run: Path, record: Mapping[str, Any], folder: Path, again: Any
) -> Reproduction:
    parts = [name for name in kind.parts if name.endswith(".safetensors")]
    pairs = [(load_file(run / name), load_file(folder / name)) for name in parts]
    equal, far = True, 0.0
    for one, two in pairs:
        equal = equal and one.keys() == two.keys()
        for name in one.keys() & two.keys():
            same, distance = _tensors(one[name], two[name])
            equal, far = equal and same, max(far, distance)
    first = load(run)
    share, step = kind.apart(first, again)
    then, now = record["training"], again.record["training"]
    return Reproduction(
        same_weights=equal,
        weight_difference=far,
        same_answers=share,
        answer_difference=step,
        held_out_loss=(then["held_out_loss"], now["held_out_loss"]),
        examples=(then["examples"], now["examples"]),
        changed=_changed(record),
        kind=kind.name,
    )


def _tensors(one: torch.Tensor, two: torch.Tensor) -> tuple[bool, float]:
    if one.shape != two.shape or one.dtype != two.dtype:
        return False, float("inf")
    same = torch.equal(torch.nan_to_num(one), torch.nan_to_num(two))
    if same or not one.numel():
        return same, 0.0
    return False, float((one.double() - two.double()).abs().nan_to_num().max())


def _changed(record: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    now = {**versions(), **machine()}
    now.pop("threads")  # set as it was
    then = {**record["versions"], **record["machine"]}
    return {
        name: (str(then.get(name, "unknown")), str(value))
        for name, value in now.items()
        if str(then.get(name, "unknown")) != str(value)
    }
