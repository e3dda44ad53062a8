"""Identifiers: rare addresses, URLs, agents and names of hosts that came back."""

from interfuse.evaluate.chance import deviations, share_chance
from interfuse.evaluate.counts import SLACK
from interfuse.evaluate.figure import Figure, Measurement, Words, register
from interfuse.evaluate.findings import Fault, Faults
from interfuse.evaluate.identifiers import FEW, Returned
from interfuse.evaluate.study import Study


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
            text = (
                f"{_named(one)}: {one.rows:,} rows ({b:.1%}) have one of {one.values:,} real "
                f"{one.sort} that fewer than {FEW} rows have; {a:.1%} are expected. They are "
                f"{_some(one)}."
            )
            out.append(Fault("identifiers", one.columns, text, b - a))
        return out

    def notes(self, study: Study) -> list[str]:
        """Return what was counted in each column."""
        return [
            f"{_named(one)}: of {one.rare:,} real {one.sort} that fewer than {FEW} rows have "
            f"{one.values:,} came back, in {one.share:.2%} of the rows; chance {one.chance:.2%}"
            + (f", unseen rows {one.held:.2%}." if one.held is not None else ".")
            for one in study.returned
        ]


def _named(one: Returned) -> str:
    first = "Column" if len(one.columns) == 1 else "Columns"
    return f"{first} {' and '.join(map(repr, one.columns))}"


def _some(one: Returned) -> str:
    more = ", ..." if one.values > len(one.some) else ""
    return ", ".join(one.some) + more
