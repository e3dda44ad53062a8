"""The page of a report: a function of its JSON alone.

Verdict, then pictures, then tables; one file without scripts, fonts or links to anywhere. Here is
what each section holds; `report.html.jinja` says how it looks. The template escapes whatever is not
`Markup`, and the page is well-formed XML, so that a test can read it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from interfuse.evaluate import plots
from interfuse.evaluate.figure import floor_text, interval, shown
from interfuse.evaluate.findings import nothing_found
from interfuse.evaluate.plots import clip, cut, printable

WORST_PAIRS = 30
WORST_COLUMNS = 200
MOST_RULES = 60

_BETTER = {"lower": "Lower is better", "higher": "Higher is better", "to 0.5": "0.5 is ideal"}


@dataclass(frozen=True)
class _Table:
    """A table whose first `left` columns hold text and the others numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    left: int = 1
    style: str = "plain"
    explained: str = ""


@dataclass(frozen=True)
class _Section:
    """A section of the page; what it does not have is left out."""

    title: str
    explained: str | Markup
    tables: Sequence[_Table] = ()
    stands: Sequence[tuple[str, Markup, str]] = ()
    cards: Sequence[Mapping[str, Any]] = ()
    maps: Sequence[tuple[str, Markup]] = ()
    curve: Markup | None = None
    notes: Sequence[str] = field(default=())


