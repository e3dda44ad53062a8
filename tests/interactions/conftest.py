"""One small fit that many tests ask."""

import pytest
from made import touches

import interfuse


@pytest.fixture(scope="session")
def data():
    """Touches of 300 users with tastes, an order and ratings."""
    return touches()


@pytest.fixture(scope="session")
def model(data, tmp_path_factory):
    """A fit to them, kept in a folder."""
    folder = tmp_path_factory.mktemp("interactions") / "run"
    return interfuse.fit(data, kind="interactions", examples=5_000, folder=folder), folder
