"""For all tests: no clock for hypothesis, as the machine may be busy; small networks of tables."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

import narrow_tables

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def narrow_networks():
    """Fits of tables have narrow networks, except where a module asks for `usual_networks`."""
    with narrow_tables.width(narrow_tables.NARROW):
        yield


@pytest.fixture(scope="module")
def usual_networks(narrow_networks):
    """The networks that users get: for tests of what is learned, and of stored answers."""
    with narrow_tables.width(narrow_tables.USUAL):
        yield
