"""One fit of interactions from beginning to end: read, choose experts, train the denoiser, keep.

`interfuse.run.job` states what every fit does alike. Experts know the users that they were fitted
to, and would look better on them than they are. So the users are cut into folds, and the denoiser
is trained on each with experts that were fitted to the others; where that would take long, on one
fold alone. The experts of the model are fitted to all users.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from interfuse.core.seeds import Purpose, generator_for, seed_of, seeded
from interfuse.kinds.interactions.ask.usual import Usual
from interfuse.kinds.interactions.data.baskets import Baskets, build
from interfuse.kinds.interactions.data.beside import Beside, of_items, of_users
from interfuse.kinds.interactions.data.files import checksum, read
from interfuse.kinds.interactions.data.find import find_schema, fit_to
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.learn.choose import Choice, choose, fit_panel
from interfuse.kinds.interactions.learn.cold import Cold
from interfuse.kinds.interactions.learn.habits import Habits
from interfuse.kinds.interactions.learn.objective import FULL, BasketObjective, BasketRows
from interfuse.kinds.interactions.learn.patience import Patience
from interfuse.kinds.interactions.learn.ratings import Ratings
from interfuse.kinds.interactions.learn.traits import Traits
from interfuse.kinds.interactions.model import InteractionsModel
from interfuse.kinds.interactions.net import BasketNet
from interfuse.kinds.interactions.schema import NAME, InteractionsSchema
from interfuse.run.cost import peak
from interfuse.run.fitting import Notice, as_given
from interfuse.run.job import BaseJob, Ready, source_of, whole_record
from interfuse.train.budget import Budget
from interfuse.train.hold_out import hold_out
from interfuse.train.settings import Settings
from interfuse.train.trainer import Trainer

FOLDS = 5
MOST_FOLDED = 10_000
"""Users; a fifth of more is enough to train on, and experts take longer to fit."""
MOST_TRAINED = 20_000
FEWEST_APART = 100
"""Users; with fewer, the denoiser is trained on those that the experts know."""
MOST_USUAL, MOST_DESCRIBED = 2_000, 100_000
"""Users that what is usual, and what goes with attributes, are measured on."""
VISITS = 30
FEWEST_EXAMPLES, MOST_EXAMPLES = 10_000, 60_000
RANK = 16
FEWEST_FACTORED = 1_000
"""Users to train on. On 188, factors of 3,000 items learned by heart: of users drawn from them the
shares of items were .45 (total variation) from the real ones."""
FEWEST_STOPPING = 40
BATCH, SMALL_BATCH = 64, 16
SMALL_FROM = 50_000
PREPARING, MEASURING = 0.7, 0.1
"""Of a budget in seconds: when all experts are to be fitted, those of the model as well; of what is
left then, what measuring takes at the end."""
FEWEST_PANELS = 2
"""Experts apart from a fold of users, and those of the model."""
RATE, WARM_UP, HELD_OUT_DRAWS = 1e-2, 1_000, 512


@dataclass(frozen=True)
class Touches:
    """What was loaded."""

    baskets: Baskets
    names: pl.Series
    schema: InteractionsSchema
    words: dict[str, Any]
    of_users: Beside | None = None
    of_items: Beside | None = None


@dataclass(frozen=True)
class Cost:
    """Expected cost of a fit.

    Attributes:
        memory: bytes at the peak.
        budget: of the denoiser's training.
    """

    memory: float
    budget: Budget

    def __str__(self) -> str:
        most = self.budget.limit("users")
        return f"about {self.memory / 1e9:.1f} GB of memory, training for at most {most}"


@dataclass(kw_only=True)
class InteractionsJob(BaseJob[Touches, InteractionsModel]):
    """The arguments of one fit; see `interfuse.fit`."""

    data: Any
    schema: InteractionsSchema | str | Path | None = None
    user: str | None = None
    item: str | None = None
    time: str | None = None
    rating: str | None = None
    users: Any = None
    items: Any = None
    order: bool = True
    experts: list[dict[str, Any]] | None = None
    folds: int | None = None

    def _recall(self, folder: Path, before: dict[str, Any]) -> None:
        self.schema = InteractionsSchema.load(folder / "schema.json")
        self.order = bool(before.get("order", True))
        self.experts, self.folds = before.get("experts"), before.get("folds")

    def _load(self) -> Touches:
        frame, origin = read(self.data)
        where = str(self.data) if isinstance(self.data, str | Path) else "the data"
        given = self.schema
        if given is None:
            said = {r: getattr(self, r) for r in ("user", "item", "time", "rating")}
            schema = find_schema(frame, origin, said, where)
        else:
            loaded = given if isinstance(given, InteractionsSchema) else None
            schema = fit_to(loaded or InteractionsSchema.load(given), frame, origin, where)  # pyright: ignore[reportArgumentType]
        baskets, names = build(frame, schema, where=where)
        full = baskets.take(np.flatnonzero(baskets.lengths))
        found = f"{len(full.items):,} touches of {len(names):,} items by {len(full):,} users"
        self.listener(Notice("schema", found, schema))
        for line in baskets.notes:
            self.listener(Notice("warning", f"{line}."))
        for name in schema.ignored:
            self.listener(Notice("warning", f"column {name!r}: has no role; it is left out."))
        users = None if self.users is None else of_users(self.users, full, schema)
        items = None if self.items is None else of_items(self.items, names, schema)
        beside = {n: b for n, b in (("users", users), ("items", items)) if b is not None}
        for b in beside.values():
            for line in b.notes:
                self.listener(Notice("warning", f"{line}."))
        words = {
            "source": source_of(self.data),
            "rows": frame.height,
            "sha256": checksum(self.data, frame),
            "users": len(full),
            "items": len(names),
            "touches": len(full.items),
            **as_given(path=self.data),
            **({"beside": {n: b.words for n, b in beside.items()}} if beside else {}),
        }
        full = replace(full, users=full.users.clear(), codes=None if users is None else users.codes)
        return Touches(full, names, schema, words, users, items)

    def _budget(self, loaded: Touches) -> Budget:
        if self.seconds is not None or self.examples is not None:
            return Budget(self.seconds, self.examples)
        trained = _trained(len(loaded.baskets), len(loaded.names))
        return Budget(None, min(max(VISITS * trained, FEWEST_EXAMPLES), MOST_EXAMPLES))

    def _words(self, loaded: Touches) -> dict[str, Any]:
        used = self.order and loaded.schema.time is not None
        return {"kind": NAME, "order": self.order, "order_used": used, "data": loaded.words}

    def _prepare(self, loaded: Touches, budget: Budget) -> Ready[InteractionsModel]:
        baskets, m = loaded.baskets, len(loaded.names)
        ordered = self.order and baskets.times is not None
        batch = BATCH if m <= SMALL_FROM else SMALL_BATCH
        cost = Cost(peak(_memory(m, len(baskets.items), batch)), budget)
        self._tell_cost(cost, "Leave out items that few users touched (fewest_users).")
        patience = Patience(self.clock.until(self.seconds, PREPARING), FEWEST_PANELS)
        choices = self._choices(baskets, ordered, patience)
        if self.folds is None:
            self.folds = FOLDS if patience.allows(FOLDS + 1) else 1
        fold = _folds(len(baskets), m, self.seed, few=self.folds == 1)
        panels = tuple(
            fit_panel(choices, baskets.take(np.flatnonzero(others)), ordered, self.seed)
            for others in (fold != f if (fold != f).any() else fold == f
                           for f in range(fold.max() + 1))
        )  # fmt: skip
        # A start; an expert that ranks nothing may still explain a touch.
        mixture = [max(v.weight, 0.1) for v in panels[0].voices]
        mixture = [*mixture, 0.2 * sum(mixture)]
        with seeded(self.seed, Purpose.WEIGHTS, device=torch.device("cpu")):
            net = BasketNet(m, len(mixture) - 1, _rank(m, int((fold >= 0).sum())), mixture)
        settings = Settings(
            seed=self.seed, batch=batch, rate=RATE, warm_up=WARM_UP, held_out_draws=HELD_OUT_DRAWS
        )
        rows, held_out = _hold_out(baskets, fold, self.seed)
        trainer = Trainer(
            net, BasketObjective(panels), rows, held_out, settings,
            self.clock.training(budget, MEASURING), torch.device("cpu"),
        )  # fmt: skip
        finish = partial(self._model, loaded, choices, trainer)
        also = {"experts": [_finite(asdict(c)) for c in choices], "folds": self.folds}
        return Ready(trainer, loaded.schema, finish, also)

    def _choices(self, baskets: Baskets, ordered: bool, patience: Patience) -> list[Choice]:
        """The experts: those of the fit that goes on or is repeated, else chosen."""
        if self.experts is not None:
            given = [{**c, "alone": c["alone"] if c["alone"] is not None else float("nan")}
                     for c in self.experts]  # fmt: skip
            return [Choice(**c) for c in given]

        def tell(text: str) -> None:
            self.listener(Notice("experts", text))

        return choose(baskets, ordered, self.seed, tell, patience)

    def _model(
        self, loaded: Touches, choices: list[Choice], trainer: Trainer, record: dict[str, Any]
    ) -> InteractionsModel:
        """The experts of all users, and the averaged weights of the lowest held-out loss."""
        trainer.use_best()
        net, apart = trainer.net.eval(), trainer.objective.panels[0]
        baskets = loaded.baskets
        judged = trainer.held_out.baskets if len(trainer.held_out) else trainer.rows.baskets
        judged = judged.take(np.arange(min(len(judged), MOST_USUAL)))
        usual = Usual.of(apart, net, judged)
        rng = np.random.default_rng(seed_of(self.seed, Purpose.SPLIT, 2))
        rated = baskets.ratings is not None and np.isfinite(baskets.ratings).any()
        ratings = Ratings.of(baskets, rng) if rated else None
        fitted = Fitted(
            loaded.schema,
            loaded.names,
            fit_panel(choices, baskets, apart.ordered, self.seed),
            net,
            Habits.of(baskets),
            usual,
            ratings,
            *self._traits(loaded, rng),
        )
        more: dict[str, Any] = {}
        if ratings is not None:
            more["rating_error"] = {"model": ratings.spread, "item_means": ratings.plain}
        return InteractionsModel(fitted, whole_record(record, trainer, **more))

    def _traits(
        self, loaded: Touches, rng: np.random.Generator
    ) -> tuple[dict[str, Traits], Cold | None]:
        """What goes with attributes, and the items that are known by them alone."""
        out, cold, m = {}, None, len(loaded.names)
        touched = loaded.baskets.touched
        if loaded.of_users is not None:
            b = loaded.of_users
            some = np.sort(rng.permutation(touched.shape[0])[:MOST_DESCRIBED])
            out["user"] = Traits.of_users(b.attributes, touched[some], b.codes[some], self.seed)
        if loaded.of_items is not None:
            b = loaded.of_items
            out["item"] = Traits.of_items(b.attributes, touched, b.codes[:m], self.seed)
            if len(b.cold):
                cold = Cold.of(b.cold, b.codes[m:], b.codes[:m])
        return out, cold


def _rank(items: int, users: int) -> int:
    """Width of the denoiser's own factors of items; few users would be learned by heart."""
    return RANK if items <= FULL and users >= FEWEST_FACTORED else 0


