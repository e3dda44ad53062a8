"""Findings: what is wrong with a synthetic table, a sentence each.

A finding is stated only where the table is off by more than `chance` explains, that is, where a
synthesiser giving fresh rows of the true distribution would hardly be so far from the real rows.
Each figure makes its own (`figure.Figure.faults`) and says how many things it asks; the level of
each is what `chance` leaves of `chance.FAMILY` over their number, so that fresh rows get any
finding at all in at most that share of reports.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from interfuse.language import t

LONGEST = 8
"""Findings of a kind that are told one by one."""


@dataclass(frozen=True)
class Fault:
    """One finding.

    Attributes:
        kind: ``shape``, ``category lost``, ``category share``, ``invented``, ``spike``, ``pair``,
            ``dependence``, ``missing``, ``missing pattern``, ``detection``, ``rule``,
            ``order of rows``, ``copies``, ``nearness``, ``membership``, ``inference``, ``more``, or
            what a figure from elsewhere calls its own.
        columns: The columns it names.
        text: The sentence.
        size: By how much, to sort findings of a kind.
    """

    kind: str
    columns: tuple[str, ...]
    text: str
    size: float = 0.0


Faults = list[Fault]


def worst(faults: Sequence[Fault]) -> Faults:
    """Return the `LONGEST` faults of greatest size, and how many more there are."""
    ordered = sorted(faults, key=lambda fault: -fault.size)
    out = ordered[:LONGEST]
    if len(ordered) > LONGEST:
        more = len(ordered) - LONGEST
        text = t("… and {more} more of this kind; see the tables.", more=more)
        rest = tuple(dict.fromkeys(c for fault in ordered[LONGEST:] for c in fault.columns))
        out.append(Fault("more", rest, text))
    return out


def against(error: float, chance: float) -> str:
    """Return an error beside what chance explains, as text."""
    return t("{error:.1%}, where chance explains at most {chance:.1%}", error=error, chance=chance)


def nothing_found(questions: int | None, asked: Sequence[str]) -> str:
    """Return what a report without findings says: that nothing was found, and what was asked."""
    nothing = t("Nothing was found to be off by more than chance explains.")
    if not asked:
        return nothing
    what = t(", ").join(asked)
    if not questions:
        return t("{nothing} The questions were asked: {what}.", nothing=nothing, what=what)
    many = {"nothing": nothing, "questions": questions, "what": what}
    return t("{nothing} {questions:,} questions were asked: {what}.", **many)
