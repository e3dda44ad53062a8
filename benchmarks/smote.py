"""The rival of `benchmarks.rare`: imbalanced-learn's SMOTE-NC, in its own environment.

SMOTE-NC (Chawla et al. 2002, doi 10.1613/jair.953, section 6.1) puts a new row between a row and
one of its k nearest of the same class; categories are those of the majority of the neighbours. All
is left at imbalanced-learn's defaults (k = 5). A class of n <= 5 rows gets k = n - 1, a class of
one row copies of it, as users of the method do. Columns of text and of two values or fewer are
categories; columns of whole numbers are rounded.

The package is in a virtual environment of its own (`benchmarks.environments`); numpy and
scikit-learn are those of the environment that runs the benchmark.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

PACKAGES = ("imbalanced-learn==0.14.2", "sklearn-compat==0.1.6")
NEIGHBOURS = 5


def added(
    python: Path, rows: pl.DataFrame, target: str, wanted: dict[str, int], seed: int
) -> pl.DataFrame:
    """New rows by SMOTE-NC.

    Args:
        python: the rival's.
        rows: the real ones, without missing values.
        target: the column of the class.
        wanted: how many new rows of each class.
        seed: of the choice of rows, neighbours and places between them.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows.write_parquet(folder / "rows.parquet")
        (folder / "wanted.json").write_text(json.dumps(wanted), encoding="utf-8")
        words = [str(python), str(Path(__file__).resolve()), str(folder), target, str(seed)]
        subprocess.run(words, check=True)
        return pl.read_parquet(folder / "added.parquet")


def resample(rows: pl.DataFrame, target: str, wanted: dict[str, int], seed: int) -> pl.DataFrame:
    """What the rival's Python computes."""
    from imblearn.over_sampling import SMOTENC, RandomOverSampler  # pyright: ignore[reportMissingImports]

    x = rows.drop(target)
    text = {n: x[n].unique().sort() for n in x.columns if x[n].dtype == pl.String}
    category = [n in text or x[n].n_unique() <= 2 for n in x.columns]
    values = np.column_stack(
        [
            np.searchsorted(text[n].to_numpy(), x[n].to_numpy())
            if n in text
            else x[n].cast(pl.Float64).to_numpy()
            for n in x.columns
        ]
    ).astype(np.float64)
    labels = rows[target].to_numpy()
    sizes = {c: int((labels == c).sum()) for c in wanted}
    parts: list[np.ndarray] = []
    names: list[Any] = []
    for k in range(NEIGHBOURS + 1):
        some = {c: sizes[c] + m for c, m in wanted.items() if min(NEIGHBOURS, sizes[c] - 1) == k}
        if not some:
            continue
        options: dict[str, Any] = {"sampling_strategy": some, "random_state": seed}
        sampler = (
            SMOTENC(categorical_features=category, k_neighbors=k, **options)
            if k
            else RandomOverSampler(**options)
        )
        both, both_labels = sampler.fit_resample(values, labels)
        parts.append(both[len(values) :])
        names.extend(both_labels[len(values) :])
    drawn = np.concatenate(parts)
    columns = {}
    for j, name in enumerate(x.columns):
        dtype, column = x[name].dtype, drawn[:, j]
        if name in text:
            columns[name] = text[name].gather(np.rint(column).astype(int))
        else:
            columns[name] = pl.Series(np.rint(column) if dtype.is_integer() else column).cast(dtype)
    columns[target] = pl.Series(names, dtype=pl.String)
    return pl.DataFrame(columns).select(rows.columns)


def main() -> None:
    """Read rows and what is wanted from a folder, write new rows into it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("target")
    parser.add_argument("seed", type=int)
    options = parser.parse_args()
    rows = pl.read_parquet(options.folder / "rows.parquet")
    wanted = json.loads((options.folder / "wanted.json").read_text(encoding="utf-8"))
    found = resample(rows, options.target, wanted, options.seed)
    found.write_parquet(options.folder / "added.parquet")


if __name__ == "__main__":
    main()
