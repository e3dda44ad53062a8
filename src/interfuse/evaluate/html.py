"""The page of a report: a function of its JSON alone.

Verdict, then pictures, then tables; one file without scripts, fonts or links to anywhere. It is
well-formed XML, so that a test can read it, and every name and value is escaped.
"""

from collections.abc import Iterable, Sequence
from importlib import resources
from string import Template
from typing import Any

from interfuse.evaluate import plots
from interfuse.evaluate.figure import floor_text, interval, shown
from interfuse.evaluate.findings import nothing_found
from interfuse.evaluate.plots import clip, escape

WORST_PAIRS = 30
WORST_COLUMNS = 200
MOST_RULES = 60

_BETTER = {"lower": "Lower is better", "higher": "Higher is better", "to 0.5": "0.5 is ideal"}


def page(data: dict[str, Any]) -> str:
    """Return the page.

    Args:
        data: `Report.data`.
    """
    text = resources.files("interfuse.evaluate").joinpath("report.html").read_text("utf-8")
    template = Template(text)
    sections = [
        _verdict(data),
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
    subtitle = (
        f"{tables['synthetic']:,} synthetic rows against {tables['real']:,} real rows, "
        f"{tables['columns']} columns{held}"
    )
    return template.substitute(subtitle=escape(subtitle), body="\n".join(filter(None, sections)))


def _section(title: str, explained: str, *content: str) -> str:
    parts = "\n".join(filter(None, content))
    return f'<section><h2>{title}</h2>\n<p class="what">{explained}</p>\n{parts}\n</section>'


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1, kind: str = "plain"
) -> str:
    """Return a table whose first `left` columns hold text and the others numbers."""

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag}>{cell}</{tag}>" if i < left else f'<{tag} class="n">{cell}</{tag}>'
            for i, cell in enumerate(row)
        )

    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{cells("th", head)}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _verdict(data: dict[str, Any]) -> str:
    lines = []
    for sentence in data["verdict"]:
        subject, _, rest = sentence.partition(": ")
        lines.append(f"<p><strong>{escape(subject)}:</strong> {escape(rest)}</p>")
    found = "".join(f"<li>{escape(line)}</li>" for line in data["findings"])
    if found:
        count = len(data["findings"])
        listed = f"<h2>What is off ({count})</h2><ul>{found}</ul>"
    else:
        said = nothing_found(data["level"].get("questions"), data.get("asked", ()))
        listed = f'<p class="what">{escape(said)}</p>'
    return f'<section class="verdict">{"".join(lines)}{listed}</section>'


def _standing(data: dict[str, Any]) -> str:
    rows = []
    for row in data["figures"]:
        picture = plots.standing(row)
        if picture and not row["key"].startswith("privacy."):
            value = escape(shown(row["value"], row["unit"]))
            rows.append(f"<span>{escape(row['name'])}</span>{picture}<b>{value}</b>")
    if not rows:
        return ""
    return _section(
        "Where it stands",
        "Left end: what resampling the real rows gives, the best that can be expected (its noise "
        "shaded). Right end: independent columns. Dot: the synthetic table.",
        f'<div class="stands">{"".join(rows)}</div>',
    )


def _marginals(data: dict[str, Any]) -> str:
    cards = []
    for item in data["pictures"]["marginals"]:
        if "labels" in item:
            picture = plots.bars(item["labels"], item["real"], item["synthetic"])
        else:
            picture = plots.histogram(item["real"], item["synthetic"], item["edges"])
        error = escape(shown(item["error"], "%"))
        # Long names break behind an underscore sooner than inside a word.
        name = clip(item["name"], 30).replace("_", "_<wbr/>")
        cards.append(
            f'<figure><figcaption><span title="{escape(item["name"])}">{name}'
            f"</span><i>{error}</i></figcaption>{picture}</figure>"
        )
    rest = data["tables"]["columns"] - len(cards)
    more = f" The {rest} best columns are left out." if rest else ""
    return _section(
        "Columns over each other",
        'Each column, <b class="k-real">real</b> filled and <b class="k-syn">synthetic</b> over '
        "it, with its shape error, worst first. Histogram heights are square roots of shares, so "
        "that small ones can be seen; missing values are left out; values beyond the central 99% "
        f"are in the outer bars.{more}",
        f'<div class="cards">{"".join(cards)}</div>',
    )


