"""Recommendations judged on touches that were held out, beside plain methods of the same run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interfuse.errors import DataError
from interfuse.kinds.interactions.ask.reading import as_names
from interfuse.kinds.interactions.data.baskets import Baskets, build
from interfuse.kinds.interactions.data.files import read
from interfuse.kinds.interactions.data.find import find_schema
from interfuse.kinds.interactions.experts import closed
from interfuse.kinds.interactions.experts.forms import Floats
from interfuse.kinds.interactions.experts.methods import MOST_DENSE, neighbours
from interfuse.kinds.interactions.experts.panel import Panel
from interfuse.kinds.interactions.judge.metrics import Ranking, rank
from interfuse.kinds.interactions.judge.splits import split as split_rows
from interfuse.kinds.interactions.learn.choose import Choice, choose, fit_panel
from interfuse.kinds.interactions.schema import InteractionsSchema

OURS = "interfuse"
EASE_RIDGE = 100.0


@dataclass(frozen=True)
class Backtest:
    """Figures of several methods on the same held-out touches.

    Attributes:
        methods: by name; `interfuse` is the mixture, the others stand alone.
        choices: the experts, with settings and weights chosen on touches of the training part.
        at: length of the lists.
        split: what was held out.
        ordered: whether the order of touches was used.
        users: how many were judged by.
        notes: what was left out.
    """

    methods: dict[str, Ranking]
    choices: tuple[Choice, ...]
    at: int
    split: str
    ordered: bool
    users: int
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """What was done, for people."""
        order = "used" if self.ordered else "not used"
        return f"Held out by {self.split}; {self.users:,} users; order {order}"

    @property
    def frame(self) -> pl.DataFrame:
        """A row for each method, the best nDCG first."""
        rows = [
            {
                "method": name, f"recall@{self.at}": r.recall, f"ndcg@{self.at}": r.ndcg,
                f"mrr@{self.at}": r.mrr, f"hit_rate@{self.at}": r.hit_rate,
                f"coverage@{self.at}": r.coverage, f"novelty@{self.at}": r.novelty,
            }
            for name, r in self.methods.items()
        ]  # fmt: skip
        return pl.DataFrame(rows).sort(f"ndcg@{self.at}", descending=True, maintain_order=True)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "split": self.split,
            "order_used": self.ordered,
            "at": self.at,
            "users": self.users,
            "methods": {name: r._asdict() for name, r in self.methods.items()},
            "weights": {c.name: c.weight for c in self.choices},
        }


def backtest(
    data: Any,
    *,
    schema: InteractionsSchema | None = None,
    split: str | None = None,
    at: int = 20,
    seed: int = 0,
    order: bool = True,
    tell: Callable[[str], None] = lambda text: None,
) -> Backtest:
    """Fit to a part of the touches and judge on the others.

    Settings and weights are chosen on touches of the training part alone. Held-out touches of items
    that the training part does not have cannot be hit; they count in what is wanted, and are told.

    Args:
        data: touches, as for a fit.
        schema: which column says what; found unless given.
        split: see `judge.splits.split`.
        at: length of the lists.
        seed: of the random split and of what is held out to choose.
        order: whether the order of touches may be used, where there is a time.
        tell: told what is done.

    Raises:
        DataError: the data cannot be read, or no user can be judged by.
        OptionError: there is no such split.
    """
    frame, origin = read(data)
    schema = schema or find_schema(frame, origin, {}, "the data")
    before, after, said = split_rows(frame, schema, split, seed)
    known, names = build(before, schema)
    ordered = order and schema.time is not None
    wanted, missed, notes = _wanted(known, after, schema, names)
    if not wanted.lengths.any():
        raise DataError(
            "split: no user of the judged part has an item and a touch of the other part. Choose "
            "another split."
        )
    choices = choose(known, ordered, seed, tell)
    methods = judge(known, wanted, choices, ordered, at, seed, missed, tell)
    users = int((wanted.lengths + missed > 0).sum())
    return Backtest(methods, tuple(choices), at, said, ordered, users, (*known.notes, *notes))


def judge(
    known: Baskets,
    wanted: Baskets,
    choices: list[Choice],
    ordered: bool,
    at: int = 20,
    seed: int = 0,
    missed: NDArray[np.int64] | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Ranking]:
    """The mixture, each of its experts alone, popularity, item-kNN and, of few items, EASE.

    Args:
        known: what users touched before; the experts are fitted to it.
        wanted: what the same users touched later.
        choices: the experts, also those without weight.
        ordered: whether the order is used.
        at: length of the lists.
        seed: of random starts.
        missed: (users,) later touches of items that cannot be recommended.
        tell: told what is done.
    """
    panel = fit_panel(choices, known, ordered, seed)
    knn = closed.item_knn(known.matrix, neighbours(known.size))
    scorers: dict[str, Callable[[Baskets], Floats]] = {
        OURS: panel.scores,
        "popularity": _popular(panel),
        "item-kNN": lambda b: knn.scores(b.matrix),
        **{v.name: panel.alone(v.name).scores for v in panel.voices},
    }
    if known.size <= MOST_DENSE:
        ease = closed.edlae(known.matrix, EASE_RIDGE)
        scorers["EASE"] = lambda b: ease.scores(b.matrix)
    out = {}
    for name, scorer in scorers.items():
        found = rank(scorer, known, wanted, panel.popularity, at, missed)
        out[name] = found
        tell(f"{name}: recall@{at} {found.recall:.4f}, nDCG@{at} {found.ndcg:.4f}")
    return out


def _popular(panel: Panel) -> Callable[[Baskets], Floats]:
    return lambda b: np.tile(panel.popularity, (len(b), 1))


def _wanted(
    known: Baskets, after: pl.DataFrame, schema: InteractionsSchema, names: pl.Series
) -> tuple[Baskets, NDArray[np.int64], tuple[str, ...]]:
    """Held-out touches in the order of the users of `known`, how many are of other items, words."""
    rows = after.filter(after[schema.user].is_in(known.users.implode()))
    lost = after.height - rows.height
    held, _ = build(rows, schema, names) if rows.height else (None, None)
    notes = []
    if lost:
        notes.append(f"{lost:,} held-out rows are of users without an earlier touch")
    if held is None:
        raise DataError("split: no user of the judged part has an earlier touch.")
    notes += [f"held out: {line}" for line in held.notes]
    place = pl.DataFrame({"user": held.users, "at": np.arange(len(held))})
    at = pl.DataFrame({"user": known.users}).join(
        place, on="user", how="left", maintain_order="left"
    )["at"]
    there = at.is_not_null().to_numpy()
    lengths = np.zeros(len(known), np.int64)
    chosen = held.take(at.drop_nulls().to_numpy())
    lengths[there] = chosen.lengths
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    items = chosen.items
    # What users touched before is not recommended, so that it cannot be wanted.
    whole = Baskets(indptr, items, known.size)
    user = np.repeat(np.arange(len(whole)), whole.lengths)
    mine = np.repeat(np.arange(len(known)), known.lengths)
    again = np.isin(user * known.size + items, mine * known.size + known.items)
    if again.any():
        notes.append(f"{int(again.sum()):,} held-out touches repeat an earlier one")
    return whole.only(~again), _missed(known, rows, schema, names), tuple(notes)


def _missed(
    known: Baskets, rows: pl.DataFrame, schema: InteractionsSchema, names: pl.Series
) -> NDArray[np.int64]:
    """Items of each user that cannot be recommended, as the training part does not have them."""
    item = as_names(rows, schema.item, names.dtype)
    others = rows.filter(item.is_not_null() & ~item.is_in(names.implode()))
    counts = others.group_by(schema.user).agg(pl.col(schema.item).n_unique().alias("many"))
    users = pl.DataFrame({schema.user: known.users})
    found = users.join(counts, on=schema.user, how="left", maintain_order="left")["many"]
    return found.fill_null(0).to_numpy().astype(np.int64)
