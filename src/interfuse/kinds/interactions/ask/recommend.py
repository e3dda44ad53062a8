"""What users may touch next, and the known items that it is because of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from interfuse.errors import OptionError, note
from interfuse.io.frames import from_polars
from interfuse.io.origin import Origin
from interfuse.kinds.interactions.ask.reading import asked
from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.forms import Known
from interfuse.kinds.interactions.experts.panel import Voice, top, without_known
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.learn.choose import blocks

MOST_REASONS = 3
N = 10
_USER, _ITEM = "\0user", "\0item"  # no column has such a name


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
        touched_cold: (users, cold items) what they touched of those; None where there are none.
    """

    model: Fitted
    baskets: Baskets
    n: int
    exclude_known: bool
    origin: Origin
    warnings: tuple[str, ...]
    touched_cold: Any = None

    @property
    def rows(self) -> int:
        """At most so many rows come back."""
        return len(self.baskets) * min(self.n, len(self.model.catalogue))

    def frames(self) -> Iterator[pl.DataFrame]:
        """The answer, some users at a time."""
        panel, schema, cold = self.model.panel, self.model.schema, self.model.cold
        names = self.model.catalogue
        for index in blocks(len(self.baskets), len(names)):
            known = self.baskets.take(index)
            scores, means = panel.heard(known)
            beyond = None if cold is None else cold.scores(scores)
            if self.exclude_known:
                without_known(scores, known)
            if beyond is not None:
                if self.exclude_known and self.touched_cold is not None:
                    beyond[self.touched_cold[index].nonzero()] = -np.inf
                scores = np.concatenate([scores, beyond], 1)
            found = top(scores, self.n)
            value = np.take_along_axis(scores, found, 1)
            there = np.isfinite(value)
            total = sum(v.weight for v in panel.weighed) or 1.0
            rank = np.cumsum(there, 1)[there]
            user = np.repeat(np.arange(len(known)), there.sum(1))
            yield pl.DataFrame(
                {
                    schema.user: known.users[user],
                    schema.item: names[found[there]],
                    "score": np.round(value[there] / total, 6),
                    "rank": rank.astype(np.int64),
                    "because": self._because(known, found, there, means),
                }
            )

    def _because(
        self, known: Baskets, found: Any, there: Any, means: list[tuple[Voice, Any]]
    ) -> list[str | None]:
        out: list[str | None] = []
        words = [*self.model.names.cast(pl.String), *self.model.user_attributes.labels]
        matrix, m, cold = known.matrix, self.model.panel.size, self.model.cold
        for u in range(len(known)):
            mine = matrix.indices[matrix.indptr[u] : matrix.indptr[u + 1]]
            items = found[u][there[u]]
            if not len(mine):
                out += [None] * len(items)
                continue
            one, own = matrix[u], [(voice, float(mean[u])) for voice, mean in means]
            near = items[items < m]
            added = np.zeros((len(mine), len(items)), np.float32)
            added[:, items < m] = parts(own, one, near)
            for column, item in enumerate(items):
                if cold is not None and item >= m:
                    like = cold.like[item - m]
                    added[:, column] = parts(own, one, like.indices) @ like.data
                order = np.argsort(-added[:, column], kind="stable")
                chosen = [j for j in order if added[j, column] > 0 and mine[j] != item]
                named = ", ".join(words[int(mine[j])] for j in chosen[:MOST_REASONS])
                out.append(named or None)
        return out


def parts(voices: Sequence[tuple[Voice, float]], known: Known, items: Any) -> Any:
    """What each known item of one user adds to the scores of items, (known, items).

    Args:
        voices: experts that count, and mean f+ of the user by each.
        known: one row.
        items: whose scores.
    """
    added = np.zeros((known.nnz, len(items)), np.float32)
    for voice, mean in voices:
        added += voice.weight * voice.parts(known, items) / mean
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
    baskets, frame, origin = asked(model, users, where)
    warnings = [f"{where}: {line}." for line in baskets.notes if "no item" not in line]
    empty = baskets.lengths == 0
    if baskets.codes is not None:
        empty &= np.diff(baskets.codes.indptr) == 0
    cold = int(empty.sum())
    if cold:
        warnings.append(
            f"{where}: of {cold:,} users no item is known (a run keeps no user): they are "
            "recommended what is popular. Give the touches of users beside their names."
        )
    touched = _touched_cold(model, frame, baskets)
    return Recommendation(model, baskets, n, exclude_known, origin, tuple(warnings), touched)


def _touched_cold(model: Fitted, frame: pl.DataFrame, baskets: Baskets) -> Any:
    """(users, cold items) what users touched of items that are known by attributes alone."""
    schema = model.schema
    if model.cold is None or schema.item not in frame.columns:
        return None
    users = pl.DataFrame({schema.user: baskets.users, _USER: np.arange(len(baskets))})
    names = model.cold.names
    items = pl.DataFrame({schema.item: names, _ITEM: np.arange(len(names))})
    found = frame.join(users, on=schema.user).join(items, on=schema.item)
    place = found[_USER].to_numpy(), found[_ITEM].to_numpy()
    return sparse.csr_matrix((np.ones(len(found)), place), shape=(len(baskets), len(names)))


def recommend(model: Fitted, users: Any, **options: Any) -> Any:
    """The answer as one frame of the kind that came in."""
    question = recommendation(model, users, **options)
    frame = pl.concat(question.frames())
    note(question.warnings, stacklevel=4)
    library = question.origin.library
    return from_polars(frame, Origin(library if library in ("pandas", "pyarrow") else "polars"))
