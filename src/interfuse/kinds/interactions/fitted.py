"""What questions to a model of interactions need of it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from interfuse.kinds.interactions.ask.usual import Usual
from interfuse.kinds.interactions.experts.panel import Panel
from interfuse.kinds.interactions.learn.habits import Habits
from interfuse.kinds.interactions.learn.ratings import Ratings
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
    """

    schema: InteractionsSchema
    names: pl.Series
    panel: Panel
    net: BasketNet
    habits: Habits
    usual: Usual
    ratings: Ratings | None = None
