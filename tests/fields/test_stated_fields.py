"""Columns that follow a stated rule: constants, empty columns, free text, keys."""

import ipaddress
import re
import uuid

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.stated import ConstantField, KeyField, MissingField
from interfuse.kinds.table.schema import ColumnSpec

SETTINGS = settings(deadline=None, max_examples=60, derandomize=True)


def fit(cls, column, kind="key"):
    return cls.fit(column, ColumnSpec(column.name, kind, column.dtype))


def make(field, rows, seed=0):
    rows = np.asarray(rows)
    return field.decode(np.zeros((len(rows), 0)), np.zeros((len(rows), 0)), rows, seed)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("c", [7, 7], dtype=pl.UInt8),
        pl.Series("c", ["x"] * 2, dtype=pl.Categorical),
        pl.Series("c", ["x"] * 2, dtype=pl.Enum(["w", "x"])),
        pl.Series("c", [0], dtype=pl.Datetime("us", "UTC")),
        pl.Series("c", [None, None], dtype=pl.Boolean),
    ],
    ids=lambda c: str(c.dtype),
)
def test_a_constant_comes_back_in_its_type(column):
    field = fit(ConstantField, column, "constant")
    stored = ConstantField.from_json("c", column.dtype, field.to_json(), field.arrays())
    out = make(stored, range(3))
    assert out.dtype == column.dtype
    assert out.to_list() == [column[0]] * 3
    assert make(stored, []).dtype == column.dtype


def test_two_values_are_no_constant():
    with pytest.raises(SchemaError, match=r"column 'c' is of kind 'constant' but has 2 distinct"):
        fit(ConstantField, pl.Series("c", [1, None]), "constant")


def test_text_comes_back_missing_in_its_type():
    column = pl.Series("t", ["a long story", "another one"])
    out = make(fit(MissingField, column, "text"), range(4))
    assert out.dtype == pl.String
    assert out.to_list() == [None] * 4


def test_whole_numbers_go_on_behind_the_largest():
    field = fit(KeyField, pl.Series("id", [4, 9, 7], dtype=pl.UInt16))
    assert make(field, [0, 1, 5]).to_list() == [10, 11, 15]
    assert make(field, [0]).dtype == pl.UInt16


def test_a_full_integer_type_is_one_clear_error():
    field = fit(KeyField, pl.Series("id", [1, 120], dtype=pl.Int8))
    assert make(field, range(7)).to_list() == list(range(121, 128))
    with pytest.raises(SchemaError, match=r"column 'id' .* Int8, which ends at 127; .* Int64"):
        make(field, range(8))
    full = fit(KeyField, pl.Series("id", [1, 2**63 - 1]))
    assert make(full, []).dtype == pl.Int64
    with pytest.raises(SchemaError, match="Use kind 'number'"):
        make(full, [0])


