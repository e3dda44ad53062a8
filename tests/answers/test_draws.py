"""`Draws`: summaries of plain draws, in every type."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from interfuse.errors import OptionError
from interfuse.io.frames import to_polars
from interfuse.kinds.table.answer import Draws, Empirical, Filled

M, K = 19, 400


@pytest.fixture(scope="module")
def drawn():
    """Normal draws of the odd rows of x, and draws of the even rows of c."""
    rng = np.random.default_rng(0)
    table = pl.DataFrame(
        {
            "x": [None if i % 2 else float(i) for i in range(2 * K)],
            "c": [None if i % 2 == 0 else "b" for i in range(2 * K)],
        }
    )
    numbers = [pl.Series(rng.normal(size=K)) for _ in range(M)]
    texts = [pl.Series(rng.choice(["a", "b"], K, p=[0.8, 0.2])) for _ in range(M)]
    filled = {
        "x": Filled(np.arange(1, 2 * K, 2), numbers, Empirical(numbers, ordered=True)),
        "c": Filled(np.arange(0, 2 * K, 2), texts, Empirical(texts, ordered=False)),
    }
    return Draws(table, filled, M), numbers, texts


def test_draws_are_put_in_their_place(drawn):
    draws, numbers, texts = drawn
    assert len(draws) == M
    frames = list(draws.frames())
    assert len(frames) == M
    for i in (0, M - 1):
        assert frames[i]["x"][1::2].equals(numbers[i])
        assert frames[i]["c"].gather_every(2).equals(texts[i])
        assert frames[i]["x"].gather_every(2).to_list() == list(range(0, 2 * K, 2))
    assert_frame_equal(draws.frame(-1), frames[-1])


def test_summaries_are_numpys(drawn):
    draws, numbers, texts = drawn
    values = np.stack([n.to_numpy() for n in numbers])
    at = np.arange(1, 2 * K, 2)
    assert np.allclose(draws.mean()["x"].to_numpy()[at], values.mean(0))
    assert np.allclose(draws.median()["x"].to_numpy()[at], np.median(values, 0))
    assert np.allclose(draws.uncertainty()["x"].to_numpy()[at], values.std(0, ddof=1))
    counts = np.stack([t.to_numpy() == "a" for t in texts]).mean(0)
    mode = draws.mode()["c"].to_numpy()[::2]
    assert (mode == np.where(counts > 0.5, "a", "b")).all()
    unsure = draws.uncertainty()["c"].to_numpy()[::2]
    assert np.allclose(unsure, np.minimum(counts, 1 - counts))
    for summary in (draws.mean(), draws.median(), draws.mode(), draws.quantile(0.1)):
        assert summary["c"][1] == "b"
        assert summary["x"][2] == 2.0


def test_intervals_of_few_draws_cover_what_they_say(drawn):
    draws, _, _ = drawn
    # 19 draws: the ends of the 90 % interval are the smallest and the largest, and a fresh value
    # of the same distribution lies beyond each with probability 1 / 20.
    low, high = (f["x"].to_numpy()[1::2] for f in draws.interval(0.9))
    fresh = np.random.default_rng(1).normal(size=(200, K))
    inside = ((low <= fresh) & (fresh <= high)).mean()
    # The 400 intervals are independent; the coverage of one has a standard deviation of .066.
    assert abs(inside - 0.9) < 4 * 0.066 / np.sqrt(K)
    assert draws.interval(0.9)[0]["c"][0] is None
    assert draws.interval(0.9)[0]["c"][1] == "b"


@pytest.mark.parametrize(
    "values",
    [
        [3, 1, 2],
        [True, False, True],
        ["b", "a", "b"],
        [dt.date(2024, 1, 3), dt.date(2024, 1, 1), dt.date(2024, 1, 2)],
        [dt.timedelta(seconds=9), dt.timedelta(0), dt.timedelta(seconds=1)],
    ],
    ids=["int", "bool", "text", "date", "duration"],
)
def test_every_type_comes_back(values):
    column = pl.Series("v", values)
    ordered = column.dtype.is_numeric() or column.dtype.is_temporal()
    draws = [pl.Series([v], dtype=column.dtype) for v in values]
    table = pl.DataFrame({"v": pl.Series([None], dtype=column.dtype)})
    answer = Draws(table, {"v": Filled(np.array([0]), draws, Empirical(draws, ordered))}, 3)
    assert [f["v"][0] for f in answer.frames()] == values
    for frame in (answer.median(), answer.mode(), *answer.interval(0.5)):
        assert frame.schema == table.schema
    wanted = sorted(values)[1] if ordered else values[0]
    assert answer.median()["v"][0] == wanted
    if ordered:
        assert answer.quantile(0)["v"][0] == min(values)
        assert answer.quantile(1)["v"][0] == max(values)
        assert answer.mean()["v"][0] == (
            2.0 if column.dtype.is_integer() else answer.mean()["v"][0]
        )


def test_pandas_in_pandas_out():
    table, origin = to_polars(pd.DataFrame({"v": [1.0, np.nan], "w": ["a", "b"]}))
    assert isinstance(table, pl.DataFrame)
    draws = [pl.Series([5.0]), pl.Series([7.0])]
    answer = Draws(table, {"v": Filled(np.array([1]), draws, Empirical(draws, True))}, 2, origin)
    assert isinstance(answer.mean(), pd.DataFrame)
    assert answer.mean()["v"].tolist() == [1.0, 6.0]
    assert isinstance(answer.uncertainty(), pd.DataFrame)


@pytest.mark.parametrize("i", [M, -M - 1, 1.0, True, "0"])
def test_a_draw_that_is_none(drawn, i):
    with pytest.raises(OptionError, match="there are draws 0 to 18"):
        drawn[0].frame(i)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), "0.9", True])
def test_a_share_that_is_none(drawn, share):
    with pytest.raises(OptionError, match="interval: is"):
        drawn[0].interval(share)
    with pytest.raises(OptionError, match="quantile: is"):
        drawn[0].quantile(share)
