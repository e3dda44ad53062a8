"""Identifiers: rare addresses, URLs, agents and names of hosts that came back."""

from interfuse.evaluate.chance import deviations, share_chance
from interfuse.evaluate.counts import SLACK
from interfuse.evaluate.figure import Figure, Measurement, Words, register
from interfuse.evaluate.findings import Fault, Faults
from interfuse.evaluate.identifiers import FEW, Returned
from interfuse.evaluate.study import Study
from interfuse.language import t


@register
class Identifiers(Figure):
    """Share of rows with a rare real identifier; see `identifiers`."""

    key = "privacy.identifiers"
    words = Words(
        "Identifiers that came back",
        f"Share of rows with an address, URL, agent or name that fewer than {FEW} real rows have; "
        "of the column with most.",
        unit="%",
        floor="chance, or unseen real rows",
        asks="rare identifiers of each column",
    )
    bounds = (0.0, 100.0)

    def measure(self, study: Study) -> Measurement | None:
        """Return the share in percent of the column with most; None without such columns."""
        if not study.returned:
            return None
        worst = max(study.returned, key=lambda one: one.share - one.expected)
        return Measurement(
            value=100 * worst.share,
            error=100 * worst.error,
            floor=100 * worst.expected,
            others={},
        )

    def questions(self, study: Study) -> int:
        """Return the number of columns and pairs."""
        return len(study.returned)

    def faults(self, study: Study) -> Faults:
        """Return the columns whose rare values come back more often than expected."""
        out: Faults = []
        for one in study.returned:
            known = one.held_rows or study.real.rows
            a, b = one.expected, one.share
            slack = share_chance(a, known, b, study.synthetic.rows, study.level) + SLACK
            if b <= a + max(slack, deviations(study.level) * one.error):
                continue
            text = t(
                "{named}: {rows:,} rows ({b:.1%}) have one of {values:,} real {sort} that fewer "
                "than {few} rows have; {a:.1%} are expected. They are {some}.",
                named=_named(one),
                rows=one.rows,
                values=one.values,
                sort=t(one.sort),
                few=FEW,
                a=a,
                b=b,
                some=_some(one),
            )
            out.append(Fault("identifiers", one.columns, text, b - a))
        return out

    def notes(self, study: Study) -> list[str]:
        """Return what was counted in each column."""
        return [_note(one) for one in study.returned]


def _note(one: Returned) -> str:
    text = t(
        "{named}: of {rare:,} real {sort} that fewer than {few} rows have {values:,} came back, in "
        "{share:.2%} of the rows; chance {chance:.2%}",
        named=_named(one),
        rare=one.rare,
        sort=t(one.sort),
        few=FEW,
        values=one.values,
        share=one.share,
        chance=one.chance,
    )
    if one.held is not None:
        text += t(", unseen rows {held:.2%}", held=one.held)
    return text + t(".")


def _named(one: Returned) -> str:
    names = t(" and ").join(map(repr, one.columns))
    if len(one.columns) == 1:
        return t("Column {names}", names=names)
    return t("Columns {names}", names=names)


def _some(one: Returned) -> str:
    more = ", ..." if one.values > len(one.some) else ""
    return t(", ").join(one.some) + more
