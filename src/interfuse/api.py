"""`interfuse.fit`: from a file or a frame to a fitted model."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from interfuse.errors import OptionError, RunError, note
from interfuse.kinds import Asked, Kind, all_kinds, knowing, named, of, of_record
from interfuse.language import speaking
from interfuse.run import store
from interfuse.run.fitting import WATCHED, FitStopped, Listener, Notice
from interfuse.train.events import Event
from interfuse.train.ranks import ranks

_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.ELOOP)

__all__ = ["FitStopped", "Notice", "ask", "compare", "fit", "kind_of", "load"]


def kind_of(data: Any) -> str:
    """The name of the kind that `fit` takes data for; see `Kind.looks` of each."""
    return of(data).name


def fit(
    data: Any,
    *,
    kind: str | None = None,
    schema: Any = None,
    seconds: float | None = None,
    examples: int | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    device: str | None = None,
    precision: str = "auto",
    schedule: Any = None,
    listener: Listener | None = None,
    **options: Any,
) -> Any:
    """Fit a diffusion model to a table, to images, or to time series.

    Args:
        data: a path (CSV, TSV, JSON lines, Parquet, Arrow, each also .gz, .zst, .bz2, .xz; a folder
            of them, a pattern such as "logs/*.csv" or a list; "-" reads standard input) or a
            pandas, polars or Arrow frame. Dirty is fine: missing values, mixed scales, constant
            columns, keys and free text are recognised, each handled by a stated rule. For images: a
            folder of PNG, JPEG, WebP, TIFF (classes are sub-folders, or in a `labels.csv`), a
            `.npz`, `.npy` or idx file, a Parquet file with a column of encoded images, or an array
            (n, h, w) or (n, h, w, c).
        kind: the name of the kind of data, for instance series; inferred unless given. Series are
            fitted on request alone: a table of times and numbers may be either.
        schema: the columns' kinds, or the images' size, channels and classes, or the series' time,
            step and channels, edited by you; inferred and printed unless given.
        seconds: spend about this long on the whole fit: reading, preparing, training and measuring
            at the end. A tenth of it is trained at least.
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
        schedule: of the noise: a `Schedule` of `interfuse.core`, or its name: "cosine", the
            default, "linear_beta" (the article's) or "karras". It is kept with the model.
        listener: called with each `Notice` and training `Event`.
        options: those of the data's kind (`interfuse.kinds`; `interfuse fit --help`). Of a table:
            `kinds`, by column what it is: number, time (or time:%d/%m/%Y), category, text, key,
            drop, or a kind of the internet such as address, port or url; `real_networks`, whether
            addresses keep the prefixes of their networks; `event_type`, which events of Suricata's
            eve.json are rows;
            `keep_rows`, whether up to 8,192 rows that were trained on and 4,096 that were held back
            are kept as part of the model, for `Model.detect`; with False a saved model holds no row
            of the data, and `detect` compares with rows drawn from the model; `balance`, a column
            whose rare values get more of the training, without more of them being drawn;
            `out_of_core`, whether encoded rows are kept on the disk rather than in memory, as they
            are where there are too many for it. Of images:
            `labels`,
            their classes, a CSV, .npy or idx file or a sequence, looked for beside the images
            unless given; `size`, the height and width that they are brought to; `column`, which
            column of a Parquet file holds them. Of series: `time`, the column of time; `series`,
            the column that says which series a row is of; `channels`, the columns to model, all
            numbers unless named; `known_future`, columns that are known for the future too, such as
            holidays; `zone`, the time zone of the calendar, such as "Europe/Vienna".

    Returns:
        The fitted model: a `Model` of a table, an `ImageModel` of images, a `SeriesModel` of
        series. Of several processes (`interfuse.train.ranks`) the first has it, others None.

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
    found: Kind | None = None
    if resume and folder is not None and (Path(folder) / store.CHECKPOINT).exists():
        found = of_record(store.unfinished(Path(folder)), folder)
    if kind is not None:
        asked = named(kind)
        found = found or asked
    if resume and folder is None:
        raise OptionError("resume: needs the folder of the interrupted fit.")
    if resume and (seconds is not None or examples is not None):
        raise OptionError("resume: goes on with the interrupted fit's own budget; leave it out.")
    if found is None:
        said = getattr(schema, "kind", None)
        found = named(said) if isinstance(said, str) else of(data)
    told = _and_warns(listener)
    job = found.job(
        data=data,
        schema=schema,
        seconds=seconds,
        examples=examples,
        seed=seed,
        device=device,
        precision=precision,
        schedule=schedule,
        listener=told,
        **_own(found, options),
    )
    if ranks().rank:
        job.beside(Path(folder) if folder is not None and resume else None)
        return None
    if folder is None:
        model = job.run()
    else:
        folder = Path(folder)
        new = not folder.exists()
        with _allowed(folder):
            store.prepare(folder, resume=resume, overwrite=overwrite)
            with _nothing_left(folder, new), store.locked(folder):
                model = job.run_in(folder, again=resume)
    skipped = model.record["training"]["skipped_steps"]
    if skipped:
        note(f"{skipped} steps were skipped because the loss was not finite.")
    return model


def load(folder: str | Path, *, kind: str | None = None) -> Any:
    """Open a run folder. Nothing in it is executed.

    Args:
        folder: what `interfuse fit -o` or `Model.save` wrote.
        kind: the name of the kind that it must be of; any unless given.

    Returns:
        A `Model` of a table, an `ImageModel` of images or a `SeriesModel` of time series;
        `schema.kind` says which.

    Raises:
        RunError: the folder is missing, unfinished, damaged, of a newer version or another kind.
        OptionError: there is no such kind.
    """
    folder = Path(folder)
    with _allowed(folder), store.whole_meanwhile(folder):
        found = of_record(store.open_record(folder), folder)
        if kind is not None and named(kind) is not found:
            raise RunError(
                f"{folder}: is a model {found.words.of}; expected one {named(kind).words.of}. "
                "Leave kind out to open any."
            )
        record, parts = store.open_run(folder, found.parts)
        body = {k: v for k, v in record.items() if k not in ("format", "status", "sha256")}
        return found.open(folder, body, parts)


def compare(
    a: Any,
    b: Any,
    *,
    target: str | None = None,
    given: Sequence[str] = (),
    blocks: str | None = None,
    at_least: float | None = None,
    seconds: float | None = None,
    examples: int | None = None,
    seed: int = 0,
    device: str | None = None,
    listener: Listener | None = None,
    language: str = "en",
) -> Any:
    """What changed between two tables: whether, how much, in which columns, pairs and rows.

    One model is fitted to a part of both, with a column that says where a row is from; all is
    measured on the other rows (formulas: page Knowledge). The p-value is by permutation and exact,
    the divergence a lower bound of that of Jensen and Shannon. `Model.compare` does without a fit.

    Args:
        a: a frame or a path; what was before, or is usual.
        b: a frame or a path; what is compared with it.
        target: a column: how much the others changed (covariate), and it given them (concept).
        given: columns whose change is known: how much change they do not explain.
        blocks: a column whose rows of one value are not independent of each other, such as a day.
        at_least: nats; what is surely less is no change: of many rows any difference is clear.
        seconds: spend about this long on the fit; 120 unless `examples` says otherwise.
        examples: train for at most this many records.
        seed: of every random draw.
        device: "cpu", "cuda", "mps"; None for the best there is.
        listener: called with each `Notice` and training `Event`.
        language: of the page and its sentences, "en" or "zh".

    Returns:
        A `Comparison`.

    Raises:
        DataError: a table cannot be read, has too few rows, or its columns are of other types.
        OptionError: an option is out of range, or the data is of a kind that is not compared.

    Examples:
        >>> import interfuse, polars as pl
        >>> one = pl.DataFrame({"x": range(600), "even": [i % 2 for i in range(600)]})
        >>> two = one.with_columns(even=pl.lit(0) + pl.col("x") % 2 * (pl.col("x") < 300))
        >>> interfuse.compare(one, two, examples=2_000).changed
        True
    """
    kind = of(a)
    if of(b) is not kind:
        raise OptionError(f"compare: A is {kind.words.a}, B is {of(b).words.a}. Give two tables.")
    if seconds is None and examples is None:
        seconds = 120.0
    with speaking(language):
        return kind.compare(
            a,
            b,
            target=target,
            given=[given] if isinstance(given, str) else list(given),
            blocks=blocks,
            at_least=at_least,
            seconds=seconds,
            examples=examples,
            seed=seed,
            device=device,
            listener=_and_warns(listener),
        )


def _and_warns(listener: Listener | None) -> Listener:
    """The listener, and a Python warning of what is to be known of the data or the training."""

    def listen(said: Notice | Event) -> None:
        if listener is not None:
            listener(said)
        about_data = isinstance(said, Notice) and said.stage == "warning"
        if about_data or (isinstance(said, Event) and said.kind == "rescued"):
            note(said.message)

    setattr(listen, WATCHED, getattr(listener, WATCHED, False))
    return listen


def ask(
    model: Any, question: str, data: str | Path = "", *, to: str | Path, **options: Any
) -> None:
    """Ask a model, and write the answer as the command of that name does, byte for byte.

    Args:
        model: a fitted model, or its run folder.
        question: such as "generate"; which there are says the kind of the model.
        data: the file that the question is about, where it is about one.
        to: where the answer goes; the name says the format.
        options: those of the command, `--given-file` as `given_file`.

    Raises:
        OptionError: the model does not know the question or an option.
    """
    fitted = load(model) if isinstance(model, str | Path) else model
    kind = named(fitted.schema.kind)
    verb = kind.verb(question)
    if verb is None:
        known = ", ".join(v.name for v in kind.questions)
        raise OptionError(f"ask: models {kind.words.of} do not {question}; they know {known}.")
    known = {option.name for option in verb.options}
    for name in options:
        if name not in known:
            raise OptionError(f"{name}: {question} has no such option; it has {', '.join(known)}.")
    verb.ask(fitted, Asked(Path(), str(data), str(to)), **options)


@contextmanager
def _allowed(folder: Path) -> Iterator[None]:
    """Tell of files in the folder that may not be read or written, or are no files.

    Raises:
        RunError: there is one.
    """
    try:
        yield
    except OSError as error:
        at = error.filename
        if at is None:
            raise
        inside = Path(os.fsdecode(at)).is_relative_to(folder)
        if not inside or error.errno not in _NOT_ALLOWED:
            raise
        raise RunError(
            f"{os.fsdecode(at)}: cannot be read or written ({error.strerror}). Check who may, or "
            "choose another folder."
        ) from error


@contextmanager
def _nothing_left(folder: Path, new: bool) -> Iterator[None]:
    """Remove a folder that is new again where a fit ended before it had anything to keep."""
    try:
        yield
    except BaseException:
        if new:
            with suppress(OSError):  # there is something in it
                folder.rmdir()
        raise


def _own(kind: Kind, options: dict[str, Any]) -> dict[str, Any]:
    """The kind's own options; what another kind knows may be given as nothing.

    Raises:
        OptionError: one says something of another kind of data.
        TypeError: no kind knows one.
    """
    own = {option.name for option in kind.options}
    others = {o.name: o for other in all_kinds() for o in other.options}
    for name, value in options.items():
        if name in own:
            continue
        if name not in others:
            raise TypeError(f"fit() got an unexpected keyword argument {name!r}")
        if others[name].given(value):
            whose = " and ".join(k.words.many for k in knowing(name))
            raise OptionError(
                f"{name}: is for {whose}; this fit is of {kind.words.a}. Leave it out."
            )
    return {name: value for name, value in options.items() if name in own}
