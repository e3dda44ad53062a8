"""Ten bad synthesisers for any table: each takes honest rows and spoils one thing.

Each returns what it made, and the column and the sorts of finding that have to name it; or None,
where the table has nothing to spoil in that way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interfuse.evaluate import encode
from interfuse.evaluate.association import associations
from interfuse.evaluate.rule_search import find_rules

Rng = np.random.Generator
BROKEN = 0.05
COPIED = 0.1


@dataclass(frozen=True)
class Spoilt:
    """A spoilt table.

    Attributes:
        real: The real table, sorted where the fault needs it.
        synthetic: The spoilt one.
        kinds: Sorts of finding, one of which has to be made.
        columns: Columns of which it has to name at least one; empty where it names none.
    """

    real: pl.DataFrame
    synthetic: pl.DataFrame
    kinds: tuple[str, ...]
    columns: tuple[str, ...]


def enriched(frame: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    """Return Shoppers with what it has not: a time, a sum, and two columns missing together.

    So each of the ten faults can be planted in it.
    """
    time = np.sort(rng.integers(0, 10**13, frame.height))
    lost = pl.Series(rng.random(frame.height) < 0.1)
    seen = ("BounceRates", "TrafficType")
    return frame.with_columns(
        pl.Series("Time", time).cast(pl.Datetime("us")),
        (pl.col("Administrative") + pl.col("ProductRelated")).alias("Pages"),
        *(pl.when(~lost).then(pl.col(name)).alias(name) for name in seen),
    )


def named(report: Any, spoilt: Spoilt) -> bool:
    """Return whether a finding of a right sort names a right column."""
    return any(
        fault["kind"] in spoilt.kinds
        and (not spoilt.columns or set(fault["columns"]) & set(spoilt.columns))
        for fault in report.data["faults"]
    )


def shuffled(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Shuffle the column that depends most on another."""
    a, b, _ = encode(real, other, schema=schema)
    together = associations(a, b)
    size = np.nan_to_num(np.abs(together.real)) * (1 - np.eye(len(together.names)))
    size[size > 0.999] = 0
    i, j = np.unravel_index(int(size.argmax()), size.shape)
    first, second = together.names[i], together.names[j]
    out = other.with_columns(other[first][rng.permutation(other.height)])
    return Spoilt(real, out, ("pair", "detection"), (first, second))


