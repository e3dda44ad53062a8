"""Fields learned from pieces, and from several columns."""

import datetime as dt
from unittest import mock

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import interfuse
from interfuse.errors import SchemaError
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields import FIELDS, category, field_class
from interfuse.kinds.table.fields.cells import array_to_series
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.schema import ColumnSpec, Schema

TYPES = {
    "whole": (pl.Int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5)),
    "real": (pl.Float64(), st.floats() | st.integers(-3, 3).map(float)),
    "day": (pl.Date(), st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1))),
    "text": (pl.String(), st.text(max_size=3)),
}
SORTS = [
    ("number", "whole"),
    ("number", "real"),
    ("datetime", "day"),
    ("category", "text"),
    ("category", "whole"),
    ("category", "real"),
]


def assert_same(a, b):
    assert a.to_json() == b.to_json()
    first, second = a.arrays(), b.arrays()
    assert first.keys() == second.keys()
    for key, array in first.items():
        other = second[key]
        if key == "values":
            assert array_to_series(array).equals(array_to_series(other))
        else:
            np.testing.assert_array_equal(array, other)  # of one type, too
            assert array.dtype == other.dtype


@pytest.mark.parametrize(("kind", "sort"), SORTS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pieces_in_any_order_give_the_same_field(kind, sort, data):
    dtype, values = TYPES[sort]
    pieces = data.draw(st.lists(st.lists(st.none() | values, max_size=12), min_size=1, max_size=6))
    cls, spec = field_class(kind), ColumnSpec("c", kind, dtype)
    columns = [pl.Series("c", piece, dtype=dtype) for piece in pieces]
    # Few values have a code of their own, so that groups are cut.
    with mock.patch.object(category, "PLAIN", 6), mock.patch.object(category, "SMALLEST_GROUP", 3):
        whole = cls.fit(pl.concat(columns), spec)
        sketches = []
        for column in data.draw(st.permutations(columns)):
            if sketches and data.draw(st.booleans()):
                at = data.draw(st.integers(0, len(sketches) - 1))
                sketches[at] = cls.update(sketches[at], column)
            else:
                sketches.append(cls.update(cls.sketch(spec), column))
        while len(sketches) > 1:
            a, b = (sketches.pop(data.draw(st.integers(0, len(sketches) - 1))) for _ in "ab")
            sketches.append(cls.merge(a, b))
        assert_same(cls.finish(sketches[0], spec), whole)
        # A sketch that has seen nothing adds nothing, on either side.
        none = cls.sketch(spec)
        assert_same(cls.finish(cls.merge(sketches[0], none), spec), whole)
        assert_same(cls.finish(cls.merge(none, sketches[0]), spec), whole)


@pytest.mark.parametrize("kind", [k for k, cls in FIELDS.items() if cls.merges])
def test_a_sketch_stays_as_it_was(kind):
    cls = FIELDS[kind]
    dtype = pl.Date() if kind == "datetime" else pl.Int64()
    spec = ColumnSpec("c", kind, dtype)
    seen = cls.update(cls.sketch(spec), pl.Series("c", [4, 4], dtype=pl.Int64).cast(dtype))
    before = cls.finish(seen, spec)
    cls.update(seen, pl.Series("c", [9, 1, None], dtype=pl.Int64).cast(dtype))
    cls.merge(seen, cls.update(cls.sketch(spec), pl.Series("c", [2], dtype=pl.Int64).cast(dtype)))
    assert_same(cls.finish(seen, spec), before)


def test_constants_of_pieces_are_one_value():
    cls, spec = field_class("constant"), ColumnSpec("c", "constant", pl.Categorical())
    a, b, c = (
        cls.update(None, pl.Series("c", values).cast(pl.Categorical))
        for values in (["x", "x"], ["x"], ["y"])
    )
    assert_same(cls.finish(cls.merge(a, b), spec), cls.fit(pl.Series("c", ["x"]), spec))
    with pytest.raises(SchemaError, match="has 2 distinct values"):
        cls.finish(cls.merge(cls.merge(a, c), b), spec)


@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_no_field_makes_up_a_noisy_summary(kind):
    cls, spec = FIELDS[kind], ColumnSpec("c", kind, pl.String())
    with pytest.raises(NotImplementedError, match=f"'{kind}' .* epsilon = 0.5"):
        cls.noisy(cls.sketch(spec), 0.5, np.random.default_rng(0))


@pytest.fixture
def flows():
    return pl.DataFrame(
        {
            "source": ["10.0.0.1", "10.0.0.2", "10.0.0.2", None] * 10,
            "target": ["10.0.0.9", "10.0.0.1", "10.0.0.9", "10.0.0.7"] * 10,
            "sent": [1.5, 20.0, 3.0, 4.0] * 10,
            "got": [100.0, 7.25, 3.0, 900.0] * 10,
        }
    )


def spaced(frame, **spaces):
    schema = infer_schema(frame)
    for name, space in spaces.items():
        kind = "category" if schema[name].kind == "address" else schema[name].kind
        schema = schema.edited(name, kind=kind, options={"space": space})
    return Schema.from_json(schema.to_json())


def test_columns_of_one_space_learn_together(flows):
    schema = spaced(flows, source="host", target="host")
    codec = TableCodec.fit(flows, schema)
    source, target = codec.fields["source"], codec.fields["target"]
    assert isinstance(source, category.CategoryField)
    assert isinstance(target, category.CategoryField)
    assert (source.name, target.name) == ("source", "target")
    both = pl.concat([flows["source"], flows["target"]])
    assert source.values.equals(target.values)
    assert set(source.values) == set(both)
    # A host that was a target only has the same code as a source.
    host = pl.Series("source", ["10.0.0.9"])
    assert source.encode(host).codes.tolist() == target.encode(host).codes.tolist()
    assert_same(source, field_class("category").fit(both, schema["source"]))
    again = TableCodec.from_json(schema, codec.to_json(), codec.arrays())
    assert_same(again.fields["source"], codec.fields["target"])
    alone = TableCodec.fit(flows, spaced(flows, source="host"))
    known = alone.fields["source"]
    assert isinstance(known, category.CategoryField)
    assert set(known.values) == set(flows["source"])


def test_a_model_draws_and_is_asked_for_hosts_of_a_space(flows: pl.DataFrame):
    model = interfuse.fit(flows, schema=spaced(flows, source="h", target="h"), examples=2_000)
    drawn = model.generate(200, seed=1)
    assert set(drawn["target"]) <= {"10.0.0.1", "10.0.0.2", "10.0.0.7", "10.0.0.9", None}
    given = model.generate(5, given={"source": "10.0.0.7"}, seed=1)
    assert given["source"].to_list() == ["10.0.0.7"] * 5, "seen as a target only"


def test_a_space_holds_one_sort_of_column(flows):
    flows = flows.with_columns(port=pl.Series([1, 2] * 20) > 1)
    with pytest.raises(SchemaError, match="'source' and 'port' share the space 'a', but are"):
        TableCodec.fit(flows, spaced(flows, source="a", port="a"))
    with pytest.raises(SchemaError, match=r"'sent' has options .* kind 'number' takes: bins"):
        spaced(flows, sent="a")
    with pytest.raises(SchemaError, match="column 'source' has space 3; expected the name"):
        spaced(flows, source=3)
