"""A budget of seconds is of the whole fit: what reading took is not trained."""

import math

import pytest

from interfuse.run import clock
from interfuse.train.budget import Budget


@pytest.fixture
def clocked(monkeypatch):
    """A clock whose time the test sets: (clock, function that moves it on)."""
    now = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])

    def on(seconds):
        now[0] += seconds

    return clock.Clock(), on


def test_what_is_left_is_trained_but_for_what_measuring_needs(clocked):
    one, on = clocked
    on(4.0)
    left = one.training(Budget(10.0, 500), kept=0.25)
    assert left.seconds == pytest.approx(0.75 * 6.0)
    assert left.examples == 500
    assert one.left(10.0) == pytest.approx(6.0)


def test_a_tenth_is_trained_when_reading_took_all_of_it(clocked):
    one, on = clocked
    on(30.0)
    assert one.training(Budget(10.0, None), kept=0.1).seconds == pytest.approx(1.0)
    assert one.left(10.0) == pytest.approx(-20.0)


def test_a_budget_of_examples_knows_no_clock(clocked):
    one, on = clocked
    on(1e6)
    assert one.training(Budget(None, 7), kept=0.5) == Budget(None, 7)
    assert one.until(None, 0.5) == math.inf


def test_a_share_of_the_budget_ends_where_it_says(clocked):
    one, _ = clocked
    assert one.until(40.0, 0.5) == pytest.approx(120.0)
