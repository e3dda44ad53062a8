"""Windows cover what is asked, each cell once, and in an order that can be computed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from interfuse.kinds.series.ask.windows import LEAST_KNOWN, places


@st.composite
def gaps(draw):
    """Shares of unknown channels: runs of known and unknown times."""
    run = st.tuples(st.integers(1, 60), st.sampled_from([0.0, 0.5, 1.0]))
    runs = draw(st.lists(run, min_size=1, max_size=12))
    return np.concatenate([np.full(n, share) for n, share in runs])


@settings(max_examples=300, deadline=None)
@given(unknown=gaps(), length=st.integers(4, 40))
def test_every_unknown_cell_is_filled_once(unknown, length):
    made = places(unknown, length)
    count = np.zeros(len(unknown), int)
    for p in made:
        assert p.start <= p.first < p.last <= p.start + length
        assert p.first >= 0
        assert p.last <= len(unknown)
        count[p.first : p.last] += 1
    assert (count <= 1).all()
    assert (count[unknown > 0] == 1).all()


@settings(max_examples=300, deadline=None)
@given(unknown=gaps(), length=st.integers(4, 40))
def test_a_window_depends_on_the_one_before_or_on_none(unknown, length):
    made = places(unknown, length)
    for before, after in pairwise(made):
        assert before.last <= after.first, "from left to right"
        assert after.round in (0, before.round + 1)
        if after.round:
            assert after.first == before.last
    assert not made or made[0].round == 0


@given(history=st.integers(40, 200), horizon=st.integers(1, 150))
def test_a_forecast_sees_the_past(history, horizon):
    """At least a quarter of each window lies before its core, where there is that much."""
    length = 40
    unknown = np.concatenate([np.zeros(history), np.ones(horizon)])
    for p in places(unknown, length):
        assert p.first - p.start >= LEAST_KNOWN * length
        assert p.start >= 0


def test_nothing_unknown_needs_no_window():
    assert places(np.zeros(50), 16) == []
    assert places(np.zeros(0), 16) == []
