"""Users as baskets of items, in the order of their touches.

What is left out is counted and told: rows without a user or an item, touches that are repeated (the
last one stays), items that too few users touched, users without any item that is left, and of a
user with more than `MOST_TOUCHES` all but the last ones: pairs of items grow with the square, and
one such user would outweigh thousands.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from interfuse.errors import DataError
from interfuse.kinds.interactions.experts.forms import Known
from interfuse.kinds.interactions.schema import InteractionsSchema

MOST_TOUCHES = 5_000
_MICROSECONDS = 1e6


@dataclass(frozen=True)
class Baskets:
    """Baskets of some users.

    Attributes:
        indptr: (users + 1,) where each user's touches begin.
        items: (touches,) numbers of items; of each user from the first to the last touch.
        size: how many items there are.
        times: (touches,) microseconds of dates, else the number itself; None without times.
        ratings: (touches,) NaN where missing; None without ratings.
        users: who they are, as in the data.
        notes: what was left out, in words.
        codes: users by codes of their attributes (`data.attributes`); None where none are known of.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    size: int
    times: NDArray[np.float64] | None = None
    ratings: NDArray[np.float64] | None = None
    users: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.String))
    notes: tuple[str, ...] = ()
    codes: Known | None = None

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many items each user has."""
        return np.diff(self.indptr)

    @property
    def matrix(self) -> Known:
        """What experts see: users by items, 1 where touched, the items of a row in their order.

        Codes of attributes are further columns; in a row they stand before the items, so that the
        items keep their ages.
        """
        if self.codes is None or not self.codes.shape[1]:
            items = self.items.copy()  # scipy may sort the indices of a matrix in their place
            return self._ones(items, self.indptr, self.size)
        own = self.codes.indptr
        indices = np.empty(len(self.items) + self.codes.nnz, np.int32)
        first = np.repeat(self.indptr[:-1], np.diff(own)) + np.arange(self.codes.nnz)
        after = np.repeat(own[1:], self.lengths) + np.arange(len(self.items))
        indices[first] = self.codes.indices + self.size
        indices[after] = self.items
        return self._ones(indices, self.indptr + own, self.size + self.codes.shape[1])

    @property
    def touched(self) -> Known:
        """Users by items alone."""
        return replace(self, codes=None).matrix

    def _ones(self, indices: NDArray[np.int32], indptr: NDArray[np.int64], width: int) -> Known:
        ones = np.ones(len(indices), np.float32)
        return sparse.csr_matrix((ones, indices, indptr), shape=(len(self), width))

    def take(self, index: NDArray[np.int64]) -> Baskets:
        """Those of some users."""
        lengths = self.lengths[index]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        place = np.repeat(self.indptr[index] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return replace(
            self._at(place, indptr),
            users=self.users[index] if len(self.users) else self.users,
            codes=None if self.codes is None else self.codes[index],
        )

    def only(self, which: NDArray[np.bool_]) -> Baskets:
        """Those of the touches, of the same users."""
        indptr = np.concatenate([[0], np.cumsum(which)])[self.indptr]
        return self._at(np.flatnonzero(which), indptr)

    def _at(self, place: NDArray[np.int64], indptr: NDArray[np.int64]) -> Baskets:
        return replace(
            self,
            indptr=indptr,
            items=self.items[place],
            times=None if self.times is None else self.times[place],
            ratings=None if self.ratings is None else self.ratings[place],
        )


def numbers(column: pl.Series) -> pl.Series:
    """Times as float64: microseconds of dates, exact to 2255, else the numbers."""
    if column.dtype in (pl.Date, pl.Datetime):
        return column.cast(pl.Datetime("us")).to_physical().cast(pl.Float64)
    return column.cast(pl.Float64)


def build(
    frame: pl.DataFrame,
    schema: InteractionsSchema,
    names: pl.Series | None = None,
    where: str = "the data",
) -> tuple[Baskets, pl.Series]:
    """Baskets of a frame.

    Args:
        frame: with the columns of the schema; the time and the rating may be absent if `names` are
            given.
        schema: says which is which.
        names: the items of a model; others are left out. None takes those of the frame.
        where: how messages call the data.

    Returns:
        The baskets, in the order in which users first appear, and the items by their number.

    Raises:
        DataError: nothing is left, or a value cannot be.
    """
    notes: list[str] = []
    new = names is None
    rows = _rows(frame, schema, notes, where)
    if names is None:
        counts = rows.group_by("item", maintain_order=True).agg(pl.col("user").n_unique())
        kept = counts.filter(pl.col("user") >= schema.fewest_users)
        names = kept["item"].sort()
        _say(
            notes, counts.height - kept.height,
            f"items were touched by fewer than {schema.fewest_users} users and are left out "
            "(fewest_users in the schema)",
        )  # fmt: skip
    else:
        _say(notes, rows.filter(~pl.col("item").is_in(names.implode()))["item"].n_unique(),
             "items are not known to the model and are left out")  # fmt: skip
    whole = rows["user"] if new else frame[schema.user].drop_nulls()
    users = whole.unique(maintain_order=True)
    known = pl.DataFrame({"item": names, "_item": np.arange(len(names), dtype=np.int32)})
    rows = rows.join(known, on="item", how="inner", maintain_order="left")
    if new and rows.is_empty():
        raise DataError(
            f"{where}: no item is left: expected items that at least {schema.fewest_users} users "
            "touched. Lower fewest_users in the schema, or give more rows."
        )
    return _collected(rows, users, len(names), schema, notes), names


def _rows(
    frame: pl.DataFrame, schema: InteractionsSchema, notes: list[str], where: str
) -> pl.DataFrame:
    """Rows with a user and an item, in the order of time, each pair once."""
    for name in (schema.user, schema.item):
        if name not in frame.columns:
            raise DataError(
                f"{where}: there is no column {name!r}; expected {schema.user!r} and "
                f"{schema.item!r}. Rename the columns."
            )
    columns = [frame[schema.user].alias("user"), frame[schema.item].alias("item")]
    for role, name in (("time", schema.time), ("rating", schema.rating)):
        if name is not None and name in frame.columns:
            column = frame[name]
            columns.append((numbers(column) if role == "time" else _ratings(column, schema, where))
                           .alias(role))  # fmt: skip
    rows = pl.DataFrame(columns)
    there = rows.filter(pl.col("user").is_not_null() & pl.col("item").is_not_null())
    _say(notes, rows.height - there.height, "rows have no user or no item and are left out")
    if "time" in there.columns:
        finite = there["time"].is_not_null() & there["time"].is_finite()
        _say(notes, int((~finite).sum()), "rows have no time and count as the first of their user")
        there = there.with_columns(pl.when(finite).then("time").otherwise(None).alias("time"))
        _future(there, frame, schema, notes)
        there = there.sort("time", nulls_last=False, maintain_order=True)
    once = there.unique(["user", "item"], keep="last", maintain_order=True)
    _say(notes, there.height - once.height,
         "touches are repeated: of each user and item the last one is kept")  # fmt: skip
    return once


def _ratings(column: pl.Series, schema: InteractionsSchema, where: str) -> pl.Series:
    if not column.dtype.is_numeric():
        raise DataError(
            f"{where}: column {column.name!r} holds {column.dtype}; expected ratings as numbers."
        )
    values = column.cast(pl.Float64).fill_nan(None)
    low = -np.inf if schema.lowest is None else schema.lowest
    high = np.inf if schema.highest is None else schema.highest
    bad = values.filter((values < low) | (values > high) | values.is_infinite())
    if len(bad):
        raise DataError(
            f"{where}: column {column.name!r} holds {len(bad):,} ratings such as {bad[0]:g}; "
            f"expected {low:g} to {high:g}. Mend them, or widen lowest and highest in the schema."
        )
    return values


def _future(
    rows: pl.DataFrame, frame: pl.DataFrame, schema: InteractionsSchema, notes: list[str]
) -> None:
    if schema.time is None or frame[schema.time].dtype not in (pl.Date, pl.Datetime):
        return
    ahead = int((rows["time"] > (time.time() + 86_400) * _MICROSECONDS).sum())
    _say(notes, ahead, f"times of column {schema.time!r} are in the future; they are taken as said")


def _collected(
    rows: pl.DataFrame,
    users: pl.Series,
    size: int,
    schema: InteractionsSchema,
    notes: list[str],
) -> Baskets:
    numbered = pl.DataFrame({"user": users, "_user": np.arange(len(users), dtype=np.int64)})
    rows = rows.join(numbered, on="user", how="inner", maintain_order="left")
    rows = rows.sort("_user", maintain_order=True)
    counts = np.bincount(rows["_user"].to_numpy(), minlength=len(users))
    empty = counts == 0
    _say(notes, int(empty.sum()), "users have no item that is known")
    indptr = np.concatenate([[0], np.cumsum(counts)])
    times = rows["time"].to_numpy() if "time" in rows.columns else None
    if times is not None:
        first = float(np.nanmin(times)) if np.isfinite(times).any() else 0.0
        times = np.where(np.isfinite(times), times, first)
    baskets = Baskets(
        indptr,
        rows["_item"].to_numpy().astype(np.int32),
        size,
        times,
        rows["rating"].to_numpy() if "rating" in rows.columns else None,
        users,
    )
    return replace(_at_most(baskets, notes), notes=tuple(notes))


def _at_most(baskets: Baskets, notes: list[str]) -> Baskets:
    many = baskets.lengths > MOST_TOUCHES
    if not many.any():
        return baskets
    left = np.repeat(baskets.indptr[1:], baskets.lengths) - np.arange(len(baskets.items))
    notes.append(
        f"{int(many.sum()):,} users touched more than {MOST_TOUCHES:,} items; of each the last "
        f"{MOST_TOUCHES:,} are used"
    )
    return baskets.only(left <= MOST_TOUCHES)


def _say(notes: list[str], count: int, words: str) -> None:
    if count:
        notes.append(f"{count:,} {words}")
