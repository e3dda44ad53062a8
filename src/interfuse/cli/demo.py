"""`interfuse demo`: fit, generate and evaluate the table that comes with the package."""

from __future__ import annotations

import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfuse.cli.training import Training, print_end
from interfuse.console import say, tell
from interfuse.errors import RunError
from interfuse.visible import quoted

if TYPE_CHECKING:
    import polars as pl

ATTRIBUTION = (
    "Data: Online Shoppers Purchasing Intention, 12,330 sessions of a web shop, by C. O. Sakar and "
    "Y. Kastro (2018), UCI Machine Learning Repository, doi 10.24432/C5F88Q, CC BY 4.0."
)
TARGET = "Revenue"
TRAIN_SHARE = 0.9
SPLIT_SEED = 1234
RUN = "run"
FILES = (
    "train.parquet",
    "holdout.parquet",
    "synthetic.csv",
    "synthetic.parquet",
    "report.html",
    "report.json",
)


def demo(
    folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where everything goes.")
    ] = Path("demo"),
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, help="Train for at most this long.")
    ] = 120,
) -> None:
    """Fit a real table, generate as many rows, and judge them: the whole way, in a few minutes.

    [bold]Examples[/]

    interfuse demo

    interfuse demo --output quick --seconds 30
    """
    import polars as pl

    import interfuse
    from interfuse.api import FitStopped
    from interfuse.cli.evaluate import curve_of, measuring, print_report
    from interfuse.console import counted, summary
    from interfuse.io.write import write
    from interfuse.kinds import of

    prepare(folder)
    say(ATTRIBUTION)
    train, holdout = split(shoppers())
    say(f"{train.height:,} rows to fit, {holdout.height:,} held back to judge by.")
    write(train, folder / "train.parquet")
    write(holdout, folder / "holdout.parquet")
    kind = of(train)
    with Training(kind) as training:
        try:
            model = interfuse.fit(
                train, seconds=seconds, folder=folder / RUN, overwrite=True, listener=training
            )
        except FitStopped:
            training.__exit__(None, None, None)
            tell("interrupted. Start again with: interfuse demo")
            raise typer.Exit(130) from None
    print_end(model)

    begin = time.monotonic()
    batches = model.generate_batches(train.height)
    synthetic = pl.concat(list(counted(batches, train.height, "generating", "rows")))
    took = time.monotonic() - begin
    for name in ("synthetic.csv", "synthetic.parquet"):
        write(synthetic, folder / name)
    tell(summary(train.height, took, folder / "synthetic.parquet"))

    with measuring() as progress:
        report = interfuse.evaluate(
            train,
            synthetic,
            holdout,
            schema=model.schema,
            target=TARGET,
            training_curve=curve_of(model.record),
            training_unit="examples",
            rules=kind.rules(train, synthetic),
            names=("train.parquet", "synthetic.parquet"),
            progress=progress,
        )
    print_report(report)
    page, _ = report.save(folder / "report.html")
    say(f"\nOpen {page} in a browser. Beside it: {', '.join(FILES)}.")
    say("Next:")
    say(f"  interfuse show {quoted(folder / RUN)}")
    say(f"  interfuse generate {quoted(folder / RUN)} -n 1000 -o buyers.csv --given {TARGET}=true")
    say("  interfuse fit YOUR_DATA.csv -o run")


def shoppers() -> pl.DataFrame:
    """The table that comes with the package."""
    import polars as pl

    with resources.as_file(resources.files("interfuse") / "shipped" / "shoppers.parquet") as path:
        return pl.read_parquet(path)


def split(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows to fit and the rows to judge by: the split of TabSyn (Zhang et al. 2024), 9 to 1."""
    import numpy as np

    order = np.arange(frame.height)
    np.random.RandomState(SPLIT_SEED).shuffle(order)
    cut = int(frame.height * TRAIN_SHARE)
    return frame[order[:cut]], frame[order[cut:]]


def prepare(folder: Path) -> None:
    """Make the folder; one that an earlier demo made is used again, its files are replaced.

    Raises:
        RunError: it is a file, holds other things, or cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: is a file; expected a folder. Choose another with --output.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder}: cannot make this folder ({error.strerror}).") from error
    inside = {path.name for path in folder.iterdir()}
    others = sorted(inside - {RUN, *FILES})
    # A demo writes train.parquet first: without it the folder is someone else's.
    found = ", ".join((others or sorted(inside))[:3])
    if others or (inside and "train.parquet" not in inside):
        raise RunError(
            f"{folder}: exists and holds other files ({found}). Choose a new folder with --output."
        )
