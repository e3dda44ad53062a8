"""Rows of which it is known what depends on what."""

import numpy as np
import polars as pl


def rows(n, seed, shift=0.0):
    """`label` follows from `kind` but for a tenth; `size` moves with `kind`; `day` is apart."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    label = np.where(rng.random(n) < 0.9, kind == 2, rng.random(n) < 0.5)
    size = np.round(kind + shift + 0.5 * rng.normal(size=n), 3)
    return pl.DataFrame(
        {
            "kind": np.array(["web", "mail", "dns"])[kind],
            "label": np.array(["fine", "odd"])[label.astype(int)],
            "size": size,
            "double": 2 * size,
            "day": rng.integers(1, 15, n),
        }
    )
