"""`compare A B` put together: fit, measure, permute; see `source`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interfuse.errors import OptionError
from interfuse.kinds.table.ask.know.changed import Found, held_apart, statistics_of
from interfuse.kinds.table.ask.know.concept import (
    concept_p,
    covariate_p,
    expected_of,
    given_others,
    which,
)
from interfuse.kinds.table.ask.know.differ import column_rows, odd_rows, pair_rows
from interfuse.kinds.table.ask.know.drivers import Drivers, drive, players_of
from interfuse.kinds.table.ask.know.explain import group_json, number
from interfuse.kinds.table.ask.know.groups import stand_out
from interfuse.kinds.table.ask.know.judge import Judges, evening, judged
from interfuse.kinds.table.ask.know.source import Both, divergence, overall
from interfuse.kinds.table.ask.know.stats import LEVEL, Mean, mean_of
from interfuse.kinds.table.ask.know.view import Rows, View
from interfuse.kinds.table.ask.known import RowReader
from interfuse.kinds.table.fitted import Fitted
from interfuse.language import language, t

MOST = 8192


def change(
    model: Fitted,
    both: Both,
    fit: np.ndarray,
    held: np.ndarray,
    *,
    target: str | None = None,
    given: Sequence[str] = (),
    at_least: float | None = None,
    seed: int = 0,
    device: str | None = None,
) -> dict[str, Any]:
    """The answer as JSON; see `interfuse.compare`.

    Args:
        model: fitted to the rows `fit` of both tables, with their source.
        both: the tables.
        fit: places of the rows that the model was fitted to.
        held: places of the others.
        target: a column whose relation to the others is held apart.
        given: columns that are known from the start.
        at_least: nats that the divergence must be above to count as a change.
        seed: of every random choice.
        device: where to compute.
    """
    rng = np.random.default_rng([seed, 32])
    held, seen = _most(held, rng), _most(fit, rng)
    view = View.of(model, device)
    source = view.names.index(both.source)
    frame = both.with_source(held)
    codes = _codes(model, both, held)
    rows = Rows(frame, codes, "", None if both.blocks is None else both.blocks[held])
    labels = both.labels[held]
    (code_b,) = set(codes[labels == 1, view.ask.cells[source][0]].tolist())
    assert model.reference is not None
    share = float(both.labels[fit].mean())
    view = judged(view, source, model.reference, code_b, share, seed)
    weigh = evening(labels)
    context = tuple(view.at(name, "given") for name in given)
    y = None if target is None else view.target(target)
    if source in context or y == source:
        raise OptionError(f"given: column {both.source!r} says where rows are from. Name others.")

    told = _told(view, codes, source, code_b)

    def logit(shown: np.ndarray) -> np.ndarray:
        return told(shown)[1]

    def nats(shown: np.ndarray) -> np.ndarray:
        return told(shown)[0]

    whole = logit(view.all_but(source))
    found = divergence(whole, labels, rows.blocks)
    joint = overall([whole], labels, rows.blocks, seed)
    plain, columns, apart = _plain(model, view, both, seen, held, seed, y)
    p = min(1.0, 2 * min(joint, plain.p))
    players = players_of(view, source, {}, context)
    driven = drive(view, rows, source, players, context=context, seed=seed, weights=weigh, ask=nats)
    low = max(found.value - 1.96 * found.error, 0.0)
    high = min(max(found.value + 1.96 * found.error, 0.0), float(np.log(2)))
    enough = at_least is None or found.value - 1.645 * found.error > at_least
    cells = _cells(view, codes, source, whole, logit)
    shown = frame.drop(both.source)
    b_rows = np.flatnonzero(labels == 1)
    as_a = codes[b_rows].copy()  # what would be expected, were they of A
    as_a[:, view.ask.cells[source][0]] = codes[labels == 0, view.ask.cells[source][0]][0]
    groups = stand_out(shown, whole, low=True, seed=seed)
    return {
        "format": 1,
        "kind": "comparison",
        "method": "fit",
        "language": language(),
        "a": both.said[0],
        "b": both.said[1],
        "rows_a": int((labels == 0).sum()),
        "rows_b": int((labels == 1).sum()),
        "columns_asked": len(view.names) - 1,
        "left_out": list(both.left_out),
        "given": list(given),
        "target": target,
        "p_value": p,
        "p_joint": joint,
        "p_columns": plain.p,
        "changed": bool(p <= LEVEL and enough),
        "at_least": at_least,
        "divergence": number(max(found.value, 0.0)),
        "divergence_error": number(found.error),
        "network": view.ask.said.weight if isinstance(view.ask.said, Judges) else 1.0,
        "interval": [low, high],
        "total": number(driven.total.value),
        "columns": _columns(view, driven, columns),
        "pairs": _pairs(driven, pair_rows(view, plain)),
        "conditional": _tested(_parts(view, rows, source, y, context, weigh, nats), apart),
        "part": None if not apart else which(apart["covariate"], apart["concept"]),
        "row_groups": [group_json("source", t("logit of B"), g) for g in groups],
        "rows": odd_rows(view, as_a, shown[b_rows], whole[b_rows], cells[b_rows]),
        "seed": seed,
    }


def _most(at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At most `MOST` of some places, in their order."""
    return at if len(at) <= MOST else np.sort(rng.choice(at, MOST, replace=False))


