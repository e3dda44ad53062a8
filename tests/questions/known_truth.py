"""Rows of a distribution of which every conditional is known.

kind -> service by a table; (x, y) Gaussian with correlation RHO, independent of both; delay given
the service is normal; `extra` is missing with a probability that depends on the service.
"""

import numpy as np
import polars as pl

KINDS = ["home", "office", "rare"]
SERVICES = ["web", "mail", "dns", "ssh"]
P_KIND = np.array([0.6, 0.38, 0.02])
P_SERVICE = np.array([[0.7, 0.2, 0.1, 0.0], [0.3, 0.4, 0.1, 0.2], [0.05, 0.05, 0.1, 0.8]])
DELAY = np.array([0.0, 2.0, 4.0, 6.0])
P_MISSING = np.array([0.05, 0.6, 0.2, 0.9])
RHO = 0.8


def rows(n: int, seed: int) -> pl.DataFrame:
    """Independent rows."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, n, p=P_KIND)
    service = (rng.random(n)[:, None] > P_SERVICE[kind].cumsum(1)).sum(1).clip(0, 3)
    x = rng.normal(size=n)
    missing = rng.random(n) < P_MISSING[service]
    return pl.DataFrame(
        {
            "kind": np.array(KINDS)[kind],
            "service": np.array(SERVICES)[service],
            "x": x,
            "y": RHO * x + np.sqrt(1 - RHO**2) * rng.normal(size=n),
            "delay": DELAY[service] + rng.normal(size=n),
            "extra": pl.Series(rng.exponential(size=n)).set(pl.Series(missing), None),
        }
    )
