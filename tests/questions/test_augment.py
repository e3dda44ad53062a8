"""Rows that keep a part of a real row: what stays, what is drawn, and from which distribution."""

import numpy as np
import polars as pl
import pytest
from known_truth import KINDS, P_SERVICE, RHO, SERVICES, rows

import interfuse
from interfuse.errors import DataError, OptionError
from interfuse.kinds.table.ask.augment import partly_known, turns


def test_each_cell_stays_with_the_probability_asked_for(learned):
    real = rows(500, 1).drop("extra")
    begun = partly_known(learned, real, 4_000, keep=0.7, fixed=["kind"], seed=3)
    start = real[turns(500, 4_000, 3)]
    assert begun["kind"].equals(start["kind"])
    for name in ("service", "x", "y", "delay"):
        stays = begun[name].is_not_null()
        assert begun[name].filter(stays).equals(start[name].filter(stays))
        # Five standard errors of a share of 4,000.
        assert abs(stays.to_numpy().mean() - 0.7) < 5 * np.sqrt(0.7 * 0.3 / 4_000)
    one = (begun["x"].is_null() != begun["y"].is_null()).to_numpy().mean()
    assert abs(one - 2 * 0.7 * 0.3) < 5 * np.sqrt(0.42 * 0.58 / 4_000)


def test_cells_that_stay_come_back_as_they_were(quick, mixed):
    some = mixed[:40]
    begun = partly_known(quick, some, 100, keep=0.6, fixed=["level"], seed=5)
    new = quick.augment(some, 100, keep=0.6, fixed=["level"], seed=5)
    assert new.schema == mixed.schema
    for name in ("city", "level", "on", "count", "ratio", "price", "at", "took"):
        stays = begun[name].is_not_null()
        assert new[name].filter(stays).equals(begun[name].filter(stays))
    assert new.equals(quick.augment(some, 100, keep=0.6, fixed=["level"], seed=5))
    assert not new.equals(quick.augment(some, 100, keep=0.6, fixed=["level"], seed=6))


def test_real_rows_are_used_equally_often_and_a_longer_draw_begins_with_the_same():
    assert set(np.bincount(turns(7, 21, 0))) == {3}
    assert set(np.bincount(turns(7, 24, 0))) == {3, 4}
    assert (turns(7, 24, 1)[:10] == turns(7, 10, 1)).all()


def test_rows_are_draws_of_the_distribution_that_the_real_ones_came_from(learned):
    n = 3_000
    real = rows(n, 2)
    new = learned.augment(real, n, keep=0.5, seed=0)
    x, y = new["x"].to_numpy(), new["y"].to_numpy()
    # Standard error of a correlation (1 - r^2) / sqrt(n) is .0066; the network's own adds as much.
    assert abs(np.corrcoef(x, y)[0, 1] - RHO) < 0.04
    assert abs(x.mean()) < 5 / np.sqrt(n)
    assert abs(x.std() - 1) < 5 / np.sqrt(2 * n)
    moved = (new["x"] != real[turns(n, n, 0)]["x"]).to_numpy().mean()
    assert abs(moved - 0.5) < 5 * np.sqrt(0.25 / n)


def test_a_rare_class_gets_rows_of_its_own_kind(learned):
    real = rows(20_000, 4).filter(pl.col("kind") == "rare")
    n = 2_000
    new = learned.augment(real, n, keep=0.5, fixed=["kind"], seed=0)
    assert new["kind"].unique().to_list() == ["rare"]
    wanted = P_SERVICE[KINDS.index("rare")]
    found = np.array([(new["service"] == s).mean() for s in SERVICES])
    # About 400 rows of the class were fitted and as many are augmented: .02 each for .8.
    assert (np.abs(found - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / 400) + 0.02).all()


def test_a_column_that_follows_from_others_is_computed_from_them():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 50, (2, 300))
    frame = pl.DataFrame({"a": a, "b": b, "both": a + b})
    model = interfuse.fit(frame, examples=2_000, seed=0)
    new = model.augment(frame, 200, keep=0.5, seed=1)
    assert (new["both"] == new["a"] + new["b"]).all()


def test_none_are_none(quick, mixed):
    assert quick.augment(mixed, 0).shape == (0, mixed.width)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"keep": 1}, OptionError, "keep: is 1"),
        ({"keep": -0.1}, OptionError, "keep: is -0.1"),
        ({"keep": float("nan")}, OptionError, "keep: is nan"),
        ({"n": -1}, OptionError, "n: is -1"),
        ({"n": True}, OptionError, "n: is True"),
        ({"fixed": "city"}, OptionError, "expected a list"),
        ({"fixed": ["town"]}, OptionError, "'town'"),
        ({"rows": pl.DataFrame({"city": pl.Series([], dtype=pl.String)})}, DataError, "no rows"),
        ({"rows": pl.DataFrame({"town": ["Rio"]})}, DataError, "'town'"),
    ],
)
def test_what_cannot_be_done_is_said(quick, mixed, options, error, words):
    asked = {"rows": mixed, "n": 10} | options
    with pytest.raises(error, match=words):
        quick.augment(asked.pop("rows"), asked.pop("n"), **asked)
