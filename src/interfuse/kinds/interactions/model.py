"""A fitted model of interactions: immutable, and able to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from interfuse.errors import OptionError
from interfuse.io.frames import from_polars
from interfuse.kinds.interactions.ask.detect import OddTouches, detect
from interfuse.kinds.interactions.ask.generate import generate
from interfuse.kinds.interactions.ask.given import given_of
from interfuse.kinds.interactions.ask.impute import impute
from interfuse.kinds.interactions.ask.recommend import N, recommend
from interfuse.kinds.interactions.ask.similar import similar_items
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.folder import read_folder, write_folder
from interfuse.kinds.interactions.judge.compared import compared
from interfuse.kinds.interactions.schema import InteractionsSchema
from interfuse.kinds.option import check_share
from interfuse.run import store
from interfuse.run.model import BaseModel


@dataclass(frozen=True)
class InteractionsModel(BaseModel):
    """Who touches what, and what next.

    Make one with `interfuse.fit` or `interfuse.load`. It holds no user: whoever asks gives the
    touches of the users that the question is about.

    Attributes:
        fitted: the parts.
        record: seed, budget, data hash, versions, training curve: what `interfuse show` prints.
    """

    parts: ClassVar[tuple[str, ...]] = store.PARTS

    fitted: Fitted
    record: dict[str, Any] = field(repr=False)

    @property
    def schema(self) -> InteractionsSchema:
        """Which column says what."""
        return self.fitted.schema

    @property
    def net(self) -> Any:
        """The denoiser."""
        return self.fitted.net

    @property
    def items(self) -> pl.Series:
        """The items that it knows."""
        return self.fitted.names

    def recommend(self, users: Any, n: int = N, *, exclude_known: bool = True) -> Any:
        """The `n` items that each user may touch next.

        Args:
            users: a frame or a path with the touches of the users, in the columns of the fit. A
                user of whom no item is known is recommended what is popular.
            n: how many.
            exclude_known: whether items that a user touched already are left out.

        Returns:
            A long frame: user, item, `score` (1 is what experts give an item on average), `rank`
            from 1, and `because`, the known items that added most to the score.

        Raises:
            DataError: the users cannot be read.
            OptionError: `n` is below 1.

        Examples:
            >>> import interfuse, polars as pl
            >>> rows = [(u, i) for u in range(60) for i in range(8) if (u + i) % 2]
            >>> frame = pl.DataFrame(rows, schema=["user", "item"], orient="row")
            >>> model = interfuse.fit(frame, examples=500)
            >>> sorted(model.recommend(frame.head(2), n=2)["item"].to_list())
            [5, 7]
        """
        return recommend(self.fitted, users, n=n, exclude_known=exclude_known)

    def generate(self, n: int, *, given: Any = None, seed: int = 0) -> Any:
        """The touches of `n` new users, as a table like the one that was fitted.

        Args:
            n: how many users; user i depends on the seed and on i only.
            given: items that all of them touch and attributes that they have:
                `{"item": [X, Y], "age": 30}`, or texts `["item=X", "age=30"]`.
            seed: of every random draw.

        Raises:
            ConditionError: `given` names another column or an item that is not known.
            OptionError: `n` is below 0.
        """
        if n < 0:
            raise OptionError(f"n: is {n}; expected a whole number from 0.")
        known = given_of(self.fitted, given)
        frames = list(generate(self.fitted, n, given=known, seed=seed))
        if not frames:
            frames = [f.clear() for f in generate(self.fitted, 1, given=known, seed=seed)]
        return from_polars(pl.concat(frames), self.schema.origin)

    def fitted_draw(self, n: int) -> pl.DataFrame:
        """The same as `generate`, in polars: what two fits are compared by."""
        return pl.concat(generate(self.fitted, n))

    def detect(self, data: Any) -> OddTouches:
        """How odd users and touches are, and why; see `OddTouches`.

        Raises:
            DataError: the data cannot be read.
        """
        return detect(self.fitted, data)

    def impute(self, data: Any, *, interval: float | None = None) -> Any:
        """The frame with every missing rating of a known item filled.

        Args:
            data: touches of users, some with ratings; more ratings of a user tell more.
            interval: add NAME_low and NAME_high between which a rating lies with this probability.

        Raises:
            RunError: the model was fitted without ratings.
            DataError: the data cannot be read.
            OptionError: `interval` is no share.
        """
        check_share(interval)
        return impute(self.fitted, data, interval=interval)

    def similar_items(self, items: Any, n: int = N) -> pl.DataFrame:
        """The items that go with one item, or with each of several.

        Raises:
            DataError: an item is not known.
            OptionError: `n` is below 1.
        """
        return similar_items(self.fitted, items, n=n)

    def judge(self, made: Any, real: Any, holdout: Any = None, *, seed: int = 0) -> pl.DataFrame:
        """How much drawn users are like real ones; see `interfuse.kinds.interactions.judge.drawn`.

        Returns a row for each figure: `figure`, `drawn`, `held_out`, `by_popularity`, `best`.

        Args:
            made: what `generate` drew.
            real: the touches that were fitted.
            holdout: touches of real users that were not; they are the floor.
            seed: of what is split and drawn.

        Raises:
            DataError: something cannot be read, or there are fewer than 100 users of either.
        """
        return compared(self.fitted, made, real, holdout, seed=seed)

    def write_parts(self, folder: Path) -> None:
        """Write all parts but `run.json`."""
        write_folder(self.fitted, folder)


def open_interactions(
    folder: Path, record: dict[str, Any], parts: Mapping[str, dict[str, Any]]
) -> InteractionsModel:
    """A model from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    return InteractionsModel(read_folder(folder, parts), record)
