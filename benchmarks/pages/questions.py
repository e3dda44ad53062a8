"""Filling holes, finding odd rows, rows for rare classes."""

from __future__ import annotations

from benchmarks import published_detection
from benchmarks.pages.ledger import Ledger
from benchmarks.pages.markdown import OURS, Found, best_of, number, plain, table


def detection(title: str, found: Found, ledger: Ledger) -> list[str]:
    """Each set beside published figures, by protocol."""
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
                (name, *best_of([f["roc"], *(known.get(m) for m in others)], 2), number(f["pr"], 2))
            )
            rivals = {f"{m} (published)": -v for m, v in known.items()}
            ledger.compare(title, f"{name}, {protocol}", -f["roc"], rivals)
        mean = sum(f["roc"] for f in there.values()) / len(there)
        whole = len(there) == len(published_detection.ROC[protocol])
        means = published_detection.means(protocol) if whole else {}
        pr = sum(f["pr"] for f in there.values()) / len(there)
        cells = best_of([mean, *(means.get(m) for m in others)], 2)
        rows.append((f"mean of {len(there)}", *cells, number(pr, 2)))
        lines += [f"### {protocol}", "", *table(("Set", OURS, *others, "AUC-PR, ours"), rows), ""]
    return lines


def imputation(title: str, found: Found, ledger: Ledger) -> list[str]:
    """Each table and pattern, its methods side by side."""
    lines = ["Cells of held-out rows are hidden and filled; less is better but for accuracy.", ""]
    keys = {"mae": 1, "accuracy": -1, "crps": 1}
    header = ("Hidden", "Method", "MAE", "Accuracy", "CRPS", "90 % covers", "rows/s")
    for name, one in found.items():
        rows = []
        for pattern, figures in one.items():
            if not isinstance(figures, dict) or not isinstance(figures.get(OURS), dict):
                continue
            columns = [[m.get(k) for m in figures.values()] for k in keys]
            shown = [
                best_of(c, 4, sign < 0) for c, sign in zip(columns, keys.values(), strict=True)
            ]
            for i, (method, m) in enumerate(figures.items()):
                rest = (number(m.get("coverage")), number(m.get("rows_per_second")))
                rows.append((pattern, method, *(c[i] for c in shown), *rest))
            for key, sign in keys.items():
                values = {n: sign * m[key] for n, m in figures.items() if m.get(key) is not None}
                ours = values.pop(OURS, None)
                ledger.compare(title, f"{name} {pattern}, {key}", ours, values)
        if rows:
            lines += [f"### {name}", "", *table(header, rows), ""]
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
            lines += [f"### {name}", "", *plain({name: one}), ""]
    return lines


def rare(title: str, found: Found, ledger: Ledger) -> list[str]:
    """What trees reach with each kind of added rows."""
    keys = ("macro_f1", "rare", "with_unseen", "accuracy")
    arms = [n for n, one in found.items() if "macro_f1_sd" in one]
    lines = [
        "Trees learn NSL-KDD's attacks from the real rows and from rows added for rare classes, up",
        "to the stated number of each; they are tested on the test file. The number was chosen by",
        f"cross-validation beforehand: {found.get('cross-validation', {}).get('chosen', '–')}.",
        "",
    ]
    rows = [
        (arm, *(number(found[arm].get(k), 4, found[arm].get(k + "_sd")) for k in keys))
        for arm in arms
    ]
    lines += table(("Trained on", "Macro-F1", "Rare classes", "With unseen", "Accuracy"), rows)
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
    return [*lines, "", *plain(rest), ""]
