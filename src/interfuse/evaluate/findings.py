"""Findings: what is wrong with a synthetic table, a sentence each.

A finding is stated only where the table is off by more than `chance` explains, that is, where a
synthesiser giving fresh rows of the true distribution would hardly be so far from the real rows.
The level of each question is `chance.FAMILY` over their number, so that fresh rows get any finding
at all in at most that share of reports.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from interfuse.evaluate.association import Associations, Joint
from interfuse.evaluate.chance import count_chance, deviations, share_chance
from interfuse.evaluate.counts import SLACK, Value
from interfuse.evaluate.inference import Inference
from interfuse.evaluate.measure import Measured
from interfuse.evaluate.membership import Membership
from interfuse.evaluate.privacy import Closest, Copies
from interfuse.evaluate.rules import Kept, Range
from interfuse.evaluate.shapes import ColumnShape
from interfuse.evaluate.suspects import Suspects

_LONGEST = 8
_MANY = 3
_TOLD_APART = 0.6
_TOGETHER = 0.05
_EACH = 3
_BACKWARDS = 0.75
_ATTACKED = 0.02


@dataclass(frozen=True)
class Fault:
    """One finding.

    Attributes:
        kind: ``shape``, ``category lost``, ``category share``, ``invented``, ``spike``, ``pair``,
            ``missing``, ``missing pattern``, ``detection``, ``rule``, ``order of rows``,
            ``copies``, ``nearness``, ``membership``, ``inference`` or ``more``.
        columns: The columns it names.
        text: The sentence.
        size: By how much, to sort findings of a kind.
    """

    kind: str
    columns: tuple[str, ...]
    text: str
    size: float = 0.0


Faults = list[Fault]


def fidelity_faults(
    measured: Measured,
    together: Associations,
    values: Sequence[Value],
    guilty: Suspects,
    *,
    real_rows: int,
    rows: int,
    level: float,
) -> Faults:
    """Return what is wrong with columns, pairs and missing values, worst first in each group.

    Args:
        measured: The synthetic table.
        together: Its pairs of columns.
        values: Categories and spikes that are off.
        guilty: The columns and pairs that gave the rows away.
        real_rows: Rows of the real table.
        rows: Rows of the synthetic table.
        level: Probability with which chance explains a single finding.
    """
    out = _worst([item for column in measured.shapes.columns for item in _column(column, rows)])
    out += _worst(_values(values))
    off = {c.name: 1 - c.score for c in measured.shapes.columns if 1 - c.score > c.chance}
    out += _pairs(together, off)
    gaps: Faults = []
    for name, (a, b) in measured.missing.shares.items():
        if abs(a - b) > share_chance(a, real_rows, b, rows, level) + SLACK:
            text = f"Column {name!r}: {b:.1%} missing, {a:.1%} in the real table."
            gaps.append(Fault("missing", (name,), text, abs(a - b)))
    error, chance = measured.missing.patterns, measured.missing.chance
    if error > chance + SLACK:
        text = f"Which columns are missing together is off by {_against(error, chance)}."
        gaps.append(Fault("missing pattern", tuple(measured.missing.shares), text, error))
    out += _worst(gaps)
    auc = measured.detection.auc
    error = np.sqrt((real_rows + rows + 1) / (12 * real_rows * rows))
    if auc > max(_TOLD_APART, 0.5 + deviations(level) * error) and measured.detection.columns:
        out.append(_told_apart(auc, measured.detection.columns[:3], guilty))
    return out


def rule_faults(
    kept: Sequence[Kept], declared: Sequence[dict[str, Any]], *, level: float
) -> Faults:
    """Return the rules that more synthetic rows break than chance explains.

    Args:
        kept: Rules found in the real table, and how often each is broken.
        declared: Rules of the caller, with the shares ``real`` and ``synthetic`` of rows that keep
            them.
        level: Probability with which chance explains a single finding.
    """
    out: Faults = []
    for one in kept:
        (k, n), (j, m) = one.real, one.synthetic
        if not m or count_chance(k, n, j, m)[0] >= level:
            continue
        share, rule = j / m, one.rule
        if rule.kind == "sorted":
            if share > _BACKWARDS:
                text = (
                    f"The rows run backwards: {rule.text} in the real table, and {share:.1%} of "
                    "the synthetic ones go against it."
                )
                out.append(Fault("order of rows", rule.columns, text, share))
            continue
        if isinstance(rule, Range):
            text = f"Column {rule.name!r}: {share:.1%} of the values are outside of the real range."
        else:
            text = f"The rule {rule.text} is broken in {share:.1%} of rows, in no real one."
        out.append(Fault("rule", rule.columns, text, share))
    for rule in declared:
        a, b = rule["real"], rule["synthetic"]
        if a - b > SLACK:
            text = f"The rule {rule['text']} holds in {b:.1%} of rows, {a:.1%} of real ones."
            out.append(Fault("rule", (), text, a - b))
    return _worst(out)


def privacy_faults(
    copies: Copies,
    near: Closest,
    attack: Membership | None,
    guesses: Sequence[Inference],
    *,
    rows: int,
    reference_rows: int,
    level: float,
) -> Faults:
    """Return the signs that rows of the training table come through.

    Args:
        copies: Exact copies.
        near: Distances.
        attack: Membership inference, if it was made.
        guesses: Attribute inference for each secret.
        rows: Rows of the synthetic table.
        reference_rows: Rows behind ``copies.reference``.
        level: Probability with which chance explains a single finding.
    """
    out: Faults = []
    z = deviations(level)
    a, b = copies.reference, copies.synthetic
    if b > a + share_chance(a, reference_rows, b, rows, level) + SLACK:
        text = f"{b:.1%} of the rows are exact copies of training rows; {a:.1%} are expected."
        out.append(Fault("copies", (), text, b - a))
    if near.share is not None and near.share > 0.5 + z * (near.error or 0.0) + SLACK:
        text = f"{near.share:.1%} of the rows are nearer to training rows than to unseen ones."
        out.append(Fault("nearness", (), text, near.share))
    if near.nearness + z * near.nearness_sd < 0.5 * near.reference and near.rows >= 100:
        text = (
            f"The nearest 5% of the rows are within {near.nearness:.3g} of a training row; "
            f"for real rows it is {near.reference:.3g}."
        )
        out.append(Fault("nearness", (), text, near.reference - near.nearness))
    if attack is not None:
        for how, (area, error) in (("distance", attack.distance), ("density", attack.density)):
            if area - z * error > 0.5 and area > 0.5 + _ATTACKED:
                text = (
                    f"An attack by {how} tells training rows from unseen ones with an AUC of "
                    f"{area:.3f}; 0.5 is a coin toss."
                )
                out.append(Fault("membership", (), text, area))
    for guess in guesses:
        if guess.risk - z / 1.96 * guess.error > 0:
            text = (
                f"The secret {guess.secret!r} is guessed for {guess.rate:.1%} of the training rows "
                f"and for {guess.control:.1%} of unseen ones."
            )
            out.append(Fault("inference", (guess.secret,), text, guess.risk))
    return out


def _column(column: ColumnShape, rows: int) -> Faults:
    out: Faults = []
    error = 1 - column.score
    if error > column.chance:
        text = f"Column {column.name!r} is off by {_against(error, column.chance)}."
        out.append(Fault("shape", (column.name,), text, error))
    if column.invented > 2 * column.unseen + SLACK + 10 / rows:
        text = f"Column {column.name!r}: {column.invented:.1%} are categories never seen."
        out.append(Fault("invented", (column.name,), text, 1 + column.invented))
    return out


def _values(values: Sequence[Value]) -> Faults:
    out: Faults = []
    told: Counter[str] = Counter()
    for value in values:
        told[value.column] += 1
        if told[value.column] > _EACH:
            continue
        size = abs(value.real - value.synthetic)
        if value.spike:
            text = (
                f"Column {value.column!r}: the value {value.shown} holds {value.synthetic:.1%} of "
                f"the rows, {value.real:.1%} in the real table."
            )
            out.append(Fault("spike", (value.column,), text, size))
        elif not value.synthetic:
            text = (
                f"Column {value.column!r} lacks the category {value.shown!r}, {value.real:.1%} of "
                "the real rows."
            )
            out.append(Fault("category lost", (value.column,), text, 1 + size))
        else:
            text = (
                f"Column {value.column!r}: the category {value.shown!r} holds "
                f"{value.synthetic:.1%} of the rows, {value.real:.1%} in the real table."
            )
            out.append(Fault("category share", (value.column,), text, size))
    return out


def _pairs(together: Associations, shapes: Mapping[str, float]) -> Faults:
    """Return the pairs that are off; a column that is off with `_MANY` others has one sentence.

    A column whose own distribution is off (`shapes`) puts all its pairs off by as much, which is
    not said again: only what is beyond is a matter of the pair.
    """

    def beyond(joint: Joint) -> float:
        return joint.error - shapes.get(joint.first, 0.0) - shapes.get(joint.second, 0.0)

    off = [joint for joint in together.joints if beyond(joint) > joint.chance]
    off.sort(key=lambda joint: joint.chance - joint.error)
    out: Faults = []
    while off:
        counts = Counter(name for joint in off for name in (joint.first, joint.second))
        name, count = counts.most_common(1)[0]
        if count < _MANY:
            break
        mine = [joint for joint in off if name in (joint.first, joint.second)]
        off = [joint for joint in off if name not in (joint.first, joint.second)]
        other = mine[0].second if mine[0].first == name else mine[0].first
        text = (
            f"Column {name!r} does not go with {count} other columns as it should; furthest off "
            f"with {other!r}, by {_against(mine[0].error, mine[0].chance)}."
        )
        out.append(Fault("pair", (name, other), text, mine[0].error))
    return out + _worst([_pair(joint) for joint in off])


def _pair(joint: Joint) -> Fault:
    off = _against(joint.error, joint.chance)
    text = f"Pair {joint.first!r} and {joint.second!r} is off by {off}."
    return Fault("pair", (joint.first, joint.second), text, joint.error)


def _told_apart(auc: float, columns: Sequence[tuple[str, float]], guilty: Suspects) -> Fault:
    names = ", ".join(f"{n!r} ({share:.0%})" for n, share in columns)
    text = f"Boosted trees tell the rows apart (AUC {auc:.3f}), most of all by {names}."
    named = [name for name, _ in columns]
    if guilty.pairs:
        a, b, both, alone = guilty.pairs[0]
        if both > alone + _TOGETHER:
            named += [a, b]
            text = (
                f"{text[:-1]}; {a!r} and {b!r} together give {both:.3f}, either alone at most "
                f"{alone:.3f}."
            )
    return Fault("detection", tuple(dict.fromkeys(named)), text, auc)


def _against(error: float, chance: float) -> str:
    return f"{error:.1%}, where chance explains at most {chance:.1%}"


def _worst(faults: Faults) -> Faults:
    ordered = sorted(faults, key=lambda fault: -fault.size)
    out = ordered[:_LONGEST]
    if len(ordered) > _LONGEST:
        text = f"… and {len(ordered) - _LONGEST} more of this kind; see the tables."
        rest = tuple(dict.fromkeys(c for fault in ordered[_LONGEST:] for c in fault.columns))
        out.append(Fault("more", rest, text))
    return out
