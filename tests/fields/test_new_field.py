"""A kind of column from outside the package: one class, and every question works."""

import re
import sys
import types
from importlib.metadata import EntryPoint

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.errors import ConditionError, SchemaError
from interfuse.evaluate.columns import kinds_of
from interfuse.kinds.table.fields import (
    FIELDS,
    Cell,
    Claim,
    Encoded,
    Field,
    register_field,
    registry,
)
from interfuse.kinds.table.schema import KINDS, ColumnSpec

FORM = "^[0-9a-f]{2}$"


class HexByte(Field):
    """A byte in two hexadecimal digits: a code for each that was seen, and one for missing."""

    kind = "hexbyte"
    words = "a byte as two hexadecimal digits"
    role = "category"

    def __init__(self, name, dtype, seen):
        super().__init__(name, dtype)
        self.seen = seen  # sorted bytes; -1 for missing

    @classmethod
    def finish(cls, sketch, spec):
        return cls(spec.name, spec.dtype, sorted({b for part in sketch for b in _bytes(part)}))

    @property
    def cells(self):
        return (Cell(self.name, len(self.seen)),)

    def encode(self, column):
        place = {byte: i for i, byte in enumerate(self.seen)}
        codes = np.array([place.get(b, -1) for b in _bytes(column)], np.int32).reshape(-1, 1)
        none = np.zeros((len(codes), 0), np.float32)
        return Encoded(codes, none, none)

    def decode(self, codes, z, rows, seed):
        found = (self.seen[c] for c in codes[:, 0])
        return self.series([None if b < 0 else f"{b:02x}" for b in found])

    def to_json(self):
        return {"seen": self.seen}

    @classmethod
    def from_json(cls, name, dtype, d, arrays):
        return cls(name, dtype, d["seen"])

    @classmethod
    def holds(cls, dtype):
        return dtype == pl.String

    @classmethod
    def measure(cls, column, dtype):
        return {"hex": column.str.contains(FORM).all()} if dtype == pl.String else {}

    @classmethod
    def recognise(cls, facts):
        return Claim(0.9, "two hexadecimal digits each") if facts.values.get("hex") else None


def _bytes(column):
    known = (v if v is not None and re.match(FORM, v) else None for v in column)
    return [
        -1 if given is None else -2 if byte is None else int(byte, 16)
        for given, byte in zip(column, known, strict=True)
    ]


@pytest.fixture(scope="module")
def hexbyte():
    yield register_field(HexByte)
    del FIELDS["hexbyte"]


@pytest.fixture(scope="module")
def frame(hexbyte):
    rng = np.random.default_rng(0)
    first = rng.integers(0, 5, 600)
    byte = pl.Series([None if i % 29 == 0 else f"{16 * v + 10:02x}" for i, v in enumerate(first)])
    return pl.DataFrame({"byte": byte, "size": 100.0 * first + rng.normal(size=600).round(2)})


@pytest.fixture(scope="module")
def model(frame):
    return interfuse.fit(frame, examples=20_000, seed=1)


def test_it_is_recognised_and_may_be_chosen(frame, model):
    schema = interfuse.infer_schema(frame)
    assert (schema["byte"].kind, schema["byte"].note) == ("hexbyte", "two hexadecimal digits each")
    assert model.schema["byte"].kind == "hexbyte"
    assert KINDS["hexbyte"] == HexByte.words
    assert ColumnSpec.from_json(schema["byte"].to_json()) == schema["byte"]
    with pytest.raises(SchemaError, match=r"'byte' has options .* kind 'hexbyte' takes: none"):
        ColumnSpec.from_json({**schema["byte"].to_json(), "options": {"bins": 3}})
    with pytest.raises(SchemaError, match="'size' is of kind 'hexbyte' but holds Float64"):
        interfuse.fit(frame, schema=schema.edited("size", kind="hexbyte"), examples=1_000)
    other = interfuse.infer_schema(frame.with_columns(byte=pl.col("byte") + "?"))
    assert other["byte"].kind == "category", "a value of another form is not claimed"


