"""A small table whose column's name is markup, and waiting."""

from __future__ import annotations

import time

import numpy as np
import polars as pl

TOKEN = "t" * 43
HOST = "testserver"
EVIL = "<img src=x onerror=alert(1)>"


def shop(rows: int = 400) -> pl.DataFrame:
    """Sessions of a shop: buyers see more pages. One column is called so as to break pages."""
    rng = np.random.default_rng(11)
    buys = rng.random(rows) < 0.3
    pages = rng.poisson(np.where(buys, 20, 5))
    agent = rng.choice(["phone", "<b>desk</b>"], rows)
    return pl.DataFrame({"pages": pages, "buys": buys, EVIL: agent})


def until(condition, seconds: float = 120.0):
    """What a condition gives, once it gives something."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
    return found