def copied(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Replace a tenth of the rows by training rows."""
    count = int(COPIED * other.height)
    rows = real[rng.permutation(real.height)[:count]]
    out = pl.concat([other.head(other.height - count), rows])
    return Spoilt(real, out, ("copies",), ())


def dropped(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Replace the category nearest to 5% by the most frequent one."""
    found = _category(real, schema, 0.02, 0.3, 0.05)
    if found is None:
        return None
    name, value, most = found
    column = pl.when(pl.col(name) == value).then(pl.lit(most)).otherwise(pl.col(name))
    out = other.with_columns(column.alias(name))
    return Spoilt(real, out, ("category lost",), (name,))


def broken(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Break the first rule between columns in 5% of the rows."""
    a, _, _ = encode(real, other, schema=schema)
    few = pl.Series(rng.random(other.height) < BROKEN)
    for rule in find_rules(a):
        names = rule.columns
        if rule.kind == "order":
            low, high = (pl.col(name) for name in names)
            wrong = [pl.when(few).then(high + 1).otherwise(low).alias(names[0])]
            if not all(other[name].dtype.is_numeric() for name in names):
                continue
        elif rule.kind in ("sum", "rising"):
            name = names[0] if rule.kind == "sum" else names[1]
            if not other[name].dtype.is_numeric():
                continue
            step = 1 + int(np.nanmean(np.abs(other[name].cast(pl.Float64).fill_null(0).to_numpy())))
            wrong = [pl.when(few).then(pl.col(name) + step).otherwise(pl.col(name)).alias(name)]
        elif rule.kind == "function":
            wrong = [_another(other[names[1]], few, rng)]
        else:
            continue
        return Spoilt(real, other.with_columns(wrong), ("rule",), names)
    return None


def _another(column: pl.Series, where: pl.Series, rng: Rng) -> pl.Series:
    """The column with another of its values in some rows."""
    values = column.unique(maintain_order=True)
    own = pl.DataFrame({"v": column}).join(
        pl.DataFrame({"v": values}).with_row_index("i"),
        on="v",
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    step = rng.integers(1, len(values), len(column))
    mixed = values.gather((own["i"].to_numpy().astype(np.int64) + step) % len(values))
    return pl.select(pl.when(where).then(mixed).otherwise(column).alias(column.name)).to_series()


def reversed_time(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Sort the real rows by a time, and the synthetic ones backwards."""
    times = [name for name in _of(schema, "datetime", "date") if real[name].n_unique() > 100]
    if not times:
        return None
    name = times[0]
    back = other.sort(name, descending=True)
    return Spoilt(real.sort(name), back, ("order of rows",), (name,))


def pattern_lost(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Shuffle where a column is missing, so that the share stays and the pattern goes."""
    shares = {n: real[n].null_count() / real.height for n in _of(schema, "number", "category")}
    some = [name for name, share in shares.items() if 0.005 < share < 0.995]
    if len(some) < 2:
        return None
    name = max(some, key=lambda n: shares[n] * (1 - shares[n]))
    out = other.with_columns(other[name][rng.permutation(other.height)])
    return Spoilt(real, out, ("missing pattern",), (name,))


def rescaled(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Multiply the number of most different values by 1.5."""
    names = [n for n in _of(schema, "number") if real[n].dtype.is_numeric()]
    if not names:
        return None
    name = max(names, key=lambda n: real[n].n_unique())
    return Spoilt(real, other.with_columns(pl.col(name) * 1.5), ("shape",), (name,))


def fractional(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Add a little noise to whole numbers."""
    names = [n for n in _of(schema, "number") if real[n].dtype.is_integer()]
    names = [n for n in names if real[n].n_unique() > 10]
    if not names:
        return None
    name = names[0]
    noise = pl.Series(rng.normal(0, 0.1, other.height))
    out = other.with_columns((pl.col(name).cast(pl.Float64) + noise).alias(name))
    return Spoilt(real, out, ("rule",), (name,))


def spike_dropped(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Replace a value that holds much of a number column by others of that column."""
    for name in _of(schema, "number"):
        values = real[name].drop_nulls()
        if values.n_unique() <= 20 or not values.dtype.is_numeric():
            continue
        value = values.mode().sort()[0]
        if not 0.03 * real.height < (values == value).sum() < 0.7 * real.height:
            continue
        others = other[name].drop_nulls()
        others = others.filter(others != value)
        drawn = others[rng.integers(len(others), size=other.height)]
        column = pl.when(pl.col(name) == value).then(drawn).otherwise(pl.col(name))
        out = other.with_columns(column.alias(name))
        return Spoilt(real, out, ("spike",), (name,))
    return None


def rare_class(real: pl.DataFrame, other: pl.DataFrame, schema: Any, rng: Rng) -> Spoilt | None:
    """Replace four of five rows of a rare category by the most frequent one."""
    found = _category(real, schema, 0.01, 0.05, 0.02)
    if found is None:
        return None
    name, value, most = found
    lost = pl.Series(rng.random(other.height) < 0.8) & (pl.col(name) == value)
    out = other.with_columns(pl.when(lost).then(pl.lit(most)).otherwise(pl.col(name)).alias(name))
    return Spoilt(real, out, ("category share",), (name,))


FAULTS: dict[str, Callable[[pl.DataFrame, pl.DataFrame, Any, Rng], Spoilt | None]] = {
    "columns shuffled": shuffled,
    "rows copied": copied,
    "category dropped": dropped,
    "rule broken": broken,
    "time reversed": reversed_time,
    "missing pattern lost": pattern_lost,
    "number rescaled": rescaled,
    "integer made fractional": fractional,
    "spike dropped": spike_dropped,
    "rare class under-represented": rare_class,
}


def _of(schema: Any, *kinds: str) -> list[str]:
    return [spec.name for spec in schema.columns if spec.kind in kinds]


def _category(
    real: pl.DataFrame, schema: Any, low: float, high: float, near: float
) -> tuple[str, Any, Any] | None:
    """Return the column, the category whose share is nearest to `near`, and the most frequent."""
    best: tuple[float, str, Any, Any] | None = None
    for name in _of(schema, "category"):
        counts = real[name].drop_nulls().value_counts(sort=True)
        if counts.height < 2:
            continue
        for value, count in counts.iter_rows():
            share = count / real.height
            if low < share < high and value != counts[0, 0]:
                off = abs(share - near)
                if best is None or off < best[0]:
                    best = off, name, value, counts[0, 0]
    return best and best[1:]
