"""New users, as a table like the one that was fitted.

Users are drawn in blocks of a fixed number, so that user i depends on the seed and on i alone. Each
draws how many items it will have; then, in `ROUNDS` rounds (`ORDERED_ROUNDS` where there is an
order), the denoiser says which items go with those that are there, and the next
n (s / rounds)^1.5 - |K| are drawn without replacement (the largest of log p + Gumbel noise; Kool et
al. 2019). Where there is an order, those of one round are put behind those of the rounds before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import ConditionError, DataError
from interfuse.kinds.interactions.ask.recommend import numbers_of
from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.panel import top
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.learn.objective import log_p

BLOCK, LARGE_BLOCK, LARGE = 64, 8, 50_000
ROUNDS, ORDERED_ROUNDS = 20, 40
POWER = 1.5
_STREAM = 23


def items_given(model: Fitted, given: Sequence[str] | dict[str, Any] | None) -> np.ndarray:
    """Numbers of the items that every drawn user shall have.

    Args:
        model: what is asked.
        given: by the column of items one or several; or texts such as `item=X`.

    Raises:
        ConditionError: another column, or an item that is not known.
    """
    if not given:
        return np.zeros(0, np.int64)
    pairs: list[tuple[str, Any]] = []
    if isinstance(given, dict):
        for name, value in given.items():
            many = value if isinstance(value, list | tuple | set) else [value]
            pairs += [(name, v) for v in many]
    else:
        for text in given:
            name, sign, value = text.partition("=")
            if not sign:
                raise ConditionError(
                    f"--given: {text!r} is no condition; expected {model.schema.item}=NAME."
                )
            pairs.append((name.strip(), value.strip()))
    for name, _ in pairs:
        if name != model.schema.item:
            raise ConditionError(
                f"--given: there is no condition on column {name!r} here; expected "
                f"{model.schema.item!r}, an item that users touched."
            )
    try:
        return np.unique(numbers_of(model, [value for _, value in pairs]))
    except DataError as error:
        raise ConditionError(f"--given: {error}") from error


def generate(
    model: Fitted, n: int, *, given: np.ndarray | None = None, seed: int = 0
) -> Iterator[pl.DataFrame]:
    """The touches of new users, some users at a time; users are numbered from 1."""
    size = BLOCK if model.panel.size <= LARGE else LARGE_BLOCK
    known = np.zeros(0, np.int64) if given is None else given
    for start in range(0, n, size):
        drawn = _block(model, known, size, np.random.default_rng([seed, _STREAM, start // size]))
        yield _frame(model, drawn.take(np.arange(min(size, n - start))), start, seed)


def _block(model: Fitted, given: np.ndarray, size: int, rng: np.random.Generator) -> Baskets:
    """Baskets of `size` users."""
    panel = model.panel
    n = np.maximum(model.habits.sizes(rng.random(size), panel.size), len(given))
    baskets = [list(given) for _ in range(size)]
    # Items that are given may stand anywhere, so that what is known is not the past.
    past = np.full(size, panel.ordered and not len(given))
    rounds = ORDERED_ROUNDS if panel.ordered else ROUNDS
    for s in range(1, rounds + 1):
        wanted = np.ceil(n * (s / rounds) ** POWER).astype(np.int64)
        more = np.maximum(wanted - [len(b) for b in baskets], 0)
        noise = rng.random((size, panel.size), np.float32)
        asked = np.flatnonzero(more)
        if not len(asked):
            continue
        known = _of(baskets, panel.size)
        said = log_p(panel, model.net, known, n, past)
        said -= np.log(-np.log(np.clip(noise, 1e-12, 1 - 6e-8)))
        found = top(said[asked], int(more.max()))
        for place, u in enumerate(asked):
            baskets[u] += found[place, : more[u]].tolist()
    if panel.ordered and len(given):
        baskets = [_mingled(b, len(given), rng) for b in baskets]
    return _of(baskets, panel.size)


def _mingled(basket: list[int], first: int, rng: np.random.Generator) -> list[int]:
    """The basket with its first items at places that are drawn, the others in their order."""
    places = np.zeros(len(basket), bool)
    places[rng.permutation(len(basket))[:first]] = True
    given, others = iter(basket[:first]), iter(basket[first:])
    return [next(given) if at else next(others) for at in places]


def _of(baskets: list[list[int]], size: int) -> Baskets:
    indptr = np.concatenate([[0], np.cumsum([len(b) for b in baskets])]).astype(np.int64)
    items = np.array([i for b in baskets for i in b], np.int32)
    return Baskets(indptr, items, size)


def _frame(model: Fitted, drawn: Baskets, start: int, seed: int) -> pl.DataFrame:
    """Rows with the columns of the data, in their types."""
    schema = model.schema
    number = np.repeat(np.arange(start, start + len(drawn)), drawn.lengths) + 1
    user = pl.Series(number)
    dtype = schema.dtype(schema.user)
    user = user.cast(dtype) if dtype.is_numeric() else ("u" + user.cast(pl.String))
    columns: dict[str, pl.Series] = {schema.user: user, schema.item: model.names[drawn.items]}
    streams = [np.random.default_rng([seed, _STREAM + 1, start + u]) for u in range(len(drawn))]
    if schema.time is not None:
        when = [
            model.habits.times(int(k), rng) for k, rng in zip(drawn.lengths, streams, strict=True)
        ]
        columns[schema.time] = _times(np.concatenate(when), schema.dtype(schema.time))
    if schema.rating is not None and model.ratings is not None:
        columns[schema.rating] = pl.Series(_ratings(model, drawn, streams)).cast(
            schema.dtype(schema.rating), strict=False
        )
    return pl.DataFrame({n: columns[n].alias(n) for n in schema.columns if n in columns})


def _times(values: np.ndarray, dtype: pl.DataType) -> pl.Series:
    if isinstance(dtype, pl.Datetime):
        naive = pl.Series(np.round(values).astype(np.int64)).cast(pl.Datetime("us"))
        if dtype.time_zone:
            naive = naive.dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone)
        return naive.cast(dtype)
    if dtype == pl.Date:
        return pl.Series(np.round(values).astype(np.int64)).cast(pl.Datetime("us")).cast(pl.Date)
    return pl.Series(np.round(values) if dtype.is_integer() else values).cast(dtype)


def _ratings(model: Fitted, drawn: Baskets, streams: list[np.random.Generator]) -> np.ndarray:
    """Ratings of a user's items, each around what is expected of its item."""
    assert model.ratings is not None
    nothing = replace(drawn, ratings=np.full(len(drawn.items), np.nan))
    expected = model.ratings.predict(nothing, drawn)
    u = [rng.random(int(k)) for k, rng in zip(drawn.lengths, streams, strict=True)]
    drawn_values = model.ratings.drawn(expected, np.concatenate(u) if u else np.zeros(0))
    low, high = model.schema.lowest, model.schema.highest
    return np.clip(drawn_values, low, high)
