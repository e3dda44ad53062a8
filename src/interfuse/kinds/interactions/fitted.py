"""What questions to a model of interactions need of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from interfuse.kinds.interactions.ask.usual import Usual
from interfuse.kinds.interactions.data.attributes import Attributes
from interfuse.kinds.interactions.experts.panel import Panel
from interfuse.kinds.interactions.learn.cold import Cold
from interfuse.kinds.interactions.learn.habits import Habits
from interfuse.kinds.interactions.learn.ratings import Ratings
from interfuse.kinds.interactions.learn.traits import Traits
from interfuse.kinds.interactions.net import BasketNet
from interfuse.kinds.interactions.schema import InteractionsSchema


@dataclass(frozen=True)
class Fitted:
    """A model without its record.

    Attributes:
        schema: of the data.
        names: the items by their number.
        panel: experts and weights.
        net: the denoiser.
        habits: of users.
        usual: how odd users are that were not trained on.
        ratings: how much items are liked; None without ratings.
        traits: by "user" and "item", what goes with their attributes; only where they have some.
        cold: items that are known by their attributes alone.
    """

    schema: InteractionsSchema
    names: pl.Series
    panel: Panel
    net: BasketNet
    habits: Habits
    usual: Usual
    ratings: Ratings | None = None
    traits: dict[str, Traits] = field(default_factory=dict)
    cold: Cold | None = None

    @property
    def user_attributes(self) -> Attributes:
        """Attributes of users; none are empty."""
        return self.traits["user"].attributes if "user" in self.traits else Attributes()

    @property
    def catalogue(self) -> pl.Series:
        """All items, the cold ones last."""
        return self.names if self.cold is None else pl.concat([self.names, self.cold.names])
