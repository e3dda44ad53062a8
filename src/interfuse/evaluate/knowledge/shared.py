"""What the pages of an explanation and of a comparison have in common."""

from collections.abc import Sequence
from typing import Any

from interfuse.evaluate.html_tables import Section, heads, section, table
from interfuse.language import t

GROUPS = 12


def listed(names: Sequence[str]) -> str:
    """a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return t(", ").join(names[:-1]) + t(" and ") + names[-1]


def conditions(given: Sequence[str]) -> str:
    """Conditions that all hold, in the words of --given."""
    out = given[0] if given else ""
    for other in given[1:]:
        out = t("{one} and {two}", one=out, two=other)
    return out


def groups(found: Sequence[dict[str, Any]]) -> Section | None:
    """Rows that stand out; None without any."""
    rows = [
        (
            conditions(g["given"]),
            g["of"],
            f"{g['mean']:.4g}",
            f"{g['others']:.4g}",
            f"{g['rows']:,} ({g['share']:.1%})",
            f"{g['p']:.3f}",
        )
        for g in found[:GROUPS]
        if g["p"] <= 0.05
    ]
    if not rows:
        return None
    head = heads("Rows with", "Mean of", "There", "Elsewhere", "Rows", "p")
    return section(
        t("Groups of rows that stand out"),
        t(
            "Found on one half of the rows, measured on the other, where p holds for all groups "
            "that are told. The words can be given to --given."
        ),
        table(head, rows, left=2),
    )


def number(value: float | None) -> str:
    """Three digits behind the point, or a dash."""
    return "–" if value is None else f"{value:.3f}"


def percent(value: float | None) -> str:
    """A share in per cent, or a dash."""
    return "–" if value is None else f"{value:.1%}"
