"""Tables that the tests of this folder share."""

import polars as pl
import pytest
from shop_sessions import sessions


@pytest.fixture(scope="session")
def real() -> pl.DataFrame:
    return sessions(1500, 0)


@pytest.fixture(scope="session")
def fresh() -> pl.DataFrame:
    """Other rows of the same distribution: a perfect synthesiser."""
    return sessions(1500, 1)


@pytest.fixture(scope="session")
def unseen() -> pl.DataFrame:
    return sessions(1500, 2)
