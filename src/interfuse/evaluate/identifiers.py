r"""Columns that name somebody: what several rows share of them, and which names came back.

Addresses, hardware addresses, URLs, user agents and names of hosts are *identifiers*: a value that
fewer than `FEW` real rows have may stand for one person. Such columns are compared by what rows
share: addresses by their class (private, public, multicast ...), others by the values of `FEW` rows
or more, with the rest as one value.

A rare value **came back** if a synthetic row has it too. Beside the share of such rows stand

* **chance**: the same share if each drawn address had its host drawn anew, evenly, inside its own
  /24: of m real rare addresses in that /24 one is hit with probability m / 254. Texts and IPv6
  have no room to meet by chance, their chance is 0;
* the **hold-out**'s share, where there is one: how often unseen rows of the same kind have a rare
  value of the real rows.

Addresses that say what they are for (multicast, broadcast, loopback) name nobody and are left out.
Of two columns of addresses the pairs are counted too, of rows with a rare pair and at least one
address that names a host.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interfuse.internet import ADDRESS, CLASSES, FULL_URL, MAC, Addresses, none_of, parse

FEW = 20
SHOWN = 3
_MOSTLY = 0.99
_SORTS = (
    ("addresses", ADDRESS, _MOSTLY),
    ("hardware addresses", MAC, _MOSTLY),
    ("URLs", FULL_URL, _MOSTLY),
    ("user agents", "^Mozilla/", 0.5),
)
_OPEN = np.array([c.open for c in CLASSES])
_HOSTS = 254


@dataclass(frozen=True)
class Returned:
    """Rare real values of a column, or of two, among the synthetic ones.

    Attributes:
        columns: which.
        sort: what they are, in the plural.
        rare: how many values few real rows have.
        rows: synthetic rows with such a value.
        share: of all synthetic rows.
        error: standard deviation of the share, all rows of one value being one observation.
        values: how many different ones.
        some: a few of them, the most frequent first.
        chance: the share that chance explains.
        held: the share of hold-out rows; None without them.
        held_rows: how many hold-out rows there are.
    """

    columns: tuple[str, ...]
    sort: str
    rare: int
    rows: int
    share: float
    error: float
    values: int
    some: tuple[str, ...]
    chance: float
    held: float | None
    held_rows: int

    @property
    def expected(self) -> float:
        """The larger of chance and hold-out."""
        return max(self.chance, self.held or 0.0)


def sort_of(column: pl.Series) -> str | None:
    """What identifiers a column of text holds, by its values; None if it holds none."""
    if column.dtype != pl.String or column.null_count() == len(column):
        return None
    values = column.drop_nulls()
    for sort, pattern, most in _SORTS:
        if values.str.contains(pattern).mean() >= most:  # type: ignore[operator]
            return sort
    return None


def shared(real: pl.Series, column: pl.Series) -> pl.Series:
    """A column of identifiers as what rows share of it.

    Args:
        real: the real column, which says what is rare.
        column: it, or the same column of another table.
    """
    texts = column.cast(pl.String)
    counts = real.cast(pl.String).value_counts()
    often = counts.filter(pl.col("count") >= FEW)[real.name]
    distinct = texts.unique()
    found = _addresses(distinct, real.dtype)
    if found is None:
        common = texts.is_in(often.implode())
        rest = pl.when(texts.is_not_null()).then(pl.lit("(rare)"))
        return pl.select(pl.when(common).then(texts).otherwise(rest)).to_series().alias(column.name)
    kinds = found.classes()
    names = [CLASSES[k].name if k >= 0 else "(no address)" for k in kinds.tolist()]
    table = pl.DataFrame({"value": distinct, "name": names}).filter(pl.col("value").is_not_null())
    out = pl.DataFrame({"value": texts}).join(table, on="value", how="left", maintain_order="left")
    return out["name"].alias(column.name)


def returned(
    names: list[str], real: pl.DataFrame, synthetic: pl.DataFrame, held: pl.DataFrame | None
) -> list[Returned]:
    """Which rare values came back.

    Args:
        names: the columns of identifiers.
        real: the real rows.
        synthetic: the synthetic rows.
        held: real rows that were not trained on.
    """
    frames = [f.select(names).cast(pl.String) for f in (real, synthetic)]
    kept = None if held is None else held.select(names).cast(pl.String)
    out = []
    addressed = [n for n in names if _addresses(frames[0][n].unique(), real[n].dtype) is not None]
    for name in names:
        named = _naming(name in addressed, real[name].dtype)
        out.append(_column((name,), frames[0], frames[1], kept, _sort(real[name]), named))
    for one, two in _pairs(addressed):
        out.append(_column((one, two), frames[0], frames[1], kept, "pairs of addresses", _hosts))
    return out


def _pairs(names: list[str]) -> Iterator[tuple[str, str]]:
    return itertools.pairwise(names)


def _sort(column: pl.Series) -> str:
    if column.dtype.is_integer():
        return "addresses"
    return sort_of(column) or "names"


def _naming(addressed: bool, dtype: pl.DataType) -> Callable[[pl.DataFrame], NDArray[np.bool_]]:
    """Which distinct values name somebody."""

    def of(values: pl.DataFrame) -> NDArray[np.bool_]:
        column = values.to_series()
        found = _addresses(column, dtype) if addressed else None
        return column.is_not_null().to_numpy() if found is None else _host(found)

    return of


def _hosts(values: pl.DataFrame) -> NDArray[np.bool_]:
    out = np.zeros(values.height, bool)
    for column in values.iter_columns():
        found, _ = parse(column)
        out |= _host(found)
    return out & ~values.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()


def _host(found: Addresses) -> NDArray[np.bool_]:
    kinds = found.classes()
    return (kinds >= 0) & _OPEN[kinds]


def _column(
    names: tuple[str, ...],
    real: pl.DataFrame,
    synthetic: pl.DataFrame,
    held: pl.DataFrame | None,
    sort: str,
    named: Callable[[pl.DataFrame], NDArray[np.bool_]],
) -> Returned:
    own = list(names)
    rare = real.select(own).group_by(own).len().filter(pl.col("len") < FEW).drop("len")
    rare = rare.filter(pl.Series(named(rare))).sort(own)
    made = synthetic.select(own).join(rare, on=own, how="inner")
    counts = made.group_by(own).len().sort("len", *own, descending=[True] + [False] * len(own))
    some = tuple(" -> ".join(row[:-1]) for row in counts.head(SHOWN).iter_rows())
    unseen = None
    if held is not None and held.height:
        unseen = held.select(own).join(rare, on=own, how="semi").height / held.height
    chance = _chance(rare, synthetic.select(own)) if sort == "addresses" else 0.0
    return Returned(
        columns=names,
        sort=sort,
        rare=rare.height,
        rows=made.height,
        share=made.height / max(synthetic.height, 1),
        error=float(np.sqrt((counts["len"].to_numpy() ** 2.0).sum()) / max(synthetic.height, 1)),
        values=counts.height,
        some=some,
        chance=chance,
        held=unseen,
        held_rows=0 if held is None else held.height,
    )


def _chance(rare: pl.DataFrame, made: pl.DataFrame) -> float:
    """Expected share of rows whose host, drawn anew inside its /24, is a rare real one."""
    counts = made.to_series().drop_nulls().value_counts()
    real, drawn = (
        _addresses(column, pl.String()) for column in (rare.to_series(), counts.to_series())
    )
    if real is None or drawn is None:
        return 0.0
    prefixes, hosts = np.unique(real.prefix(24)[real.family == 4], return_counts=True)
    mine = (drawn.family == 4) & _host(drawn)
    if not len(prefixes) or not mine.any():
        return 0.0
    prefix = drawn.prefix(24)[mine]
    at = np.minimum(np.searchsorted(prefixes, prefix), len(prefixes) - 1)
    hit = np.where(prefixes[at] == prefix, np.minimum(hosts[at] / _HOSTS, 1.0), 0.0)
    return float((hit * counts["count"].to_numpy()[mine]).sum() / max(made.height, 1))


def _addresses(distinct: pl.Series, dtype: pl.DataType) -> Addresses | None:
    """Values as addresses, if half of them are."""
    texts = distinct.cast(pl.String)
    if dtype.is_integer():
        low = texts.cast(pl.UInt64, strict=False).fill_null(2**63)
        fits = (low < 2**32).to_numpy()
        found = none_of(len(texts))
        found.family[fits] = 4
        found.low[:] = np.where(fits, low.to_numpy(), 0)
    else:
        found, _ = parse(texts)
    present = max(len(texts) - texts.null_count(), 1)
    return found if (found.family > 0).sum() >= present / 2 else None
