"""One model of two series whose distribution is known, fitted once for all tests here."""

from __future__ import annotations

import pytest
from tiny_series import known_pair, small_network

import interfuse

EXAMPLES = 12_000


@pytest.fixture(scope="module")
def tiny():
    """The small network and one thread for one file of tests: no other file may notice."""
    with small_network():
        yield


@pytest.fixture(scope="session")
def model():
    """A model of `known_pair`."""
    with small_network():
        return interfuse.fit(known_pair(), kind="series", examples=EXAMPLES)
