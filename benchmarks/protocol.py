"""The data sets and their splits.

**Published protocol** (Shoppers, Adult), as in the repositories of TabSyn (arXiv 2310.09656) and
TabDiff (arXiv 2410.20626):

* Shoppers: rows shuffled by numpy's legacy generator with seed 1234, the first int(0.9 n) train,
  the others test; if a category is not in the training rows, the seed is raised by one. Adult: the
  split of its authors.
* Synthetic rows, as many as training rows, are held against the *training* rows.
* Shape and trend: sdmetrics' QualityReport with the kinds of columns below; a missing category is a
  category of its own, "nan".
* Logistic detection: sdmetrics decides by the column's type, not its kind: integers and booleans
  are numbers there, even where they are codes. `plain_kinds` does the same.
* DCR share: a second model, fitted to half of all rows; the other half is the hold-out.

**Others.** Nine tenths of the rows train, one tenth is held out, by seed 0; nDPI flows are split by
capture, because the flows of one capture resemble each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

SHIPPED = "shoppers.parquet"

ADULT_CATEGORIES = (
    "workclass",
    "education",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "native-country",
    "income",
)
SHOPPERS_CATEGORIES = (
    "Month",
    "OperatingSystems",
    "Browser",
    "Region",
    "TrafficType",
    "VisitorType",
    "Weekend",
    "Revenue",
)


@dataclass(frozen=True)
class DataSet:
    """A table with its split.

    Attributes:
        name: its name.
        train: rows to fit.
        test: rows never fitted.
        seconds: budget of the fit.
        target: the column that utility predicts; None where it is not measured.
        kinds: the published kinds of its columns; empty for data sets without published figures.
    """

    name: str
    train: pl.DataFrame
    test: pl.DataFrame
    seconds: float
    target: str | None = None
    kinds: dict[str, str] = field(default_factory=dict)


def shuffled_split(
    frame: pl.DataFrame, categories: Sequence[str], share: float = 0.9, seed: int = 1234
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split as the published protocol does; every category occurs in the first part."""
    whole = [frame[name].n_unique() for name in categories]
    while True:
        order = np.arange(frame.height)
        np.random.RandomState(seed).shuffle(order)
        cut = int(share * frame.height)
        train, test = frame[order[:cut]], frame[order[cut:]]
        if [train[name].n_unique() for name in categories] == whole:
            return train, test
        seed += 1


def halves(data: DataSet, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split all rows in two at random: to fit, and to hold out."""
    rows = pl.concat([data.train, data.test])
    order = np.random.default_rng([seed, 50]).permutation(rows.height)
    return rows[order[: rows.height // 2]], rows[order[rows.height // 2 :]]


def as_published(frame: pl.DataFrame, kinds: dict[str, str]) -> pl.DataFrame:
    """Return the columns as published figures see them: a missing category is one, "nan"."""
    text = [name for name, kind in kinds.items() if kind == "category"]
    text = [name for name in text if frame[name].dtype == pl.String]
    return frame.select(list(kinds)).with_columns(pl.col(text).fill_null("nan"))


def plain_kinds(frame: pl.DataFrame) -> dict[str, str]:
    """Kinds by type alone: numbers and booleans are numbers."""
    return {
        name: "number" if dtype.is_numeric() or dtype == pl.Boolean else "category"
        for name, dtype in frame.schema.items()
    }


def _kinds(frame: pl.DataFrame, categories: Sequence[str]) -> dict[str, str]:
    return {name: "category" if name in categories else "number" for name in frame.columns}


def shoppers(folder: Path | None) -> DataSet:
    """Web-shop sessions (Sakar et al. 2018); shipped with the package."""
    from importlib import resources

    path = resources.files("interfuse").joinpath("shipped", SHIPPED)
    frame = pl.read_parquet(path.read_bytes())
    train, test = shuffled_split(frame, SHOPPERS_CATEGORIES)
    return DataSet("shoppers", train, test, 120, "Revenue", _kinds(frame, SHOPPERS_CATEGORIES))


def adult(folder: Path | None) -> DataSet:
    """Adult (UCI), `?` read as missing."""
    frame = _table(folder, "adult.parquet")
    known = pl.when(pl.col(pl.String) != "?").then(pl.col(pl.String)).name.keep()
    frame = frame.with_columns(known)
    train, test = (
        frame.filter(pl.col("split") == part).drop("split") for part in ("train", "test")
    )
    return DataSet("adult", train, test, 300, "income", _kinds(train, ADULT_CATEGORIES))


def nsl_kdd(folder: Path | None) -> DataSet:
    """Network connections labelled by attack, the 20 % training file without its difficulty."""
    frame = _table(folder, "nsl-kdd_train20pct_43col.parquet").drop("classnum")
    return DataSet("nsl-kdd", *_random_split(frame), 120)


def wikipedia(folder: Path | None) -> DataSet:
    """A day of Wikipedia edits; most places are missing, and delta = added - deleted."""
    return DataSet("wikipedia", *_random_split(_table(folder, "wikipedia-edits.parquet")), 120)


def phishing(folder: Path | None) -> DataSet:
    """Features of phishing sites, all in {-1, 0, 1}; nearly half of the rows occur twice."""
    return DataSet("phishing", *_random_split(_table(folder, "uci-phishing.parquet")), 60)


def unsw(folder: Path | None) -> DataSet:
    """Flows labelled by attack (UNSW-NB15, the file that its authors call the testing set)."""
    return DataSet("unsw", *_random_split(_table(folder, "unsw-nb15.parquet")), 300)


def ndpi(folder: Path | None) -> DataSet:
    """Flow records of captures; most lack the statistics of long flows."""
    frame = _table(folder, "ndpi-flows.parquet")
    captures = frame["pcap"].unique().sort().to_list()
    order = np.random.default_rng(0).permutation(len(captures))
    held = {captures[i] for i in order[: len(captures) // 10]}
    inside = pl.col("pcap").is_in(held)
    return DataSet("ndpi", frame.filter(~inside), frame.filter(inside), 120)


DATA_SETS: dict[str, Callable[[Path | None], DataSet]] = {
    "shoppers": shoppers,
    "adult": adult,
    "nsl-kdd": nsl_kdd,
    "wikipedia": wikipedia,
    "phishing": phishing,
    "ndpi": ndpi,
    "unsw": unsw,
}


def _random_split(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    order = np.random.default_rng(0).permutation(frame.height)
    cut = frame.height // 10
    return frame[order[cut:]], frame[order[:cut]]


def _table(folder: Path | None, name: str) -> pl.DataFrame:
    """Return a table of the data folder.

    Raises:
        FileNotFoundError: it is not there.
    """
    path = (folder or Path()) / "tables" / name
    if folder is None or not path.exists():
        raise FileNotFoundError(f"tables/{name}")
    return pl.read_parquet(path)
