"""Privacy: copies, nearness, and what two attacks reach."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from interfuse.evaluate.chance import deviations, share_chance
from interfuse.evaluate.counts import SLACK
from interfuse.evaluate.figure import Figure, Measurement, Words, register
from interfuse.evaluate.findings import Fault, Faults
from interfuse.evaluate.interval import wilson_interval
from interfuse.evaluate.membership import Membership, membership
from interfuse.evaluate.privacy import Closest, Copies, closest, exact_copies
from interfuse.evaluate.study import Study
from interfuse.evaluate.table import Table
from interfuse.language import t

BASELINE_ROWS = 3_000
"""Rows of a baseline whose distances are measured."""

_ATTACKED = 0.02
_FLOOR, _OTHERS = "the same of unseen real rows", "the same of other real rows"


@register
class NearerShare(Figure):
    """Share of rows nearer to training than to unseen rows; see `privacy`."""

    key = "privacy.dcr_share"
    words = Words(
        "Nearer to training rows",
        "Share of synthetic rows nearer to a training row than to an unseen one, of as many.",
        better="to 0.5",
        floor="ideal",
        asks="distances to training rows and to unseen ones",
    )
    bounds = (0.0, 1.0)

    def measure(self, study: Study) -> Measurement | None:
        """Return the share; None without a hold-out."""
        near, far = study.once(distances)
        if near.share is None or near.error is None:
            return None
        others = {name: one.share for name, one in far.items()}
        return Measurement(
            value=near.share, error=near.error, floor=0.5, floor_sd=near.error, others=others
        )

    def questions(self, study: Study) -> int:
        """Return one."""
        return 1

    def faults(self, study: Study) -> Faults:
        """Return whether the rows lean on training rows."""
        near, _ = study.once(distances)
        z = deviations(study.level)
        if near.share is None or not near.share > 0.5 + z * (near.error or 0.0) + SLACK:
            return []
        text = t(
            "{share:.1%} of the rows are nearer to training rows than to unseen ones.",
            share=near.share,
        )
        return [Fault("nearness", (), text, near.share)]


@register
class ExactCopies(Figure):
    """Share of rows that are training rows; see `privacy`."""

    key = "privacy.copies"
    words = Words(
        "Exact copies",
        "Share of synthetic rows that equal a training row in every column.",
        unit="%",
        floor=_FLOOR,
        asks="exact copies of training rows",
    )
    bounds = (0.0, 100.0)

    def measure(self, study: Study) -> Measurement:
        """Return the share in percent, with Wilson's interval."""
        found = study.once(_copies)
        rows = study.synthetic.rows
        low, high = wilson_interval(found.synthetic * rows, rows)
        others = {
            name: 100 * exact_copies(study.real, table, study.held).synthetic
            for name, table in study.baselines.items()
        }
        return Measurement(
            value=100 * found.synthetic,
            error=(100 * low, 100 * high),
            floor=100 * found.reference,
            others=others,
            words=_of_others(self.words, study),
        )

    def questions(self, study: Study) -> int:
        """Return one."""
        return 1

    def faults(self, study: Study) -> Faults:
        """Return whether there are more copies than among unseen rows."""
        found, rows = study.once(_copies), study.synthetic.rows
        a, b = found.reference, found.synthetic
        known = (study.held or study.real).rows
        if b <= a + share_chance(a, known, b, rows, study.level) + SLACK:
            return []
        text = t(
            "{b:.1%} of the rows are exact copies of training rows; {a:.1%} are expected.", a=a, b=b
        )
        return [Fault("copies", (), text, b - a)]


@register
class Nearness(Figure):
    """Distance to the closest record; see `privacy`."""

    key = "privacy.nearness"
    words = Words(
        "Distance to the closest record",
        "5th percentile of the distance to the closest training row; numbers in ranges, "
        "2 for each category that differs.",
        better="higher",
        floor=_FLOOR,
        asks="how near the nearest rows are",
    )
    bounds = (0.0, float("inf"))

    def measure(self, study: Study) -> Measurement:
        """Return the percentile beside that of real rows."""
        near, far = study.once(distances)
        return Measurement(
            value=near.nearness,
            error=near.nearness_sd,
            floor=near.reference,
            others={name: one.nearness for name, one in far.items()},
            words=_of_others(self.words, study),
        )

    def questions(self, study: Study) -> int:
        """Return one."""
        return 1

    def faults(self, study: Study) -> Faults:
        """Return whether the nearest rows are far nearer than real ones are."""
        near, _ = study.once(distances)
        z = deviations(study.level)
        if near.nearness + z * near.nearness_sd >= 0.5 * near.reference or near.rows < 100:
            return []
        text = t(
            "The nearest 5% of the rows are within {near:.3g} of a training row; for real rows it "
            "is {real:.3g}.",
            near=near.nearness,
            real=near.reference,
        )
        return [Fault("nearness", (), text, near.reference - near.nearness)]


