"""What a person of the field checks first in flow records: arithmetic, tails, and bins alone.

The relations are written down by hand and are told to nothing that is fitted: they judge what was
found in the data without help.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from interfuse.evaluate import boosted_detection, encode

BINS = 64

_spkts, _packets = pl.col("spkts"), pl.col("spkts") + pl.col("dpkts")
_seconds = pl.col("dur").cast(pl.Float32).cast(pl.Float64)


def _near(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Equal to six digits, or to the sixth decimal: float32 was on the way of some columns."""
    return (left - right).abs() <= 1e-6 + 1e-6 * right.abs()


def _where(condition: pl.Expr, value: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(value).otherwise(0)


# The forms are those of the shared notes on UNSW-NB15; the share of real rows is measured beside.
RELATIONS: dict[str, dict[str, pl.Expr]] = {
    "unsw": {
        "smean = sbytes / spkts, rounded half up": (
            pl.col("smean") == (pl.col("sbytes") / _spkts + 0.5).floor()
        ),
        "rate = (packets - 1) / dur": _near(
            pl.col("rate"), _where(_seconds > 0, (_packets - 1) / _seconds)
        ),
        "sload = 8 (sbytes - floor(sbytes / spkts)) / dur": _near(
            pl.col("sload"),
            _where(
                (_spkts > 1) & (_seconds > 0),
                8 * (pl.col("sbytes") - (pl.col("sbytes") / _spkts).floor()) / _seconds,
            ),
        ),
        "tcprtt = synack + ackdat": (
            (pl.col("tcprtt") - pl.col("synack") - pl.col("ackdat")).abs() <= 1.5e-6
        ),
        "label = (attack_cat is not Normal)": (
            (pl.col("label") == 1) == (pl.col("attack_cat") != "Normal")
        ),
    }
}

TAILS: dict[str, tuple[tuple[str, str], ...]] = {
    "unsw": (("sbytes", "spkts"), ("sbytes", "sloss"), ("dbytes", "dpkts"), ("dbytes", "dloss")),
}


def relations(name: str, real: pl.DataFrame, synthetic: pl.DataFrame) -> list[dict[str, Any]]:
    """The share of rows in which each relation of a data set holds."""
    return [
        {"relation": text, "real": _share(real, holds), "synthetic": _share(synthetic, holds)}
        for text, holds in RELATIONS.get(name, {}).items()
    ]


def tails(name: str, real: pl.DataFrame, synthetic: pl.DataFrame) -> list[dict[str, Any]]:
    """Pearson's correlation of pairs whose largest values carry it."""
    return [
        {"pair": f"{a}, {b}", "real": _pearson(real, a, b), "synthetic": _pearson(synthetic, a, b)}
        for a, b in TAILS.get(name, ())
    ]


def bins_alone(real: pl.DataFrame, synthetic: pl.DataFrame, *, seed: int) -> float:
    """Boosted trees that see numbers as one of 64 quantiles of the real rows.

    What is left of detection here is wrong between bins; what it has less than on the numbers
    themselves is wrong inside of them: spacing, decimals, arithmetic.
    """
    names = [n for n, t in real.schema.items() if t.is_numeric() and real[n].n_unique() > BINS]
    edges = {
        n: np.unique(np.quantile(real[n].drop_nulls().to_numpy(), np.arange(1, BINS) / BINS))
        for n in names
    }
    a, b = (_binned(frame, edges) for frame in (real, synthetic))
    a, b, _ = encode(a, b)
    return boosted_detection(a, b, seed=seed).auc


def _binned(frame: pl.DataFrame, edges: dict[str, np.ndarray[Any, Any]]) -> pl.DataFrame:
    out = []
    for name, cuts in edges.items():
        column = frame[name]
        codes = np.searchsorted(cuts, column.fill_null(0).to_numpy(), side="right")
        values = pl.Series(name, codes, pl.Float64)
        out.append(values.set(column.is_null(), None))
    return frame.with_columns(out)


def _share(frame: pl.DataFrame, holds: pl.Expr) -> float:
    return float(frame.select(holds.mean()).item() or 0.0)


def _pearson(frame: pl.DataFrame, a: str, b: str) -> float:
    return float(
        frame.select(pl.corr(pl.col(a).cast(pl.Float64), pl.col(b).cast(pl.Float64))).item()
    )
