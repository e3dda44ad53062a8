"""Formulas: what they compute against numpy, what they refuse, and their inverse."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules import Formula, Sum, parse_rule
from interfuse.kinds.table.rules.inverse import solved

FRAME = pl.DataFrame(
    {
        "a": [1, 2, 3, None],
        "b": [2, 0, 8, 1],
        "x": [0.125, -0.125, 2.5, 1.0],
        "odd name": [1.0, 2.0, 3.0, 4.0],
        "kind": ["u", "v", None, "u"],
        "fine": [True, False, True, False],
        "t": [dt.datetime(2026, 11, 29, 23, 59), dt.datetime(2026, 11, 30), None, None],
        "s": [1.5, 0.25, 1.0, 1.0],
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a * b + 1", [3, 1, 25, None]),
        ("a / b", [0.5, None, 0.375, None]),  # nothing is divided by zero
        ("0 if b == 0 else a / b", [0.5, 0.0, 0.375, None]),
        ("round(x, 2)", [0.13, -0.13, 2.5, 1.0]),  # halves away from zero
        ("round_even(x, 2)", [0.12, -0.12, 2.5, 1.0]),
        ("floor(x)", [0.0, -1.0, 2.0, 1.0]),
        ("ceil(x)", [1.0, 0.0, 3.0, 1.0]),
        ("digits(1000 * `odd name` / 3, 2)", [330.0, 670.0, 1000.0, 1300.0]),
        ("float32(`odd name` / 3)", [float(np.float32(v / 3)) for v in (1, 2, 3, 4)]),
        ("kind != 'u'", [False, True, None, False]),
        ("match(kind, 'u', 1, 'v', 5)", [1, 5, None, 1]),
        ("match(b, 0, 'none', 'some')", ["some", "none", "some", "some"]),
        ("fine and b > 1", [True, False, True, False]),
        ("-a", [-1, -2, -3, None]),
        ("max(a, b)", [2, 2, 8, None]),
        ("weekday(t) >= 6", [True, False, None, None]),  # a Sunday and a Monday
        ("hour(t)", [23, 0, None, None]),
        ("in_seconds((t + seconds(s)) - t)", [1.5, 0.25, None, None]),
    ],
)
def test_what_formulas_compute(text, expected):
    assert parse_rule(text).apply(FRAME).to_list() == expected


def test_times_move_by_numbers_to_the_last_tick():
    end = Formula.parse("t + milliseconds(a)").apply(FRAME)
    assert end.to_list()[:2] == [FRAME["t"][0] + dt.timedelta(milliseconds=m) for m in (1,)] + [
        FRAME["t"][1] + dt.timedelta(milliseconds=2)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a **", "cannot be read at"),
        ("a ** b", r"'a \*\* b' is no part of a formula"),
        ("__import__('os').system('x')", "is no part of a formula"),
        ("eval('1')", "is no part of a formula"),
        ("[a for a in b]", "is no part of a formula"),
        ("round(a, 1, 2)", "round takes 1 to 2, not 3"),
        ("match(kind, a, 1)", "match takes values"),
        ("1 + 1", "it names no column"),
        ("(" * 5000 + "a", "it cannot be read"),
    ],
)
def test_what_is_no_formula_is_refused(text, found):
    with pytest.raises(SchemaError, match=found):
        parse_rule(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a * kind", "a text is no number"),
        ("a + missing_one", "there is no column 'missing_one'"),
        ("t + s", "has no meaning"),
        ("kind < 'v'", "cannot be compared"),
    ],
)
def test_what_cannot_be_computed_is_said(text, found):
    with pytest.raises(SchemaError, match=found):
        Formula.parse(text).check(dict(FRAME.schema))


def test_sums_stay_sums():
    assert isinstance(parse_rule("a - `odd name`"), Sum)
    assert isinstance(parse_rule("round(a - b)"), Formula)


rules = st.sampled_from(
    ["round(3 * p / q, 4)", "p * q", "floor(p - 2 * q)", "p + q / 8", "0 if p == 0 else 7 * p"]
)


@settings(max_examples=30, deadline=None)
@given(rules, st.integers(0, 10**6))
def test_what_the_inverse_gives_obeys_the_formula(text, seed):
    r = np.random.default_rng(seed)
    frame = pl.DataFrame({"p": r.integers(0, 50, 40), "q": r.integers(1, 90, 40)})
    rule = Formula.parse(text)
    result = rule.apply(frame)
    for part in rule.columns:
        again = solved(rule, part, frame, result, None)
        there = again.is_not_null()
        back = rule.apply(frame.with_columns(again.fill_null(frame[part])))
        assert back.filter(there).equals(result.filter(there))
        if text in ("p * q", "p + q / 8", "0 if p == 0 else 7 * p") and part == "p":
            assert again.equals(frame["p"])
