"""Which users and which touches are odd, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import note
from interfuse.kinds.interactions.ask.reading import asked
from interfuse.kinds.interactions.ask.usual import p_values, per_user, surprise
from interfuse.kinds.interactions.fitted import Fitted


@dataclass(frozen=True)
class OddTouches:
    """How odd touches and their users are.

    Attributes:
        touches: a row for each touch of a known item: user, item, `score` in nats, `p_value` among
            the touches of held-out users, and `expected`, the item that was likeliest there.
        users: a row for each user: `touches`, `score` in standard deviations from users of as many
            touches, `p_value` among held-out users, and the item of the oddest touch.
        warnings: what people should know.
    """

    touches: pl.DataFrame
    users: pl.DataFrame
    warnings: tuple[str, ...]

    @property
    def score(self) -> np.ndarray:
        """Of the users."""
        return self.users["score"].to_numpy()

    def top(self, n: int = 10) -> pl.DataFrame:
        """The oddest users."""
        return self.users.sort("score", descending=True, nulls_last=True).head(n)


def detect(model: Fitted, data: Any, where: str = "the data") -> OddTouches:
    """Score the users of a frame or file.

    Raises:
        DataError: it cannot be read.
    """
    baskets, _, _ = asked(model, data, where)
    warnings = tuple(f"{where}: {line}." for line in baskets.notes)
    found = surprise(model.panel, model.net, baskets)
    scores = model.usual.scores(per_user(found, baskets), baskets.lengths)
    schema, names = model.schema, model.names
    user = np.repeat(np.arange(len(baskets)), baskets.lengths)
    touches = pl.DataFrame(
        {
            schema.user: baskets.users[user],
            schema.item: names[baskets.items],
            "score": np.round(found.plain, 6),
            "p_value": p_values(found.plain, model.usual.touches),
            "expected": names[found.expected].alias("expected"),
        }
    )
    odd = np.full(len(baskets), -1)
    order = np.argsort(found.plain, kind="stable")
    odd[user[order]] = order
    empty = baskets.lengths == 0
    users = pl.DataFrame(
        {
            schema.user: baskets.users,
            "touches": baskets.lengths,
            "score": np.round(scores, 6),
            "p_value": p_values(scores, model.usual.users),
            "oddest": names[baskets.items[np.maximum(odd, 0)]]
            if len(baskets.items)
            else pl.Series([None] * len(baskets), dtype=names.dtype),
        }
    )
    nothing = pl.Series(empty)
    users = users.with_columns(
        pl.when(~nothing).then(pl.col(n)).alias(n) for n in ("score", "p_value", "oddest")
    )
    note(warnings, stacklevel=4)
    return OddTouches(touches, users, warnings)
