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

import numpy as np
import polars as pl
import torch
from safetensors.torch import load_file

from interfuse.api import load
from interfuse.errors import RunError
from interfuse.kinds.images.data import ImageSchema
from interfuse.kinds.images.job import ImageJob
from interfuse.kinds.series.data import SeriesSchema
from interfuse.kinds.series.job import SeriesJob
from interfuse.kinds.table.job import Job
from interfuse.kinds.table.learn.rounds import Plan
from interfuse.run import store
from interfuse.run.fitting import Listener, machine, versions
from interfuse.train.replay import Replay

AnyJob = Job | ImageJob | SeriesJob
ROWS, IMAGES, SERIES = 1_000, 16, 8
"""Drawn from both models."""


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
        kind: "table", "images" or "series".
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
    run: str | Path, data: Any = None, *, labels: Any = None, listener: Listener | None = None
) -> Reproduction:
    """Fit again what is in a run folder, in a temporary folder, and compare.

    Args:
        run: the folder that `interfuse fit -o` made. It is only read.
        data: what was fitted. None looks for the file by the name that was given then, seen from
            the current folder, and by its last part beside the run folder.
        labels: of images, if they were not a file.
        listener: called with each notice and training event.

    Returns:
        Whether the result is the same, how far it is from it, and what differs here.

    Raises:
        RunError: the run is not complete, or its data cannot be found or is other data.
        DataError: the data cannot be read.
    """
    run = Path(run)
    record, _ = store.open_run(run)
    source = _source(run, record) if data is None else data
    listen = listener or (lambda _: None)
    job = _job(run, record, source, labels, listen)
    with tempfile.TemporaryDirectory(prefix="interfuse-") as name, _threads(record):
        folder = Path(name) / "run"
        store.prepare(folder, resume=False, overwrite=False)
        with store.locked(folder):
            _check(run, record, job)
            again = job.run_in(folder, again=False)
        return _compared(run, record, folder, again)


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
    run: Path, record: Mapping[str, Any], data: Any, labels: Any, listener: Listener
) -> AnyJob:
    """The same fit once more."""
    kind, training = store.kind_of(record), record["training"]
    common: dict[str, Any] = {
        "data": data,
        "seconds": None,
        "examples": training["examples"],
        "seed": record["seed"],
        "device": training["device"],
        "precision": training["settings"]["precision"],
        "listener": listener,
        "budget": Replay.of_record(training),
    }
    if kind == "table":
        keep = bool(record.get("keep_rows", True))
        made = training.get("calibration")
        plan = Plan(**{name: made[name] for name in Plan._fields}) if made else None
        return Job(**common, schema=run / "schema.json", keep_rows=keep, calibration=plan)
    if kind == "images":
        schema = ImageSchema.load(run / "schema.json")
        given = record["data"]
        return ImageJob(
            **common,
            schema=schema,
            size=None,
            labels=given.get("labels") if labels is None else labels,
            column=given.get("column"),
        )
    return SeriesJob(
        **common,
        schema=SeriesSchema.load(run / "schema.json"),
        time=None,
        series=None,
        channels=None,
        known_future=(),
        zone=None,
    )


def _check(run: Path, record: Mapping[str, Any], job: AnyJob) -> None:
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


def _compared(run: Path, record: Mapping[str, Any], folder: Path, again: Any) -> Reproduction:
    kind = store.kind_of(record)
    parts = [name for name in store.PARTS_OF[kind] if name.endswith(".safetensors")]
    pairs = [(load_file(run / name), load_file(folder / name)) for name in parts]
    equal, far = True, 0.0
    for one, two in pairs:
        equal = equal and one.keys() == two.keys()
        for name in one.keys() & two.keys():
            same, distance = _tensors(one[name], two[name])
            equal, far = equal and same, max(far, distance)
    first = load(run)
    share, step = {"images": _images, "series": _series}.get(kind, _rows)(first, again)
    then, now = record["training"], again.record["training"]
    return Reproduction(
        same_weights=equal,
        weight_difference=far,
        same_answers=share,
        answer_difference=step,
        held_out_loss=(then["held_out_loss"], now["held_out_loss"]),
        examples=(then["examples"], now["examples"]),
        changed=_changed(record),
        kind=kind,
    )


def _tensors(one: torch.Tensor, two: torch.Tensor) -> tuple[bool, float]:
    if one.shape != two.shape or one.dtype != two.dtype:
        return False, float("inf")
    same = torch.equal(torch.nan_to_num(one), torch.nan_to_num(two))
    if same or not one.numel():
        return same, 0.0
    return False, float((one.double() - two.double()).abs().nan_to_num().max())


def _rows(first: Any, again: Any) -> tuple[float, float]:
    """Share of equal rows, and the largest difference of two numbers as a share of the range."""
    one, two = (pl.concat(m.generate_batches(ROWS, seed=0)) for m in (first, again))
    unequal, far = np.zeros(one.height, bool), 0.0
    for a, b in zip(one.iter_columns(), two.iter_columns(), strict=True):
        unequal |= a.ne_missing(b).to_numpy()
        if a.dtype.is_numeric():
            x, y = (s.cast(pl.Float64).to_numpy() for s in (a, b))
            span = np.nanmax(x, initial=-np.inf) - np.nanmin(x, initial=np.inf)
            gap = np.nanmax(np.abs(x - y), initial=0.0)
            far = max(far, float(gap / span) if span > 0 else float(gap > 0))
    return float(1 - unequal.mean()), far


def _images(first: Any, again: Any) -> tuple[float, float]:
    """Share of equal pixels, and the largest difference of two as a share of 255."""
    one, two = (m.generate(IMAGES, seed=0).astype(np.int16) for m in (first, again))
    return float((one == two).mean()), float(np.abs(one - two).max()) / 255


def _series(first: Any, again: Any) -> tuple[float, float]:
    """Share of equal values, and the largest difference of two as a share of the range."""
    one, two = (m.generate(SERIES, seed=0).array for m in (first, again))
    span = max(float(one.max() - one.min()), 1e-300)
    return float((one == two).mean()), float(np.abs(one - two).max()) / span


def _changed(record: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    now = {**versions(), **machine()}
    now.pop("threads")  # set as it was
    then = {**record["versions"], **record["machine"]}
    return {
        name: (str(then.get(name, "unknown")), str(value))
        for name, value in now.items()
        if str(then.get(name, "unknown")) != str(value)
    }
