"""What is asked of every method: which columns, of which kind, and which one utility predicts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.protocol import DATA_SETS, DataSet, halves
from interfuse.evaluate import kinds_of
from interfuse.kinds.table.infer import infer_schema

TARGETS = {"nsl-kdd": "class", "wikipedia": "isRobot", "phishing": "Result"}
FEW_VALUES = 3
ORDER = ("shoppers", "phishing", "nsl-kdd", "wikipedia", "adult")


@dataclass(frozen=True)
class Task:
    """A data set as the methods and the figures see it.

    Attributes:
        name: of the data set.
        train: rows to fit.
        test: rows held out, for utility.
        half: half of all rows, to fit a second time.
        other: the other half.
        kinds: "number" or "category" for each column.
        target: the column that utility predicts.
    """

    name: str
    train: pl.DataFrame
    test: pl.DataFrame
    half: pl.DataFrame
    other: pl.DataFrame
    kinds: dict[str, str]
    target: str


def task(name: str, folder: Path | None, seed: int, rows: int | None = None) -> Task:
    """Read a data set.

    A number column of at most `FEW_VALUES` values counts as a category, for methods and figures.

    Args:
        name: one of `ORDER`.
        folder: the data folder.
        seed: of the halving.
        rows: at most so many training rows and test rows, to try things out.

    Raises:
        FileNotFoundError: the data folder has no such table.
    """
    data = DATA_SETS[name](folder)
    kinds = dict(data.kinds or kinds_of(data.train, infer_schema(data.train)))
    for column, kind in kinds.items():
        if kind == "number" and data.train[column].n_unique() <= FEW_VALUES:
            kinds[column] = "category"
    train, test = (
        part.select(list(kinds)).head(rows or part.height) for part in (data.train, data.test)
    )
    half, other = halves(DataSet(name, train, test, 0), seed)
    target = data.target or TARGETS[name]
    return Task(name, train, test, half, other, kinds, target)
