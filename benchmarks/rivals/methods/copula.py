"""SDV's Gaussian copula with its defaults."""

from __future__ import annotations

from typing import Any

import polars as pl
from sdv.metadata import Metadata  # pyright: ignore[reportMissingImports]
from sdv.single_table import GaussianCopulaSynthesizer  # pyright: ignore[reportMissingImports]


def fit(rows: pl.DataFrame, plain: Any, seconds: float, seed: int) -> tuple[Any, str]:
    """Fit; it has no budget and needs little."""
    sort = {name: "categorical" for name in plain.categories}
    columns = {name: {"sdtype": sort.get(name, "numerical")} for name in plain.frame.columns}
    metadata = Metadata.load_from_dict({"tables": {"rows": {"columns": columns}}})
    model = GaussianCopulaSynthesizer(metadata)
    model.fit({"rows": plain.frame})
    return lambda n: model.sample(num_rows=n)["rows"], "defaults"
