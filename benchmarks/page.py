"""`python -m benchmarks.page`: every results file as one page, docs/benchmarks.md.

The page is a function of `benchmarks/results/*.json` and holds nothing else: figures, the best of
each in bold, and for each figure with a rival whether interfuse was better. Losses are listed as
wins are. A file that no section knows is listed figure by figure.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import published_detection
from benchmarks.common import RESULTS
from benchmarks.published import GOALS, Goal
from benchmarks.rivals.methods import METHODS
from benchmarks.rivals.ranks import RANKED, distance, mean_ranks
from interfuse.files import write_atomically

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
OURS = "interfuse"
ABOUT = ("command", "seed", "date", "machine", "versions")
_MOST_PLAIN = 60

Found = Mapping[str, Any]


@dataclass
class Ledger:
    """Who was better, figure by figure.

    Attributes:
        wins: of a section, figures in which no rival was better.
        losses: of a section, those in which one was: figure, ours, the best rival and its value.
    """

    wins: dict[str, int] = field(default_factory=dict)
    losses: dict[str, list[tuple[str, str, str, str]]] = field(default_factory=dict)

    def compare(
        self, section: str, figure: str, ours: float | None, rivals: Mapping[str, float]
    ) -> None:
        """Enter a figure of which less is better; without ours or a rival there is nothing."""
        if ours is None or not rivals:
            return
        best = min(rivals, key=lambda name: rivals[name])
        if rivals[best] < ours:
            mine, theirs = (f"{abs(v):.5g}" for v in (ours, rivals[best]))
            self.losses.setdefault(section, []).append((figure, mine, best, theirs))
        else:
            self.wins[section] = self.wins.get(section, 0) + 1


def render(folder: Path) -> str:
    """The page of a folder of results."""
    files = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in folder.glob("*.json")}
    ledger, parts = Ledger(), []
    for stem, (title, section) in SECTIONS.items():
        if stem in files:
            found = files.pop(stem)
            parts.append(
                [f"## {title}", "", *section(title, found, ledger), *_circumstances(found)]
            )
    for stem, found in sorted(files.items()):
        parts.append([f"## {stem}", "", *_plain(found), *_circumstances(found)])
    lines = [
        "# Benchmarks",
        "",
        "<!-- Made by `python -m benchmarks.page` from benchmarks/results/*.json. -->",
        "",
        "Every figure was measured by the command under its table; `make bench` measures all of",
        "them, goes on where it was stopped, and writes this page. The best value of a column is",
        "in bold. Floors and yardsticks are no rivals and are not compared.",
        "",
        *_summary(ledger),
    ]
    for part in parts:
        lines += ["", *part]
    return "\n".join(lines).rstrip() + "\n"


def _summary(ledger: Ledger) -> list[str]:
    names = list(dict.fromkeys([*ledger.wins, *ledger.losses]))
    if not names:
        return []
    rows = [
        (name, str(ledger.wins.get(name, 0)), str(len(ledger.losses.get(name, ()))))
        for name in names
    ]
    lines = [
        "## Won and lost",
        "",
        "Each figure is held against whichever rival turned out best in it.",
        "",
    ]
    lines += _table(("Benchmark", "Best or equal", "A rival was better"), rows)
    for name, losses in ledger.losses.items():
        lines += ["", f"**{name}**, where a rival was better:", ""]
        lines += _table(("Figure", OURS, "The best rival", "Its value"), losses)
    return lines


# -- sections -----------------------------------------------------------------------------------


def _rivals(title: str, found: Found, ledger: Ledger) -> list[str]:
    lines = [
        "Each method fits on one core within one budget, with its own defaults; rules and settings",
        "are in `benchmarks/rivals`. Shape and trend: per cent off. Detection: area under the ROC",
        "curve of boosted trees, .5 = cannot be told apart. Utility gap: what trees lose on real",
        "rows when they learn from drawn ones instead. DCR: share of drawn rows nearer to the half",
        "that was fitted than to the other, .5 = no copying, one halving. The budget is of",
        "wall-clock time; where others used the machine too, the core gave less than that.",
        "",
    ]
    for name, one in found.items():
        lines += _rival_set(title, name, one, ledger)
    places = mean_ranks(found)
    if places:
        lines += [
            "### Mean rank",
            "",
            "Over shape, trend, detection and utility of all data sets; a method without rows on a",
            "set is last there.",
            "",
            *_table(
                ("Method", "Mean rank", "Data sets with rows"),
                [
                    (METHODS[k].name, f"{mean:.2f}", f"{ended} of {tried}")
                    for k, (mean, ended, tried) in places.items()
                ],
            ),
            "",
        ]
    return lines


def _rival_set(title: str, name: str, one: Found, ledger: Ledger) -> list[str]:
    """The methods on one data set."""
    size, methods = one["rows"], one["methods"]
    ended = {k: methods[k] for k in METHODS if k in methods and "failed" not in methods[k]}
    failed = {k: methods[k] for k in METHODS if "failed" in methods.get(k, ())}
    ranked = [k for k in ended if METHODS[k].ranked]
    columns = {f: {k: distance(f, m, one["real"]) for k, m in ended.items()} for f in RANKED}
    bold = set()
    for figure, column in columns.items():
        there = {k: v for k in ranked if (v := column[k]) is not None}
        bold |= {(figure, k) for k, v in there.items() if v == min(there.values())}
        rivals = {METHODS[k].name: v for k, v in there.items() if k != OURS}
        ledger.compare(title, f"{name}, {_FIGURES[figure]}", there.get(OURS), rivals)
    rows = []
    for key, m in ended.items():
        cells = [METHODS[key].name if key in ranked else f"*{METHODS[key].name}*"]
        for figure in RANKED:
            gap = figure == "gap"
            text = _number(columns[figure][key] if gap else m[figure], 4 if gap else 3)
            cells.append(f"**{text}**" if (figure, key) in bold else text)
        seconds = [m.get(k) for k in ("fit_seconds", "fit_core_seconds", "sample_seconds")]
        cells += [_number(m.get("dcr_share")), _number(m.get("copies"), 1)]
        rows.append((*cells, *(_number(s, 0 if s and s >= 10 else 2) for s in seconds)))
    settings = "; ".join(f"{METHODS[k].name}: {ended[k]['settings']}" for k in ranked)
    return [
        f"### {name}: {size['train']:,} rows, {size['columns']} columns, "
        f"{one['budget_seconds']:g} s",
        "",
        f"Utility predicts {one['target']}; real rows reach {_number(one['real']['utility'], 4)}.",
        "",
        *_table(_RIVAL_HEADER, rows),
        "",
        *(
            f"- {METHODS[k].name} gave no rows: {m['failed'].rstrip('.')}."
            for k, m in failed.items()
        ),
        *(
            f"- {METHODS[k].name} gave no rows when fitted to half: {m['half_failed'].rstrip('.')}."
            for k, m in ended.items()
            if "half_failed" in m
        ),
        *([""] if failed or any("half_failed" in m for m in ended.values()) else []),
        *([f"Settings. {settings}.", ""] if settings else []),
    ]


_RIVAL_HEADER = (
    "Method",
    "Shape",
    "Trend",
    "Detection",
    "Utility gap",
    "DCR",
    "Copies %",
    "Fit s",
    "of the core",
    "Draw s",
)
_FIGURES = {
    "shape": "shape",
    "trend": "trend",
    "detection": "detection, distance from .5",
    "gap": "utility gap",
}


_TABLE_HEADER = (
    "Figure",
    "interfuse",
    "Floor",
    "Real rows",
    "To reach",
    "Reached",
    "Best published",
)


def _tables(title: str, found: Found, ledger: Ledger) -> list[str]:
    lines = ["The protocol is that of the published tables (`benchmarks/protocol.py`).", ""]
    for name, one in found.items():
        goals = GOALS.get(name, {})
        rows, sources = [], []
        for key, f in one["figures"].items():
            goal = goals.get(key) or Goal(key, "lower")
            best = "–"
            if goal.best:
                if goal.best.source not in sources:
                    sources.append(goal.best.source)
                place = sources.index(goal.best.source) + 1
                best = f"{goal.best.value:g} {goal.best.method} [{place}]"
                sign = -1 if goal.better == "higher" else 1
                ours = sign * f["ours"]
                ledger.compare(
                    title,
                    f"{name}, {goal.name}",
                    ours,
                    {f"{goal.best.method} (published)": sign * goal.best.value},
                )
            real = f.get("real")
            kept = {True: "yes", False: "**no**", None: "–"}[goal.reached(f["ours"], real)]
            bound = goal.bound(real)
            reach = "–" if bound is None else f"{round(bound, 3):g}"
            cells = (
                _number(f["ours"], sd=f.get("sd")),
                _number(f.get("floor"), sd=f.get("floor_sd")),
            )
            rows.append((goal.name, *cells, _number(real), reach, kept, best))
        size, fit = one["rows"], one["fit"]
        lines += [
            f"### {name}: {size['train']:,} rows, {size['columns']} columns, fitted in "
            f"{fit['wall_seconds']:.0f} s",
            "",
            *_table(_TABLE_HEADER, rows),
            "",
            *(f"{i}. {source}" for i, source in enumerate(sources, 1)),
            "",
        ]
        for rule in one.get("rules", ()):
            lines.append(f"- {rule['rule']} holds in {rule['synthetic']:.2%} of rows")
    return lines


def _detection(title: str, found: Found, ledger: Ledger) -> list[str]:
    lines = [
        "ADBench's sets, the protocol of DTE (arXiv 2305.18593). All figures are areas under the",
        "ROC curve in per cent; those of others are as published. AUC-PR has no published table.",
        "",
    ]
    for protocol, others in published_detection.METHODS.items():
        there = {n.partition("/")[0]: f for n, f in found.items() if n.endswith("/" + protocol)}
        if not there:
            continue
        rows = []
        for name, f in there.items():
            known = published_detection.of(name, protocol)
            rows.append(
                (name, *_best([f["roc"], *(known.get(m) for m in others)], 2), _number(f["pr"], 2))
            )
            rivals = {f"{m} (published)": -v for m, v in known.items()}
            ledger.compare(title, f"{name}, {protocol}", -f["roc"], rivals)
        mean = sum(f["roc"] for f in there.values()) / len(there)
        whole = len(there) == len(published_detection.ROC[protocol])
        means = published_detection.means(protocol) if whole else {}
        pr = sum(f["pr"] for f in there.values()) / len(there)
        cells = _best([mean, *(means.get(m) for m in others)], 2)
        rows.append((f"mean of {len(there)}", *cells, _number(pr, 2)))
        lines += [f"### {protocol}", "", *_table(("Set", OURS, *others, "AUC-PR, ours"), rows), ""]
    return lines


def _imputation(title: str, found: Found, ledger: Ledger) -> list[str]:
    lines = ["Cells of held-out rows are hidden and filled; less is better but for accuracy.", ""]
    keys = {"mae": 1, "accuracy": -1, "crps": 1}
    header = ("Hidden", "Method", "MAE", "Accuracy", "CRPS", "90 % covers", "rows/s")
    for name, one in found.items():
        rows = []
        for pattern, figures in one.items():
            if not isinstance(figures, dict) or not isinstance(figures.get(OURS), dict):
                continue
            columns = [[m.get(k) for m in figures.values()] for k in keys]
            shown = [_best(c, 4, sign < 0) for c, sign in zip(columns, keys.values(), strict=True)]
            for i, (method, m) in enumerate(figures.items()):
                rest = (_number(m.get("coverage")), _number(m.get("rows_per_second")))
                rows.append((pattern, method, *(c[i] for c in shown), *rest))
            for key, sign in keys.items():
                values = {n: sign * m[key] for n, m in figures.items() if m.get(key) is not None}
                ours = values.pop(OURS, None)
                ledger.compare(title, f"{name} {pattern}, {key}", ours, values)
        if rows:
            lines += [f"### {name}", "", *_table(header, rows), ""]
            lines += [f"- {method}: {text}" for method, text in one.get("settings", {}).items()]
            lines += [f"- {what} failed: {why}" for what, why in one.get("failed", {}).items()]
            lines += [
                f"- {method}, {pattern}: {m['draws']} draws in the time"
                for pattern, figures in one.items()
                if isinstance(figures, dict)
                for method, m in figures.items()
                if isinstance(m, dict) and "draws" in m
            ]
            lines += [""] if lines[-1] else []
        else:
            lines += [f"### {name}", "", *_plain({name: one}), ""]
    return lines


def _rare(title: str, found: Found, ledger: Ledger) -> list[str]:
    keys = ("macro_f1", "rare", "with_unseen", "accuracy")
    arms = [n for n, one in found.items() if "macro_f1_sd" in one]
    lines = [
        "Trees learn NSL-KDD's attacks from the real rows and from rows added for rare classes, up",
        "to the stated number of each; they are tested on the test file. The number was chosen by",
        f"cross-validation beforehand: {found.get('cross-validation', {}).get('chosen', '–')}.",
        "",
    ]
    rows = [
        (arm, *(_number(found[arm].get(k), 4, found[arm].get(k + "_sd")) for k in keys))
        for arm in arms
    ]
    lines += _table(("Trained on", "Macro-F1", "Rare classes", "With unseen", "Accuracy"), rows)
    for arm in (a for a in arms if a.startswith("ours ")):
        count = arm.partition(" ")[2]
        for key in keys:
            rivals = {
                n: -found[n][key]
                for n in ("real", f"SMOTE {count}", f"copies {count}")
                if n in found
            }
            ledger.compare(title, f"{key}, up to {count}", -found[arm][key], rivals)
    rest = {n: one for n, one in found.items() if n not in arms and n != "cross-validation"}
    return [*lines, "", *_plain(rest), ""]


def _images(title: str, found: Found, ledger: Ledger) -> list[str]:
    for key, part, sign in (
        ("train_per_second", "speed", -1),
        ("draw_per_second", "speed", -1),
        ("ours", "distance", 1),
    ):
        one = found.get(part, {})
        theirs = one.get("rival" if key == "ours" else f"rival_{key}")
        if theirs is not None:
            name = "Fréchet distance" if key == "ours" else key.replace("_", " ")
            rivals = {"denoising-diffusion-pytorch": sign * theirs}
            ledger.compare(title, name, sign * one[key], rivals)
    return [
        "Fashion-MNIST, beside denoising-diffusion-pytorch with its defaults on the same core for",
        "the same time. `distance` is a Fréchet distance in the features of a classifier;",
        "`utility` is the accuracy of a classifier that learned from drawn images.",
        "",
        *_plain(found),
        "",
    ]


_BETTER = {
    **dict.fromkeys(("wql", "crps", "mae", "mase", "rmse", "distance"), 1),
    **dict.fromkeys(("auc_pr", "vus_pr", "vus_roc"), -1),
}


def _series(title: str, found: Found, ledger: Ledger) -> list[str]:
    lines = [
        "Forecasts, gaps and odd points of series, each method scored by the same code. wql: the",
        "weighted quantile loss; coverage and width are those of the 90 % interval; auc and vus:",
        "higher is better.",
        "",
    ]
    rest: dict[str, Any] = {}
    for name, one in found.items():
        parts = {name: one} if "figures" in one else {
            f"{name}, {k}": v for k, v in one.items() if isinstance(v, dict) and "figures" in v
        }  # fmt: skip
        if not parts:
            rest[name] = one
        for label, part in parts.items():
            figures = {m: {**f, **f.get("mean", {})} for m, f in part["figures"].items()}
            named = dict.fromkeys(k for f in figures.values() for k in f)
            keys = [k for k in named if _scalar(figures, k)]
            columns = []
            for key in keys:
                column, sign = [f.get(key) for f in figures.values()], _BETTER.get(key)
                if sign is None:
                    columns.append([_number(v, 4) for v in column])
                    continue
                columns.append(_best(column, 4, sign < 0))
                there = zip(figures, column, strict=True)
                values = {n: sign * v for n, v in there if v is not None}
                ours = values.pop(OURS, None)
                ledger.compare(title, f"{label}, {key}", ours, values)
            rows = [(m, *(c[i] for c in columns)) for i, m in enumerate(figures)]
            lines += [f"### {label}", "", *_table(("Method", *keys), rows), ""]
    return [*lines, *(_plain(rest) if rest else []), ""]


def _scalar(figures: Found, key: str) -> bool:
    return all(isinstance(f.get(key, 0.0), int | float | None) for f in figures.values())


def _plain_section(title: str, found: Found, ledger: Ledger) -> list[str]:
    return [*_plain(found), ""]


def _scale(title: str, found: Found, ledger: Ledger) -> list[str]:
    rows = []
    for name, one in found.items():
        for key, bound in one.get("targets", {}).items():
            kept = "yes" if one[key] <= bound else "**no**"
            rows.append((name, key.replace("_", " "), _number(one[key]), f"{bound:g}", kept))
    return [*_table(("Table", "Figure", "Measured", "At most", "Kept"), rows), ""]


Section = Callable[[str, Found, Ledger], list[str]]
SECTIONS: dict[str, tuple[str, Section]] = {
    "rivals": ("Tables beside other synthesisers", _rivals),
    "tables": ("Tables beside published figures", _tables),
    "imputation": ("Filling holes", _imputation),
    "detection": ("Finding odd rows", _detection),
    "rare": ("Rows for rare classes", _rare),
    "series": ("Series", _series),
    "images": ("Images", _images),
    "evaluation": ("The evaluation itself", _plain_section),
    "steps": ("A training step beside its matrix products", _plain_section),
    "scale": ("Many rows", _scale),
}


# -- parts of a page ----------------------------------------------------------------------------


def _plain(found: Found) -> list[str]:
    """Every figure of every result, by its path."""
    rows = [
        (name, path, value)
        for name, one in found.items()
        for path, value in _leaves({k: v for k, v in one.items() if k not in ABOUT})
    ]
    left = len(rows) - _MOST_PLAIN
    lines = _table(("Result", "Figure", "Value"), rows[:_MOST_PLAIN])
    return [*lines, "", f"{left} more figures are in the results file."] if left > 0 else lines


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path} {key}".strip().replace("_", " "))
    elif isinstance(value, list):
        text = ", ".join(_number(v) for v in value if not isinstance(v, dict | list))
        if text:
            yield path, text
    else:
        yield path, _number(value)


def _circumstances(found: Found) -> list[str]:
    """Commands, seeds, machines and versions, those that are alike said once."""
    commands = list(dict.fromkeys(one["command"] for one in found.values() if "command" in one))
    if not commands:
        return []
    lines = ["```sh", *commands, "```", ""]
    dates = sorted({str(one["date"])[:10] for one in found.values() if "date" in one})
    seeds = sorted({str(one["seed"]) for one in found.values() if "seed" in one})
    about = [f"seed {', '.join(seeds)}", " to ".join(dict.fromkeys((dates[0], dates[-1])))]
    for machine in _unlike(one.get("machine") for one in found.values()):
        about.append(
            f"{machine['processor']}, {machine['cores']} core{'s' * (machine['cores'] != 1)}, "
            f"{machine['instructions']}, {machine['memory_gib']:g} GiB"
            + (f", {machine['accelerator']}" if machine.get("accelerator") else ", no accelerator")
        )
    for versions in _unlike(one.get("versions") for one in found.values()):
        about.append(", ".join(f"{k} {v}" for k, v in versions.items()))
    return [*lines, *(f"- {line}" for line in about)]


def _unlike(values: Iterable[Any]) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if value is not None and value not in out:
            out.append(value)
    return out


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table: first column to the left, the others to the right."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" + " ---: |" * (len(header) - 1)]
    for row in rows:
        lines.append("| " + " | ".join(str(c).replace("|", r"\|") for c in row) + " |")
    return lines


def _number(value: Any, digits: int = 3, sd: float | None = None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.{digits}f}"
    return text if sd is None else f"{text} ± {sd:.{digits}f}"


def _best(values: Sequence[float | None], digits: int, higher: bool = True) -> list[str]:
    """Numbers, the best of them in bold."""
    there = [v for v in values if v is not None]
    best = (max if higher else min)(there, default=None)
    shown = [_number(v, digits) for v in values]
    return [
        f"**{t}**" if v is not None and v == best else t for t, v in zip(shown, values, strict=True)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of results")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page")
    options = parser.parse_args(arguments)
    write_atomically(options.out, render(options.results).encode())
    print(options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
