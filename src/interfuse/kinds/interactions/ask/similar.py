"""Items that go with items."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from interfuse.errors import DataError, OptionError
from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.forms import Floats
from interfuse.kinds.interactions.experts.panel import top
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.learn.choose import blocks

N = 10


def similar_items(model: Fitted, items: Any, *, n: int = N) -> pl.DataFrame:
    """The items that a user of one item alone would be recommended.

    An item that is known by its attributes alone goes with those that it is most like.

    Args:
        model: what is asked.
        items: one item or several.
        n: how many for each.

    Raises:
        DataError: an item is not known.
    """
    if n < 1:
        raise OptionError(f"n: is {n}; expected a whole number of at least 1.")
    wanted = list(items) if isinstance(items, list | tuple | pl.Series | np.ndarray) else [items]
    names = model.catalogue
    numbers = numbers_of(names, wanted)
    out = []
    for index in blocks(len(numbers), len(names)):
        some = numbers[index]
        scores = _scores(model, some)
        scores[np.arange(len(some)), some] = -np.inf
        found = top(scores, min(n, len(names) - 1))
        out.append(
            pl.DataFrame(
                {
                    model.schema.item: names[np.repeat(some, found.shape[1])],
                    "similar": names[found.ravel()],
                    "score": np.round(np.take_along_axis(scores, found, 1).ravel(), 6),
                    "rank": np.tile(np.arange(1, found.shape[1] + 1), len(some)),
                }
            )
        )
    return pl.concat(out)


def _scores(model: Fitted, some: np.ndarray) -> Floats:
    """(items, catalogue) how well all go with each."""
    m, cold = model.panel.size, model.cold
    warm = np.minimum(some, m - 1).astype(np.int32)
    nothing = sparse.csr_matrix((len(some), model.user_attributes.size), dtype=np.float32)
    basket = Baskets(np.arange(len(some) + 1), warm, m, codes=nothing)
    scores = model.panel.scores(basket) / (sum(v.weight for v in model.panel.weighed) or 1.0)
    if cold is None:
        return scores
    alone = np.flatnonzero(some >= m)
    # Cosines have mean 1 over the items too, as scores have.
    like = cold.like[some[alone] - m].toarray()
    scores[alone] = like / np.maximum(like.mean(1, keepdims=True), 1e-12)
    return np.concatenate([scores, cold.scores(scores)], 1)


def numbers_of(names: pl.Series, wanted: list[Any]) -> np.ndarray:
    """Numbers of items by name.

    Args:
        names: the items by their number.
        wanted: some of them.

    Raises:
        DataError: one is not known.
    """
    try:
        asked_for = pl.Series(wanted).cast(names.dtype)
    except (pl.exceptions.PolarsError, TypeError):
        asked_for = pl.Series([None] * len(wanted), dtype=names.dtype)
    known = pl.DataFrame({"name": names, "number": np.arange(len(names))})
    found = pl.DataFrame({"name": asked_for}).join(
        known, on="name", how="left", maintain_order="left"
    )["number"]
    for name, number in zip(wanted, found, strict=True):
        if number is None:
            shown = ", ".join(map(str, names.head(5)))
            raise DataError(
                f"item: {name!r} is not known to the model; it knows {len(names):,} items, "
                f"such as {shown}. Items that too few users touched were left out of the fit."
            )
    return found.to_numpy()
