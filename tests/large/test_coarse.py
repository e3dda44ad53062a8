"""Numbers counted in bounded memory: whatever the pieces and their order, and near the truth."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from interfuse.kinds.table.fields.coarse import Coarse, keys_of
from interfuse.kinds.table.fields.counts import Counted
from interfuse.kinds.table.fields.number import NumberField
from interfuse.kinds.table.fields.physical import grid_of
from interfuse.kinds.table.fields.spec import PlainSpec

finite = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**63), 2**63 - 1)


def counted(values, dtype):
    return Counted.of(pl.Series("x", values, dtype=dtype))


@given(st.one_of(st.lists(finite, min_size=2), st.lists(whole, min_size=2)), st.data())
def test_keys_are_in_the_order_of_the_values(values, data):
    array = np.array(values, np.float64 if isinstance(values[0], float) else np.int64) + 0
    order = np.argsort(array, kind="stable")
    keys = keys_of(np.where(array == 0, 0, array).astype(array.dtype))[order]
    inside = array[order]  # compared, not subtracted: a difference of whole numbers may overflow
    assert (inside[1:] > inside[:-1]).tolist() == (keys[1:] > keys[:-1]).tolist()


@settings(max_examples=60)
@given(
    st.one_of(st.lists(finite, min_size=1, max_size=60), st.lists(whole, min_size=1, max_size=60)),
    st.integers(2, 12),
    st.data(),
)
def test_neither_pieces_nor_their_order_show(values, most, data):
    dtype = pl.Float64 if isinstance(values[0], float) else pl.Int64
    once = Coarse.of(counted(values, dtype), most)
    mixed = data.draw(st.permutations(values))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=4)))
    parts = [mixed[a:b] for a, b in zip([0, *cuts], [*cuts, len(values)], strict=True)]
    sketches = [Coarse.of(counted(part, dtype), most) for part in parts]
    while len(sketches) > 1:
        i = data.draw(st.integers(0, len(sketches) - 2))
        sketches[i : i + 2] = [sketches[i].merged(sketches[i + 1])]
    assert once.values is not None
    assert len(once.values) <= most
    assert once.counts.sum() == len(values)
    assert (once.level, once.step, once.special) == (
        sketches[0].level,
        sketches[0].step,
        sketches[0].special,
    )
    for name in ("values", "counts", "upper"):
        assert np.array_equal(getattr(once, name), getattr(sketches[0], name))
    assert once.grid == grid_of(
        np.unique(np.array(values, np.float64 if dtype == pl.Float64 else np.int64))
    )


def test_few_values_are_counted_one_by_one():
    values = np.random.default_rng(0).integers(0, 500, 3_000)
    once, exact = Coarse.of(counted(values, pl.Int64), 512), counted(values, pl.Int64)
    assert once.level == 0
    assert once.values is not None
    assert exact.values is not None
    assert np.array_equal(once.values, exact.values)
    assert np.array_equal(once.counts, exact.counts)


@pytest.fixture(scope="module")
def spiked():
    rng = np.random.default_rng(1)
    values = np.exp(rng.normal(3, 2, 100_000))
    values[:30_000] = 0
    values[30_000:34_000] = 19.99
    return rng.permutation(values)


@pytest.fixture(scope="module")
def fields(spiked):
    """The field of all values, and that of 2,048 ranges."""
    spec = PlainSpec("x", "number", pl.Float64(), {})
    column = pl.Series("x", spiked)
    sketch = NumberField.sketch(spec)
    for part in np.array_split(spiked, 7):
        sketch = NumberField.held(NumberField.update(sketch, pl.Series("x", part)), spec, 2_048)
    closer = NumberField.closer(sketch)
    assert closer is not None
    for part in np.array_split(spiked, 3):
        closer = NumberField.update(closer, pl.Series("x", part))
    return NumberField.fit(column, spec), NumberField.finish(
        NumberField.joined(sketch, closer), spec
    )


def test_values_of_many_rows_stay_themselves(fields):
    """4 % of the rows have 19.99, a value among others that are near it."""
    for field in fields:
        codes = field.encode(pl.Series("x", [0.0, 19.99])).codes[:, 0]
        assert field.quantiles.single[codes].all()


def test_every_bin_has_the_rows_that_it_says(fields, spiked):
    """A range is inside one bin; inside a bin ranks are uniform (Kolmogorov-Smirnov at 1 %)."""
    for field in fields:
        cells = field.encode(pl.Series("x", spiked))
        codes, rows = cells.codes[:, 0], field.quantiles.knots.rows
        assert np.array_equal(np.bincount(codes, minlength=len(rows)), rows)
        inside = np.sort(ndtr(cells.scores[~np.isnan(cells.low[:, 0]), 0]))
        even = (np.arange(len(inside)) + 0.5) / len(inside)
        assert np.abs(inside - even).max() < 1.63 / len(inside) ** 0.5


def test_drawn_values_are_distributed_as_the_data(fields, spiked):
    """Kolmogorov-Smirnov between both fields' draws of 100,000: 1.63 sqrt(2 / n) at 1 %."""
    rng = np.random.default_rng(2)
    drawn = []
    for field in fields:
        rows = field.quantiles.knots.rows
        codes = rng.choice(len(rows), len(spiked), p=rows / rows.sum())
        values = field.decode(codes[:, None], rng.normal(size=(len(spiked), 1)), codes, 0)
        drawn.append(np.sort(values.to_numpy()))
    grid = np.sort(np.concatenate(drawn))
    gap = [np.searchsorted(d, grid, "right") / len(spiked) for d in drawn]
    assert np.abs(gap[0] - gap[1]).max() < 1.63 * (2 / len(spiked)) ** 0.5
    assert drawn[1].min() == spiked.min()
    assert drawn[1].max() <= spiked.max()
