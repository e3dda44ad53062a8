"""Every registered kind of column keeps its promises; a newcomer is tested with no edit.

A column suited to each kind is looked for among samples of many sorts: the first that the field
accepts. A new kind that accepts none of them fails here, and wants a sample of its own.
"""

import inspect
import json
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_series_equal
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from scipy.special import ndtr, ndtri

from interfuse.errors import InterfuseError, SchemaError
from interfuse.kinds.table.fields import FIELDS, Field, field_class
from interfuse.kinds.table.schema import KINDS, ColumnSpec

N = 60
SAMPLES = [
    pl.Series("s", [f"k{i:05d}" for i in range(N)]),
    pl.Series("s", ["a", "b", None, "c"] * (N // 4)),
    pl.Series("s", [1.5, -2.0, None, float("nan"), float("inf"), 7.25] * (N // 6)),
    pl.Series("s", range(0, 3 * N, 3)),
    pl.Series("s", [2**62 + 1, -(2**63), 0] * (N // 3)),
    pl.Series("s", range(N)).cast(pl.Datetime("us", "UTC")),
    pl.Series("s", [Decimal(i) / 4 for i in range(N)], dtype=pl.Decimal(10, 2)),
    pl.Series("s", [True, None] * (N // 2)),
    pl.Series("s", ["same"] * N),
    pl.Series("s", [None] * N, dtype=pl.Int32),
    pl.Series("s", ["192.0.2.7", "10.0.0.1", "2001:db8::5", None] * (N // 4)),
    pl.Series("s", [f"10.{i % 3}.0.0/16" for i in range(N)]),
    pl.Series("s", ["00:1b:21:0a:0b:0c", "ff:ff:ff:ff:ff:ff"] * (N // 2)),
]
# Kinds whose columns come back as they were; the others make or forget values, by their own rule.
MAKES_NEW = {"key", "text", "empty"}


def accepted(kind):
    """Samples that the field of this kind accepts, with the fitted field."""
    out = []
    for column in SAMPLES:
        if not FIELDS[kind].holds(column.dtype):
            continue
        try:
            spec = ColumnSpec("s", kind, column.dtype)
            out.append((column, field_class(kind).fit(column, spec)))
        except (InterfuseError, pl.exceptions.PolarsError, TypeError):
            continue
    assert out, f"no sample suits kind {kind!r}: add one that does"
    return out


def decode(field, column, cells=None):
    cells = field.encode(column) if cells is None else cells
    z = ndtri((ndtr(cells.low.astype(float)) + ndtr(cells.high.astype(float))) / 2)
    return field.decode(cells.codes, z, np.arange(len(column)), 7)


@pytest.mark.parametrize("kind", sorted(FIELDS))
class TestEveryField:
    def test_it_is_documented(self, kind):
        cls = FIELDS[kind]
        assert issubclass(cls, Field)
        assert inspect.getdoc(inspect.getmodule(cls))
        assert cls.__doc__
        for name in ("fit", "encode", "decode", "to_json", "from_json"):
            assert getattr(cls, name).__doc__, name
        assert kind in KINDS, "people choose kinds by this list"

    def test_cells_have_the_shapes_that_are_announced(self, kind):
        for column, field in accepted(kind):
            cells = field.encode(column)
            q = sum(cell.size > 0 for cell in field.cells)
            p = len(field.cells) - q
            assert cells.codes.shape == (N, q)
            assert cells.codes.dtype == np.int32
            assert cells.low.shape == cells.high.shape == (N, p)
            assert cells.low.dtype == cells.high.dtype == np.float32
            sizes = [cell.size for cell in field.cells[:q]]
            assert ((cells.codes >= 0) & (cells.codes < sizes)).all()
            there = ~np.isnan(cells.low)
            np.testing.assert_array_equal(there, ~np.isnan(cells.high))
            assert (cells.low[there] <= cells.high[there]).all()
            # Category cells first.
            assert [cell.size > 0 for cell in field.cells] == [True] * q + [False] * p

    def test_a_column_comes_back(self, kind):
        for column, field in accepted(kind):
            out = decode(field, column)
            assert out.name == "s"
            assert out.dtype == column.dtype
            assert len(out) == N
            if kind not in MAKES_NEW and not FIELDS[kind].remade:
                assert_series_equal(out, column, check_exact=True)

    def test_it_survives_json_and_arrays(self, kind):
        for column, field in accepted(kind):
            state = json.loads(json.dumps(field.to_json(), allow_nan=False))
            # One array at least: a file without any is a special case of the format, not of ours.
            arrays = {k: np.ascontiguousarray(a) for k, a in field.arrays().items()}
            stored = load_arrays(save_arrays({**arrays, "": np.zeros(1)}))
            stored.pop("")
            twin = type(field).from_json("s", column.dtype, state, stored)
            assert twin.cells == field.cells
            # What is remade is told by its cells: a stored field has forgotten rare values.
            cells = field.encode(column) if FIELDS[kind].remade else None
            out = decode(twin, column, cells)
            assert_series_equal(out, decode(field, column, cells), check_exact=True)

    def test_no_rows_are_fine(self, kind):
        for column, field in accepted(kind):
            out = decode(field, column.clear())
            assert out.dtype == column.dtype
            assert len(out) == 0

    def test_fitting_is_deterministic_and_keeps_the_column(self, kind):
        for column, field in accepted(kind):
            before = column.clone()
            again = type(field).fit(column, ColumnSpec("s", kind, column.dtype))
            assert again.to_json() == field.to_json()
            for name, array in field.arrays().items():
                np.testing.assert_array_equal(again.arrays()[name], array)
            assert_series_equal(column, before)

    def test_any_code_and_any_score_give_a_value(self, kind):
        rng = np.random.default_rng(0)
        for column, field in accepted(kind):
            sizes = [cell.size for cell in field.cells if cell.size]
            codes = np.stack([rng.integers(0, k, 500) for k in sizes], 1) if sizes else None
            codes = np.zeros((500, 0), np.int64) if codes is None else codes
            z = rng.normal(size=(500, len(field.cells) - len(sizes))) * 4
            out = field.decode(codes, z, np.arange(500), 7)
            assert out.dtype == column.dtype
            assert len(out) == 500


def test_every_kind_of_a_schema_is_handled_somewhere():
    assert set(FIELDS) | {"derived", "drop"} == set(KINDS)


def test_an_unknown_kind_names_those_that_are_handled():
    with pytest.raises(SchemaError, match="no field handles kind 'graph'; expected one of"):
        field_class("graph")
