"""Schemas: JSON and back, edits, checks and their messages."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfuse import infer_schema
from interfuse.errors import SchemaError
from interfuse.io.dtypes import can_be_a_column, dtype_from_json, dtype_to_json
from interfuse.io.origin import Origin
from interfuse.kinds.table.schema import KINDS, ColumnSpec, Schema, describe, fit_to_frame

units = st.sampled_from(["ms", "us", "ns"])
dtypes = st.one_of(
    st.sampled_from(
        [t() for t in (pl.Int8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.Boolean, pl.String)]
    ),
    st.sampled_from([pl.Date(), pl.Time(), pl.Null(), pl.Categorical()]),
    st.builds(pl.Datetime, units, st.sampled_from([None, "UTC", "Europe/Berlin"])),
    st.builds(pl.Duration, units),
    st.builds(pl.Decimal, st.just(38), st.integers(0, 10)),
    st.builds(pl.Enum, st.lists(st.text(max_size=4), unique=True, max_size=4)),
)


@given(dtypes)
def test_types_survive_json(dtype):
    assert dtype_from_json(json.loads(json.dumps(dtype_to_json(dtype)))) == dtype
    assert can_be_a_column(dtype)


@pytest.mark.parametrize(
    "value", ["Int65", None, 3, {"type": "Datetime"}, {"type": "Duration", "unit": "h"}, {}]
)
def test_an_unknown_type_is_an_error(value):
    with pytest.raises(SchemaError, match="is unknown; expected one of Int8"):
        dtype_from_json(value)


@pytest.mark.parametrize("dtype", [pl.List(pl.Int8), pl.Struct({"a": pl.Int8}), pl.Binary])
def test_nested_and_binary_cannot_be_columns(dtype):
    assert not can_be_a_column(pl.Series([], dtype=dtype).dtype)


@pytest.fixture
def schema():
    frame = pl.DataFrame(
        {
            "added": [i * 37 % 101 for i in range(100)],
            "deleted": [i % 7 for i in range(100)],
            "proto": ["tcp", "udp"] * 50,
            "when": pl.Series(range(100)).cast(pl.Datetime("ms", "UTC")),
        }
    )
    return infer_schema(frame.with_columns(delta=pl.col("added") - pl.col("deleted")))


def test_saved_and_loaded_it_is_equal(schema, tmp_path):
    schema.save(tmp_path / "schema.json")
    assert Schema.load(tmp_path / "schema.json") == schema
    assert schema["delta"].kind == "derived"


def test_describe_prints_one_line_a_column(schema):
    assert describe(schema)[2] == ("proto", "String", "category", "2 values")


def test_edited_changes_one_column_and_drops_options_of_the_old_kind(schema):
    edited = schema.edited("delta", kind="number")
    assert (edited["delta"].kind, edited["delta"].options) == ("number", {})
    assert edited["delta"].note == "set by hand"
    assert edited["added"] == schema["added"]
    assert schema.edited("added", options={"bins": 8})["added"].options == {"bins": 8}


def malformed(**changes):
    return {"columns": [{"name": "a", "kind": "number", "dtype": "Int64", **changes}]}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "expected a JSON object with a list 'columns'"),
        ({"columns": []}, "that is not empty"),
        ({"version": 9, **malformed()}, "version 9; this interfuse reads version 1"),
        ({"columns": [3]}, r"columns\[0\] is 3; expected an object with a name and a kind"),
        (malformed(kind="numbr"), "'a' has kind 'numbr'.*Did you mean 'number'"),
        (malformed(options={"bin": 3}), "'a' has options.*takes: bins"),
        (malformed(options={"bins": 0}), "'a' has bins 0; expected 1 to 256"),
        (malformed(dtype="Int65"), "dtype 'Int65' is unknown"),
        (malformed(kind="derived"), "'a' is derived but has no rule"),
        (malformed(kind="derived", options={"rule": "b ** c"}), r"'b \*\* c' is no part of"),
        (malformed(kind="derived", options={"rule": "b", "remainder": -1}), "has remainder -1"),
        (malformed(kind="derived", options={"rule": "b", "keeps": {"b": 3}}), "has keeps"),
        ({"columns": malformed()["columns"] * 2}, "column 'a' is listed twice"),
        ({**malformed(), "origin": {"library": "R"}}, "origin has library 'R'; expected one of"),
    ],
)
def test_a_malformed_schema_is_an_error_that_names_the_place(value, message):
    with pytest.raises(SchemaError, match=message):
        Schema.from_json(value)


def test_a_file_that_is_not_json_or_not_there(tmp_path):
    (tmp_path / "s.json").write_text("{")
    for name in ("s.json", "none.json"):
        with pytest.raises(SchemaError, match=f"{name}: (is missing|cannot be read as JSON)"):
            Schema.load(tmp_path / name)


def test_fit_to_frame_takes_types_and_order_of_the_data(schema):
    types = {c.name: c.dtype for c in reversed(schema.columns)}
    types |= {"added": pl.Float64(), "proto": pl.Categorical()}
    fitted = fit_to_frame(schema.edited("when", kind="drop"), types)
    assert fitted.names == list(types)
    assert {c.name: c.dtype for c in fitted.columns} == types
    assert fitted["when"].kind == "drop"


def test_dropped_columns_may_be_absent(schema):
    types = {c.name: c.dtype for c in schema.columns if c.name != "when"}
    assert fit_to_frame(schema.edited("when", kind="drop"), types).names == list(types)
    with pytest.raises(SchemaError, match="column 'when' is not in the data, which has 'added'"):
        fit_to_frame(schema, types)


@pytest.mark.parametrize(
    ("edit", "change", "message"),
    [
        ({}, {"adde": pl.Int64()}, "the data has a column 'adde'.*Did you mean 'added'"),
        ({}, {"proto": pl.Int64()}, "'proto' is String in the schema and Int64 in the data"),
        ({"proto": "number"}, {}, "'proto' is of kind 'number' but holds String"),
        ({"added": "datetime"}, {}, "'added' is of kind 'datetime' but holds Int64"),
        ({"added": "drop"}, {}, "'delta' is derived by 'added - deleted', but 'added' is of kind"),
    ],
)
def test_a_schema_that_does_not_fit_is_an_error(schema, edit, change, message):
    for name, kind in edit.items():
        schema = schema.edited(name, kind=kind)
    with pytest.raises(SchemaError, match=message):
        fit_to_frame(schema, {c.name: c.dtype for c in schema.columns} | change)


def test_a_column_that_is_not_there_is_an_error_with_the_nearest_name(schema):
    with pytest.raises(SchemaError, match=r"'deltas'.*Did you mean 'delta'"):
        schema["deltas"]
    with pytest.raises(SchemaError, match="no column of this name"):
        schema.edited("zzz", kind="drop")


@given(st.sampled_from([k for k in KINDS if k != "derived"]), dtypes, st.text(min_size=1))
def test_a_column_survives_json(kind, dtype, name):
    spec = ColumnSpec(name, kind, dtype, "a note")
    assert ColumnSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_an_empty_origin_is_polars():
    assert Origin.from_json({}) == Origin() == Origin("polars")