def _association(data: dict[str, Any]) -> str:
    maps = data["pictures"]["association"]
    names, real, synthetic = maps["names"], maps["real"], maps["synthetic"]
    if len(names) < 2:
        return ""
    gap = [
        [None if a is None or b is None else b - a for a, b in zip(x, y, strict=True)]
        for x, y in zip(real, synthetic, strict=True)
    ]
    largest = max((abs(v) for row in gap for v in row if v is not None), default=0.0)
    scale = max(0.1, round(largest + 0.049, 1))
    trio = [
        ("Real", plots.heat(names, real)),
        ("Synthetic", plots.heat(names, synthetic)),
        (f"Synthetic − real, full colour at ±{scale:.1f}", plots.heat(names, gap, scale=scale)),
    ]
    more = f" Only the {len(names)} columns that differ most." if maps["left_out"] else ""
    return _section(
        "Which columns go together",
        "Pearson's r between numbers, Cramér's V with categories: "
        '<b class="k-pos">positive</b>, <b class="k-neg">negative</b>, pale is none. The third map '
        f"should be empty.{more}",
        '<div class="maps">'
        + "".join(f"<figure><figcaption>{t}</figcaption>{p}</figure>" for t, p in trio)
        + "</div>",
    )


def _training(data: dict[str, Any]) -> str:
    pictures = data["pictures"]
    picture = plots.curve(pictures["training"], pictures["training_unit"])
    if not picture:
        return ""
    return _section(
        "Training",
        'Loss of the <b class="k-real">training rows</b> and of <b class="k-syn">held-out rows</b>;'
        " where the second rises, the model begins to memorise.",
        f'<figure class="curve">{picture}</figure>',
    )


def _figures(data: dict[str, Any]) -> str:
    rows = []
    for row in data["figures"]:
        unit, better = row["unit"], _BETTER[row["better"]]
        value, floor = shown(row["value"], unit), floor_text(row)
        loose = row.get("independent_is", "") if row["independent"] is not None else ""
        more = {"independent": f"<small>{escape(loose)}</small>" if loose else "", "copula": ""}
        rows.append(
            (
                f"<b>{escape(row['name'])}</b><small>{escape(row['meaning'])} {better}.</small>",
                f"<b>{escape(value)}</b><small>{escape(interval(row))}</small>",
                f"{escape(floor)}<small>{escape(row['floor_is'])}</small>",
                *(
                    f'<span class="only">{label}: </span>{escape(shown(row.get(key), unit))}'
                    f"{more[key]}"
                    for key, label in (("independent", "independent"), ("copula", "copula"))
                ),
            )
        )
    return _section(
        "All figures",
        "Each with its 95% interval, beside what the best possible table (resampled real rows) "
        "and two naive ones (independent columns, a Gaussian copula) would get.",
        _table(
            ("Figure", "Synthetic", "Floor or ideal", "Independent columns", "Gaussian copula"),
            rows,
            kind="figs",
        ),
    )


