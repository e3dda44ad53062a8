"""`python -m benchmarks.rivals.measure ...`: the figures of one method on one data set.

* `shape`, `trend`: per cent by which columns and pairs of columns differ from the training rows.
* `detection`: area under the ROC curve of boosted trees that tell drawn rows from training rows.
* `utility`: of boosted trees trained on drawn rows, tested on held-out rows; the gap is that of
  trees trained on the training rows less this.
* `dcr_share`: share of rows, drawn by a fit to half of all rows, that are nearer to that half than
  to the other, over at most 10,000 rows.
* `copies`: per cent of drawn rows equal to a training row.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.common import plain
from benchmarks.rivals.task import Task, task
from interfuse.evaluate import (
    boosted_detection,
    closest,
    column_shapes,
    encode,
    exact_copies,
    pair_trends,
    utility,
)

DCR_ROWS = 10_000


def real(asked: Task, seed: int) -> dict[str, float]:
    """Utility of the training rows, and how many held-out rows equal a training row."""
    a, test, _ = encode(*_seen(asked, asked.train, asked.test), schema=asked.kinds)
    return {
        "utility": utility(a, test, asked.target, seed=seed, threads=1).main,
        "copies": 100 * exact_copies(a, test).synthetic,
    }


def whole(asked: Task, drawn: pl.DataFrame, seed: int) -> dict[str, float]:
    """Figures of rows drawn by a fit to the training rows."""
    a, b, test = encode(*_seen(asked, asked.train, drawn, asked.test), schema=asked.kinds)
    assert test is not None
    return {
        "shape": 100 * (1 - column_shapes(a, b).score),
        "trend": 100 * (1 - pair_trends(a, b).score),
        "detection": boosted_detection(a, b, seed=seed, threads=1).auc,
        "utility": utility(b, test, asked.target, seed=seed, threads=1).main,
        "copies": 100 * exact_copies(a, b).synthetic,
    }


def half(asked: Task, drawn: pl.DataFrame, seed: int) -> dict[str, Any]:
    """Figures of rows drawn by a fit to half of all rows."""
    a, b, other = encode(*_seen(asked, asked.half, drawn, asked.other), schema=asked.kinds)
    found = closest(a, b, other, seed=seed, limit=DCR_ROWS)
    return {"dcr_share": found.share, "dcr_error": found.error}


def _seen(asked: Task, *frames: pl.DataFrame) -> list[pl.DataFrame]:
    """A missing category is a value like others, as in the published protocol."""
    text = [name for name, kind in asked.kinds.items() if kind == "category"]
    text = [name for name in text if asked.train[name].dtype == pl.String]
    return [f.select(list(asked.kinds)).with_columns(pl.col(text).fill_null("nan")) for f in frames]


def main() -> None:
    """Measure one drawn table; write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("what", choices=("real", "whole", "half"))
    parser.add_argument("output", type=Path)
    parser.add_argument("--drawn", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    asked = task(options.name, options.data, options.seed, options.rows)
    if options.what == "real":
        found = real(asked, options.seed)
    else:
        drawn = pl.read_parquet(options.drawn)
        found = (whole if options.what == "whole" else half)(asked, drawn, options.seed)
    part = options.output.with_suffix(".part")
    part.write_text(json.dumps(plain(found)), encoding="utf-8")
    part.rename(options.output)


if __name__ == "__main__":
    main()
