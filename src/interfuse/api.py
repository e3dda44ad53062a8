"""`interfuse.fit`: from a file or a frame to a fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from interfuse.errors import OptionError
from interfuse.kinds.images.data import ImageSchema, is_images
from interfuse.kinds.series.data.schema import SeriesSchema
from interfuse.kinds.table.job import Job
from interfuse.kinds.table.schema import Schema
from interfuse.run import store
from interfuse.run.fitting import FitStopped, Listener, Notice

__all__ = ["FitStopped", "Notice", "fit", "kind_of", "load"]

KINDS = ("table", "images", "series")


def kind_of(data: Any) -> str:
    """What `fit` takes data for: "table" or "images".

    Folders, `.npz`, `.npy`, idx files, Parquet files with a column of encoded images, and arrays of
    three or four dimensions are images; all else is a table. Series are fitted on request: a table
    of times and numbers may be either.
    """
    return "images" if is_images(data) else "table"


def fit(
    data: Any,
    *,
    kind: str | None = None,
    schema: Schema | ImageSchema | SeriesSchema | str | Path | None = None,
    labels: Any = None,
    size: tuple[int, int] | None = None,
    column: str | None = None,
    time: str | None = None,
    series: str | None = None,
    channels: Sequence[str] | None = None,
    known_future: Sequence[str] = (),
    zone: str | None = None,
    seconds: float | None = None,
    examples: int | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    device: str | None = None,
    precision: str = "auto",
    keep_rows: bool = True,
    listener: Listener | None = None,
) -> Any:
    """Fit a diffusion model to a table, to images, or to time series.

    Args:
        data: a path (CSV, TSV, JSON lines, Parquet, Arrow, each also .gz or .zst; "-" reads
            standard input) or a pandas, polars or Arrow frame. Dirty is fine: missing values, mixed
            scales, constant columns, keys and free text are recognised, each handled by a stated
            rule. For images: a folder of PNG, JPEG, WebP or GIF (classes are sub-folders, or in a
            `labels.csv`), a `.npz`, `.npy` or idx file, a Parquet file with a column of encoded
            images, or an array (n, h, w) or (n, h, w, c).
        kind: "table", "images" or "series"; "table" or "images" is inferred, see `kind_of`.
        schema: the columns' kinds, or the images' size, channels and classes, or the series' time,
            step and channels, edited by you; inferred and printed unless given.
        labels: of images, their classes: a CSV, .npy or idx file, or a sequence; looked for beside
            the images unless given.
        size: of images, the height and width that they are brought to; inferred unless given.
        column: of a Parquet file, which column holds the images, if there are several.
        time: of series, the column of time; found unless named.
        series: of series in a long table, the column that says which series a row is of.
        channels: of series, the columns to model; all columns of numbers unless named.
        known_future: of series, columns that are known for the future too, such as holidays.
        zone: of series, the time zone of the calendar, such as "Europe/Vienna".
        seconds: spend at most about this long on training and calibration; reading and encoding
            the data come on top.
        examples: train for at most this many records, counted with repetition; with `seconds` too,
            for what is spent first. The same seed and examples, without `seconds`, give the same
            model on the same machine.
        seed: of every random draw.
        folder: where to keep the run. Checkpoints are written there while fitting.
        resume: go on with an interrupted fit in `folder`: the same data, seed and budget; the
            result is bit-equal to a fit that was never interrupted.
        overwrite: replace a run that is already in `folder`.
        device: "cpu", "cuda", "mps"; None for the best there is.
        precision: "bf16", "fp32", or "auto": bf16 where the processor multiplies it faster.
        keep_rows: of a table, keep up to 8,192 rows that were trained on and 4,096 that were held
            back as part of the model, for `Model.detect`. False leaves them out: a saved model
            then holds no row of the data, and `detect` compares with rows drawn from the model.
        listener: called with each `Notice` and training `Event`.

    Returns:
        The fitted model: a `Model` of a table, an `ImageModel` of images, a `SeriesModel` of
        series.

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
    if resume and folder is not None and (Path(folder) / store.CHECKPOINT).exists():
        kind = store.kind_of(store.unfinished(Path(folder)))
    if kind is not None and kind not in KINDS:
        raise OptionError(f"kind: {kind!r} is unknown; expected one of {', '.join(KINDS)}.")
    if resume and folder is None:
        raise OptionError("resume: needs the folder of the interrupted fit.")
    if resume and (seconds is not None or examples is not None):
        raise OptionError("resume: goes on with the interrupted fit's own budget; leave it out.")
    options: dict[str, Any] = {
        "data": data,
        "schema": schema,
        "seconds": seconds,
        "examples": examples,
        "seed": seed,
        "device": device,
        "precision": precision,
        "listener": listener or (lambda _: None),
    }
    special: dict[str, dict[str, Any]] = {
        "images": {"labels": labels, "size": size, "column": column},
        "series": {
            "time": time,
            "series": series,
            "channels": channels,
            "known_future": tuple(known_future),
            "zone": zone,
        },
        "table": {},
    }
    kind = kind or ("series" if isinstance(schema, SeriesSchema) else kind_of(data))
    for other, arguments in special.items():
        for name, value in arguments.items():
            if other != kind and value not in (None, ()):
                of = {"table": "a table"}.get(kind, kind)
                raise OptionError(f"{name}: is for {other}; this fit is of {of}. Leave it out.")
    if not keep_rows and kind != "table":
        raise OptionError(f"keep_rows: is for tables; a model of {kind} keeps none.")
    if kind == "images":
        from interfuse.kinds.images.job import ImageJob

        job: Any = ImageJob(**options, **special[kind])
    elif kind == "series":
        from interfuse.kinds.series.job import SeriesJob

        job = SeriesJob(**options, **special[kind])
    else:
        job = Job(**options, keep_rows=keep_rows)
    if folder is None:
        return job.run()
    folder = Path(folder)
    store.prepare(folder, resume=resume, overwrite=overwrite)
    with store.locked(folder):
        return job.run_in(folder, again=resume)


def load(folder: str | Path) -> Any:
    """Open a run folder. Nothing in it is executed.

    Args:
        folder: what `interfuse fit -o` or `Model.save` wrote.

    Returns:
        A `Model` of a table, an `ImageModel` of images or a `SeriesModel` of time series;
        `schema.kind` says which.

    Raises:
        RunError: the folder is missing, unfinished, damaged or of a newer version.
    """
    folder = Path(folder)
    record, parts = store.open_run(folder)
    body = {k: v for k, v in record.items() if k not in ("format", "status", "sha256")}
    if store.kind_of(record) == "images":
        from interfuse.kinds.images.model import open_images

        return open_images(folder, body, parts)
    if store.kind_of(record) == "series":
        from interfuse.kinds.series.model import open_series

        return open_series(folder, body, parts)
    from interfuse.kinds.table.model import open_table

    return open_table(folder, body, parts)