def _columns(data: dict[str, Any]) -> str:
    rows = []
    ordered = sorted(data["columns"], key=lambda r: -(r["error"] if r["error"] is not None else -1))
    for row in ordered[:WORST_COLUMNS]:
        lost = ", ".join(f"{clip(label, 24)} ({p:.2%})" for label, p in row["absent"][:3])
        rows.append(
            (
                clip(row["name"], 40),
                escape(row["metric"]),
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


def _pairs(data: dict[str, Any]) -> str:
    if not data["pairs"]:
        return ""
    rows = [
        (
            clip(row["first"], 40),
            clip(row["second"], 40),
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


def _detection(data: dict[str, Any]) -> str:
    found = [item for item in data["detection"]["columns"] if item[1] > 0][:15]
    if not found:
        return ""
    alone = dict(data["detection"].get("alone", ()))
    rows = [
        (
            clip(name, 40),
            f'<span class="bar" style="width:{9 * share:.2f}em"></span>',
            f"{share:.1%}",
            shown(alone.get(name)),
        )
        for name, share in found
    ]
    pairs = [
        (clip(a, 40), clip(b, 40), shown(both), shown(most))
        for a, b, both, most in data["detection"].get("pairs", ())[:6]
        if both > most + 0.02
    ]
    more = ""
    if pairs:
        head = ("Column", "Column", "AUC of both", "Greater AUC alone")
        more = (
            '<p class="what">Pairs that tell more together than either column alone: their '
            f"dependence is off.</p>{_table(head, pairs, left=2)}"
        )
    return _section(
        "What gave it away",
        "Share of each column in the gain of the boosted trees that look for synthetic rows "
        f"({escape(data['detection']['engine'])}), and the AUC of small trees that see the column "
        "alone. It means something only when the AUC of all is clearly above 0.5.",
        _table(("Column", "", "Share", "AUC alone"), rows, left=2),
        more,
    )


def _targets(data: dict[str, Any]) -> str:
    rows = [
        (
            clip(row["name"], 40),
            shown(row["real"]),
            shown(row["synthetic"]),
            shown(row["floor"]),
            shown(row["agreement"]),
        )
        for row in data.get("targets", ())
    ]
    if not rows:
        return ""
    head = ("Target", "Real rows", "Synthetic", "Floor", "Agreement")
    return _section(
        "Every column as the target",
        "Skill of models trained on real and on synthetic rows, tested on real ones: 2 AUC − 1 of "
        "a category, R² of a number's ranks; 0 is a guess, 1 is perfect. Agreement: correlation "
        "of the ranks of what both models rest on.",
        _table(head, rows),
    )


def _secrets(data: dict[str, Any]) -> str:
    rows = [
        (
            clip(row["secret"], 40),
            shown(row["rate"]),
            shown(row["control"]),
            shown(row["random"]),
            shown(row["risk"]),
            "–" if row["error"] is None else f"± {row['error']:.3f}",
        )
        for row in data.get("secrets", ())
    ]
    if not rows:
        return ""
    head = ("Secret", "Fitted rows", "Unseen rows", "By chance", "Risk", "95%")
    return _section(
        "Secrets",
        "Share of rows whose secret cell the closest synthetic row gives away to someone who knows "
        "the other cells. Unseen rows are the control: what is guessed there is the population's.",
        _table(head, rows),
    )


def _missing(data: dict[str, Any]) -> str:
    shares = data["missing"]["columns"]
    if not shares:
        return ""
    rows = [(clip(name, 40), f"{a:.2%}", f"{b:.2%}") for name, (a, b) in shares.items()]
    return _section(
        "Missing values",
        "Missing share of each column that has any; the real table has "
        f"{data['missing']['real_patterns']} distinct sets of columns missing together.",
        _table(("Column", "Real", "Synthetic"), rows),
    )


def _rules(data: dict[str, Any]) -> str:
    if not data["rules"]:
        return ""
    rows = [
        (escape(row["text"]), _percent(row["real"]), _percent(row["synthetic"]))
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


def _notes(data: dict[str, Any]) -> str:
    notes = [*data["notes"], f"Seed {data['seed']}; boosted trees: {data['detection']['engine']}."]
    ignored = data["tables"]["ignored"]
    if ignored:
        names = ", ".join(map(repr, ignored[:30]))
        notes.append(f"Not compared (keys, free text, empty or dropped): {names}.")
    return _section(
        "How it was measured",
        "Shapes, trends and logistic detection are those of sdmetrics; the definitions are in the "
        "library's documentation (Judging a table).",
        f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>",
    )