PATTERNS = {
    "uuid": ([str(uuid.uuid5(uuid.NAMESPACE_URL, str(i))) for i in range(2_000)], r"[0-9a-f-]{36}"),
    "order": ([f"ORD-{i:010d}" for i in range(0, 9 * 10**9, 4_500_001)], r"ORD-\d{10,}"),
    "mac": ([f"{i * 997:012X}" for i in range(2_000)], r"[0-9A-F]{12,}"),
    "short": ([f"u{i}" for i in range(2_000)], r"u\d+"),
    "one": (["k1"], r"k\d+"),
    "host": (
        [f"host{i}-rack{i % 7}.example.org" for i in range(2_000)],
        r"host\d+-rack\d+\.example\.org",
    ),
    "unicode": ([f"ключ{i:04d}" for i in range(900)], r"ключ\d+"),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_new_keys_follow_the_pattern_and_are_new(name):
    seen, pattern = PATTERNS[name]
    field = fit(KeyField, pl.Series("k", seen))
    new = make(field, range(5_000), seed=3).to_list()
    assert len(set(new)) == 5_000
    assert not set(new) & set(seen)
    assert all(re.fullmatch(pattern, key) for key in new)


def test_new_addresses_are_addresses_of_the_networks_seen():
    rng = np.random.default_rng(4)
    octets = np.stack([rng.choice([10, 172], 3_000), *rng.integers(0, 256, (3, 3_000))], 1)
    seen = [".".join(map(str, row)) for row in octets]
    new = make(fit(KeyField, pl.Series("ip", seen)), range(5_000), seed=9).to_list()
    assert len(set(new)) == 5_000
    found = np.array([ipaddress.IPv4Address(key).packed for key in new])
    first = np.array([key[0] for key in found])
    assert first.min() >= 10
    assert first.max() <= 172


def test_keys_of_a_narrow_form_go_on_behind_the_largest_number():
    field = fit(KeyField, pl.Series("k", [f"S-{i}-x" for i in range(50)] + ["T/900"]))
    found = [re.fullmatch(r"S-(\d+)-x", key) for key in make(field, range(200))]
    assert all(found)
    numbers = [int(match[1]) for match in found if match]
    assert min(numbers) > 900


RNG = np.random.default_rng(18)
NARROW = {
    "in a row": [f"{i:05d}" for i in range(1, 501)],
    "anywhere": [f"{i:05d}" for i in RNG.choice(100_000, 500, replace=False)],
    "a third of all": [f"{i:04d}" for i in RNG.choice(10_000, 2_000, replace=False)],
    "behind a word": [f"P-{i:06d}" for i in RNG.choice(10**6, 3_000, replace=False)],
    "hexadecimal": [f"{i:04x}" for i in RNG.choice(2**16, 4_000, replace=False)],
    "hexadecimal, in a row": [f"{i:04x}" for i in range(16, 300)],
    "in two parts": [
        f"{i // 100:02d}-{i % 100:02d}" for i in RNG.choice(10_000, 700, replace=False)
    ],
    "letters": ["".join(RNG.choice(list("ABCDEFGH"), 5)) for _ in range(800)],
}


@pytest.mark.parametrize("name", NARROW)
def test_keys_of_a_fixed_width_keep_it_while_new_ones_are_left(name):
    seen = NARROW[name]
    field = fit(KeyField, pl.Series("k", seen))
    new = make(field, range(2 * len(set(seen))), seed=5).to_list()
    assert len(set(new)) == len(new)
    assert not set(new) & set(seen)
    assert {len(key) for key in new} == {len(seen[0])}
    assert field.remark(len(seen)) is None


def test_beyond_its_room_a_key_is_longer_and_that_is_said():
    seen = NARROW["a third of all"]
    field = fit(KeyField, pl.Series("k", seen))
    assert field.form is not None
    room = field.form.room
    new = make(field, range(150_000), seed=5).to_list()
    assert len(set(new)) == len(new)
    assert not set(new) & set(seen)
    assert {len(key) for key in new[:room]} == {4}
    assert {len(key) for key in new[room : room + 10_000]} == {5}
    assert "no room for 150,000 new ones: some are longer" in str(field.remark(150_000))
    stored = KeyField.from_json("k", pl.String(), field.to_json(), {})
    assert make(stored, [room + 7, 2], seed=5).to_list() == [new[room + 7], new[2]]


def test_without_room_keys_are_longer_at_once_and_that_is_said():
    field = fit(KeyField, pl.Series("k", [f"{i:03d}" for i in range(0, 1000, 2)]))
    assert {len(key) for key in make(field, range(500)).to_list()} == {4}
    assert "some are longer" in str(field.remark(500))


def test_a_form_does_not_tell_which_keys_were_seen():
    """Of each key that cannot be made anew there are three others that cannot either."""
    seen = NARROW["anywhere"]
    form = fit(KeyField, pl.Series("k", seen)).form
    assert form is not None
    opened = np.zeros(form.span, bool)
    for first, last in form.open:
        opened[first : last + 1] = True
    assert (~opened).sum() >= 4 * len(seen) - 3
    assert not opened[[int(k) for k in seen]].any()


@pytest.mark.parametrize(
    "runs", [[[5, 2]], [[0, 5], [3, 9]], [[90, 2_000]], [[-4, 3]], [["a", 3]], [[1]], 7]
)
def test_runs_that_cannot_be_are_refused(runs):
    said = {"first": "0", "pattern": ["0123456789"] * 2, "open": runs, "more": 1}
    with pytest.raises((ValueError, TypeError)):
        KeyField.from_json("k", pl.String(), said, {})


@SETTINGS
@given(
    st.lists(st.text(min_size=0, max_size=12), min_size=1, max_size=40, unique=True),
    st.integers(0, 2**63 - 1),
)
def test_any_text_makes_unique_new_keys_that_depend_on_row_and_seed_only(seen, seed):
    field = fit(KeyField, pl.Series("k", seen))
    new = make(field, range(300), seed).to_list()
    assert len(set(new)) == 300
    assert not set(new) & set(seen)
    stored = KeyField.from_json("k", pl.String(), field.to_json(), {})
    assert make(stored, [299, 5], seed).to_list() == [new[299], new[5]]


@SETTINGS
@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=30))
def test_any_whole_numbers_make_new_keys(seen):
    new = make(fit(KeyField, pl.Series("k", seen)), range(50)).to_list()
    assert len(set(new)) == 50
    assert not set(new) & set(seen)


def test_other_types_are_no_keys():
    with pytest.raises(SchemaError, match=r"column 'x' is of kind 'key' but holds Float64"):
        fit(KeyField, pl.Series("x", [1.5]))


def test_a_key_whose_form_allows_none_is_refused():
    """A number of a tampered folder whose range is empty: no step is coprime to no keys."""
    said = {"first": "0", "pattern": ["k", [5, 4]]}
    with pytest.raises(ValueError, match="no key has the form"):
        KeyField.from_json("id", pl.String(), said, {})
