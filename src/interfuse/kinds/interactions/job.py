"""One fit of interactions from beginning to end: read, choose experts, train the denoiser, keep.

`interfuse.run.job` states what every fit does alike. Experts know the users that they were fitted
to, and would look better on them than they are. So the denoiser is trained on a fifth of the users,
with experts that were fitted to the others; the experts of the model are fitted to all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from interfuse.core.seeds import Purpose, generator_for, seed_of, seeded
from interfuse.kinds.interactions.ask.usual import Usual
from interfuse.kinds.interactions.data.baskets import Baskets, build
from interfuse.kinds.interactions.data.files import checksum, read
from interfuse.kinds.interactions.data.find import find_schema, fit_to
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.learn.choose import Choice, choose, fit_panel
from interfuse.kinds.interactions.learn.habits import Habits
from interfuse.kinds.interactions.learn.objective import FULL, BasketObjective, BasketRows
from interfuse.kinds.interactions.learn.ratings import Ratings
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

TRAINED_SHARE = 0.2
MOST_TRAINED = 20_000
FEWEST_APART = 100
"""Users; with fewer, the denoiser is trained on those that the experts know."""
MOST_USUAL = 2_000
VISITS = 30
FEWEST_EXAMPLES, MOST_EXAMPLES = 10_000, 60_000
RANK = 16
FEWEST_FACTORED = 1_000
"""Users to train on. On 188, factors of 3,000 items learned by heart: of users drawn from them the
shares of items were .45 (total variation) from the real ones."""
FEWEST_STOPPING = 40
BATCH, SMALL_BATCH = 64, 16
SMALL_FROM = 50_000
RATE, WARM_UP, HELD_OUT_DRAWS = 1e-2, 1_000, 512


@dataclass(frozen=True)
class Touches:
    """What was loaded."""

    baskets: Baskets
    names: pl.Series
    schema: InteractionsSchema
    words: dict[str, Any]


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
    order: bool = True

    def _recall(self, folder: Path, before: dict[str, Any]) -> None:
        self.schema = InteractionsSchema.load(folder / "schema.json")
        self.order = bool(before.get("order", True))

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
        words = {
            "source": source_of(self.data),
            "rows": frame.height,
            "sha256": checksum(self.data, frame),
            "users": len(full),
            "items": len(names),
            "touches": len(full.items),
            **as_given(path=self.data),
        }
        return Touches(replace(full, users=full.users.clear()), names, schema, words)

    def _budget(self, loaded: Touches) -> Budget:
        if self.seconds is not None or self.examples is not None:
            return Budget(self.seconds, self.examples)
        trained = min(int(TRAINED_SHARE * len(loaded.baskets)), MOST_TRAINED)
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
        choices = choose(baskets, ordered, self.seed,
                         lambda text: self.listener(Notice("experts", text)))  # fmt: skip
        others, apart = self._apart(baskets)
        panel = fit_panel(choices, others, ordered, self.seed)
        # A start; an expert that ranks nothing may still explain a touch.
        mixture = [max(v.weight, 0.1) for v in panel.voices]
        mixture = [*mixture, 0.2 * sum(mixture)]
        with seeded(self.seed, Purpose.WEIGHTS, device=torch.device("cpu")):
            net = BasketNet(m, len(panel.voices), _rank(m, len(apart)), mixture)
        settings = Settings(
            seed=self.seed, batch=batch, rate=RATE, warm_up=WARM_UP, held_out_draws=HELD_OUT_DRAWS
        )
        rows, held_out = _hold_out(apart, self.seed)
        trainer = Trainer(
            net, BasketObjective(panel), rows, held_out, settings, budget, torch.device("cpu")
        )
        return Ready(trainer, loaded.schema, partial(self._model, loaded, choices, trainer))

    def _apart(self, baskets: Baskets) -> tuple[Baskets, Baskets]:
        """Users for the experts, and users for the denoiser."""
        if len(baskets) < FEWEST_APART:
            return baskets, baskets
        rng = np.random.default_rng(seed_of(self.seed, Purpose.SPLIT, 1))
        k = min(int(TRAINED_SHARE * len(baskets)), MOST_TRAINED)
        order = rng.permutation(len(baskets))
        return baskets.take(np.sort(order[k:])), baskets.take(np.sort(order[:k]))

    def _model(
        self, loaded: Touches, choices: list[Choice], trainer: Trainer, record: dict[str, Any]
    ) -> InteractionsModel:
        """The experts of all users, and the averaged weights of the lowest held-out loss."""
        trainer.use_best()
        net, apart = trainer.net.eval(), trainer.objective.panel
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
        )
        more: dict[str, Any] = {"experts": [_finite(asdict(c)) for c in choices]}
        if ratings is not None:
            more["rating_error"] = {"model": ratings.spread, "item_means": ratings.plain}
        return InteractionsModel(fitted, whole_record(record, trainer, **more))


def _rank(items: int, users: int) -> int:
    """Width of the denoiser's own factors of items; few users would be learned by heart."""
    return RANK if items <= FULL and users >= FEWEST_FACTORED else 0


def _hold_out(apart: Baskets, seed: int) -> tuple[BasketRows, BasketRows]:
    """Users to train on and users that decide when to stop: a fifth of few, else as ever."""
    rows = BasketRows(apart)
    if not FEWEST_STOPPING <= len(rows) < 1_000:
        return hold_out(rows, seed)
    order = torch.randperm(len(rows), generator=generator_for(seed, Purpose.SPLIT))
    k = len(rows) // 5
    return rows.take(order[k:].sort().values), rows.take(order[:k].sort().values)


def _finite(choice: dict[str, Any]) -> dict[str, Any]:
    """Without a figure where none was measured: JSON has no NaN."""
    return {k: (None if isinstance(v, float) and v != v else v) for k, v in choice.items()}


def _memory(items: int, touches: int, batch: int) -> float:
    """Bytes that are to come: experts of two panels, and the scores of a batch."""
    from interfuse.kinds.interactions.experts.methods import MOST_DENSE, neighbours

    dense = 8.0 * items**2 if items <= MOST_DENSE else 0.0
    walks = 24.0 * neighbours(items) * min(items, touches)
    return 4 * dense + walks + 12.0 * 64 * items + 60.0 * batch * items + 200.0 * touches
