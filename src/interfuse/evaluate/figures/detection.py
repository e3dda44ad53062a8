"""Detection: whether a classifier tells synthetic rows from real ones."""

from interfuse.evaluate.chance import deviations
from interfuse.evaluate.detection import chance_error
from interfuse.evaluate.figure import Compared, Words, register
from interfuse.evaluate.findings import Fault, Faults
from interfuse.evaluate.pair import Pair
from interfuse.evaluate.study import Study
from interfuse.evaluate.suspects import Suspects, suspects
from interfuse.language import t

_HARDLY = 0.55
_TOGETHER = 0.05


@register
class Logistic(Compared):
    """Logistic detection; see `detection`."""

    key = "detection.logistic"
    words = Words(
        "Logistic detection",
        "1 when a linear classifier cannot tell synthetic rows from real ones, 0 when it can.",
        better="higher",
    )
    bounds = (0.0, 1.0)

    def of(self, pair: Pair) -> float:
        """Return the score."""
        return pair.logistic[0]

    def error(self, study: Study) -> float:
        """Return DeLong's error of the folds, taken as independent."""
        return study.pair.logistic[1]


@register
class Boosted(Compared):
    """Detection by boosted trees; see `detection`."""

    key = "detection.boosted"
    words = Words(
        "Boosted-tree detection (AUC)",
        "How often 100 boosted trees pick the synthetic one of two rows; 0.5 is a coin toss.",
        better="to 0.5",
        asks="whether boosted trees tell the rows apart",
    )
    bounds = (0.0, 1.0)

    def of(self, pair: Pair) -> float:
        """Return the area under the ROC curve."""
        return pair.detection.auc

    def error(self, study: Study) -> float:
        """Return DeLong's error of the folds, taken as independent."""
        return study.pair.detection.error

    def questions(self, study: Study) -> int:
        """Return one."""
        return 1

    def faults(self, study: Study) -> Faults:
        """Return whether the rows are told apart, and by which columns."""
        found = study.pair.detection
        chance = 0.5 + deviations(study.level) * chance_error(*study.pair.some)
        if not found.auc > chance or not found.columns:
            return []
        columns = found.columns[:3]
        names = t(", ").join(f"{n!r} ({share:.0%})" for n, share in columns)
        told = {"auc": found.auc, "chance": chance, "names": names}
        clear = t(
            "Boosted trees tell the rows apart (AUC {auc:.3f}, where chance explains at most "
            "{chance:.3f}), most of all by {names}"
        )
        hardly = t(
            "Boosted trees can hardly tell the rows apart, but more often than by chance (AUC "
            "{auc:.3f}, where chance explains at most {chance:.3f}), most of all by {names}"
        )
        text = (clear if found.auc > _HARDLY else hardly).format(**told)
        named = [name for name, _ in columns]
        guilty = study.once(culprits)
        if guilty.pairs:
            a, b, both, alone = guilty.pairs[0]
            if both > alone + _TOGETHER:
                named += [a, b]
                text += t(
                    "; {a!r} and {b!r} together give {both:.3f}, either alone at most {alone:.3f}",
                    a=a,
                    b=b,
                    both=both,
                    alone=alone,
                )
        return [Fault("detection", tuple(dict.fromkeys(named)), text + t("."), found.auc)]


def culprits(study: Study) -> Suspects:
    """Return which columns and pairs of columns gave the synthetic rows away."""
    return suspects(
        study.real,
        study.synthetic,
        study.pair.detection,
        seed=study.seed,
        threads=study.threads,
    )