def test_it_is_drawn_and_given(frame, model):
    drawn = model.generate(300, seed=2)["byte"]
    assert set(drawn) <= set(frame["byte"])
    assert drawn.n_unique() >= 5
    assert model.generate(50, given={"byte": "0a"})["byte"].to_list() == ["0a"] * 50
    assert set(model.generate(80, given={"byte": ["1a", "4a"]})["byte"]) == {"1a", "4a"}
    with pytest.raises(ConditionError, match="column 'byte': 'ff' was never seen"):
        model.generate(3, given={"byte": "ff"})
    with pytest.raises(ConditionError, match="are in no order"):
        model.generate(3, given=["byte > 0a"])


def test_it_is_filled(frame, model):
    rows = frame.head(200).with_columns(byte=pl.Series([None] * 100 + [*frame["byte"][100:200]]))
    filled = model.impute(rows, draws=10, seed=3)
    byte = filled.median()["byte"]
    assert byte.null_count() == 0, "missing is no value"
    assert set(byte) <= set(frame["byte"].drop_nulls())
    given = frame["byte"][100:200]
    assert byte[100:].filter(given.is_not_null()).equals(given.drop_nulls())
    unsure = filled.uncertainty()["byte"]
    assert unsure[:100].is_between(0, 1).all()
    # 20,000 examples teach that sizes tell the byte: right more often than the largest share, 1/5.
    truth = frame["byte"][:100]
    assert (byte[:100] == truth).sum() > 50


def test_it_is_judged(frame, model):
    rows = frame.head(40).with_columns(
        byte=pl.Series(["ff", *frame["byte"][1:40]])  # never seen
    )
    scores = model.detect(rows)
    assert scores.shares["byte"][0] == max(scores.shares["byte"].filter(rows["byte"] == "ff"))
    assert scores.shares["byte"][0] > 0.5
    assert re.match(r"[0-4]a \(\d+ %\)", scores.expected["byte"][0])


def test_it_is_kept(model, tmp_path):
    model.save(tmp_path / "run")
    again = interfuse.load(tmp_path / "run", kind="table")
    assert type(again.codec.fields["byte"]) is HexByte
    assert again.generate(100, seed=4).equals(model.generate(100, seed=4))


def test_it_is_compared_by_its_role(frame, model):
    assert model.schema.roles() == {"byte": "category", "size": "number"}
    assert kinds_of(frame, model.schema) == {"byte": "category", "size": "number"}


def test_it_has_no_noisy_summary(frame):
    spec = ColumnSpec("byte", "hexbyte", pl.String())
    with pytest.raises(NotImplementedError, match="kind 'hexbyte' are learned from their exact"):
        HexByte.noisy(HexByte.sketch(spec), 1.0, np.random.default_rng(0))


def test_a_kind_is_taken_once(hexbyte):
    assert register_field(HexByte) is HexByte
    with pytest.raises(ValueError, match="Other: the kind 'hexbyte' is taken"):
        register_field(type("Other", (HexByte,), {}))
    with pytest.raises(ValueError, match="the kind 'drop' is taken"):
        register_field(type("Other", (HexByte,), {"kind": "drop"}))


def test_other_packages_join_by_entry_points(monkeypatch):
    module = types.ModuleType("hexpackage")
    nibble = type("Nibble", (HexByte,), {"kind": "nibble", "__module__": "hexpackage"})
    monkeypatch.setattr(module, "Nibble", nibble, raising=False)
    monkeypatch.setitem(sys.modules, "hexpackage", module)
    points = [
        EntryPoint("nibble", "hexpackage:Nibble", registry.GROUP),
        EntryPoint("broken", "hexpackage:Nothing", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    registry.load_plugins.cache_clear()
    try:
        with pytest.warns(UserWarning, match="the kind of column 'broken' of 'hexpackage:Nothing'"):
            assert registry.field_class("nibble") is module.Nibble
        assert list(KINDS)[-2:] == ["derived", "drop"]
        assert "nibble" in KINDS
    finally:
        FIELDS.pop("nibble", None)
        registry.load_plugins.cache_clear()