@register
class NearestRatio(Figure):
    """Nearest-neighbour distance ratio; see `privacy`."""

    key = "privacy.nearest_ratio"
    words = Words(
        "Nearest-neighbour distance ratio",
        "5th percentile of the distance to the closest over that to the second training row; "
        "near 0 a row singles one out.",
        better="higher",
        floor=_FLOOR,
    )
    bounds = (0.0, 1.0)

    def measure(self, study: Study) -> Measurement:
        """Return the percentile beside that of real rows."""
        near, far = study.once(distances)
        return Measurement(
            value=near.ratio,
            error=near.ratio_sd,
            floor=near.ratio_reference,
            others={name: one.ratio for name, one in far.items()},
            words=_of_others(self.words, study),
        )


class _Attack(Figure):
    """One of the two attacks of `membership`."""

    bounds = (0.0, 1.0)
    how: str

    def measure(self, study: Study) -> Measurement | None:
        """Return the area under the ROC curve; None without a hold-out, or with a small one."""
        attack, rest = study.once(_attacks)
        if attack is None:
            return None
        area, error = getattr(attack, self.how)
        others = {n: getattr(one, self.how)[0] for n, one in rest.items() if one is not None}
        return Measurement(value=area, error=error, floor=0.5, others=others)

    def questions(self, study: Study) -> int:
        """Return one."""
        return 1

    def faults(self, study: Study) -> Faults:
        """Return whether training rows are told from unseen ones."""
        attack, _ = study.once(_attacks)
        if attack is None:
            return []
        area, error = getattr(attack, self.how)
        if not (area - deviations(study.level) * error > 0.5 and area > 0.5 + _ATTACKED):
            return []
        text = t(
            "An attack by {how} tells training rows from unseen ones with an AUC of {area:.3f}; "
            "0.5 is a coin toss.",
            how=t(self.how),
            area=area,
        )
        return [Fault("membership", (), text, area)]


@register
class ByDistance(_Attack):
    """Membership inference by distance."""

    key, how = "privacy.membership_distance", "distance"
    words = Words(
        "Membership attack by distance (AUC)",
        "How often a training row is nearer to the synthetic ones than an unseen row.",
        better="to 0.5",
        floor="ideal",
        asks="a membership attack by distance",
    )


@register
class ByDensity(_Attack):
    """Membership inference by density."""

    key, how = "privacy.membership_density", "density"
    words = Words(
        "Membership attack by density (AUC)",
        "The same by the density of synthetic rows against that of other unseen rows.",
        better="to 0.5",
        floor="ideal",
        asks="a membership attack by density",
    )


def distances(study: Study) -> tuple[Closest, Mapping[str, Closest]]:
    """Return the distances of the synthetic rows, and of few rows of the baselines."""

    def of(table: Table) -> Closest:
        limit = study.limits.closest
        return closest(study.real, table, study.held, seed=study.seed, limit=limit)

    near = of(study.synthetic)
    return near, {name: of(table) for name, table in study.once(few_of_baselines).items()}


def few_of_baselines(study: Study) -> dict[str, Table]:
    """Return few rows of each baseline, made once a study."""
    # Fewer rows of a baseline look for theirs: its figures need no small error.
    rng = np.random.default_rng([study.seed, 15])
    return {name: table.sample(BASELINE_ROWS, rng) for name, table in study.baselines.items()}


def _copies(study: Study) -> Copies:
    return exact_copies(study.real, study.synthetic, study.held)


def _attacks(study: Study) -> tuple[Membership | None, Mapping[str, Membership | None]]:
    held = study.held
    if held is None:
        return None, {}

    def of(table: Table) -> Membership | None:
        return membership(study.real, table, held, seed=study.seed, limit=study.limits.attacked)

    attack = of(study.synthetic)
    if attack is None:
        return None, {}
    return attack, {name: of(table) for name, table in study.once(few_of_baselines).items()}


def _of_others(words: Words, study: Study) -> Words:
    """Return the words with another floor if there are no unseen rows."""
    return words if study.held else replace(words, floor=_OTHERS)
