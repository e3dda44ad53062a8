"""One call that measures everything: `evaluate`."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from interfuse.evaluate import pictures, verdict
from interfuse.evaluate.association import associations
from interfuse.evaluate.chance import FAMILY
from interfuse.evaluate.columns import as_polars
from interfuse.evaluate.copula import copula_table
from interfuse.evaluate.counts import odd_values, values_tested
from interfuse.evaluate.detection import CELL_LIMIT, one_hot_width
from interfuse.evaluate.findings import fidelity_faults, rule_faults
from interfuse.evaluate.inference import check_secrets
from interfuse.evaluate.measure import Limits, floor_tables, independent_table, measure, spreads
from interfuse.evaluate.privacy_rows import privacy_rows
from interfuse.evaluate.report import FORMAT, Report
from interfuse.evaluate.rows import (
    column_rows,
    fidelity_rows,
    pair_rows,
    rule_row,
    rule_table,
    support_rows,
)
from interfuse.evaluate.rule_search import find_rules
from interfuse.evaluate.rules import Rule, broken_share, check_rules
from interfuse.evaluate.suspects import suspects
from interfuse.evaluate.table import Table, encode
from interfuse.evaluate.utility import check_target, default_target
from interfuse.evaluate.utility_rows import split_for_utility, target_rows, utility_rows

MOST_PAIRS = 1_000
_NAMES = re.compile(r"[^\W\d]\w*")


def evaluate(
    real: Any,
    synthetic: Any,
    holdout: Any = None,
    *,
    schema: Any = None,
    target: str | None = None,
    seed: int = 0,
    training_curve: Sequence[Sequence[float | None]] | None = None,
    training_unit: str = "seconds",
    rules: Iterable[tuple[str, float, float]] | None = None,
    secrets: Sequence[str] = (),
    grid: bool = False,
    thorough: bool = False,
    limits: Limits | None = None,
    threads: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Report:
    """Measure how close, how useful and how private a synthetic table is.

    Args:
        real: The table that was trained on; a polars, pandas or Arrow frame.
        synthetic: The synthetic table, with the same columns.
        holdout: Real rows that were not trained on. Without them there is no share of nearer rows,
            and utility is tested on a fifth of the real rows, which the synthesiser may have seen.
        schema: Kinds of the columns; see `columns.kinds_of`.
        target: The column that the utility figures predict; default: see
            `utility.default_target`.
        seed: Seed of everything random. The same call gives the same report.
        training_curve: Rows (progress, training loss, held-out loss or None) to draw.
        training_unit: What progress is counted in.
        rules: Declared rules to show: (text, share of real rows, share of synthetic rows) that
            keep it. Others are found in the real table.
        secrets: Columns for which attribute inference is tried; needs a hold-out.
        grid: The published 36-point protocol for utility (slow) instead of one setting.
        thorough: Take `Limits.thorough`: more rows, more draws, every target.
        limits: Row limits of the slow steps, None = the defaults.
        threads: Threads for the boosted trees, None = all.
        progress: Called as (what is measured now, share done in [0, 1]).

    Raises:
        DataError: See `table.encode`; or the target or a secret is no column that can serve.
        SchemaError: See `columns.kinds_of`.
    """
    limits = limits or (Limits.thorough() if thorough else Limits())
    tell = _Steps(progress, limits.draws + 9)
    tell("reading")
    first = as_polars(real, "real")
    train, copy, held = encode(first, synthetic, holdout, schema=schema)
    rng = np.random.default_rng([seed, 4])
    notes = _notes(train, copy, held, limits)
    if target is not None:
        check_target(train, target)
    check_secrets(train, tuple(secrets))
    if secrets and held is None:
        notes.append("Attribute inference: not measured; it needs a hold-out, as its control.")

    tell("rules")
    declared = [{"text": t, "real": float(a), "synthetic": float(b)} for t, a, b in rules or ()]
    few = train.sample(limits.trends, rng), copy.sample(limits.trends, rng)
    found = find_rules(few[0], seed=seed)
    kept = check_rules(_undeclared(found, declared), *few)
    questions = _questions(*few, len(found), len(secrets))
    level = FAMILY / questions
    notes.append(
        f"Findings: {questions:,} questions at a level of {level:.1g} each, so that fresh real "
        f"rows would get any finding in at most {FAMILY:.0%} of reports."
    )
    run = {"limits": limits, "seed": seed, "threads": threads}

    tell("synthetic table")
    measured = measure(train, copy, level=level, **run)
    errors = spreads(train, copy, measured, seed=seed)
    together = associations(*few, level=level)
    guilty = suspects(train, copy, measured.detection, seed=seed, threads=threads)
    baselines: dict[str, Table] = {}
    if limits.baselines:
        baselines["independent"] = independent_table(train, copy.rows, seed=seed)
        baselines["copula"] = copula_table(train, copy.rows, seed=seed)
    others = {}
    for name, table in baselines.items():
        tell({"independent": "independent columns", "copula": "Gaussian copula"}[name])
        others[name] = measure(train, table, **run)
    floors, broken = [], []
    for table in floor_tables(train, copy.rows, draws=limits.draws, seed=seed):
        tell("sampling floor")
        floors.append(measure(train, table, **run))
        broken.append(100 * broken_share(found, table.sample(limits.trends, rng)))
    figures = fidelity_rows(measured, floors, others, errors)
    tell("alpha-precision and beta-recall")
    closer = support_rows(train, copy, baselines, limit=limits.support, seed=seed)
    closer += rule_row(found, few[1], broken, baselines)
    figures = _after_fidelity(figures, closer)

    tell("utility")
    wanted = target or default_target(train)
    split = split_for_utility(train, held, limit=limits.utility, seed=seed)
    details: dict[str, Any] = {}
    targets: list[dict[str, Any]] = []
    if wanted is None:
        notes.append("Utility: not measured; no column varies enough to be predicted.")
    else:
        chosen = "given" if target else "by default the last category column of 2 to 20 classes"
        notes += [f"Utility: the target is {wanted!r} ({chosen}).", split.note]
        rows, details = utility_rows(split, copy, baselines, wanted, grid=grid, **run)
        figures += rows
        tell("every target")
        rows, targets = target_rows(split, copy, baselines, **run)
        figures += rows

    tell("privacy")
    private = privacy_rows(
        train, copy, held, baselines, tuple(secrets), limits=limits, seed=seed, level=level
    )
    figures += private.rows
    by_key = {row["key"]: row for row in figures}
    faults = fidelity_faults(
        measured,
        together,
        odd_values(*few, level=level),
        guilty,
        real_rows=train.rows,
        rows=copy.rows,
        level=level,
    )
    faults += rule_faults(kept, declared, level=level) + private.faults
    data = {
        "format": FORMAT,
        "tables": {
            "real": train.rows,
            "synthetic": copy.rows,
            "holdout": held.rows if held else None,
            "columns": len(train.kinds),
            "ignored": [name for name in first.columns if name not in train.kinds],
        },
        "seed": seed,
        "verdict": verdict.sentences(by_key, details, bool(private.faults)),
        "findings": [fault.text for fault in faults],
        "faults": [{"kind": fault.kind, "columns": list(fault.columns)} for fault in faults],
        "level": {"family": FAMILY, "questions": questions, "each": level},
        "figures": figures,
        "columns": column_rows(measured, floors, others),
        "pairs": pair_rows(measured, floors, others)[:MOST_PAIRS],
        "detection": {
            "engine": measured.detection.engine,
            "fold_sd": measured.detection.spread,
            "columns": [list(item) for item in measured.detection.columns],
            "alone": [list(item) for item in guilty.columns],
            "pairs": [list(item) for item in guilty.pairs],
        },
        "utility": details,
        "targets": targets,
        "secrets": private.secrets,
        "missing": {
            "real_patterns": measured.missing.pattern_count,
            "columns": {name: list(pair) for name, pair in measured.missing.shares.items()},
        },
        "rules": declared + rule_table(kept),
        "pictures": {
            "marginals": pictures.marginals(train, copy, measured.shapes),
            "association": pictures.association(together),
            "training": [list(row) for row in training_curve or ()],
            "training_unit": training_unit,
        },
        "notes": notes,
    }
    tell.end()
    return Report(_plain(data))


class _Steps:
    """Tells the caller what is measured, in equal steps that end at 1."""

    def __init__(self, progress: Callable[[str, float], None] | None, steps: int) -> None:
        self.progress, self.steps, self.done = progress, steps, 0

    def __call__(self, what: str) -> None:
        if self.progress is not None:
            self.progress(what, min(1.0, self.done / self.steps))
        self.done += 1

    def end(self) -> None:
        if self.progress is not None:
            self.progress("done", 1.0)


def _undeclared(found: list[Rule], declared: list[dict[str, Any]]) -> list[Rule]:
    """Return the rules that are about other columns than any declared one."""
    said = {frozenset(_NAMES.findall(row["text"])) for row in declared}
    return [rule for rule in found if rule.kind != "sum" or frozenset(rule.columns) not in said]


def _questions(real: Table, copy: Table, rules: int, secrets: int) -> int:
    """Return how many things could be found to be off."""
    columns = len(real.kinds)
    return (
        2 * columns  # shape, missing or invented
        + columns * (columns - 1) // 2
        + values_tested(real, copy)
        + rules
        + secrets
        + 7  # patterns, detection, copies, nearer share, nearness, two attacks
    )


def _after_fidelity(figures: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[Any]:
    """Return the figures with `more` behind the last one of fidelity."""
    cut = sum(row["key"].startswith("fidelity.") for row in figures)
    return figures[:cut] + more + figures[cut:]


def _notes(train: Table, copy: Table, held: Table | None, limits: Limits) -> list[str]:
    most = max(train.rows, copy.rows, held.rows if held else 0)
    out = [
        f"Floor: {limits.draws} bootstraps of the real rows, of the synthetic table's size; "
        "mean ± standard deviation.",
    ]
    if held is None:
        out.append(
            "No hold-out was given: the share of rows nearer to training rows cannot be told, and "
            "real rows are compared with the other real rows instead of with unseen ones."
        )
    for what, limit in (
        ("Shapes and trends", limits.trends),
        ("Detection", limits.detection),
        ("Utility", limits.utility),
        ("Distances", limits.closest),
        ("Alpha-precision and beta-recall", limits.support),
        ("Every target", limits.targets),
        ("Membership attacks", limits.attacked),
    ):
        if most > limit:
            out.append(f"{what}: tables over {limit:,} rows are sampled down to that.")
    if min(most, limits.detection) * 2 * one_hot_width(train) > CELL_LIMIT:
        out.append(
            "Logistic detection: rows are sampled further, so that its one-hot matrix has at most "
            f"{CELL_LIMIT:,} cells."
        )
    pairs = len(train.kinds) * (len(train.kinds) - 1) // 2
    if pairs > MOST_PAIRS:
        out.append(f"Pairs: the {MOST_PAIRS:,} that are furthest off of {pairs:,} are listed.")
    return out


def _plain(value: Any) -> Any:
    """Return `value` as JSON holds it: Python scalars, null for what is not finite."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
