"""Conditions that name all but some values, several ranges, or a part of the day."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.errors import ConditionError
from interfuse.kinds.table.ask.expressions import Except, parse_expressions

N = 400


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    start = dt.datetime(2024, 3, 1)
    return interfuse.fit(
        pl.DataFrame(
            {
                "at": [start + dt.timedelta(minutes=int(m)) for m in rng.integers(0, 14_400, N)],
                "clock": [dt.time(int(h), 30) for h in rng.integers(0, 24, N)],
                "dst_port": rng.choice([22, 53, 443, *range(50_000, 50_140)], N),
                "label": rng.choice(["ddos", "scan", "none"], N),
                "size": rng.normal(size=N).round(3),
            }
        ),
        examples=2_000,
        seed=1,
    )


def test_the_grammar():
    names = ["a", "in", "not", "a in b"]
    read = [parse_expressions([text], names) for text in (
        "a != 3", "a!=", "a not in [x, y]", "a in 10.0.0.0/8", "a not in 4xx", "in in [1]",
        "a in b=3",
    )]  # fmt: skip
    assert read == [
        {"a": Except(("3",))},
        {"a": Except((None,))},
        {"a": Except(("x", "y"))},
        {"a": ["10.0.0.0/8"]},
        {"a": Except(("4xx",))},
        {"in": ["1"]},
        {"a in b": "3"},
    ]


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ("label != ddos", lambda d: d["label"] != "ddos"),
        ("label not in [ddos, scan]", lambda d: d["label"] == "none"),
        ("dst_port != 443", lambda d: d["dst_port"] != 443),
        ("dst_port not in [22, 50010, 50011]", lambda d: ~d["dst_port"].is_in([22, 50010, 50011])),
        ("size != 0.5", lambda d: d["size"] != 0.5),
        ("dst_port = ephemeral", lambda d: d["dst_port"] >= 49_152),
        ("dst_port not in ephemeral", lambda d: d["dst_port"] < 49_152),
        ("dst_port in [well-known, 50007]", None),
        ("at in 22:00..02:00", lambda d: ~d["at"].dt.hour().is_between(2, 21)),
        ("at not in 22:00..02:00", lambda d: d["at"].dt.hour().is_between(2, 21)),
        ("22:00 <= at < 02:00", lambda d: ~d["at"].dt.hour().is_between(2, 21)),
        ("clock in 22:00..02:00", lambda d: ~d["clock"].dt.hour().is_between(2, 21)),
    ],
)
def test_what_is_drawn_holds(model, given, holds):
    if holds is None:
        holds = lambda d: (d["dst_port"] < 1024) | (d["dst_port"] == 50_007)  # noqa: E731
    drawn = model.generate(500, given=given, seed=3)
    assert holds(drawn).all()
    assert drawn.height == 500


def test_parts_of_a_day_are_drawn_by_their_shares(model):
    hours = model.generate(1_000, given="at in 22:00..02:00", seed=1)["at"].dt.hour()
    # A quarter each, by the data: a share of 1,000 draws has a deviation of .014, 400 rows' of .05.
    shares = [(hours == h).mean() for h in (22, 23, 0, 1)]
    assert max(abs(s - 0.25) for s in shares) < 0.2


def test_python_has_the_same(model):
    text = model.generate(50, given="label != ddos", seed=2)
    assert text.equals(model.generate(50, given={"label": interfuse.Except(("ddos",))}, seed=2))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("label not in [ddos, scan, none]", "no other value was seen"),
        ("at in 25:00..02:00", "25:00 is no time of day"),
        ({"label": interfuse.Except()}, "nothing is left out"),
        ("dst_port = registered", "no such port was seen"),
    ],
)
def test_what_cannot_be_is_said(model, given, words):
    with pytest.raises(ConditionError, match=words):
        model.generate(3, given=given)
