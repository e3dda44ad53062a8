"""Findings: what is wrong with a synthetic table, a sentence each.

A finding is stated only where the table is off by more than `chance` explains, that is, where a
synthesiser giving fresh rows of the true distribution would hardly be so far from the real rows.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from interfuse.evaluate.association import Associations, Joint
from interfuse.evaluate.chance import share_chance
from interfuse.evaluate.measure import Measured
from interfuse.evaluate.privacy import Closest, Copies
from interfuse.evaluate.shapes import ColumnShape

SLACK = 0.005
"""Differences of shares of rows below this are not worth a sentence."""

_LONGEST = 8
_MANY = 3
_TOLD_APART = 0.6

Sentences = list[tuple[float, str]]


def found(
    measured: Measured,
    together: Associations,
    real_rows: int,
    rows: int,
    rules: Sequence[dict[str, Any]] = (),
) -> list[str]:
    """Return what is wrong with the synthetic table apart from privacy, worst first in each group.

    Args:
        measured: The synthetic table.
        together: Its pairs of columns.
        real_rows: Rows of the real table.
        rows: Rows of the synthetic table.
        rules: Declared rules with the shares ``real`` and ``synthetic`` of rows that keep them.
    """
    out = _worst([item for column in measured.shapes.columns for item in _column(column, rows)])
    out += _pairs(together)
    gaps: Sentences = []
    for name, (a, b) in measured.missing.shares.items():
        if abs(a - b) > share_chance(a, real_rows, b, rows) + SLACK:
            text = f"Column {name!r}: {b:.1%} missing, {a:.1%} in the real table."
            gaps.append((abs(a - b), text))
    error, chance = measured.missing.patterns, measured.missing.chance
    if error > chance + SLACK:
        text = f"Which columns are missing together is off by {_against(error, chance)}."
        gaps.append((error, text))
    out += _worst(gaps)
    auc = measured.detection.auc
    error = np.sqrt((real_rows + rows + 1) / (12 * real_rows * rows))
    if auc > max(_TOLD_APART, 0.5 + 4 * error) and measured.detection.columns:
        names = ", ".join(f"{n!r} ({share:.0%})" for n, share in measured.detection.columns[:3])
        out.append(f"Boosted trees tell the rows apart (AUC {auc:.3f}), most of all by {names}.")
    for rule in rules:
        a, b = rule["real"], rule["synthetic"]
        if a - b > SLACK:
            out.append(f"The rule {rule['text']} holds in {b:.1%} of rows, {a:.1%} of real ones.")
    return out


def privacy_findings(copies: Copies, near: Closest, rows: int, reference_rows: int) -> list[str]:
    """Return the signs that rows of the training table come through.

    Args:
        copies: Exact copies.
        near: Distances.
        rows: Rows of the synthetic table.
        reference_rows: Rows behind ``copies.reference``.
    """
    out = []
    a, b = copies.reference, copies.synthetic
    if b > a + share_chance(a, reference_rows, b, rows) + SLACK:
        out.append(f"{b:.1%} of the rows are exact copies of training rows; {a:.1%} are expected.")
    if near.share is not None and near.share > 0.5 + 4 * (near.error or 0.0) + SLACK:
        out.append(f"{near.share:.1%} of the rows are nearer to training rows than to unseen ones.")
    if near.nearness < 0.5 * near.reference and near.rows >= 100:
        out.append(
            f"The nearest 5% of the rows are within {near.nearness:.3g} of a training row; "
            f"for real rows it is {near.reference:.3g}."
        )
    return out


def _column(column: ColumnShape, rows: int) -> Sentences:
    out: Sentences = []
    error = 1 - column.score
    if error > column.chance:
        text = f"Column {column.name!r} is off by {_against(error, column.chance)}."
        out.append((error, text))
    lost = [(label, p) for label, p in column.absent if p > max(2 * SLACK, 10 / rows)]
    for label, p in lost[:3]:
        text = f"Column {column.name!r} lacks the category {label!r}, {p:.1%} of the real rows."
        out.append((1 + p, text))
    if column.invented > 2 * column.unseen + SLACK + 10 / rows:
        text = f"Column {column.name!r}: {column.invented:.1%} are categories never seen."
        out.append((1 + column.invented, text))
    return out


def _pairs(together: Associations) -> list[str]:
    """Return the pairs that are off; a column that is off with `_MANY` others has one sentence."""
    off = [joint for joint in together.joints if joint.error > joint.chance]
    off.sort(key=lambda joint: joint.chance - joint.error)
    out = []
    while off:
        counts = Counter(name for joint in off for name in (joint.first, joint.second))
        name, count = counts.most_common(1)[0]
        if count < _MANY:
            break
        mine = [joint for joint in off if name in (joint.first, joint.second)]
        off = [joint for joint in off if name not in (joint.first, joint.second)]
        other = mine[0].second if mine[0].first == name else mine[0].first
        out.append(
            f"Column {name!r} does not go with {count} other columns as it should; furthest off "
            f"with {other!r}, by {_against(mine[0].error, mine[0].chance)}."
        )
    return out + _worst([(joint.error, _pair(joint)) for joint in off])


def _pair(joint: Joint) -> str:
    off = _against(joint.error, joint.chance)
    return f"Pair {joint.first!r} and {joint.second!r} is off by {off}."


def _against(error: float, chance: float) -> str:
    return f"{error:.1%}, where chance explains at most {chance:.1%}"


def _worst(sentences: Sentences) -> list[str]:
    ordered = sorted(sentences, key=lambda item: -item[0])
    out = [text for _, text in ordered[:_LONGEST]]
    if len(ordered) > _LONGEST:
        out.append(f"… and {len(ordered) - _LONGEST} more of this kind; see the tables.")
    return out
