"""Parts of a draw are exactly its rows, wherever and whenever they are drawn."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import interfuse
from interfuse.errors import OptionError
from interfuse.kinds.table.ask.generate import BLOCK
from interfuse.kinds.table.ask.shard import Shard


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"x": rng.normal(size=300), "c": rng.choice(list("abc"), 300), "id": range(300)}
    )
    return interfuse.fit(frame, examples=2_000, kinds={"id": "key"})


@pytest.mark.parametrize(("n", "of"), [(0, 3), (1, 1), (5_000, 2), (10_000, 7), (2_048, 4)])
def test_shards_are_the_whole_in_order(n, of):
    parts = [Shard(i + 1, of).rows(n) for i in range(of)]
    assert [row for part in parts for row in part] == list(range(n))
    assert all(part.start % BLOCK == 0 for part in parts if part)


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "1/0", "a/b", "-1/3", "1/2/3", ""])
def test_parts_that_are_none(text):
    with pytest.raises(OptionError, match="expected one part of several"):
        Shard.read(text)


@pytest.mark.parametrize("given", [None, {"c": "a"}, ["x > 0"]])
def test_rows_from_the_middle_are_those_of_the_whole(model, given):
    whole = model.generate(BLOCK + 50, given=given, seed=3)
    for first, n in [(BLOCK - 3, 10), (BLOCK, 50)]:
        part = model.generate(n, given=given, seed=3, first=first)
        assert_frame_equal(part, whole[first : first + n])


def test_a_row_beyond_one_sobol_sequence(model):
    far = model.generate(1, first=2**30 + 5)
    assert far.height == 1
    assert far["x"].item() != model.generate(1, first=5)["x"].item()
    assert_frame_equal(far, model.generate(10, first=2**30)[5:6])


@pytest.mark.parametrize("first", [-1, 1.5, True, "3"])
def test_no_row_to_begin_at(model, first):
    with pytest.raises(OptionError, match="first"):
        model.generate(1, first=first)


def test_shards_and_known_rows_do_not_go_together(model):
    with pytest.raises(OptionError, match="first"):
        model.generate(1, given=pl.DataFrame({"c": ["a"]}), first=1)