def page(data: dict[str, Any]) -> str:
    """Return the page.

    Args:
        data: `Report.data`.
    """
    sections = [
        _standing(data),
        _marginals(data),
        _association(data),
        _training(data),
        _figures(data),
        _columns(data),
        _pairs(data),
        _detection(data),
        _targets(data),
        _secrets(data),
        _missing(data),
        _rules(data),
        _notes(data),
    ]
    tables = data["tables"]
    held = f", {tables['holdout']:,} hold-out rows" if tables["holdout"] else ", no hold-out"
    return _template().render(
        subtitle=f"{tables['synthetic']:,} synthetic rows against {tables['real']:,} real rows, "
        f"{tables['columns']} columns{held}",
        verdict=[sentence.split(": ", 1) for sentence in data["verdict"]],
        findings=data["findings"],
        nothing_found=nothing_found(data["level"].get("questions"), data.get("asked", ())),
        sections=[section for section in sections if section is not None],
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("interfuse.evaluate", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else printable(value),
    )
    return environment.get_template("report.html.jinja")


def _section(title: str, explained: str, *tables: _Table, **rest: Any) -> _Section:
    return _Section(title, explained, tables, **rest)


def _table(
    head: Sequence[str], rows: Iterable[Sequence[Any]], left: int = 1, kind: str = "plain"
) -> _Table:
    return _Table(head, list(rows), left, kind)


def _standing(data: dict[str, Any]) -> _Section | None:
    rows = []
    for row in data["figures"]:
        picture = plots.standing(row)
        if picture and not row["key"].startswith("privacy."):
            rows.append((row["name"], Markup(picture), shown(row["value"], row["unit"])))
    if not rows:
        return None
    return _section(
        "Where it stands",
        "Left end: what resampling the real rows gives, the best that can be expected (its noise "
        "shaded). Right end: independent columns. Dot: the synthetic table.",
        stands=rows,
    )


def _marginals(data: dict[str, Any]) -> _Section | None:
    cards = []
    for item in data["pictures"]["marginals"]:
        if "labels" in item:
            picture = plots.bars(item["labels"], item["real"], item["synthetic"])
        else:
            picture = plots.histogram(item["real"], item["synthetic"], item["edges"])
        # Long names break behind an underscore sooner than inside a word.
        name = Markup(clip(item["name"], 30).replace("_", "_<wbr/>"))
        error = shown(item["error"], "%")
        card = {"title": item["name"], "name": name, "error": error, "picture": Markup(picture)}
        cards.append(card)
    rest = data["tables"]["columns"] - len(cards)
    more = f" The {rest} best columns are left out." if rest else ""
    return _section(
        "Columns over each other",
        Markup(
            'Each column, <b class="k-real">real</b> filled and <b class="k-syn">synthetic</b> '
            "over it, with its shape error, worst first. Histogram heights are square roots of "
            "shares, so that small ones can be seen; missing values are left out; values beyond "
            "the central 99% are in the outer bars."
        )
        + more,
        cards=cards,
    )


def _association(data: dict[str, Any]) -> _Section | None:
    maps = data["pictures"]["association"]
    names, real, synthetic = maps["names"], maps["real"], maps["synthetic"]
    if len(names) < 2:
        return None
    gap = [
        [None if a is None or b is None else b - a for a, b in zip(x, y, strict=True)]
        for x, y in zip(real, synthetic, strict=True)
    ]
    largest = max((abs(v) for row in gap for v in row if v is not None), default=0.0)
    scale = max(0.1, round(largest + 0.049, 1))
    last = f"Synthetic − real, full colour at ±{scale:.1f}"
    trio = [
        ("Real", Markup(plots.heat(names, real))),
        ("Synthetic", Markup(plots.heat(names, synthetic))),
        (last, Markup(plots.heat(names, gap, scale=scale))),
    ]
    more = f" Only the {len(names)} columns that differ most." if maps["left_out"] else ""
    return _section(
        "Which columns go together",
        Markup(
            "Pearson's r between numbers, Cramér's V with categories: "
            '<b class="k-pos">positive</b>, <b class="k-neg">negative</b>, pale is none. The third '
            "map should be empty."
        )
        + more,
        maps=trio,
    )


def _training(data: dict[str, Any]) -> _Section | None:
    pictures = data["pictures"]
    picture = plots.curve(pictures["training"], pictures["training_unit"])
    if not picture:
        return None
    return _section(
        "Training",
        Markup(
            'Loss of the <b class="k-real">training rows</b> and of <b class="k-syn">held-out '
            "rows</b>; where the second rises, the model begins to memorise."
        ),
        curve=Markup(picture),
    )


def _figures(data: dict[str, Any]) -> _Section:
    rows = []
    for row in data["figures"]:
        unit, better = row["unit"], _BETTER[row["better"]]
        others = []
        for key in ("independent", "copula"):
            said = row.get("independent_is") if key == "independent" else ""
            label = Markup('<span class="only">{}: </span>').format(key)
            small = {"small": said} if said and row.get(key) is not None else {}
            others.append({"text": label + shown(row.get(key), unit)} | small)
        name, value = row["name"], shown(row["value"], unit)
        rows.append(
            (
                {"text": name, "bold": True, "small": f"{row['meaning']} {better}."},
                {"text": value, "bold": True, "small": interval(row)},
                {"text": floor_text(row), "small": row["floor_is"]},
                *others,
            )
        )
    head = ("Figure", "Synthetic", "Floor or ideal", "Independent columns", "Gaussian copula")
    return _section(
        "All figures",
        "Each with its 95% interval, beside what the best possible table (resampled real rows) "
        "and two naive ones (independent columns, a Gaussian copula) would get.",
        _table(head, rows, kind="figs"),
    )


def _columns(data: dict[str, Any]) -> _Section | None:
    rows = []
    ordered = sorted(data["columns"], key=lambda r: -(r["error"] if r["error"] is not None else -1))
    for row in ordered[:WORST_COLUMNS]:
        lost = ", ".join(f"{cut(label, 24)} ({p:.2%})" for label, p in row["absent"][:3])
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
    head = ("Column", "Metric", "Error", "Floor", "Categories lost", "Never seen")
    return _section(
        "Columns",
        "Error: 100 (1 − score); KSComplement is one minus the largest gap of the distribution "
        "functions, TVComplement one minus half the summed gaps of the frequencies.",
        _table(head, rows, left=2),
    )


def _pairs(data: dict[str, Any]) -> _Section | None:
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
    head = ("Column", "Column", "Error", "Floor", "Independent", "Real", "Synthetic")
    return _section(
        "Pairs that are furthest off",
        f"The {len(rows)} worst pairs; the last two columns are Pearson's r between numbers, "
        "else Cramér's V over the bins of the metric. The JSON file has the others.",
        _table(head, rows, left=2),
    )


def _detection(data: dict[str, Any]) -> _Section | None:
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
    more: list[_Table] = []
    if pairs:
        head = ("Column", "Column", "AUC of both", "Greater AUC alone")
        said = "Pairs that tell more together than either column alone: their dependence is off."
        more = [_Table(head, pairs, left=2, explained=said)]
    return _section(
        "What gave it away",
        "Share of each column in the gain of the boosted trees that look for synthetic rows "
        f"({(data['detection']['engine'])}), and the AUC of small trees that see the column "
        "alone. It means something only when the AUC of all is clearly above 0.5.",
        _table(("Column", "", "Share", "AUC alone"), rows, left=2),
        *more,
    )


def _targets(data: dict[str, Any]) -> _Section | None:
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
    head = ("Target", "Real rows", "Synthetic", "Floor", "Agreement")
    return _section(
        "Every column as the target",
        "Skill of models trained on real and on synthetic rows, tested on real ones: 2 AUC − 1 of "
        "a category, R² of a number's ranks; 0 is a guess, 1 is perfect. Agreement: correlation "
        "of the ranks of what both models rest on.",
        _table(head, rows),
    )


def _secrets(data: dict[str, Any]) -> _Section | None:
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
    head = ("Secret", "Fitted rows", "Unseen rows", "By chance", "Risk", "95%")
    return _section(
        "Secrets",
        "Share of rows whose secret cell the closest synthetic row gives away to someone who knows "
        "the other cells. Unseen rows are the control: what is guessed there is the population's.",
        _table(head, rows),
    )


def _missing(data: dict[str, Any]) -> _Section | None:
    shares = data["missing"]["columns"]
    if not shares:
        return None
    rows = [(cut(name, 40), f"{a:.2%}", f"{b:.2%}") for name, (a, b) in shares.items()]
    return _section(
        "Missing values",
        "Missing share of each column that has any; the real table has "
        f"{data['missing']['real_patterns']} distinct sets of columns missing together.",
        _table(("Column", "Real", "Synthetic"), rows),
    )


def _rules(data: dict[str, Any]) -> _Section | None:
    if not data["rules"]:
        return None
    rows = [
        ((row["text"]), _percent(row["real"]), _percent(row["synthetic"]))
        for row in data["rules"][:MOST_RULES]
    ]
    more = len(data["rules"]) - len(rows)
    rest = f" The JSON file has {more} more." if more else ""
    order = any(row.get("kind") == "sorted" for row in data["rules"])
    rest += " Rows drawn one by one are in no order, so about half keep that rule." if order else ""
    return _section(
        "Rules",
        "Share of rows that keep each rule found in, or declared for, the real table. Ranges are "
        f"listed only where they are broken.{rest}",
        _table(("Rule", "Real", "Synthetic"), rows),
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def _notes(data: dict[str, Any]) -> _Section | None:
    notes = [*data["notes"], f"Seed {data['seed']}; boosted trees: {data['detection']['engine']}."]
    ignored = data["tables"]["ignored"]
    if ignored:
        names = ", ".join(map(repr, ignored[:30]))
        notes.append(f"Not compared (keys, free text, empty or dropped): {names}.")
    return _section(
        "How it was measured",
        "Shapes, trends and logistic detection are those of sdmetrics; the definitions are in the "
        "library's documentation (Judging a table).",
        notes=notes,
    )
