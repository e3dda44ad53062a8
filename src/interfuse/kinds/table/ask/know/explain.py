"""Explain: what is there to know of a table. One model, asked for many conditionals.

`pairs` says what depends on what, `determine` how far each column is determined and by which,
`drivers` and `curves` what moves a target and how, `groups` which rows stand out, `follow` what
follows. This module puts them together into JSON; `kinds.table.answer.explanation` shows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from interfuse.errors import OptionError
from interfuse.io.dtypes import to_text
from interfuse.kinds.table.ask.expressions import parse_expressions
from interfuse.kinds.table.ask.know import pairs as paired
from interfuse.kinds.table.ask.know.curves import CURVES, Curve, curve, outcome_of
from interfuse.kinds.table.ask.know.determine import Determined, determine
from interfuse.kinds.table.ask.know.drivers import Drivers, drive, players_of
from interfuse.kinds.table.ask.know.follow import rules_of
from interfuse.kinds.table.ask.know.groups import Group, stand_out
from interfuse.kinds.table.ask.know.others import Others
from interfuse.kinds.table.ask.know.pairs import Alone, Pair, pairs_of, units_of
from interfuse.kinds.table.ask.know.stats import means
from interfuse.kinds.table.ask.know.triples import second_look
from interfuse.kinds.table.ask.know.view import (
    MOST,
    Rows,
    View,
    check_fresh,
    held_out,
    read_rows,
    within,
)
from interfuse.kinds.table.fitted import Fitted
from interfuse.language import language, t

Tell = Callable[[int, int], None]
SHOWN_ROWS = 3
STEPS = 6


def explain(
    model: Fitted,
    data: Any = None,
    *,
    record: Mapping[str, Any],
    target: str | None = None,
    given: Sequence[str] = (),
    groups: Mapping[str, Sequence[str]] | str | Path | None = None,
    blocks: str | None = None,
    floor: float = paired.FLOOR,
    probes: int = 0,
    rows: int = MOST,
    seed: int = 0,
    device: str | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """The answer as JSON; see `Model.explain`.

    Args:
        model: the fitted model.
        data: rows that it was not fitted to; None for those that the fit held out.
        record: of the fit, which says what was fitted.
        target: the column to explain.
        given: conditions that the rows are to meet; their columns are known from the start.
        groups: by name the columns that become known together; or a file of JSON with them.
        blocks: a column of the data; rows of one value are not independent of each other.
        floor: nats that an edge must be above.
        probes: shuffled columns that it was measured by.
        rows: how many rows are asked at most.
        seed: of every random choice.
        device: where to compute.
        tell: called with steps done and steps in all.
    """
    say = tell or (lambda done, of: None)
    if rows < 1:
        raise OptionError(f"rows: is {rows}; expected 1 or more.")
    view = View.of(model, device)
    y = None if target is None else view.target(target)
    grouped = read_groups(groups, view)
    if data is None:
        if blocks is not None:
            raise OptionError(
                "blocks: names a column of DATA, which is not given. Give fresh rows."
            )
        asked = held_out(model)
    else:
        asked = read_rows(model, data, blocks)
        check_fresh(model, asked, record, data)
    held = parse_expressions(list(given), model.schema.names) if given else {}
    context = tuple(view.names.index(n) for n in held if n in view.names)
    if y in context:
        raise OptionError(f"given: column {target!r} is the target. Give others.")
    asked = within(model, asked, given).at_most(rows, seed)
    say(1, STEPS)
    alone = Alone.of(view, asked, context)
    units = units_of(alone, context)
    say(2, STEPS)
    others = Others.of(view, asked)
    pairs = edges_of(model, view, asked, alone, context, floor=floor, seed=seed, others=others)
    say(3, STEPS)
    found = determine(view, asked, alone, pairs, context=context, seed=seed, others=others)
    say(4, STEPS)
    out: dict[str, Any] = {
        "format": 1,
        "kind": "explanation",
        "language": language(),
        "rows": asked.said,
        "asked": len(asked),
        "columns": len(view.names),
        "given": list(given),
        "target": target,
        "seed": seed,
        "floor": floor,
        "probes": probes,
        "twins": [[view.names[c] for c in u] for u in units if len(u) > 1],
        "dependence": [_pair(view, p, alone) for p in pairs],
        "determination": [_determined(view, d) for d in found],
        "drivers": [],
        "synergies": [],
        "curves": [],
        "rules": [vars(r) | {"of": list(r.of)} for r in rules_of(model.codec, view, found)],
    }
    odd = means(others.nats, 1)
    stand = [("surprise", t("nats a cell"), odd, False)]
    if y is not None:
        out |= _of_target(view, asked, y, grouped, context, seed)
        outcome = outcome_of(view, asked, y)
        stand.insert(0, ("target", outcome.words, outcome.of(view.first_codes(asked, y)), True))
    say(5, STEPS)
    shown = asked.frame.drop([n for n in held if n in asked.frame.columns])
    out["row_groups"] = [
        group_json(by, words, g)
        for by, words, number, low in stand
        for g in stand_out(
            shown.drop(target if by == "target" and target else []), number, low=low, seed=seed
        )
    ]
    out["typical"], out["unusual"] = _rows(asked, odd)
    say(STEPS, STEPS)
    return out


def edges_of(
    model: Fitted,
    view: View,
    asked: Rows,
    alone: Alone,
    context: tuple[int, ...] = (),
    *,
    floor: float = paired.FLOOR,
    seed: int = 0,
    others: Others | None = None,
) -> list[Pair]:
    """All pairs by the network, and by trees where only three columns together show them.

    Trees are fitted to the rows that the model keeps; there are none if it keeps none, nor where a
    context is known, which those rows do not meet.
    """
    units = units_of(alone, context)
    pairs = pairs_of(view, asked, alone, units, floor=floor, seed=seed, others=others)
    if model.reference is None or context:
        return pairs
    kept = model.reference.codes.astype(np.int64)
    return second_look(view, asked, kept, units, pairs, floor=floor, seed=seed)


def _of_target(
    view: View,
    asked: Rows,
    y: int,
    grouped: dict[str, list[int]],
    context: tuple[int, ...],
    seed: int,
) -> dict[str, Any]:
    players = players_of(view, y, grouped, context)
    driven = drive(view, asked, y, players, context=context, seed=seed)
    outcome = outcome_of(view, asked, y)
    single = [d.columns[0] for d in driven.players if len(d.columns) == 1][:CURVES]
    curves = [curve(view, asked, y, b, outcome, context=context, seed=seed) for b in single]
    return {
        "total": {"value": driven.total.value, "error": driven.total.error},
        "entropy": driven.entropy,
        "drivers": drivers_json(view, driven),
        "synergies": [
            {"one": s.one, "two": s.two, "value": s.value.value, "error": s.value.error}
            for s in driven.synergies
        ],
        "outcome": outcome.words,
        "curves": [_curve(view, c) for c in curves],
    }


def read_groups(
    groups: Mapping[str, Sequence[str]] | str | Path | None, view: View
) -> dict[str, list[int]]:
    """By name the columns of each group.

    Raises:
        OptionError: it is no such object, or a column is unknown or in two groups.
    """
    if groups is None:
        return {}
    if isinstance(groups, str | Path):
        try:
            groups = json.loads(Path(groups).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise OptionError(
                f"groups: {groups} cannot be read as JSON ({error}). Expected "
                '{"name": ["column", ...], ...}.'
            ) from None
    lists = isinstance(groups, Mapping) and all(
        isinstance(v, list | tuple) and all(isinstance(n, str) for n in v) for v in groups.values()
    )
    if not lists:
        raise OptionError('groups: expected an object {"name": ["column", ...], ...}.')
    out: dict[str, list[int]] = {}
    seen: dict[str, str] = {}
    for name, own in groups.items():  # type: ignore[union-attr]
        for column in own:
            if column in seen:
                raise OptionError(
                    f"groups: column {column!r} is in {seen[column]!r} and in {name!r}. Leave it "
                    "in one."
                )
            seen[column] = name
        out[name] = [view.at(column, "groups") for column in own]
    return out


def number(x: float) -> float | None:
    """A number that JSON has."""
    return float(x) if np.isfinite(x) else None


def _pair(view: View, p: Pair, alone: Alone) -> dict[str, Any]:
    entropy = alone.entropy
    least = min(entropy[p.a], entropy[p.b])
    return {
        "one": view.names[p.a],
        "two": view.names[p.b],
        "information": number(p.information),
        "error": number(p.error),
        "model_error": number(p.gap),
        "share": number(min(p.information / least, 1.0)) if least > 0 else None,
        "given_others": number(max(p.given, 0.0)),
        "given_error": number(p.given_error),
        "given_model_error": number(p.given_gap),
        "p_value": number(p.p),
        "edge": p.edge,
        "by": p.by if p.edge else None,
    }


def _determined(view: View, d: Determined) -> dict[str, Any]:
    return {
        "column": view.names[d.column],
        "entropy": number(d.entropy),
        "left": number(d.left),
        "left_error": number(d.left_error),
        "explained": number(d.explained),
        "error_rate": number(d.wrong),
        "blind_error_rate": number(d.blind),
        "by": [view.names[b] for b in d.by],
        "steps": [number(s) for s in d.steps],
        "error_rate_by": number(d.wrong_by),
    }


def drivers_json(view: View, driven: Drivers) -> list[dict[str, Any]]:
    """Players, largest share first."""
    return [
        {
            "name": d.name,
            "columns": [view.names[c] for c in d.columns],
            "first": number(d.first.value),
            "first_error": number(d.first.error),
            "share": number(d.share.value),
            "share_error": number(d.share.error),
            "last": number(d.last.value),
            "last_error": number(d.last.error),
        }
        for d in driven.players
    ]


def _curve(view: View, c: Curve) -> dict[str, Any]:
    return {
        "column": view.names[c.column],
        "outcome": c.outcome,
        "ordered": c.levels.ordered,
        "levels": c.levels.words,
        "values": [number(v) for v in c.levels.value],
        "plain": [number(v) for v in c.plain],
        "supported": [number(v) for v in c.supported],
        "support": [number(v) for v in c.share],
        "threshold": number(c.threshold),
        "threshold_low": number(c.low),
        "threshold_high": number(c.high),
        "direction": number(c.direction),
    }


def group_json(by: str, words: str, g: Group) -> dict[str, Any]:
    """A group of rows; `of` says what its mean is of."""
    return {"by": by, "of": words, **vars(g), "given": list(g.given)}


def _rows(asked: Rows, odd: np.ndarray) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Rows of the lowest and of the highest surprise, as text."""
    order = np.argsort(odd, kind="stable")
    out = []
    for at in (order[:SHOWN_ROWS], order[::-1][:SHOWN_ROWS]):
        frame = asked.frame[at]
        text = {n: to_text(frame[n]).fill_null(t("missing")).to_list() for n in frame.columns}
        out.append(
            [
                {n: text[n][i] for n in frame.columns} | {"surprise": f"{odd[k]:.3f}"}
                for i, k in enumerate(at)
            ]
        )
    return out[0], out[1]
