"""Series, images, and what the machine and all of it took."""

from __future__ import annotations

from typing import Any

from benchmarks.pages.ledger import Ledger
from benchmarks.pages.markdown import OURS, Found, best_of, computer, number, plain, table

_BETTER = {
    **dict.fromkeys(("wql", "crps", "mae", "mase", "rmse", "distance"), 1),
    **dict.fromkeys(("auc_pr", "vus_pr", "vus_roc"), -1),
}


def series(title: str, found: Found, ledger: Ledger) -> list[str]:
    """Each part of the series, its methods side by side."""
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
                    columns.append([number(v, 4) for v in column])
                    continue
                columns.append(best_of(column, 4, sign < 0))
                there = zip(figures, column, strict=True)
                values = {n: sign * v for n, v in there if v is not None}
                ours = values.pop(OURS, None)
                ledger.compare(title, f"{label}, {key}", ours, values)
            rows = [(m, *(c[i] for c in columns)) for i, m in enumerate(figures)]
            lines += [f"### {label}", "", *table(("Method", *keys), rows), ""]
            away = {m: f["elsewhere"] for m, f in figures.items() if "elsewhere" in f}
            lines += [
                f"- {m} was measured on {computer(w['machine'])}, {w['date'][:10]}."
                for m, w in away.items()
            ]
            lines += [""] if away else []
    return [*lines, *(plain(rest) if rest else []), ""]


def _scalar(figures: Found, key: str) -> bool:
    return all(isinstance(f.get(key, 0.0), int | float | None) for f in figures.values())


def images(title: str, found: Found, ledger: Ledger) -> list[str]:
    """Beside the rival, and every figure."""
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
        *plain(found),
        "",
    ]


def scale(title: str, found: Found, ledger: Ledger) -> list[str]:
    """What is held below a bound."""
    rows = []
    for name, one in found.items():
        for key, bound in one.get("targets", {}).items():
            kept = "yes" if one[key] <= bound else "**no**"
            rows.append((name, key.replace("_", " "), number(one[key]), f"{bound:g}", kept))
    return [*table(("Table", "Figure", "Measured", "At most", "Kept"), rows), ""]


def plain_section(title: str, found: Found, ledger: Ledger) -> list[str]:
    """Every figure."""
    return [*plain(found), ""]


def budget(title: str, found: Found, ledger: Ledger) -> list[str]:
    """Wall seconds of fits beside what they may take."""
    rows = [
        (name, number(f["seconds"], 1), f"{f['at_most']:g}", "yes" if f["kept"] else "**no**")
        for name, f in found.items()
    ]
    lines = [
        "`interfuse fit FILE --seconds S`, from the start of the process to its end, may take at",
        "most 1.1 S + 10 s. `benchmarks.budget` says which files.",
        "",
    ]
    return [*lines, *table(("Fit", "Wall seconds", "At most", "Kept"), rows), ""]


def every(title: str, found: Found, ledger: Ledger) -> list[str]:
    """How long all of it takes."""
    lines = []
    for one in found.values():
        minutes = {name: seconds / 60 for name, seconds in one["seconds"].items()}
        rows = sorted(minutes.items(), key=lambda item: -item[1])
        whole = one["wall_seconds"] / 60
        lines += [
            f"All pieces ran, {one['lanes']} at once, in {whole:.0f} minutes in all;",
            f"one after the other they take {sum(minutes.values()):.0f}.",
            "",
            *table(("Piece", "Minutes"), [(name, number(m, 1)) for name, m in rows]),
            "",
        ]
    return lines
