"""The page of a report: a function of its JSON alone.

Verdict, then pictures, then tables; one file without scripts, fonts or links to anywhere. Here is
what each section holds; `report.html.jinja` says how it looks. The template escapes whatever is not
`Markup`, and the page is well-formed XML, so that a test can read it.
"""

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from interfuse.evaluate import html_tables, plots
from interfuse.evaluate.figure import floor_text, interval, shown
from interfuse.evaluate.findings import nothing_found
from interfuse.evaluate.html_tables import Section, section, table
from interfuse.evaluate.plots import clip, printable
from interfuse.language import language, t

_BETTER = {"lower": "Lower is better.", "higher": "Higher is better.", "to 0.5": "0.5 is ideal."}


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
        html_tables.columns(data),
        html_tables.pairs(data),
        html_tables.detection(data),
        html_tables.targets(data),
        html_tables.secrets(data),
        html_tables.missing(data),
        html_tables.rules(data),
        _notes(data),
    ]
    tables = data["tables"]
    held = t("no hold-out")
    if tables["holdout"]:
        held = t("{rows:,} hold-out rows", rows=tables["holdout"])
    names = " · ".join(tables.get("names", ()))
    title = t("Synthetic table report")
    return render(
        title=f"{title} – {names}" if names else title,
        heading=t("Is the synthetic table like the real one?"),
        about=[text for text in (names, data.get("date")) if text],
        subtitle=t(
            "{synthetic:,} synthetic rows against {real:,} real rows, {columns} columns, {held}",
            synthetic=tables["synthetic"],
            real=tables["real"],
            columns=tables["columns"],
            held=held,
        ),
        verdict=data["verdict"],
        findings=data["findings"],
        nothing_found=nothing_found(data["level"].get("questions"), data.get("asked", ())),
        sections=[section for section in sections if section is not None],
    )


def render(**parts: Any) -> str:
    """Return a page in the style of the report.

    Args:
        parts: ``title``, ``heading``, ``about`` (names and date), ``subtitle``, ``verdict``
            (sentences that begin with their subject and a colon), ``findings``,
            ``nothing_found`` and ``sections``.
    """
    parts["verdict"] = [sentence.split(t(": "), 1) for sentence in parts["verdict"]]
    return _template().render(t=t, tongue="zh-CN" if language() == "zh" else "en", **parts)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("interfuse.evaluate", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else printable(value),
    )
    return environment.get_template("report.html.jinja")


def _standing(data: dict[str, Any]) -> Section | None:
    rows = []
    for row in data["figures"]:
        picture = plots.standing(row)
        if picture and not row["key"].startswith("privacy."):
            rows.append((row["name"], Markup(picture), shown(row["value"], row["unit"])))
    if not rows:
        return None
    return section(
        t("Where it stands"),
        t(
            "Left end: what resampling the real rows gives, the best that can be expected (its "
            "noise shaded). Right end: independent columns. Dot: the synthetic table."
        ),
        stands=rows,
        scale=Markup(plots.standing_scale()),
    )


def _marginals(data: dict[str, Any]) -> Section | None:
    cards = []
    for item in data["pictures"]["marginals"]:
        if "labels" in item:
            picture = plots.bars(item["labels"], item["real"], item["synthetic"])
        else:
            picture = plots.histogram(
                *(item[key] for key in ("real", "synthetic", "edges", "name"))
            )
        # Long names break behind an underscore sooner than inside a word.
        name = Markup(clip(item["name"], 30).replace("_", "_<wbr/>"))
        error = t("error {error}", error=shown(item["error"], "%"))
        card = {"title": item["name"], "name": name, "error": error, "picture": Markup(picture)}
        cards.append(card)
    rest = data["tables"]["columns"] - len(cards)
    more = t(" The {rest} best columns are left out.", rest=rest) if rest else ""
    return section(
        t("Columns over each other"),
        Markup(
            t(
                'Each column, <b class="k-real">real</b> filled and <b class="k-syn">synthetic</b> '
                "over it, with its shape error, worst first. Histogram heights are square roots of "
                "shares, so that small ones can be seen; missing values are left out; values "
                "beyond the central 99% are in the outer bars."
            )
        )
        + more,
        cards=cards,
    )


def _association(data: dict[str, Any]) -> Section | None:
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
    trio = [
        (t("Real"), Markup(plots.heat(names, real))),
        (t("Synthetic"), Markup(plots.heat(names, synthetic))),
        (t("Synthetic − real"), Markup(plots.heat(names, gap, scale=scale))),
    ]
    some = t(" Only the {columns} columns that differ most.", columns=len(names))
    more = some if maps["left_out"] else ""
    return section(
        t("Which columns go together"),
        Markup(
            t(
                "Pearson's r between numbers, Cramér's V with categories: "
                '<b class="k-pos">positive</b>, <b class="k-neg">negative</b>, pale is none. The '
                "third map should be empty."
            )
        )
        + more,
        maps=trio,
    )


def _training(data: dict[str, Any]) -> Section | None:
    pictures = data["pictures"]
    picture = plots.curve(pictures["training"], t(pictures["training_unit"]))
    if not picture:
        return None
    return section(
        t("Training"),
        Markup(
            t(
                'Loss of the <b class="k-real">training rows</b> and of <b class="k-syn">held-out '
                "rows</b>; where the second rises, the model begins to memorise."
            )
        ),
        curve=Markup(picture),
    )


def _figures(data: dict[str, Any]) -> Section:
    rows = []
    for row in data["figures"]:
        unit, better = row["unit"], t(_BETTER[row["better"]])
        others = []
        for key in ("independent", "copula"):
            said = row.get("independent_is") if key == "independent" else ""
            label = Markup('<span class="only">{}{}</span>').format(t(key), t(": "))
            small = {"small": said} if said and row.get(key) is not None else {}
            others.append({"text": label + shown(row.get(key), unit)} | small)
        name, value = row["name"], shown(row["value"], unit)
        rows.append(
            (
                {"text": name, "bold": True, "small": row["meaning"] + t(" ") + better},
                {"text": value, "bold": True, "small": interval(row)},
                {"text": floor_text(row), "small": row["floor_is"]},
                *others,
            )
        )
    head = [t("Figure"), t("Synthetic"), t("Floor or ideal")]
    head += [t("Independent columns"), t("Gaussian copula")]
    return section(
        t("All figures"),
        t(
            "Each with its 95% interval, beside what the best possible table (resampled real rows) "
            "and two naive ones (independent columns, a Gaussian copula) would get."
        ),
        table(head, rows, kind="figs"),
    )


def _notes(data: dict[str, Any]) -> Section | None:
    made = {"seed": data["seed"], "engine": data["detection"]["engine"]}
    notes = [*data["notes"], t("Seed {seed}; boosted trees: {engine}.", **made)]
    ignored = data["tables"]["ignored"]
    if ignored:
        names = t(", ").join(map(repr, ignored[:30]))
        notes.append(t("Not compared (keys, free text, empty or dropped): {names}.", names=names))
    return section(
        t("How it was measured"),
        t(
            "Shapes, trends and logistic detection are those of sdmetrics; the definitions are in "
            "the library's documentation (Judging a table)."
        ),
        notes=notes,
    )
