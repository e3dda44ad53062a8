"""What users may touch next, and the known items that it is because of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError, OptionError, note
from interfuse.io.frames import from_polars
from interfuse.io.origin import Origin
from interfuse.kinds.interactions.ask.reading import asked
from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.panel import Panel, top, without_known
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.learn.choose import blocks

MOST_REASONS = 3
N = 10


@dataclass(frozen=True)
class Recommendation:
    """A prepared question.

    Attributes:
        model: what is asked.
        baskets: of the users.
        n: items for each.
        exclude_known: whether what a user touched already is left out.
        origin: the kind of frame of the answer.
        warnings: what people should know.
    """

    model: Fitted
    baskets: Baskets
    n: int
    exclude_known: bool
    origin: Origin
    warnings: tuple[str, ...]

    @property
    def rows(self) -> int:
        """At most so many rows come back."""
        return len(self.baskets) * min(self.n, self.model.panel.size)

    def frames(self) -> Iterator[pl.DataFrame]:
        """The answer, some users at a time."""
        panel, schema = self.model.panel, self.model.schema
        for index in blocks(len(self.baskets), panel.size):
            known = self.baskets.take(index)
            scores = panel.scores(known)
            if self.exclude_known:
                without_known(scores, known)
            found = top(scores, self.n)
            value = np.take_along_axis(scores, found, 1)
            there = np.isfinite(value)
            total = sum(v.weight for v in panel.weighed) or 1.0
            rank = np.cumsum(there, 1)[there]
            user = np.repeat(np.arange(len(known)), there.sum(1))
            yield pl.DataFrame(
                {
                    schema.user: known.users[user],
                    schema.item: self.model.names[found[there]],
                    "score": np.round(value[there] / total, 6),
                    "rank": rank.astype(np.int64),
                    "because": self._because(known, found, there),
                }
            )

    def _because(self, known: Baskets, found: Any, there: Any) -> list[str | None]:
        out: list[str | None] = []
        words = self.model.names.cast(pl.String)
        for u in range(len(known)):
            mine = known.items[known.indptr[u] : known.indptr[u + 1]]
            items = found[u][there[u]]
            if not len(mine):
                out += [None] * len(items)
                continue
            added = parts(self.model.panel, known.take(np.array([u])), items)
            for column, item in enumerate(items):
                order = np.argsort(-added[:, column], kind="stable")
                chosen = [j for j in order if added[j, column] > 0 and mine[j] != item]
                named = ", ".join(str(words[int(mine[j])]) for j in chosen[:MOST_REASONS])
                out.append(named or None)
        return out


def parts(panel: Panel, known: Baskets, items: Any) -> Any:
    """What each known item of one user adds to the scores of items, (known, items)."""
    added = np.zeros((len(known.items), len(items)), np.float32)
    matrix = known.matrix
    for voice in panel.weighed:
        own = voice.parts(matrix, items)
        mean = max(float(np.maximum(voice.raw(matrix), 0).mean()), 1e-12)
        added += voice.weight * own / mean
    return added


def recommendation(
    model: Fitted, users: Any, *, n: int = N, exclude_known: bool = True, where: str = "the data"
) -> Recommendation:
    """Prepare the question.

    Raises:
        DataError: the users cannot be read.
        OptionError: `n` is below 1.
    """
    if n < 1:
        raise OptionError(f"n: is {n}; expected a whole number of at least 1.")
    baskets, _, origin = asked(model, users, where)
    warnings = [f"{where}: {line}." for line in baskets.notes if "no item" not in line]
    cold = int((baskets.lengths == 0).sum())
    if cold:
        warnings.append(
            f"{where}: of {cold:,} users no item is known (a run keeps no user): they are "
            "recommended what is popular. Give the touches of users beside their names."
        )
    return Recommendation(model, baskets, n, exclude_known, origin, tuple(warnings))


def recommend(model: Fitted, users: Any, **options: Any) -> Any:
    """The answer as one frame of the kind that came in."""
    question = recommendation(model, users, **options)
    frame = pl.concat(question.frames())
    note(question.warnings, stacklevel=4)
    library = question.origin.library
    return from_polars(frame, Origin(library if library in ("pandas", "pyarrow") else "polars"))


def similar_items(model: Fitted, items: Any, *, n: int = N) -> pl.DataFrame:
    """The items that a user of one item alone would be recommended.

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
    numbers = numbers_of(model, wanted)
    basket = Baskets(np.arange(len(numbers) + 1), numbers.astype(np.int32), model.panel.size,
                     users=model.names[numbers])  # fmt: skip
    out = []
    total = sum(v.weight for v in model.panel.weighed) or 1.0
    for index in blocks(len(basket), model.panel.size):
        known = basket.take(index)
        scores = without_known(model.panel.scores(known), known)
        found = top(scores, min(n, model.panel.size - 1))
        out.append(
            pl.DataFrame(
                {
                    model.schema.item: known.users[
                        np.repeat(np.arange(len(known)), found.shape[1])
                    ],
                    "similar": model.names[found.ravel()],
                    "score": np.round(np.take_along_axis(scores, found, 1).ravel() / total, 6),
                    "rank": np.tile(np.arange(1, found.shape[1] + 1), len(known)),
                }
            )
        )
    return pl.concat(out)


def numbers_of(model: Fitted, wanted: list[Any]) -> np.ndarray:
    """Numbers of items by name.

    Raises:
        DataError: one is not known.
    """
    try:
        asked_for = pl.Series(wanted).cast(model.names.dtype)
    except (pl.exceptions.PolarsError, TypeError):
        asked_for = pl.Series([None] * len(wanted), dtype=model.names.dtype)
    known = pl.DataFrame({"name": model.names, "number": np.arange(len(model.names))})
    found = pl.DataFrame({"name": asked_for}).join(
        known, on="name", how="left", maintain_order="left"
    )["number"]
    for name, number in zip(wanted, found, strict=True):
        if number is None:
            shown = ", ".join(map(str, model.names.head(5)))
            raise DataError(
                f"item: {name!r} is not known to the model; it knows {len(model.names):,} items, "
                f"such as {shown}. Items that too few users touched were left out of the fit."
            )
    return found.to_numpy()
