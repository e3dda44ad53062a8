"""`interfuse.fit`: from a file or a frame to a fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from interfuse import store
from interfuse.data import Schema
from interfuse.errors import OptionError
from interfuse.job import FitStopped, Job, Listener, Notice
from interfuse.model import Model

__all__ = ["FitStopped", "Notice", "fit"]


def fit(
    data: Any,
    *,
    kind: str | None = None,
    schema: Schema | str | Path | None = None,
    seconds: float | None = None,
    examples: int | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    device: str | None = None,
    precision: str = "auto",
    listener: Listener | None = None,
) -> Model:
    """Fit a diffusion model to a table.

    Args:
        data: a path (CSV, TSV, JSON lines, Parquet, Arrow, each also .gz or .zst; "-" reads
            standard input) or a pandas, polars or Arrow frame. Dirty is fine: missing values, mixed
            scales, constant columns, keys and free text are recognised, each handled by a stated
            rule.
        kind: what the data is; "table" is inferred.
        schema: the columns' kinds, edited by you; inferred and printed unless given.
        seconds: spend at most about this long on training and calibration; reading and encoding
            the data come on top.
        examples: train for at most this many records instead, counted with repetition. The same
            seed and examples give the same model on the same machine.
        seed: of every random draw.
        folder: where to keep the run. Checkpoints are written there while fitting.
        resume: go on with an interrupted fit in `folder`: the same data, seed and budget; the
            result is bit-equal to a fit that was never interrupted.
        overwrite: replace a run that is already in `folder`.
        device: "cpu", "cuda", "mps"; None for the best there is.
        precision: "bf16", "fp32", or "auto": bf16 where the processor multiplies it faster.
        listener: called with each `Notice` and training `Event`.

    Returns:
        The fitted model.

    Raises:
        DataError: the data cannot be read or used.
        SchemaError: the schema does not fit the data.
        RunError: `folder` holds another run, or is being written to.
        OptionError: an option is out of range.
        FitStopped: interrupted; what was learned is in the checkpoint.

    Examples:
        >>> import interfuse, polars as pl
        >>> frame = pl.DataFrame({"x": range(500), "even": [i % 2 == 0 for i in range(500)]})
        >>> model = interfuse.fit(frame, examples=5_000)
        >>> model.generate(3).columns
        ['x', 'even']
    """
    if kind not in (None, "table"):
        raise OptionError(f"kind: {kind!r} is unknown; expected table.")
    if resume and folder is None:
        raise OptionError("resume: needs the folder of the interrupted fit.")
    if resume and (seconds is not None or examples is not None):
        raise OptionError("resume: goes on with the interrupted fit's own budget; leave it out.")
    job = Job(
        data=data,
        schema=schema,
        seconds=seconds,
        examples=examples,
        seed=seed,
        device=device,
        precision=precision,
        listener=listener or (lambda _: None),
    )
    if folder is None:
        return job.run()
    folder = Path(folder)
    store.prepare(folder, resume=resume, overwrite=overwrite)
    with store.locked(folder):
        return job.run_in(folder, resume=resume)
