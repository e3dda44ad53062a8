"""Trend: pairs of columns, and those that depend strongly."""

from collections import Counter
from collections.abc import Mapping

from interfuse.evaluate.association import Associations, Joint, associations
from interfuse.evaluate.dependence import changed
from interfuse.evaluate.figure import Compared, Words, register
from interfuse.evaluate.findings import Fault, Faults, against, worst
from interfuse.evaluate.pair import Pair
from interfuse.evaluate.study import Study
from interfuse.language import t

_MANY = 3


@register
class Trend(Compared):
    """Mean error of the dependence of all pairs; see `trends`."""

    key = "fidelity.trend"
    words = Words(
        "Pair trend error",
        "How far the dependence of two columns is from the real one, averaged over all pairs.",
        unit="%",
        asks="the joint distribution of each pair of columns",
    )
    bounds = (0.0, 100.0)

    def of(self, pair: Pair) -> float:
        """Return 100 (1 - score)."""
        return 100 * (1 - pair.trends.score)

    def questions(self, study: Study) -> int:
        """Return the number of pairs."""
        columns = len(study.real.kinds)
        return columns * (columns - 1) // 2

    def faults(self, study: Study) -> Faults:
        """Return the pairs whose joint distribution is off by more than that of its columns."""
        off = _off(study)
        out: Faults = []
        while off:
            counts = Counter(name for joint in off for name in (joint.first, joint.second))
            name, count = counts.most_common(1)[0]
            if count < _MANY:
                break
            mine = [joint for joint in off if name in (joint.first, joint.second)]
            off = [joint for joint in off if name not in (joint.first, joint.second)]
            other = mine[0].second if mine[0].first == name else mine[0].first
            text = t(
                "Column {name!r} does not go with {count} other columns as it should; furthest off "
                "with {other!r}, by {off}.",
                name=name,
                count=count,
                other=other,
                off=against(mine[0].error, mine[0].chance),
            )
            out.append(Fault("pair", (name, other), text, mine[0].error))
        return out + worst([_pair(joint) for joint in off])


@register
class StrongTrend(Compared):
    """The same over pairs that depend strongly in the real table."""

    key = "fidelity.trend_strong"
    words = Words(
        "Pair trend error, strong pairs",
        "The same over pairs that depend strongly in the real table (|r| > 0.5 or V > 0.3).",
        unit="%",
        asks="the correlation of each pair of numbers and the strength of each strong pair",
    )
    bounds = (0.0, 100.0)

    def of(self, pair: Pair) -> float:
        """Return 100 (1 - score)."""
        return 100 * (1 - pair.trends.strong_score)

    def questions(self, study: Study) -> int:
        """Return none: the test by permutation has a level of its own, `chance.PERMUTATION`."""
        return 0

    def faults(self, study: Study) -> Faults:
        """Return the pairs that depend otherwise, but for those that `Trend` named."""
        named = {frozenset((joint.first, joint.second)) for joint in _off(study)}
        out: Faults = []
        for pair in changed(*study.few, seed=study.seed):
            if frozenset((pair.first, pair.second)) in named:
                continue
            text = t(
                "Columns {first!r} and {second!r}: {measure} is {real:.2f} in the real table and "
                "{synthetic:.2f} here; chance explains at most {chance:.2f} of difference.",
                first=pair.first,
                second=pair.second,
                measure=t(pair.measure),
                real=pair.real,
                synthetic=pair.synthetic,
                chance=pair.chance,
            )
            size = abs(pair.real - pair.synthetic)
            out.append(Fault("dependence", (pair.first, pair.second), text, size))
        return worst(out)


def together(study: Study) -> Associations:
    """Return the dependence of all pairs of columns, made once a study."""
    return study.once(_associations)


def _associations(study: Study) -> Associations:
    return associations(*study.few, level=study.level)


def _off(study: Study) -> list[Joint]:
    """Return the pairs that are off, furthest first.

    A column whose own distribution is off puts all its pairs off by as much, which is not said
    again: only what is beyond is a matter of the pair.
    """
    shapes: Mapping[str, float] = {
        c.name: 1 - c.score for c in study.pair.shapes.columns if 1 - c.score > c.chance
    }

    def beyond(joint: Joint) -> float:
        return joint.error - shapes.get(joint.first, 0.0) - shapes.get(joint.second, 0.0)

    off = [joint for joint in together(study).joints if beyond(joint) > joint.chance]
    return sorted(off, key=lambda joint: joint.chance - joint.error)


def _pair(joint: Joint) -> Fault:
    off = against(joint.error, joint.chance)
    pair = {"first": joint.first, "second": joint.second}
    text = t("Pair {first!r} and {second!r} is off by {off}.", off=off, **pair)
    return Fault("pair", (joint.first, joint.second), text, joint.error)
