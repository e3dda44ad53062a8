"""A narrower network of tables for tests, of which most ask nothing of what was learned.

Blocks of rows are drawn whole, so that five rows cost as much as 2,048 do: with the width that
users get, half the time of all tests went into matrix products.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from interfuse.kinds.table.learn import setup

NARROW, USUAL = 64, setup.WIDTH


@contextmanager
def width(value: int) -> Iterator[None]:
    """Let fits of tables in this process have networks of that width until the block ends."""
    before, setup.WIDTH = setup.WIDTH, value
    try:
        yield
    finally:
        setup.WIDTH = before
