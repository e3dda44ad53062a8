"""Compare two tables: one fit of both, then what it says of the rows it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from interfuse.errors import DataError, OptionError
from interfuse.io.frames import to_polars
from interfuse.io.many import is_on_disk
from interfuse.io.origin import Origin
from interfuse.kinds.table.answer.comparison import Comparison
from interfuse.kinds.table.ask.know.change import change
from interfuse.kinds.table.ask.know.source import cut, read_both
from interfuse.kinds.table.job import Job
from interfuse.kinds.table.learn.rounds import NOTHING
from interfuse.run.fitting import Listener

FEWEST_FITTED = 100


def compare_tables(
    a: Any,
    b: Any,
    *,
    target: str | None,
    given: Sequence[str],
    blocks: str | None,
    at_least: float | None,
    seconds: float | None,
    examples: int | None,
    seed: int,
    device: str | None,
    listener: Listener,
) -> Comparison:
    """The answer of `interfuse.compare` for two tables."""
    if at_least is not None and not at_least > 0:
        raise OptionError(f"at_least: is {at_least:g}; expected nats above 0.")
    both = read_both(a, b, blocks)
    for name in (target, *given):
        if name is not None and name not in both.frame.columns:
            raise OptionError(
                f"{'target' if name == target else 'given'}: there is no column {name!r} in both "
                f"tables; there are {', '.join(both.frame.columns)}."
            )
    fit, held = cut(both, seed)
    for s, side in enumerate("AB"):
        if min((both.labels[x] == s).sum() for x in (fit, held)) < FEWEST_FITTED // 2:
            raise DataError(
                f"{side}: too few blocks or rows to fit to one part and to measure on the other. "
                "Give more rows, or smaller blocks."
            )
    job = Job(
        data=both.with_source(fit),
        schema=None,
        seconds=seconds,
        examples=examples,
        seed=seed,
        device=device,
        precision="auto",
        listener=listener,
        keep_rows=True,  # for the judges; the model is not kept
        kinds={both.source: "category"},
        focus=both.source,
        # What is drawn from this model is never seen, and pair terms would stand in its logits.
        calibration=NOTHING,
    )
    model = job.run()
    found = change(
        model.fitted,
        both,
        fit,
        held,
        target=target,
        given=given,
        at_least=at_least,
        seed=seed,
        device=device,
    )
    if is_on_disk(a):
        return Comparison(found, Origin())
    _, origin = to_polars(a)
    return Comparison(found, replace(origin.without_rows(), text=None))
