"""Changes planted in tables, for `benchmarks.knowledge`: what is done, and what is to be named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

import interfuse


@dataclass(frozen=True)
class Table:
    """A table, and the parts that its columns play.

    Attributes:
        path: its file; None for the one that is shipped, which is `shoppers`.
        left_out: columns that are not asked.
        number, wide, far: numbers that grow, spread, and grow where they are large.
        category, value: a category, and the value that more of its rows have.
        gone: a column that is missing more often.
        target, driver: a target, and a number at whose large values it changes.
        pair, words: two numbers and two categories that depend on each other.
        group: a number of which some rows have one value.
    """

    path: str | None
    left_out: tuple[str, ...]
    number: str
    wide: str
    far: str
    category: str
    value: str
    gone: str
    target: str
    driver: str
    pair: tuple[str, str]
    words: tuple[str, str]
    group: str

    def read(self, folder: Path | None) -> pl.DataFrame:
        """All rows; categories as text."""
        if self.path is None:
            path = Path(interfuse.__file__).parent / "shipped" / "shoppers.parquet"
        else:
            assert folder is not None
            path = folder / self.path
        frame = pl.read_parquet(path).drop(self.left_out)
        text = [self.target, self.category, self.gone, *self.words]
        frame = frame.with_columns(pl.col(text).cast(pl.String))
        wide = {pl.Float32: pl.Float64} | dict.fromkeys((pl.Int8, pl.Int16, pl.UInt8), pl.Int64)
        return frame.cast({k: v for k, v in wide.items() if k in frame.dtypes})


TABLES = {
    "shoppers": Table(
        None, (), "ExitRates", "ProductRelated_Duration", "Administrative_Duration", "VisitorType",
        "New_Visitor", "Browser", "Revenue", "PageValues", ("BounceRates", "ExitRates"),
        ("OperatingSystems", "Browser"), "Informational_Duration",
    ),
    "adult": Table(
        "adult.parquet", ("split",), "age", "fnlwgt", "hours-per-week", "workclass", "State-gov",
        "occupation", "income", "hours-per-week", ("age", "hours-per-week"),
        ("marital-status", "relationship"), "capital-gain",
    ),
    "nsl-kdd": Table(
        "nsl-kdd_train.parquet", ("classnum",), "dst_host_count", "src_bytes", "count", "service",
        "http", "flag", "class", "count", ("same_srv_rate", "dst_host_same_srv_rate"),
        ("protocol_type", "service"), "dst_bytes",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Plant:
    """A change.

    Attributes:
        make: rows to changed rows.
        right: the columns of which the first named has to be one.
        pairs: whether a pair with one of them is right as well: a dependence changed.
        part: "covariate" or "concept" where it is one alone; None where it is some of both.
    """

    make: Callable[[pl.DataFrame, np.random.Generator], pl.DataFrame]
    right: frozenset[str]
    part: str | None = None
    pairs: bool = False

    def is_right(self, named: frozenset[str]) -> bool:
        """Whether a column, or a pair, is what has to be named."""
        return bool(named & self.right) if self.pairs else named <= self.right


def plants_of(table: Table) -> dict[str, Plant]:
    """Twelve changes of a table, by name."""
    number, target = table.number, table.target

    def some(f: pl.DataFrame, share: float, rng: np.random.Generator) -> pl.Series:
        return pl.Series(rng.random(f.height) < share)

    def scaled(f: pl.DataFrame, name: str, by: pl.Series | float) -> pl.DataFrame:
        new = f[name].cast(pl.Float64) * by
        whole = f[name].dtype.is_integer()
        return f.with_columns((new.round() if whole else new).cast(f[name].dtype).alias(name))

    def put(f: pl.DataFrame, name: str, rows: pl.Series, value: object) -> pl.DataFrame:
        new = pl.lit(value, f[name].dtype)
        return f.with_columns(pl.when(rows).then(new).otherwise(pl.col(name)).alias(name))

    def mixed(f: pl.DataFrame, name: str, share: float, rng: np.random.Generator) -> pl.DataFrame:
        rows = np.flatnonzero(rng.random(f.height) < share)
        index = np.arange(f.height)
        index[rows] = rng.permutation(rows)
        return f.with_columns(f[name].gather(index))

    def moved(f: pl.DataFrame, rows: pl.Series, rng: np.random.Generator) -> pl.DataFrame:
        """The target of some rows as another value of it, as often as that is there."""
        values = f[target].value_counts().drop_nulls().sort(target)
        many = values["count"].to_numpy()
        now = f[target].to_list()
        names = values[target].to_list()
        for i in np.flatnonzero(rows.to_numpy()):
            others = np.array([n != now[i] for n in names]) * many
            now[i] = names[rng.choice(len(names), p=others / others.sum())]
        return f.with_columns(pl.Series(target, now))

    def large(f: pl.DataFrame, name: str) -> pl.Series:
        return f[name] > f[name].quantile(0.75)

    def tilted(f: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        """Rows of large numbers half as often again: of the number, whatever the target."""
        weight = np.where((f[number] > f[number].median()).to_numpy(), 1.5, 1.0)
        return f[np.sort(rng.choice(f.height, f.height, p=weight / weight.sum()))]

    mean = frozenset({number})
    near = {table.driver, *table.pair} - {table.driver}
    return {
        "mean": Plant(lambda f, r: scaled(f, number, 1.15), mean),
        "spread": Plant(
            lambda f, r: scaled(f, table.wide, pl.Series(np.exp(0.25 * r.normal(size=f.height)))),
            frozenset({table.wide}),
        ),
        "tail": Plant(
            lambda f, r: scaled(
                f, table.far, pl.Series(np.where(f[table.far] > f[table.far].quantile(0.95), 3, 1))
            ),
            frozenset({table.far}),
        ),
        "share": Plant(
            lambda f, r: put(f, table.category, some(f, 0.08, r), table.value),
            frozenset({table.category}),
        ),
        "new value": Plant(
            lambda f, r: put(f, table.category, some(f, 0.01, r), "never seen"),
            frozenset({table.category}),
        ),
        "missing": Plant(
            lambda f, r: put(f, table.gone, some(f, 0.02, r), None), frozenset({table.gone})
        ),
        "flips": Plant(
            lambda f, r: moved(f, some(f, 0.06, r), r), frozenset({target}), "concept", True
        ),
        "concept": Plant(
            lambda f, r: moved(f, large(f, table.driver) & some(f, 0.25, r), r),
            frozenset({target}),
            "concept",
            True,
        ),
        "dependence": Plant(
            lambda f, r: mixed(f, table.pair[0], 0.5, r), frozenset(table.pair), pairs=True
        ),
        "words apart": Plant(
            lambda f, r: mixed(f, table.words[0], 0.3, r), frozenset(table.words), pairs=True
        ),
        "group": Plant(
            lambda f, r: put(f, table.group, some(f, 0.02, r), 777), frozenset({table.group})
        ),
        "covariate": Plant(tilted, mean | frozenset(near), "covariate"),
    }  # fmt: skip
