"""One call that measures everything: `evaluate`."""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from interfuse.evaluate import pictures, verdict
from interfuse.evaluate.chance import FAMILY, PERMUTATION
from interfuse.evaluate.columns import Compared, as_polars, compared_columns
from interfuse.evaluate.detection import CELL_LIMIT, one_hot_width
from interfuse.evaluate.figure import FIGURES, Figure, row
from interfuse.evaluate.figures.detection import culprits
from interfuse.evaluate.figures.guesses import secrets as guessed
from interfuse.evaluate.figures.trend import together
from interfuse.evaluate.figures.utility import details, target_rows
from interfuse.evaluate.findings import Faults
from interfuse.evaluate.identifiers import Returned, returned
from interfuse.evaluate.inference import check_secrets
from interfuse.evaluate.limits import Limits
from interfuse.evaluate.report import FORMAT, Report
from interfuse.evaluate.sections import column_rows, pair_rows, rule_table
from interfuse.evaluate.study import Study
from interfuse.evaluate.table import encode
from interfuse.evaluate.utility import check_target
from interfuse.language import speaking, t

MOST_PAIRS = 1_000
_IN_A_PART = ", in a part"


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
    thorough: bool = False,
    limits: Limits | None = None,
    threads: int | None = None,
    progress: Callable[[str, float], None] | None = None,
    language: str = "en",
    names: Sequence[str] = (),
    date: dt.date | None = None,
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
        thorough: Take `Limits.thorough`: more rows, more draws, every target.
        limits: Row limits of the slow steps, None = the defaults.
        threads: Threads for the boosted trees, None = all.
        progress: Called as (what is measured now, share done in [0, 1]).
        language: Of every sentence of the report: ``en`` or ``zh``. Figures and names of columns
            are the same in both.
        names: What the real and the synthetic table are called, for the head of the page.
        date: What the head of the page says, None = today.

    Raises:
        DataError: See `table.encode`; or the target or a secret is no column that can serve.
        OptionError: There is no such language.
        SchemaError: See `columns.kinds_of`.
    """
    limits = limits or (Limits.thorough() if thorough else Limits())
    with speaking(language):
        tell = _Steps(progress, limits.draws + 5 + len(FIGURES))
        tell("reading")
        first = as_polars(real, "real")
        compared = compared_columns(first, schema)
        compared.also_of(as_polars(synthetic, "synthetic"))
        train, copy, held = encode(first, synthetic, holdout, schema=schema)
        if target is not None:
            check_target(train, target)
        check_secrets(train, tuple(secrets))
        study = Study(
            train,
            copy,
            held,
            figures=FIGURES,
            limits=limits,
            seed=seed,
            threads=threads,
            target=target,
            secrets=secrets,
            declared=[_declared(*rule) for rule in rules or ()],
            tell=tell,
            returned=_returned(compared.identifiers, first, synthetic, holdout),
        )
        figures, private, others = [], False, 0
        faults: Faults = []
        for key, figure in FIGURES.items():
            tell(figure.words.name)
            found = figure.measure(study)
            if found is not None:
                figures.append(row(figure, found))
            made = figure.faults(study)
            private |= bool(made) and key.startswith("privacy.")
            others += 0 if key.startswith("privacy.") else len(made)
            faults += made
        data = _data(study, compared, figures, faults, private, others)
        data["pictures"] |= {
            "training": [list(point) for point in training_curve or ()],
            "training_unit": training_unit,
        }
        data |= {"language": language, "date": (date or dt.date.today()).isoformat()}
        data["tables"]["names"] = list(names)
        tell.end()
        return Report(_plain(data))


def _data(
    study: Study,
    compared: Compared,
    figures: list[dict[str, Any]],
    faults: Faults,
    private: bool,
    others: int,
) -> dict[str, Any]:
    """Return `Report.data` but for the training curve."""
    train, copy, held = study.real, study.synthetic, study.held
    by_key = {one["key"]: one for one in figures}
    utility = details(study)
    return {
        "format": FORMAT,
        "tables": {
            "real": train.rows,
            "synthetic": copy.rows,
            "holdout": held.rows if held else None,
            "columns": len(train.kinds),
            "ignored": list(compared.ignored),
            "ignored_as": compared.ignored,
        },
        "seed": study.seed,
        "verdict": verdict.sentences(by_key, utility, private, compared.ignored, others),
        "findings": [fault.text for fault in faults],
        "faults": [{"kind": fault.kind, "columns": list(fault.columns)} for fault in faults],
        "level": {
            "family": FAMILY,
            "permutation": PERMUTATION,
            "questions": study.questions,
            "each": study.level,
        },
        "asked": [t(one.words.asks) for one in FIGURES.values() if _asked(one, study, by_key)],
        "figures": figures,
        "columns": column_rows(study),
        "pairs": pair_rows(study)[:MOST_PAIRS],
        "detection": _detection(study),
        "utility": utility,
        "targets": target_rows(study),
        "secrets": [asdict(guess) for guess in study.once(guessed)],
        "missing": {
            "real_patterns": study.pair.missing.pattern_count,
            "columns": {name: list(pair) for name, pair in study.pair.missing.shares.items()},
        },
        "rules": [*map(dict, study.declared), *rule_table(study.kept)],
        "pictures": {
            "marginals": pictures.marginals(train, copy, study.pair.shapes),
            "association": pictures.association(together(study)),
        },
        "notes": _notes(study) + compared.notes,
    }


def _returned(names: list[str], real: Any, synthetic: Any, held: Any) -> list[Returned]:
    """Return which rare values of these columns came back."""
    if not names:
        return []
    other = as_polars(synthetic, "synthetic")
    return returned(names, real, other, None if held is None else as_polars(held, "hold-out"))


def _asked(figure: Figure, study: Study, measured: dict[str, Any]) -> bool:
    """Return whether findings of a figure were looked for in this study."""
    return bool(figure.words.asks) and figure.key in measured


def _detection(study: Study) -> dict[str, Any]:
    found, guilty = study.pair.detection, study.once(culprits)
    return {
        "engine": found.engine,
        "fold_sd": found.spread,
        "columns": [list(item) for item in found.columns],
        "alone": [list(item) for item in guilty.columns],
        "pairs": [list(item) for item in guilty.pairs],
    }


def _declared(text: str, real: float, synthetic: float) -> dict[str, Any]:
    """Return a declared rule as a report lists it; what it says is in words or in symbols."""
    way, colon, rest = text.partition(": ")
    rule = text.removesuffix(_IN_A_PART)
    if rule != text:
        text = t("{rule}, in a part", rule=rule)
    elif colon and t(rest) != rest:
        text = f"{way}{t(': ')}{t(rest)}"
    return {"text": t(text), "real": float(real), "synthetic": float(synthetic)}


class _Steps:
    """Tells the caller what is measured, in equal steps that end at 1."""

    def __init__(self, progress: Callable[[str, float], None] | None, steps: int) -> None:
        self.progress, self.steps, self.done = progress, steps, 0

    def __call__(self, what: str) -> None:
        if self.progress is not None:
            self.progress(t(what), min(1.0, self.done / self.steps))
        self.done += 1

    def end(self) -> None:
        if self.progress is not None:
            self.progress(t("done"), 1.0)


def _notes(study: Study) -> list[str]:
    train, limits = study.real, study.limits
    most = max(table.rows for table in (train, study.synthetic, study.held) if table)
    out = [
        t(
            "Floor: {draws} bootstraps of the real rows, of the synthetic table's size; mean ± "
            "standard deviation.",
            draws=limits.draws,
        )
    ]
    if study.held is None:
        out.append(
            t(
                "No hold-out was given: the share of rows nearer to training rows cannot be told, "
                "and real rows are compared with the other real rows instead of with unseen ones."
            )
        )
    out += limits.notes(most)
    if min(most, limits.detection) * 2 * one_hot_width(train) > CELL_LIMIT:
        out.append(
            t(
                "Logistic detection: rows are sampled further, so that its one-hot matrix has at "
                "most {cells:,} cells.",
                cells=CELL_LIMIT,
            )
        )
    pairs = len(train.kinds) * (len(train.kinds) - 1) // 2
    if pairs > MOST_PAIRS:
        many = {"most": MOST_PAIRS, "pairs": pairs}
        out.append(t("Pairs: the {most:,} that are furthest off of {pairs:,} are listed.", **many))
    out.append(
        t(
            "Findings: {questions:,} questions at a level of {level:.1g} each, and all "
            "correlations and strong pairs by one test at {test:.2%}, so that fresh real rows "
            "would get any finding in at most {family:.0%} of reports.",
            questions=study.questions,
            level=study.level,
            test=PERMUTATION,
            family=FAMILY,
        )
    )
    return out + [note for figure in FIGURES.values() for note in figure.notes(study)]


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
