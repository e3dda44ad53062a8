"""One model of two series whose distribution is known, fitted once for all tests here."""

from __future__ import annotations

import pytest
import torch
from tiny_series import known_pair, use_tiny_network

import interfuse

EXAMPLES = 12_000


@pytest.fixture(scope="session")
def tiny():
    """The small network in place of the usual one, on one thread, for the length of the session."""
    import interfuse.seriesjob as job
    import interfuse.training.series as training

    before = job.series_network_for, training.HELD_OUT_DRAWS, torch.get_num_threads()
    use_tiny_network()
    torch.set_num_threads(1)
    yield
    job.series_network_for, training.HELD_OUT_DRAWS = before[:2]
    torch.set_num_threads(before[2])


@pytest.fixture(scope="session")
def model(tiny):
    """A model of `known_pair`."""
    return interfuse.fit(known_pair(), kind="series", examples=EXAMPLES)
