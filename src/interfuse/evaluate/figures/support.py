"""Support: alpha-precision and beta-recall."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from interfuse.evaluate.figure import Figure, Measurement, Words, register
from interfuse.evaluate.study import Study
from interfuse.evaluate.support import Cloud, Support, support
from interfuse.evaluate.table import Table

_DRAWS = 100


class _Found(NamedTuple):
    mine: Support
    floor: Support
    others: Mapping[str, Support]


class _OfSupport(Figure):
    """One of the two figures of `support`; `field` names it there."""

    bounds = (0.0, 100.0)
    field: str

    def measure(self, study: Study) -> Measurement | None:
        """Return the figure; None where there are too few rows."""
        found = study.once(_found)
        if found is None:
            return None
        name, error = self.field, f"{self.field}_sd"
        return Measurement(
            value=100 * getattr(found.mine, name),
            error=100 * getattr(found.mine, error),
            floor=100 * getattr(found.floor, name),
            floor_sd=100 * getattr(found.floor, error),
            others={who: 100 * getattr(one, name) for who, one in found.others.items()},
        )


@register
class AlphaPrecision(_OfSupport):
    """Whether synthetic rows lie where real ones do."""

    key, field = "fidelity.alpha_precision", "precision"
    words = Words(
        "Alpha-precision",
        "Whether synthetic rows lie where real ones do, at every distance from their middle.",
        unit="%",
        better="higher",
        floor="other real rows",
    )


@register
class BetaRecall(_OfSupport):
    """Whether synthetic rows lie everywhere where real ones do."""

    key, field = "fidelity.beta_recall", "recall"
    words = Words(
        "Beta-recall",
        "Whether real rows have a synthetic one as near as the next real one; half of them can.",
        unit="%",
        better="higher",
        floor="other real rows",
    )


def _found(study: Study) -> _Found | None:
    """Compare tables of one size with as many real rows; the other half of these is the floor."""
    train, copy, seed = study.real, study.synthetic, study.seed
    size = min(study.limits.support, train.rows // 2, copy.rows)
    if size < 2:
        return None
    rng = np.random.default_rng([seed, 13])
    order = rng.permutation(train.rows)
    half, other = train.take(order[:size]), train.take(order[size : 2 * size])
    cloud = Cloud(half)
    x = cloud.place(half)

    def of(table: Table, draws: int = 0) -> Support:
        return support(x, cloud.place(table.sample(size, rng)), draws=draws, seed=seed)

    mine, floor = of(copy, _DRAWS), of(other, _DRAWS)
    return _Found(mine, floor, {name: of(table) for name, table in study.baselines.items()})
