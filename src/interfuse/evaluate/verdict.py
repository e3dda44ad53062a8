"""The verdict: three plain sentences on fidelity, usefulness and privacy."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from interfuse.evaluate.figure import shown

_HARD_TO_TELL, _EASY_TO_TELL = 0.55, 0.7
_MOST_NAMED = 5
_ATTACK = "privacy.membership_"


def sentences(
    figures: dict[str, dict[str, Any]],
    task: dict[str, Any],
    suspicious: bool,
    ignored: Mapping[str, str],
    found: int,
) -> list[str]:
    """Return the verdict on fidelity, usefulness and privacy, one sentence each.

    Args:
        figures: Rows of the report by key.
        task: The report's ``utility``: target, metric; empty when it was not measured.
        suspicious: Whether a finding about privacy was made.
        ignored: The columns that were not compared, and what each is.
        found: How many other findings were made: the grade does not speak against them.
    """
    return [
        _fidelity(figures, found) + _left_out(ignored),
        _usefulness(figures, task),
        _privacy(figures, suspicious),
    ]


def _left_out(ignored: Mapping[str, str]) -> str:
    """Return which columns the verdict says nothing of."""
    if not ignored:
        return ""
    shown = [f"{name!r} ({what})" for name, what in list(ignored.items())[:_MOST_NAMED]]
    more = f" and {len(ignored) - len(shown)} more" if len(ignored) > len(shown) else ""
    return f" Nothing is said of columns that are not compared: {', '.join(shown)}{more}."


def _fidelity(figures: dict[str, dict[str, Any]], found: int) -> str:
    shape, trend = figures["fidelity.shape"], figures["fidelity.trend"]
    auc = figures["detection.boosted"]["value"]
    near = all(
        row["value"] <= 1.6 * row["floor"] + 2 * (row["floor_sd"] or 0.0) + 0.2
        for row in (shape, trend)
        if np.isfinite(row["value"]) and row["floor"] is not None
    )
    known = np.isfinite(auc)
    if near and not found and (not known or auc <= _HARD_TO_TELL):
        grade = "very close to the real one"
    elif not found:
        grade = "as close to the real one as can be told from so few rows"
    elif not known or auc <= _EASY_TO_TELL:
        grade = "like the real one, with differences that can be measured"
    else:
        grade = "visibly different from the real one"
    text = (
        f"Fidelity: the synthetic table is {grade}: its columns are off by "
        f"{shown(shape['value'], '%')} and its pairs by {shown(trend['value'], '%')}, where "
        f"resampling the real rows gives {shown(shape['floor'], '%')} and "
        f"{shown(trend['floor'], '%')}"
    )
    if not known:
        return text + "."
    if auc <= _HARD_TO_TELL:
        told = "can hardly tell"
    else:
        told = "can partly tell" if auc <= _EASY_TO_TELL else "easily tell"
    sure = "" if found or auc <= _HARD_TO_TELL else ", which may be chance"
    told = f"boosted trees {told} its rows from real ones"
    return f"{text}, and {told} (AUC {auc:.3f}; 0.5 is a coin toss{sure})."


def _usefulness(figures: dict[str, dict[str, Any]], task: dict[str, Any]) -> str:
    if not task or not np.isfinite(figures["utility.gap"]["value"]):
        return "Usefulness: not measured, since no column could serve as a target."
    gap = figures["utility.gap"]
    scale = 1.0 if task["metric"].startswith("AUC") else abs(task["real"]) or 1.0
    loss = gap["value"] / scale
    usual = ((gap["floor"] or 0.0) + 2 * (gap["floor_sd"] or 0.0)) / scale
    if loss <= max(0.005, usual):
        grade = "as good as"
    else:
        grade = "slightly worse than" if loss <= 0.03 else "clearly worse than"
    return (
        f"Usefulness: to predict {task['target']!r}, training on it is {grade} training on real "
        f"rows ({task['metric']} {shown(task['synthetic'])} against {shown(task['real'])}, both on "
        "real rows left out of the training)."
    )


def _privacy(figures: dict[str, dict[str, Any]], suspicious: bool) -> str:
    copies, share = figures["privacy.copies"], figures.get("privacy.dcr_share")
    grade = "rows of the training table come through" if suspicious else "no sign of memorising"
    if share is None:
        return (
            f"Privacy: {grade}, as far as can be told without a hold-out: "
            f"{shown(copies['value'], '%')} of its rows are exact copies of real ones, where "
            f"{shown(copies['floor'], '%')} of the real rows occur more than once."
        )
    attacks = [row["value"] for key, row in figures.items() if key.startswith(_ATTACK)]
    told = ""
    if attacks:
        told = (
            f"; the better of two attacks tells training rows from unseen ones with an AUC of "
            f"{max(attacks):.3f} (0.5 is a coin toss)"
        )
    return (
        f"Privacy: {grade}: {100 * share['value']:.1f} ± {100 * share['floor_sd']:.1f}% of its "
        f"rows are nearer to a training row than to an unseen one (50% is ideal), and "
        f"{shown(copies['value'], '%')} are exact copies, against "
        f"{shown(copies['floor'], '%')} among unseen real rows{told}."
    )
