"""The JSON Schemas for editors are those of the types, and true of what is written."""

import copy
import json
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import jsonschema
import polars as pl
import pytest
from json_schemas import CLASSES, text_of
from tampered import GOLDEN, RUNS

import interfuse
from interfuse.errors import SchemaError
from interfuse.kinds.table.schema import KINDS


def checker(kind):
    schema = CLASSES[kind].json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def written(run):
    return json.loads((GOLDEN / run / "schema.json").read_text())


@pytest.mark.parametrize("kind", CLASSES)
def test_what_is_shipped_is_what_the_types_say(kind):
    """If not: python tests/store/json_schemas.py."""
    shipped = CLASSES[kind].json_schema_file().read_text(encoding="utf-8")
    assert shipped == text_of(CLASSES[kind].json_schema())


@pytest.mark.parametrize("run", RUNS)
def test_schemas_that_were_written_hold(run):
    value = written(run)
    checker(value["kind"]).validate(value)


def test_every_kind_of_column_and_type_holds():
    types = [pl.Int8(), pl.Datetime("us", "UTC"), pl.Duration("ms"), pl.Decimal(10, 2)]
    frame = pl.DataFrame({str(i): pl.Series([None], dtype=t) for i, t in enumerate(types)})
    frame = frame.with_columns(e=pl.lit("a", dtype=pl.Enum(["a", "b"])), s=pl.lit("x"))
    schema = interfuse.infer_schema(frame)
    check = checker("table")
    for kind in KINDS:
        options = {"options": {"rule": "`0` + `1`"}} if kind == "derived" else {}
        value = schema.edited("s", kind=kind, **options).to_json()
        check.validate(json.loads(json.dumps(value)))


TABLE, SERIES, IMAGES = "table-format-2", "series", "images"
EDITS = [
    (TABLE, lambda d: d["columns"][3].update(kind="categry")),
    (TABLE, lambda d: d["columns"][3].pop("kind")),
    (TABLE, lambda d: d["columns"][4].update(dtype="Int65")),
    (TABLE, lambda d: d["columns"][4].update(dtype={"type": "Duration"})),
    (TABLE, lambda d: d["columns"][4].update(options={"bin": 8})),
    (TABLE, lambda d: d["columns"][8].update(options={})),
    (TABLE, lambda d: d["columns"][0].update(name=3)),
    (TABLE, lambda d: d.update(columns=[])),
    (TABLE, lambda d: d.update(rows=-1)),
    (TABLE, lambda d: d.update(version=2)),
    (TABLE, lambda d: d.pop("columns")),
    (SERIES, lambda d: d.update(step="1h")),
    (SERIES, lambda d: d.update(step=0)),
    (SERIES, lambda d: d.pop("layout")),
    (SERIES, lambda d: d.update(layout="tall")),
    (SERIES, lambda d: d.update(colour=1)),
    (SERIES, lambda d: d["channels"][0].update(colour=1)),
    (SERIES, lambda d: d["channels"][0].update(minimum="low")),
    (SERIES, lambda d: d["channels"][0].update(decimals=-1)),
    (SERIES, lambda d: d.update(periods=[1])),
    (SERIES, lambda d: d.update(periods=[2, 3, 4, 5])),
    (SERIES, lambda d: d.update(kind="table")),
    (SERIES, lambda d: d["types"].update(host="Int65")),
    (IMAGES, lambda d: d.update(height=0)),
    (IMAGES, lambda d: d.update(width=129)),
    (IMAGES, lambda d: d.update(channels="cmyk")),
    (IMAGES, lambda d: d.update(resize="zoom")),
    (IMAGES, lambda d: d.update(classes=[1])),
    (IMAGES, lambda d: d.pop("height")),
]


@pytest.mark.parametrize(("run", "edit"), EDITS)
def test_a_slip_is_seen_by_editors_and_refused_in_one_line(run, edit, tmp_path):
    value = written(run)
    kind, before = value["kind"], copy.deepcopy(value)
    edit(value)
    assert value != before
    with pytest.raises(jsonschema.ValidationError):
        checker(kind).validate(value)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(value))
    with pytest.raises(SchemaError) as error:
        CLASSES[kind].load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("run", RUNS)
def test_a_schema_to_be_edited_leads_to_its_json_schema(run, tmp_path):
    made = CLASSES[written(run)["kind"]]
    schema = made.load(GOLDEN / run / "schema.json")
    path = tmp_path / "mine.json"
    schema.save(path, completes=True)
    value = json.loads(path.read_text())
    assert next(iter(value)) == "$schema"  # editors look for it at the top
    named = Path(url2pathname(urlparse(value["$schema"]).path))
    jsonschema.Draft202012Validator(json.loads(named.read_text())).validate(value)
    assert made.load(path) == schema
    schema.save(path)
    assert "$schema" not in path.read_text()  # what others get names no place of this machine