def _trained(users: int, items: int) -> int:
    """How many users the denoiser is trained on."""
    if users < FEWEST_APART or (users <= MOST_FOLDED and items <= FULL):
        return users
    return min(users // FOLDS, MOST_TRAINED)


def _folds(users: int, items: int, seed: int, few: bool = False) -> NDArray[np.int64]:
    """The fold of each user, -1 for users whom only the experts are fitted to.

    Args:
        users: how many there are.
        items: how many there are.
        seed: of the shuffle.
        few: whether one fold is all there is time for.
    """
    trained = _trained(users, items)
    if few and users >= FEWEST_APART:
        trained = min(trained, users // FOLDS)
    fold = np.zeros(users, np.int64)
    if users >= FEWEST_APART:
        rng = np.random.default_rng(seed_of(seed, Purpose.SPLIT, 1))
        fold[:trained] = np.arange(trained) % FOLDS if trained == users else 0
        fold[trained:] = -1
        rng.shuffle(fold)
    return fold


def _hold_out(
    baskets: Baskets, fold: NDArray[np.int64], seed: int
) -> tuple[BasketRows, BasketRows]:
    """Users to train on and users of fold 0 that decide when to stop: a fifth of few of them."""
    at = np.flatnonzero(fold >= 0)
    rows = BasketRows(baskets.take(at), fold[at])
    n = len(rows)
    k = n // 5 if FEWEST_STOPPING <= n < 1_000 else len(hold_out(rows, seed)[1])
    order = torch.randperm(n, generator=generator_for(seed, Purpose.SPLIT))
    first = torch.from_numpy(rows.fold)[order] == 0
    held = order[first][:k]
    rest = torch.ones(n, dtype=torch.bool)
    rest[held] = False
    return rows.take(rest.nonzero().flatten()), rows.take(held.sort().values)


def _finite(choice: dict[str, Any]) -> dict[str, Any]:
    """Without a figure where none was measured: JSON has no NaN."""
    return {k: (None if isinstance(v, float) and v != v else v) for k, v in choice.items()}


def _memory(items: int, touches: int, batch: int) -> float:
    """Bytes that are to come: experts of two panels, and the scores of a batch."""
    from interfuse.kinds.interactions.experts.methods import MOST_DENSE, neighbours

    dense = 8.0 * items**2 if items <= MOST_DENSE else 0.0
    walks = 24.0 * neighbours(items) * min(items, touches)
    panels = FOLDS + 1 if items <= FULL else 2
    return 2 * panels * dense + walks + 12.0 * 64 * items + 60.0 * batch * items + 200.0 * touches
