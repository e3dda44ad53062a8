"""Rules: rows that contradict what every real row keeps."""

from interfuse.evaluate.chance import count_chance
from interfuse.evaluate.counts import SLACK
from interfuse.evaluate.figure import Compared, Words, register
from interfuse.evaluate.findings import Fault, Faults, worst
from interfuse.evaluate.interval import wilson_interval
from interfuse.evaluate.pair import Pair
from interfuse.evaluate.rules import Kept, Range, broken_share
from interfuse.evaluate.study import Study
from interfuse.language import t

_BACKWARDS = 0.75


@register
class Broken(Compared):
    """Share of rows that break a rule; see `rules`."""

    key = "fidelity.rules"
    words = Words(
        "Rows that break a rule",
        "Share of rows that break a rule which every real row keeps.",
        unit="%",
        asks="each rule that every real row keeps",
    )
    bounds = (0.0, 100.0)

    def of(self, pair: Pair) -> float:
        """Return the share in percent; the order of rows and ranges are no such rules."""
        return 100 * broken_share(list(pair.rules), pair.few[1])

    def applies(self, study: Study) -> bool:
        """Return whether there is such a rule."""
        return any(rule.kind not in ("sorted", "range") for rule in study.rules)

    def error(self, study: Study) -> tuple[float, float]:
        """Return Wilson's interval, which is right for shares of 0 too."""
        share = study.values["synthetic"][self.key] / 100
        low, high = wilson_interval(share * study.few[1].rows, study.few[1].rows)
        return 100 * low, 100 * high

    def questions(self, study: Study) -> int:
        """Return the number of rules found."""
        return len(study.rules)

    def faults(self, study: Study) -> Faults:
        """Return the rules, found or declared, that more rows break than chance explains."""
        out = [fault for one in study.kept for fault in _fault(one, study.level)]
        for rule in study.declared:
            a, b = rule["real"], rule["synthetic"]
            if a - b > SLACK:
                text = t(
                    "The rule {rule} holds in {b:.1%} of rows, {a:.1%} of real ones.",
                    rule=rule["text"],
                    a=a,
                    b=b,
                )
                out.append(Fault("rule", (), text, a - b))
        return worst(out)


def _fault(one: Kept, level: float) -> Faults:
    (k, n), (j, m) = one.real, one.synthetic
    if not m or count_chance(k, n, j, m)[0] >= level:
        return []
    share, rule = j / m, one.rule
    if rule.kind == "sorted":
        if share <= _BACKWARDS:
            return []
        text = t(
            "The rows run backwards: {rule} in the real table, and {share:.1%} of the synthetic "
            "ones go against it.",
            rule=rule.text,
            share=share,
        )
        return [Fault("order of rows", rule.columns, text, share)]
    if isinstance(rule, Range):
        text = t(
            "Column {name!r}: {share:.1%} of the values are outside of the real range.",
            name=rule.name,
            share=share,
        )
    else:
        text = t(
            "The rule {rule} is broken in {share:.1%} of rows, in no real one.",
            rule=rule.text,
            share=share,
        )
    return [Fault("rule", rule.columns, text, share)]
