"""The smallest and the largest value come back no more often than chance has it."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.infer import infer_schema

DRAWS = 400
RNG = np.random.default_rng(3)
N = 1500
COLUMNS = {
    "heavy tail": np.round(RNG.lognormal(3, 2, N), 2),
    "normal": RNG.normal(size=N),
    "counts": RNG.geometric(0.01, N),
    "an outlier": np.concatenate([RNG.integers(0, 500, N - 1), [10**9]]),
    "one below": np.concatenate([[-5.0], np.round(RNG.uniform(0, 100, N - 1), 1)]),
    "times": pl.Series(
        [dt.datetime(2021, 1, 1) + dt.timedelta(seconds=int(s)) for s in RNG.integers(0, 10**7, N)]
    ),
    "few rows": np.round(RNG.exponential(50, 40), 1),
    "spike at zero": np.where(RNG.random(N) < 0.7, 0, RNG.integers(1, 10**5, N)),
    "pairs": np.repeat(np.round(RNG.exponential(50, N // 2), 2), 2),
    "steps": RNG.integers(0, 400, N) * 25,
}  # fmt: skip


def drawn(values):
    """How often each end comes back in samples of the size of the data, from the field's own
    distribution: bins as often as they were, and scores that are standard normal.
    """
    frame = pl.DataFrame({"x": values})
    schema = infer_schema(frame).edited(
        "x", kind="datetime" if frame["x"].dtype.is_temporal() else "number"
    )
    field = TableCodec.fit(frame, schema).fields["x"]
    codes = field.encode(frame["x"]).codes
    rng = np.random.default_rng(1)
    taken = codes[rng.integers(0, len(codes), DRAWS * len(codes))]
    z = rng.standard_normal((len(taken), len(field.cells) - 1))
    return frame["x"], field.decode(taken, z, np.arange(len(taken)), 0)


@pytest.mark.parametrize("name", COLUMNS)
def test_an_end_comes_back_no_more_often_than_chance(name):
    real, made = drawn(COLUMNS[name])
    for end in (real.min(), real.max()):
        seen = int((real == end).sum())
        often = int((made == end).sum()) / DRAWS
        # A mean of DRAWS counts with mean `seen`: four standard errors.
        assert often <= seen + 4 * np.sqrt(seen / DRAWS)
    assert made.to_numpy().min() >= real.to_numpy().min()
    assert made.to_numpy().max() <= real.to_numpy().max()


@pytest.mark.parametrize("name", ["heavy tail", "normal", "few rows", "times"])
def test_an_end_that_one_row_has_comes_back_half_a_time(name):
    real, made = drawn(COLUMNS[name])
    assert int((real == real.max()).sum()) == 1
    assert int((made == real.max()).sum()) / DRAWS == pytest.approx(0.5, abs=0.2)
    between = real.sort()[-2:]
    inside = ((made > between[0]) & (made < between[1])).sum() / DRAWS
    assert inside == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("name", COLUMNS)
def test_the_ends_are_read_and_written_exactly(name):
    frame = pl.DataFrame({"x": COLUMNS[name]})
    codec = TableCodec.fit(frame, infer_schema(frame))
    cells = codec.encode(frame)
    back = codec.decode(cells.codes, cells.scores, np.arange(len(frame)))["x"]
    for end in (frame["x"].min(), frame["x"].max()):
        assert ((back == end) == (frame["x"] == end)).all()
