"""Sums: the grammar, exact evaluation, and a search that finds what is planted and no more."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules import Sum
from interfuse.kinds.table.rules.exact import find_rules

names = st.text(min_size=1, max_size=8)
terms = st.lists(st.tuples(st.sampled_from([1, -1]), names), min_size=1, max_size=4)


@given(terms)
def test_a_rule_printed_and_parsed_is_the_same(parts):
    rule = Sum(tuple(parts))
    assert Sum.parse(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "a column's name at ''"),
        ("a +", "a column's name at ''"),
        ("a b", r"\+ or - at 'b'"),
        ("a * b", r"a column's name at '\* b'|\+ or - at '\* b'"),
        ("__import__('os')", r"\('os'\)"),
        ("a + 1", "a column's name at '1'"),
        ("`a", "a column's name at '`a'"),
    ],
)
def test_a_text_outside_the_grammar_is_an_error_that_shows_where(text, found):
    with pytest.raises(SchemaError, match=found):
        Sum.parse(text)


def test_apply_is_exact_beyond_2_to_53_and_missing_propagates():
    frame = pl.DataFrame({"a": [2**60 + 1, None, 5], "b": [2**60 + 2, 1, -7]})
    got = Sum.parse("a - b").apply(frame)
    assert got.to_list() == [-1, None, 12]
    assert got.dtype == pl.Int64


def test_apply_names_a_column_that_is_not_there_or_not_a_number():
    frame = pl.DataFrame({"a": [1], "s": ["x"]})
    with pytest.raises(SchemaError, match=r"rule 'a \+ z': there is no column 'z'"):
        Sum.parse("a + z").apply(frame)
    with pytest.raises(SchemaError, match=r"column 's' holds String; expected numbers"):
        Sum.parse("a - s").apply(frame)


def edits(n=500, seed=0):
    r = np.random.default_rng(seed)
    adds = r.random(n) < 0.6
    return pl.DataFrame(
        {
            "added": np.where(adds, r.integers(0, 9000, n), 0),
            "deleted": np.where(adds, 0, r.integers(0, 500, n)),
            "page": r.integers(0, 1000, n),
        }
    )


def test_finds_the_difference_and_derives_the_column_that_can_be_negative():
    frame = edits().with_columns(delta=pl.col("added") - pl.col("deleted"))
    assert {k: str(v) for k, v in find_rules(frame).items()} == {"delta": "added - deleted"}


def test_finds_totals_of_three_and_copies_in_another_integer_type():
    frame = edits().with_columns(
        total=pl.col("added") + pl.col("deleted") + pl.col("page"),
        copy=pl.col("page").cast(pl.Int16),
    )
    rules = find_rules(frame.lazy())
    assert {k: str(v) for k, v in rules.items()} == {
        "total": "added + deleted + page",
        "copy": "page",
    }


def test_one_row_that_breaks_a_rule_outside_the_sample_is_enough():
    frame = edits(20_000).with_columns(delta=pl.col("added") - pl.col("deleted"))
    off = pl.int_range(pl.len()) == 12_345
    broken = frame.with_columns(pl.when(off).then(pl.col("delta") + 1).otherwise("delta"))
    assert "delta" in find_rules(frame)
    assert find_rules(broken) == {}


def test_missing_values_must_agree():
    gap = pl.int_range(pl.len()) % 7 == 0
    frame = edits().with_columns(pl.when(~gap).then("added").alias("added"))
    frame = frame.with_columns(delta=pl.col("added") - pl.col("deleted"))
    assert str(find_rules(frame)["delta"]) == "added - deleted"
    assert find_rules(frame.with_columns(pl.col("delta").fill_null(0))) == {}


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
def test_sums_of_floats_count_only_if_exact_to_the_last_bit(dtype):
    r = np.random.default_rng(1)
    frame = pl.DataFrame({"a": r.normal(size=300), "b": r.normal(size=300)})
    frame = frame.with_columns(s=(pl.col("a") + pl.col("b")).cast(dtype))
    assert str(find_rules(frame)["s"]) == "a + b"
    row = pl.int_range(pl.len()) == 7
    nudged = frame["s"].to_numpy().copy()
    nudged[7] = np.nextafter(nudged[7], np.inf, dtype=nudged.dtype)
    changed = frame.with_columns(pl.when(row).then(pl.Series(nudged)).otherwise("s").alias("s"))
    assert find_rules(changed) == {}


def test_minus_zero_is_not_a_copy_of_zero():
    a = np.random.default_rng(2).normal(size=100)
    a[::3] = 0.0
    b = a.copy()
    b[3] = -0.0
    assert find_rules(pl.DataFrame({"a": a, "same": a})).keys() == {"same"}
    assert find_rules(pl.DataFrame({"a": a, "b": b})) == {}


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [1, 2, 3] * 6, "b": [1, 2, 3] * 6}),  # 18 rows
        pl.DataFrame({"a": [0, 1] * 50, "b": [0, 1] * 50}),  # two values
        pl.DataFrame({"a": [7] * 100, "b": [7] * 100}),  # constants
        pl.DataFrame({"a": ["x", "y", "z"] * 50, "b": ["x", "y", "z"] * 50}),  # text
        pl.DataFrame({"a": [0] * 97 + [1, 2, 3], "b": [0] * 97 + [1, 2, 3]}),  # 3 rows not zero
    ],
)
def test_what_says_too_little_is_no_rule(frame):
    assert find_rules(frame) == {}


def test_a_rule_whose_sums_could_leave_the_type_is_refused():
    frame = pl.DataFrame({"a": list(range(100)) * 2, "b": list(range(99, -1, -1)) * 2})
    frame = frame.with_columns(b=pl.when(pl.col("a") % 2 == 0).then("b").otherwise(3))
    frame = frame.with_columns(s=pl.col("a") + pl.col("b"))
    assert str(find_rules(frame)["s"]) == "a + b"
    assert find_rules(frame.cast(pl.Int8)) == {}  # 99 + 99 is beyond 127


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_no_derived_column_depends_on_another_and_all_come_back_exactly(seed):
    r = np.random.default_rng(seed)
    data = {f"x{i}": r.integers(-50, 200, 60) for i in range(4)}
    for k in range(4):
        i, j = r.choice(len(data), 2, replace=False)
        one, two = list(data.values())[i], list(data.values())[j]
        data[f"y{k}"] = one + two if r.random() < 0.5 else one - two
    frame = pl.DataFrame(data)
    rules = find_rules(frame)
    assert rules
    for target, rule in rules.items():
        assert not set(rule.columns) & set(rules)
        assert_series_equal(rule.apply(frame), frame[target], check_names=False)


def test_a_sum_is_found_among_a_thousand_columns():
    r = np.random.default_rng(3)
    data = {f"x{i}": r.integers(0, 50, 1000) for i in range(1000)}
    data["sum"] = data["x3"] + data["x900"]
    assert {k: str(v) for k, v in find_rules(pl.DataFrame(data)).items()} == {"sum": "x3 + x900"}
