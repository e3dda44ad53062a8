"""The tables of a report's page, and the sections that hold them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from interfuse.evaluate.figure import shown
from interfuse.evaluate.plots import cut
from interfuse.language import t

WORST_PAIRS = 30
WORST_COLUMNS = 200
MOST_RULES = 60


@dataclass(frozen=True)
class Table:
    """A table whose first `left` columns hold text and the others numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    left: int = 1
    style: str = "plain"
    explained: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the page; what it does not have is left out."""

    title: str
    explained: str | Markup
    tables: Sequence[Table] = ()
    stands: Sequence[tuple[str, Markup, str]] = ()
    cards: Sequence[Mapping[str, Any]] = ()
    maps: Sequence[tuple[str, Markup]] = ()
    scale: Markup | None = None
    curve: Markup | None = None
    figure: Markup | None = None
    notes: Sequence[str] = field(default=())


def section(title: str, explained: str, *tables: Table, **rest: Any) -> Section:
    """Return a section of some tables."""
    return Section(title, explained, tables, **rest)


def table(
    head: Sequence[str], rows: Iterable[Sequence[Any]], left: int = 1, kind: str = "plain"
) -> Table:
    """Return a table of rows; see `Table`."""
    return Table(head, list(rows), left, kind)


def heads(*names: str) -> list[str]:
    """Return names of columns in the language at hand."""
    return [t(name) for name in names]


def columns(data: dict[str, Any]) -> Section | None:
    """Return a row per column, worst first; None without any."""
    rows = []
    ordered = sorted(data["columns"], key=lambda r: -(r["error"] if r["error"] is not None else -1))
    for row in ordered[:WORST_COLUMNS]:
        lost = t(", ").join(f"{cut(label, 24)} ({p:.2%})" for label, p in row["absent"][:3])
        rows.append(
            (
                cut(row["name"], 40),
                (row["metric"]),
                shown(row["error"], "%"),
                shown(row["floor"], "%"),
                lost or "–",
                f"{row['invented']:.2%}" if row["invented"] else "–",
            )
        )
    head = heads("Column", "Metric", "Error", "Floor", "Categories lost", "Never seen")
    return section(
        t("Columns"),
        t(
            "Error: 100 (1 − score); KSComplement is one minus the largest gap of the distribution "
            "functions, TVComplement one minus half the summed gaps of the frequencies."
        ),
        table(head, rows, left=2),
    )


def pairs(data: dict[str, Any]) -> Section | None:
    """Return the pairs that are furthest off; None without any."""
    if not data["pairs"]:
        return None
    rows = [
        (
            cut(row["first"], 40),
            cut(row["second"], 40),
            shown(row["error"], "%"),
            shown(row["floor"], "%"),
            shown(row["independent"], "%"),
            shown(row["real"]),
            shown(row["synthetic"]),
        )
        for row in data["pairs"][:WORST_PAIRS]
    ]
    head = heads("Column", "Column", "Error", "Floor", "Independent", "Real", "Synthetic")
    return section(
        t("Pairs that are furthest off"),
        t(
            "The {pairs} worst pairs; the last two columns are Pearson's r between numbers, else "
            "Cramér's V over the bins of the metric. The JSON file has the others.",
            pairs=len(rows),
        ),
        table(head, rows, left=2),
    )


def detection(data: dict[str, Any]) -> Section | None:
    """Return what gave the rows away; None without any."""
    found = [item for item in data["detection"]["columns"] if item[1] > 0][:15]
    if not found:
        return None
    alone = dict(data["detection"].get("alone", ()))
    rows = [
        (
            cut(name, 40),
            Markup(f'<span class="bar" style="width:{9 * share:.2f}em"></span>'),
            f"{share:.1%}",
            shown(alone.get(name)),
        )
        for name, share in found
    ]
    pairs = [
        (cut(a, 40), cut(b, 40), shown(both), shown(most))
        for a, b, both, most in data["detection"].get("pairs", ())[:6]
        if both > most + 0.02
    ]
    more: list[Table] = []
    if pairs:
        head = heads("Column", "Column", "AUC of both", "Greater AUC alone")
        said = t("Pairs that tell more together than either column alone: their dependence is off.")
        more = [Table(head, pairs, left=2, explained=said)]
    return section(
        t("What gave it away"),
        t(
            "Share of each column in the gain of the boosted trees that look for synthetic rows "
            "({engine}), and the AUC of small trees that see the column alone. It means something "
            "only when the AUC of all is clearly above 0.5.",
            engine=data["detection"]["engine"],
        ),
        table(heads("Column", "", "Share", "AUC alone"), rows, left=2),
        *more,
    )


def targets(data: dict[str, Any]) -> Section | None:
    """Return a row per target; None without any."""
    rows = [
        (
            cut(row["name"], 40),
            shown(row["real"]),
            shown(row["synthetic"]),
            shown(row["floor"]),
            shown(row["agreement"]),
        )
        for row in data.get("targets", ())
    ]
    if not rows:
        return None
    head = heads("Target", "Real rows", "Synthetic", "Floor", "Agreement")
    return section(
        t("Every column as the target"),
        t(
            "Skill of models trained on real and on synthetic rows, tested on real ones: 2 AUC − 1 "
            "of a category, R² of a number's ranks; 0 is a guess, 1 is perfect. Agreement: "
            "correlation of the ranks of what both models rest on."
        ),
        table(head, rows),
    )


def secrets(data: dict[str, Any]) -> Section | None:
    """Return a row per secret; None without any."""
    rows = [
        (
            cut(row["secret"], 40),
            shown(row["rate"]),
            shown(row["control"]),
            shown(row["random"]),
            shown(row["risk"]),
            "–" if row["error"] is None else f"± {row['error']:.3f}",
        )
        for row in data.get("secrets", ())
    ]
    if not rows:
        return None
    head = heads("Secret", "Fitted rows", "Unseen rows", "By chance", "Risk", "95%")
    return section(
        t("Secrets"),
        t(
            "Share of rows whose secret cell the closest synthetic row gives away to someone who "
            "knows the other cells. Unseen rows are the control: what is guessed there is the "
            "population's."
        ),
        table(head, rows),
    )


def missing(data: dict[str, Any]) -> Section | None:
    """Return the columns with missing cells; None without any."""
    shares = data["missing"]["columns"]
    if not shares:
        return None
    rows = [(cut(name, 40), f"{a:.2%}", f"{b:.2%}") for name, (a, b) in shares.items()]
    return section(
        t("Missing values"),
        t(
            "Missing share of each column that has any; the real table has {patterns} distinct "
            "sets of columns missing together.",
            patterns=data["missing"]["real_patterns"],
        ),
        table(heads("Column", "Real", "Synthetic"), rows),
    )


def rules(data: dict[str, Any]) -> Section | None:
    """Return a row per rule; None without any."""
    if not data["rules"]:
        return None
    rows = [
        ((row["text"]), _percent(row["real"]), _percent(row["synthetic"]))
        for row in data["rules"][:MOST_RULES]
    ]
    more = len(data["rules"]) - len(rows)
    said = t(
        "Share of rows that keep each rule found in, or declared for, the real table. Ranges are "
        "listed only where they are broken."
    )
    if more:
        said += t(" The JSON file has {more} more.", more=more)
    if any(row.get("kind") == "sorted" for row in data["rules"]):
        said += t(" Rows drawn one by one are in no order, so about half keep that rule.")
    return section(
        t("Rules"),
        said,
        table(heads("Rule", "Real", "Synthetic"), rows),
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
