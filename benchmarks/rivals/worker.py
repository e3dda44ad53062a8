"""`python -m benchmarks.rivals.worker FOLDER METHOD SECONDS SEED`: one fit, in its own Python.

Reads `rows.parquet` and `task.json` (kinds, target) from the folder; writes `fitted.json` when the
fit is done, then `drawn.parquet` and, last, `times.json`.
"""

from __future__ import annotations

import importlib
import json
import random
import resource
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.rivals.methods import METHODS
from benchmarks.rivals.prepare import Plain


def main() -> None:
    """Fit, draw, write."""
    folder, key, seconds, seed = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]
    warnings.simplefilter("ignore")
    method = METHODS[key]
    module = importlib.import_module(f"benchmarks.rivals.methods.{method.module}")
    rows = pl.read_parquet(folder / "rows.parquet")
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    _seed(int(seed))
    start, spent = time.perf_counter(), time.process_time()
    plain = Plain.of(rows, task["kinds"], task["target"])
    fit = getattr(module, "fit_" + key, None) or module.fit
    sample, settings = fit(rows, plain, seconds, int(seed))
    fitted, spent = time.perf_counter() - start, time.process_time() - spent
    (folder / "fitted.json").write_text(json.dumps({"seconds": fitted}), encoding="utf-8")
    start = time.perf_counter()
    drawn = sample(rows.height)
    if not isinstance(drawn, pl.DataFrame):
        drawn = plain.back(drawn)
    drawn.select(rows.columns).write_parquet(folder / "drawn.parquet")
    found = {
        "fit_seconds": round(fitted, 2),
        "fit_core_seconds": round(spent, 2),
        "sample_seconds": round(time.perf_counter() - start, 2),
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "settings": settings,
        "versions": {p.split("==")[0]: version(p.split("==")[0]) for p in method.packages[:1]},
    }
    part = folder / "times.part"
    part.write_text(json.dumps(found), encoding="utf-8")
    part.rename(folder / "times.json")


def _seed(seed: int) -> None:
    """Seed the global generators that packages draw from."""
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - packages draw from it
    torch.manual_seed(seed)


if __name__ == "__main__":
    main()
