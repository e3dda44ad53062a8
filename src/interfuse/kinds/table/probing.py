"""The floor of edges, measured: what a fit says of columns that tell nothing.

Copies of columns whose values are shuffled (probes) depend on nothing, and look like real ones. A
model like the run's, of the rows that the run keeps and as many examples, is fitted with them, and
every pair with a probe is a null pair: the most that one of them gains, on rows that the run held
out, is what the fit makes of nothing. An edge has to be above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import OptionError
from interfuse.kinds.table.ask.know.pairs import Alone, pairs_of, units_of
from interfuse.kinds.table.ask.know.view import MOST, View, held_out, read_rows
from interfuse.kinds.table.fitted import Fitted
from interfuse.kinds.table.job import Job
from interfuse.kinds.table.learn.rounds import NOTHING

MOST_PROBES = 20
DERIVED = "derived"
"""Of what a rule computes: it is found again."""


def floor_of(
    model: Fitted,
    record: Mapping[str, Any],
    probes: int,
    *,
    seed: int = 0,
    device: str | None = None,
) -> float:
    """Nats that null pairs of a fit like this one come up to.

    Args:
        model: of the run.
        record: of its fit.
        probes: shuffled columns, each of a column of its own while there are such.
        seed: of what is copied, shuffled and fitted.
        device: where to compute.

    Raises:
        OptionError: there cannot be so many, or the run keeps no rows to fit.
        DataError: it held out too few.
    """
    if not 1 <= probes <= MOST_PROBES:
        raise OptionError(f"probes: is {probes}; expected 1 to {MOST_PROBES}.")
    if model.reference is None:
        raise OptionError(
            "probes: need rows to fit, and the run keeps none. Fit it without --no-reference."
        )
    held_out(model)  # refuses too few, before anything is fitted
    frames = model.reference.frames(model.codec)
    rng = np.random.default_rng([seed, 41])
    names = View.of(model, device).names
    order = rng.permutation(len(names))
    copied = [names[order[i % len(order)]] for i in range(probes)]
    called = _free(frames[0].columns, probes)
    fit, ask = (_with(f, dict(zip(called, copied, strict=True)), rng) for f in frames)
    of = {n: n for n in frames[0].columns} | dict(zip(called, copied, strict=True))
    kinds = {n: model.schema[name].kind for n, name in of.items()}
    job = Job(
        data=fit,
        schema=None,
        seconds=None,
        examples=int(record["training"]["examples"]),
        seed=seed,
        device=device,
        precision="auto",
        listener=lambda _: None,
        keep_rows=False,
        kinds={n: kind for n, kind in kinds.items() if kind != DERIVED},
        calibration=NOTHING,  # as no row is drawn, and pair terms would stand in its logits
    )
    probed = job.run().fitted
    view = View.of(probed, device)
    rows = read_rows(probed, ask, subset=True).at_most(MOST, seed)
    alone = Alone.of(view, rows)
    null = {i for i, name in enumerate(view.names) if name in called}
    found = pairs_of(view, rows, alone, units_of(alone), seed=seed)
    return max((p.given for p in found if {p.a, p.b} & null and np.isfinite(p.given)), default=0.0)


def _free(names: list[str], many: int) -> list[str]:
    stem = "probe"
    while any(n.startswith(stem) for n in names):
        stem += "_"
    return [f"{stem}{i}" for i in range(many)]


def _with(frame: pl.DataFrame, copies: dict[str, str], rng: np.random.Generator) -> pl.DataFrame:
    more = [
        frame[name][rng.permutation(frame.height)].alias(called) for called, name in copies.items()
    ]
    return frame.with_columns(more)
