"""`python -m benchmarks.rivals.forest_filling fit|draw FOLDER SECONDS SEED`: in its own Python.

`fit` reads `train.npz` (values (n, c), codes of categories, NaN where missing; levels (c,), 0 for
numbers) and writes `model.pickle`, then `fitted.json` with its seconds and settings. `draw` reads
`rows.npy` (n, c), NaN where a value is wanted, and `draws.json` with their number, and writes
`drawn.npy` (m, n, c): as many draws as can be made in the seconds, at least one.

The settings are the package's own for filling: the variance preserving chain (its flow cannot
fill) and RePaint with its r = 5 and j = .1; of noise levels, trees and noises a row the largest
that the time allows. The package does not know missing categories (their indicators would be those
of the first value), so indicators are made here as it makes them, all but the first value's, and
missing where the category is; coming back, a category is the largest of them above one half, else
the first. Training rows with missing cells are left out (`remove_miss`) where half of the rows are
whole; otherwise it fits each column by itself, as it must then.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

FEWEST_WHOLE = 0.5


def widen(rows: np.ndarray, levels: Sequence[int]) -> np.ndarray:
    """Numbers and two-valued categories as they are, k - 1 indicators of k values.

    Args:
        rows: (n, c).
        levels: (c,) number of values, 0 for numbers.

    Returns:
        (n, w); NaN in all columns of a missing cell.
    """
    parts = []
    for j, k in enumerate(levels):
        column = rows[:, j : j + 1]
        if k > 2:
            column = np.where(np.isnan(column), np.nan, column == np.arange(1, k))
        parts.append(column)
    return np.concatenate(parts, 1)


def narrow(wide: np.ndarray, levels: Sequence[int]) -> np.ndarray:
    """The inverse of `widen`, also of indicators that are not quite 0 or 1."""
    out, at = np.empty((len(wide), len(levels))), 0
    for j, k in enumerate(levels):
        width = max(k - 1, 1)
        part = wide[:, at : at + width]
        if k > 2:
            first = np.full((len(wide), 1), 0.5)
            out[:, j] = np.concatenate([first, part], 1).argmax(1)
        else:
            out[:, j] = part[:, 0]
        at += width
    return out


def fit(folder: Path, seconds: float, seed: int) -> None:
    """Fit the largest setting that should end in time."""
    from ForestDiffusion import (  # pyright: ignore[reportMissingImports]
        ForestDiffusionModel,
    )

    from benchmarks.rivals.methods.forest import largest

    start = time.perf_counter()
    with np.load(folder / "train.npz") as arrays:
        values, levels = arrays["values"], arrays["levels"].tolist()
    known = ~np.isnan(values)
    remove = bool(known.all(1).mean() >= FEWEST_WHOLE)
    whole, at = [], 0
    for j, k in enumerate(levels):
        if k <= 2 and (np.rint(values[known[:, j], j]) == values[known[:, j], j]).all():
            whole.append(at)
        at += max(k - 1, 1)
    x = widen(values, levels)

    def model(noise_levels: int, trees: int, noises: int) -> Any:
        return ForestDiffusionModel(
            x.copy(),
            n_t=noise_levels,
            n_estimators=trees,
            duplicate_K=noises,
            diffusion_type="vp",
            int_indexes=whole,
            remove_miss=remove,
            n_jobs=1,
            nthread=1,
            seed=seed,
        )

    fitted, setting = largest(model, start + seconds)
    (folder / "model.pickle").write_bytes(pickle.dumps((fitted, levels)))
    settings = "{} noise levels, {} trees, {} noises a row (50, 100, 100)".format(*setting)
    said = {"seconds": time.perf_counter() - start, "settings": settings}
    (folder / "fitted.json").write_text(json.dumps(said), encoding="utf-8")


def draw(folder: Path, seconds: float, seed: int) -> None:
    """Fill the rows again and again until the time is over."""
    wanted = json.loads((folder / "draws.json").read_text(encoding="utf-8"))
    fitted, levels = pickle.loads((folder / "model.pickle").read_bytes())  # noqa: S301 - of `fit`
    np.random.seed(seed)  # noqa: NPY002 - the package draws from it
    rows = np.load(folder / "rows.npy")
    gone = np.isnan(rows)
    x = fitted.scaler.transform(widen(rows, levels))
    out: list[np.ndarray] = []
    start = last = time.perf_counter()
    while len(out) < wanted:
        filled = narrow(fitted.impute(X=x, repaint=True), levels)
        out.append(np.where(gone, filled, rows))
        now = time.perf_counter()
        if now + (now - last) > start + seconds:
            break
        last = now
    np.save(folder / "drawn.npy", np.stack(out))


def main() -> None:
    """Do one of the two."""
    warnings.simplefilter("ignore")
    what = {"fit": fit, "draw": draw}[sys.argv[1]]
    what(Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))


if __name__ == "__main__":
    main()
