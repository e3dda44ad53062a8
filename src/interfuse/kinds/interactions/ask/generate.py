"""New users, as a table like the one that was fitted.

Users are drawn in blocks of a fixed number, so that user i depends on the seed and on i alone. Each
draws how many items it will have; then, in `ROUNDS` rounds (`ORDERED_ROUNDS` where there is an
order), the denoiser says which items go with those that are there, and the next
n (s / rounds)^1.5 - |K| are drawn without replacement (the largest of log p + Gumbel noise; Kool et
al. 2019). Where there is an order, those of one round are put behind those of the rounds before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
from scipy import sparse

from interfuse.kinds.interactions.ask.given import Given
from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.forms import Known
from interfuse.kinds.interactions.experts.panel import top
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.learn.objective import log_p

BLOCK, LARGE_BLOCK, LARGE = 64, 8, 50_000
ROUNDS, ORDERED_ROUNDS = 20, 40
POWER = 1.5
TEMPERATURE = 0.9
"""Of log p. The denoiser spreads over rare items what it cannot know, and a round draws several
items as if each were alone; both make drawn users looser than real ones. On half of last.fm, 1, .9
and .8 gave boosted trees .714, .658, .660 (other real users .614), and pairs of items a correlation
of .58, .67, .73 (other real users .64)."""
_STREAM = 23


def generate(
    model: Fitted, n: int, *, given: Given | None = None, seed: int = 0
) -> Iterator[pl.DataFrame]:
    """The touches of new users, some users at a time; users are numbered from 1.

    Where users have attributes, these are drawn first, and are columns of the answer.
    """
    size = BLOCK if model.panel.size <= LARGE else LARGE_BLOCK
    asked = given or Given()
    for start in range(0, n, size):
        rng = np.random.default_rng([seed, _STREAM, start // size])
        columns, codes = _attributes(model, asked, size, rng)
        drawn = _block(model, asked.items, codes, size, rng)
        last = min(size, n - start)
        frame = _frame(model, drawn.take(np.arange(last)), start, seed)
        user = np.repeat(np.arange(last), drawn.lengths[:last])
        yield frame.with_columns(column[user] for column in columns)


def _attributes(
    model: Fitted, asked: Given, size: int, rng: np.random.Generator
) -> tuple[list[pl.Series], Known | None]:
    """Attributes of `size` users, as columns and as codes."""
    traits = model.traits.get("user")
    if traits is None:
        return [], None
    attributes = traits.attributes.columns
    fixed = np.array([asked.codes.get(a.name, -1) for a in attributes], np.int64)
    codes = traits.tree.draw(np.tile(fixed, (size, 1)), rng)
    columns = []
    for a, code in zip(attributes, codes.T, strict=True):
        u = rng.random(size)
        if a.name in asked.values:
            columns.append(asked.values[a.name].new_from_index(0, size))
        else:
            columns.append(a.column(code, u))
    rows, place = np.nonzero(codes >= 0)
    made = codes[rows, place] + traits.attributes.starts[place]
    ones = np.ones(len(rows), np.float32)
    return columns, sparse.csr_matrix((ones, (rows, made)), (size, traits.attributes.size))


def _block(
    model: Fitted, given: np.ndarray, codes: Known | None, size: int, rng: np.random.Generator
) -> Baskets:
    """Baskets of `size` users."""
    panel, u = model.panel, rng.random(size)
    if codes is not None:
        u = model.traits["user"].shares(codes, rng)
    n = np.maximum(model.habits.sizes(u, panel.size), len(given))
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
        known = replace(_of(baskets, panel.size), codes=codes)
        said = log_p(panel, model.net, known, n, past) / TEMPERATURE
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