def _codes(model: Fitted, both: Both, at: np.ndarray) -> np.ndarray:
    table = both.with_source(at)
    table = table.select(n for n in table.columns if n in model.schema.names)
    reader = RowReader(model.codec, dict(table.schema), ())
    return reader.read(reader.cast(table), quiet=True).codes


def _plain(
    model: Fitted,
    view: View,
    both: Both,
    seen: np.ndarray,
    held: np.ndarray,
    seed: int,
    y: int | None,
) -> tuple[Found, list[dict[str, Any]], dict[str, float]]:
    """What columns and pairs hold: it needs no fit, and is compared over fitted rows and others.

    With a target also what it is given the others, and the p-values of the parts: see `concept`.
    """
    at, source = np.concatenate([seen, held]), view.names.index(both.source)
    codes, labels = _codes(model, both, at), both.labels[at]
    hidden = codes.copy()
    hidden[:, list(view.ask.cells[source])] = -1  # it would tell itself
    blocks = None if both.blocks is None else both.blocks[at]
    parts = np.repeat([0, 1], [len(seen), len(held)])
    made = statistics_of(view, hidden, ask=False)
    known = None if y is None else expected_of(view, codes, source, y, blocks, seed)
    if known is not None:
        given_others(made, known)
    found = held_apart(made, labels, blocks, seed, parts=parts)
    apart = {}
    if known is not None:
        apart = {
            "covariate": covariate_p(found, known.y),
            "concept": concept_p(known, labels, seed),
        }
    return found, column_rows(view, found, codes, labels), apart


def _tested(parts: list[dict[str, Any]], p: dict[str, float]) -> list[dict[str, Any]]:
    """Parts with the p-value of their own test, `p_rows`; None for those that have none."""
    return [{**part, "p_rows": p.get(part["part"])} for part in parts]


