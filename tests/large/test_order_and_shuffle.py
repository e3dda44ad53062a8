"""Rows on a disk: in an order that the seed and their numbers give, read block by block."""

import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interfuse.errors import DataError
from interfuse.kinds.table.fields import Encoded
from interfuse.kinds.table.large.shuffle import Shuffler, row_keys
from interfuse.train.order import BlockOrder, permuted

SIZES = (3, 256, 257, 70_000)


def cells(n, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, k, n) for k in SIZES], 1).astype(np.int32)
    low = rng.normal(size=(n, 2)).astype(np.float32)
    low[rng.random((n, 2)) < 0.2] = np.nan
    return Encoded(codes, low, low + np.float32(0.5))


def part(all_cells, a, b):
    return Encoded(all_cells.codes[a:b], all_cells.low[a:b], all_cells.high[a:b])


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 400),
    st.lists(st.integers(0, 400), max_size=5),
    st.integers(1, 9),
    st.integers(0, 2**32),
    st.randoms(),
)
def test_any_pieces_give_the_order_of_the_keys(tmp_path_factory, n, cuts, parts, seed, random):
    every, folder = cells(n), tmp_path_factory.mktemp("rows")
    ends = [0, *sorted(min(c, n) for c in cuts), n]
    pieces = list(itertools.pairwise(ends))
    random.shuffle(pieces)  # written in any order
    shuffler = Shuffler(folder, SIZES, 2, n, seed, part=n * 40 // parts + 1)
    for a, b in pieces:
        shuffler.add(part(every, a, b), a)
    rows = shuffler.finish().part(0, n)
    order = np.argsort(row_keys(np.arange(n), seed))
    for name in ("codes", "low", "high"):
        assert np.array_equal(
            getattr(rows, name).numpy(), getattr(every, name)[order], equal_nan=True
        )


def test_taken_rows_are_those_of_the_file(tmp_path):
    shuffler = Shuffler(tmp_path, SIZES, 2, 20_000, 0)
    shuffler.add(cells(20_000), 0)
    stored = shuffler.finish()
    index = torch.randperm(20_000, generator=torch.Generator().manual_seed(0))[:300]
    for at in (index, index[:0], torch.arange(4_000, 4_200)):
        some, whole = stored.take(at), stored.part(0, 20_000)
        assert torch.equal(some.codes, whole.codes[at].long())
        assert torch.equal(some.low.nan_to_num(9), whole.low[at].nan_to_num(9))
    assert [p.name for p in tmp_path.iterdir()] == ["rows"]


def test_rows_that_came_or_went_are_an_error(tmp_path):
    shuffler = Shuffler(tmp_path, SIZES, 2, 10, 0)
    shuffler.add(cells(9), 0)
    with pytest.raises(DataError, match="has 9 rows, 10 when they were counted"):
        shuffler.finish()


def test_a_full_disk_is_one_error(tmp_path):
    shuffler = Shuffler(tmp_path, SIZES, 2, 10, 0)
    (tmp_path / "part-00000").symlink_to("/dev/full")
    with pytest.raises(DataError, match="has no room for the encoded rows, which need"):
        shuffler.add(cells(10), 0)


@settings(max_examples=20)
@given(st.integers(1, 70), st.integers(0, 2**62))
def test_blocks_are_permuted(m, seed):
    assert sorted(permuted(i, m, seed) for i in range(m)) == list(range(m))


@settings(max_examples=20)
@given(st.integers(1, 200), st.integers(1, 50), st.integers(0, 1_000), st.integers(1, 60))
def test_a_visit_is_known_by_its_number_alone(rows, block, start, size):
    order = BlockOrder(5, rows, block)
    whole = torch.cat([order.batch(i, 1) for i in range(start, start + size)])
    assert torch.equal(BlockOrder(5, rows, block).batch(start, size), whole)


def test_every_epoch_visits_each_row_once_in_another_order():
    rows, order = 1_037, BlockOrder(0, 1_037, 100)
    epochs = [order.batch(e * rows, rows) for e in range(3)]
    for epoch in epochs:
        assert Counter(epoch.tolist()) == Counter(range(rows))
    assert not torch.equal(epochs[0], epochs[1])
    # Blocks move as wholes, so that one read serves a batch.
    assert len((epochs[0][:100] // 100).unique()) == 1
