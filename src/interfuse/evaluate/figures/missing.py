"""Missing values: their shares, and which columns lack them together."""

from interfuse.evaluate.chance import share_chance
from interfuse.evaluate.counts import SLACK
from interfuse.evaluate.figure import Compared, Words, register
from interfuse.evaluate.findings import Fault, Faults, against, worst
from interfuse.evaluate.pair import Pair
from interfuse.evaluate.study import Study
from interfuse.language import t


class _Missing(Compared):
    bounds = (0.0, 100.0)

    def applies(self, study: Study) -> bool:
        """Return whether any cell is missing."""
        return bool(study.pair.missing.shares)


@register
class MissingShares(_Missing):
    """Mean difference of the missing shares; see `missing`."""

    key = "fidelity.missing"
    words = Words(
        "Missing share error",
        "Average difference between the missing shares of real and synthetic columns.",
        unit="%",
        independent="these are the real columns themselves, shuffled: about 0 by construction",
        asks="where each column is missing",
    )

    def of(self, pair: Pair) -> float:
        """Return the mean over the columns, in percent."""
        return 100 * pair.missing.error

    def questions(self, study: Study) -> int:
        """Return the number of columns."""
        return len(study.real.kinds)

    def faults(self, study: Study) -> Faults:
        """Return the columns that are missing too often or too rarely."""
        out: Faults = []
        n, m = study.real.rows, study.synthetic.rows
        for name, (a, b) in study.pair.missing.shares.items():
            if abs(a - b) > share_chance(a, n, b, m, study.level) + SLACK:
                text = t(
                    "Column {name!r}: {b:.1%} missing, {a:.1%} in the real table.",
                    name=name,
                    a=a,
                    b=b,
                )
                out.append(Fault("missing", (name,), text, abs(a - b)))
        return worst(out)


@register
class MissingPatterns(_Missing):
    """Distance of the patterns of missing values; see `missing`."""

    key = "fidelity.missing_patterns"
    words = Words(
        "Missing pattern error",
        "How far the sets of columns that are missing together are from the real ones.",
        unit="%",
        asks="which columns are missing together",
    )

    def of(self, pair: Pair) -> float:
        """Return the total variation distance, in percent."""
        return 100 * pair.missing.patterns

    def questions(self, study: Study) -> int:
        """Return one."""
        return 1

    def faults(self, study: Study) -> Faults:
        """Return whether the patterns are off."""
        found = study.pair.missing
        if not found.patterns > found.chance + SLACK:
            return []
        off = against(found.patterns, found.chance)
        text = t("Which columns are missing together is off by {off}.", off=off)
        return [Fault("missing pattern", tuple(found.shares), text, found.patterns)]