def _told(
    view: View, codes: np.ndarray, source: int, code_b: int
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Asks once for each set of columns (d,): (n,) surprise of the source, and its logit."""
    known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def ask(shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        key = shown.tobytes()
        if key not in known:
            nats, shares = view.ask.told(codes, shown, source)
            p = np.clip(shares[:, code_b], 1e-9, 1 - 1e-9)
            known[key] = nats, np.log(p) - np.log1p(-p)
        return known[key]

    return ask


def _cells(
    view: View,
    codes: np.ndarray,
    source: int,
    whole: np.ndarray,
    logit: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """(n, d) each cell's part of a row's logit; NaN for the source."""
    out = np.full((len(codes), len(view.names)), np.nan)
    for a in range(len(view.names)):
        if a != source:
            out[:, a] = whole - logit(view.all_but(source, a))
    return out


def _columns(view: View, driven: Drivers, plain: list[dict]) -> list[dict[str, Any]]:
    """Columns with what they tell of the source.

    Those whose values surely changed come first, most surely first; then the largest share first: a
    short fit's shares of a small change are mostly noise, and the tests of columns are not.
    """
    by_name = {row["column"]: row for row in plain}
    out = []
    for d in driven.players:
        row = by_name.get(
            d.name, {"column": d.name, "p": None, "z": None, "by": "", "a": "", "b": ""}
        )
        out.append(
            {
                **row,
                "first": number(d.first.value),
                "first_error": number(d.first.error),
                "share": number(d.share.value),
                "share_error": number(d.share.error),
                "last": number(d.last.value),
                "last_error": number(d.last.error),
            }
        )
    return sorted(out, key=_surely)


def _surely(row: dict[str, Any]) -> tuple[float, float]:
    """What columns are sorted by, stably."""
    p = row["p"]
    return (1.0, 0.0) if p is None or p > LEVEL else (float(p), -abs(float(row["z"])))


def _pairs(driven: Drivers, plain: list[dict]) -> list[dict[str, Any]]:
    """Pairs that tell more of the source together than alone; p of their scores' products."""
    p = {frozenset((r["one"], r["two"])): r for r in plain}
    out = []
    for s in driven.synergies:
        known = p.get(frozenset((s.one, s.two)), {"p": None, "z": None})
        out.append(
            {"one": s.one, "two": s.two, "p": known["p"], "z": known["z"],
             "together": number(s.value.value), "error": number(s.value.error)}
        )  # fmt: skip
    named = {frozenset((r["one"], r["two"])) for r in out}
    out += [
        {**r, "together": None, "error": None}
        for key, r in p.items()
        if key not in named and r["p"] <= LEVEL
    ]
    return out


def _parts(
    view: View,
    rows: Rows,
    source: int,
    y: int | None,
    context: tuple[int, ...],
    weigh: np.ndarray,
    nats: Callable[[np.ndarray], np.ndarray] | None = None,
) -> list[dict[str, Any]]:
    """How the divergence falls into parts: by a target, and by a context."""
    out: list[dict[str, Any]] = []

    def left(*shown: int) -> np.ndarray:
        seen = view.only(*shown)
        if nats is not None:
            return nats(seen) * weigh
        return view.ask.nats(rows.codes, seen, [source])[:, source] * weigh

    def told(name: str, words: str, x: np.ndarray) -> None:
        mean: Mean = mean_of(x, rows.blocks)
        out.append(
            {"part": name, "is": words, "value": number(mean.value), "error": number(mean.error),
             "p": mean.above_zero}
        )  # fmt: skip

    every = [a for a in range(len(view.names)) if a != source]
    all_known = left(*every)
    if y is not None:
        others = [a for a in every if a != y]
        name = view.names[y]
        none, without, alone = left(), left(*others), left(y)
        words = t("change of the other columns, I(s; X without {name})", name=name)
        told("covariate", words, none - without)
        words = t("change of {name} given the others, I(s; {name} | X)", name=name)
        told("concept", words, without - all_known)
        words = t("change of {name} itself, I(s; {name})", name=name)
        told("label", words, none - alone)
        words = t("change of the others given {name}, I(s; X | {name})", name=name)
        told("rest", words, alone - all_known)
    if context:
        names = ", ".join(view.names[a] for a in context)
        known = left(*context)
        words = t("change that {names} can explain, I(s; {names})", names=names)
        told("context", words, left() - known)
        words = t("change that {names} cannot explain, I(s; X | {names})", names=names)
        told("beyond", words, known - all_known)
    return out
