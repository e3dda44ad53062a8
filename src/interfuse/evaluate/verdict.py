"""The verdict: three plain sentences on fidelity, usefulness and privacy."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from interfuse.evaluate.figure import shown
from interfuse.language import t

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
    names = t(", ").join(shown)
    if len(ignored) > len(shown):
        names = t("{names} and {more} more", names=names, more=len(ignored) - len(shown))
    return t(" Nothing is said of columns that are not compared: {names}.", names=names)


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
        grade = t("very close to the real one")
    elif not found:
        grade = t("as close to the real one as can be told from so few rows")
    elif not known or auc <= _EASY_TO_TELL:
        grade = t("like the real one, with differences that can be measured")
    else:
        grade = t("visibly different from the real one")
    text = t(
        "Fidelity: the synthetic table is {grade}: its columns are off by {shape} and its pairs by "
        "{trend}, where resampling the real rows gives {shape_floor} and {trend_floor}",
        grade=grade,
        shape=shown(shape["value"], "%"),
        trend=shown(trend["value"], "%"),
        shape_floor=shown(shape["floor"], "%"),
        trend_floor=shown(trend["floor"], "%"),
    )
    if not known:
        return text + t(".")
    if auc <= _HARD_TO_TELL:
        told = t("boosted trees can hardly tell its rows from real ones")
    elif auc <= _EASY_TO_TELL:
        told = t("boosted trees can partly tell its rows from real ones")
    else:
        told = t("boosted trees easily tell its rows from real ones")
    sure = "" if found or auc <= _HARD_TO_TELL else t(", which may be chance")
    said = {"text": text, "told": told, "auc": auc, "sure": sure}
    return t("{text}, and {told} (AUC {auc:.3f}; 0.5 is a coin toss{sure}).", **said)


def _usefulness(figures: dict[str, dict[str, Any]], task: dict[str, Any]) -> str:
    if not task or not np.isfinite(figures["utility.gap"]["value"]):
        return t("Usefulness: not measured, since no column could serve as a target.")
    gap = figures["utility.gap"]
    scale = 1.0 if task["metric"].startswith("AUC") else abs(task["real"]) or 1.0
    loss = gap["value"] / scale
    usual = ((gap["floor"] or 0.0) + 2 * (gap["floor_sd"] or 0.0)) / scale
    if loss <= max(0.005, usual):
        grade = t("as good as training on real rows")
    elif loss <= 0.03:
        grade = t("slightly worse than training on real rows")
    else:
        grade = t("clearly worse than training on real rows")
    return t(
        "Usefulness: to predict {target!r}, training on it is {grade} ({metric} {synthetic} "
        "against {real}, both on real rows left out of the training).",
        target=task["target"],
        grade=grade,
        metric=task["metric"],
        synthetic=shown(task["synthetic"]),
        real=shown(task["real"]),
    )


def _privacy(figures: dict[str, dict[str, Any]], suspicious: bool) -> str:
    copies, share = figures["privacy.copies"], figures.get("privacy.dcr_share")
    through, none = t("rows of the training table come through"), t("no sign of memorising")
    grade = through if suspicious else none
    shares = {"copies": shown(copies["value"], "%"), "floor": shown(copies["floor"], "%")}
    if share is None:
        return t(
            "Privacy: {grade}, as far as can be told without a hold-out: {copies} of its rows are "
            "exact copies of real ones, where {floor} of the real rows occur more than once.",
            grade=grade,
            **shares,
        )
    attacks = [row["value"] for key, row in figures.items() if key.startswith(_ATTACK)]
    told = ""
    if attacks:
        told = t(
            "; the better of two attacks tells training rows from unseen ones with an AUC of "
            "{auc:.3f} (0.5 is a coin toss)",
            auc=max(attacks),
        )
    return t(
        "Privacy: {grade}: {near:.1f} ± {error:.1f}% of its rows are nearer to a training row than "
        "to an unseen one (50% is ideal), and {copies} are exact copies, against {floor} among "
        "unseen real rows{told}.",
        grade=grade,
        near=100 * share["value"],
        error=100 * share["floor_sd"],
        told=told,
        **shares,
    )
