"""Compare a run with other rows: one model, no fit.

A is the rows that the fit held out, B is what is given. The model says of each row what it expects
(`changed`), labels are permuted, and what differs is told. The test is exact if the rows of A are
exchangeable with those of B when nothing changed: rows that were fitted are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from interfuse.kinds.table.ask.know.changed import held_apart, statistics_of
from interfuse.kinds.table.ask.know.differ import column_rows, odd_rows, pair_rows
from interfuse.kinds.table.ask.know.explain import group_json
from interfuse.kinds.table.ask.know.groups import stand_out
from interfuse.kinds.table.ask.know.stats import LEVEL, means
from interfuse.kinds.table.ask.know.view import (
    MOST,
    View,
    check_fresh,
    held_out,
    read_rows,
    warn_of_order,
)
from interfuse.kinds.table.fitted import Fitted
from interfuse.language import language, t


def against(
    model: Fitted,
    data: Any,
    *,
    record: Mapping[str, Any],
    blocks: str | None = None,
    rows: int = MOST,
    seed: int = 0,
    device: str | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """The answer as JSON; see `Model.compare`.

    Args:
        model: the fitted model.
        data: B.
        record: of the fit, which says what was fitted.
        blocks: a column; rows of one value stay together.
        rows: of each side at most.
        seed: of every random choice.
        device: where to compute.
        name: what B is of, for people; None for the name of its file.
    """
    view = View.of(model, device)
    a = held_out(model)
    b = read_rows(model, data, blocks, subset=True, name=name)
    check_fresh(model, b, record, data)
    warn_of_order(b.frame, "the rows", blocks)
    for absent in b.absent:
        a.codes[:, model.codec.places[absent].codes] = -1
    own = None
    if blocks is not None:
        own = both_blocks(a.frame, b.frame, blocks)
        at = np.cumsum([0, len(a), len(b)])
        a, b = (x.blocked(own[at[i] : at[i + 1]]) for i, x in enumerate((a, b)))
    said = a.said, b.said
    a, b = a.at_most(rows, seed), b.at_most(rows, seed)
    codes = np.concatenate([a.codes, b.codes])
    labels = np.repeat([0, 1], [len(a), len(b)])
    joined = None
    if a.blocks is not None and b.blocks is not None:
        joined = np.concatenate([a.blocks, b.blocks])
    made = statistics_of(view, codes)
    found = held_apart(made, labels, joined, seed)
    assert made.nats is not None
    usual, nats = means(made.nats[: len(a)], 0), made.nats[len(a) :]
    frame = pl.concat([a.frame.select(b.frame.columns), b.frame], how="vertical_relaxed")
    groups = stand_out(frame, labels.astype(float), low=True, seed=seed)
    return {
        "format": 1,
        "kind": "comparison",
        "method": "run",
        "language": language(),
        "a": said[0],
        "b": said[1],
        "rows_a": len(a),
        "rows_b": len(b),
        "columns_asked": len(view.names),
        "left_out": list(b.absent),
        "given": [],
        "target": None,
        "p_value": found.p,
        "changed": found.p <= LEVEL,
        "divergence": None,
        "divergence_error": None,
        "interval": None,
        "at_least": None,
        "columns": column_rows(view, found, codes, labels),
        "pairs": pair_rows(view, found),
        "conditional": [],
        "row_groups": [group_json("source", t("share of B"), g) for g in groups],
        "rows": odd_rows(view, b.codes, b.frame, means(nats, 1), nats - usual),
        "seed": seed,
    }


def both_blocks(one: pl.DataFrame, two: pl.DataFrame, name: str) -> np.ndarray:
    """(n + m,) blocks of the rows of two frames by the values of a column of both."""
    both = pl.concat([one[name], two[name].cast(one[name].dtype)])
    return both.rank("dense").fill_null(0).to_numpy().astype(np.int64)
