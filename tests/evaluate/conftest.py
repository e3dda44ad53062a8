"""Tables that the tests of this folder share."""

import polars as pl
import pytest
from shop_sessions import sessions

from interfuse.evaluate import detection, trees


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


@pytest.fixture
def fewer_trees(request, monkeypatch):
    """Most seeds of a test of false alarms tell rows apart by 20 trees, each fourth by all 100.

    What is alarmed of is an AUC, whose chance is the same however many trees there are; they take
    half of the time of a report.
    """
    if request.getfixturevalue("seed") % 4:
        monkeypatch.setattr(
            detection, "boosted", lambda task, **how: trees.boosted(task, **{**how, "trees": 20})
        )
