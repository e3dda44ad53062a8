"""What sdmetrics does not have: boosted trees, utility, distances, copies, missing patterns."""

import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp, pearsonr
from scipy.stats.contingency import association
from shop_sessions import KINDS, sessions, shuffled

from interfuse.errors import DataError
from interfuse.evaluate import (
    boosted_detection,
    closest,
    default_target,
    encode,
    exact_copies,
    missing,
    utility,
)
from interfuse.evaluate.association import associations
from interfuse.evaluate.shapes import ks_complement
from interfuse.evaluate.trees import boosted, importance, on_threads, single_precision
from interfuse.evaluate.trends import cramers_v

# sdmetrics, and so we, round to 14 decimals
floats = st.floats(-1e6, 1e6).map(lambda x: round(x, 14)) | st.integers(-3, 3).map(float)


@settings(deadline=None, max_examples=60)
@given(st.lists(floats, min_size=1, max_size=40), st.lists(floats, min_size=1, max_size=40))
def test_ks_complement_is_scipys(a, b):
    x, y = np.array(a), np.array(b)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # about the p-value, which is not used
        theirs: Any = ks_2samp(x, y, method="asymp")
    assert ks_complement(x, y) == pytest.approx(1 - theirs.statistic, abs=1e-9)


def test_cramers_v_is_scipys():
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 30, (4, 6))
    ours = cramers_v(np.arange(24), counts.ravel(), 6)
    assert ours == pytest.approx(association(counts, method="cramer"))
    assert np.isnan(cramers_v(np.arange(6), counts[0], 6))


def test_boosted_detection_of_fresh_rows_and_of_a_bootstrap_is_a_coin_toss(real, fresh):
    """The standard error of an AUC under the null is sqrt((m + n + 1) / (12 m n)) = 0.0105."""
    a, b, _ = encode(real, fresh, schema=KINDS)
    error = np.sqrt((a.rows + b.rows + 1) / (12 * a.rows * b.rows))
    assert abs(boosted_detection(a, b, threads=1).auc - 0.5) < 4 * error
    again = a.bootstrap(a.rows, np.random.default_rng(0))
    assert abs(boosted_detection(a, again, threads=1).auc - 0.5) < 4 * error


def test_boosted_detection_names_the_column_that_gives_it_away(real, fresh):
    a, b, _ = encode(real, fresh.with_columns(pl.col("rate") + 1.0), schema=KINDS)
    found = boosted_detection(a, b, threads=1)
    assert found.auc > 0.95
    assert found.columns[0][0] == "rate"
    assert sum(share for _, share in found.columns) == pytest.approx(1.0)


def test_trees_find_what_matters_and_do_not_depend_on_threads():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    y = (x[:, 1] > 0).astype(np.int32)
    x[rng.random(400) < 0.1, 0] = np.nan
    model = boosted("classify", trees=20).fit(x, y)
    shares = importance(model, 3)
    assert shares[1] > 0.9
    assert shares.sum() == pytest.approx(1.0)
    predicted = boosted("regress", trees=20).fit(x, y).predict(x)
    assert np.abs(predicted - y).mean() < 0.1
    with on_threads(1):
        alone = boosted("classify", trees=20).fit(x, y).predict_proba(x)
    assert np.array_equal(alone, model.predict_proba(x))


def test_trees_see_seconds_in_timestamps():
    times = 1.7e15 + 1e6 * np.arange(1000.0)[:, None]
    (x,) = single_precision(times)
    assert len(np.unique(x.astype(np.float32))) == 1000
    (y,) = single_precision(np.array([[1e-9], [0.0], [np.inf], [np.nan]]))
    assert y[0, 0] == 1e-9
    assert np.isfinite(y[2, 0].astype(np.float32))


def test_utility_of_real_fresh_and_shuffled_rows(real, fresh, unseen):
    a, b, held = encode(real, fresh, unseen, schema=KINDS)
    target = default_target(a)
    assert target == "bought"
    scores = [utility(table, held, target, threads=1).main for table in (a, b)]
    assert min(scores) > 0.7
    assert abs(scores[0] - scores[1]) < 0.05
    loose = a.independent(a.rows, np.random.default_rng(0))
    assert utility(loose, held, target, threads=1).main < 0.6


def test_utility_of_many_classes_and_numbers(real, unseen):
    a, _, held = encode(real, real, unseen, schema=KINDS)
    month = utility(a, held, "month", threads=1)
    assert 0.4 < month.main < 0.9
    seconds = utility(a, held, "seconds", threads=1)
    spread = held.numbers["seconds"].std()
    assert seconds.second == pytest.approx(1 - (seconds.main / spread) ** 2)


def test_utility_when_the_training_rows_lack_a_class(real, unseen):
    a, _, held = encode(real, real, unseen, schema=KINDS)
    only = a.take(np.flatnonzero(a.codes["bought"] == 0))
    assert utility(only, held, "bought", threads=1).main == pytest.approx(0.5)
    with pytest.raises(DataError, match="'price' is not among"):
        utility(a, held, "price")


def brute_force(train, points, rows):
    """L1 over the training ranges and one-hot vectors, written as the definition reads."""
    blocks = []
    for table in (points, rows):
        columns = []
        for name, values in table.numbers.items():
            known = train.numbers[name][~np.isnan(train.numbers[name])]
            present = ~np.isnan(values)
            filled = np.where(present, values, np.median(known))
            columns += [filled / (known.max() - known.min()), 1.0 - present]
        for name, codes in table.codes.items():
            columns += [(codes == code) * 1.0 for code in range(-1, len(train.labels[name]))]
        blocks.append(np.column_stack(columns))
    return cdist(blocks[1], blocks[0], "cityblock").min(1)


@pytest.mark.parametrize("width", [1_000, 0], ids=["one-hot", "by code"])
def test_distances_are_those_of_the_definition(monkeypatch, width):
    monkeypatch.setattr("interfuse.evaluate.distance._ONE_HOT_WIDTH", width)
    monkeypatch.setattr("interfuse.evaluate.distance._BLOCK_CELLS", 5_000)
    frames = [sessions(rows, seed, missing=True) for rows, seed in ((300, 0), (200, 1), (300, 2))]
    train, rows, held = encode(*frames, schema=KINDS)
    found = closest(train, rows, held)
    to_train, to_held = brute_force(train, train, rows), brute_force(train, held, rows)
    assert found.nearness == pytest.approx(np.percentile(to_train, 5), abs=1e-9)
    between = brute_force(train, train, held)
    assert found.reference == pytest.approx(np.percentile(between, 5), abs=1e-9)
    share = np.mean((to_train < to_held - 1e-9) + 0.5 * (np.abs(to_train - to_held) <= 1e-9))
    assert found.share == pytest.approx(share)
    assert found.strict == pytest.approx(np.mean(to_train < to_held - 1e-9))


def test_a_tie_counts_half_or_for_the_hold_out(real):
    train, rows, held = encode(real, real.head(50), real, schema=KINDS)
    found = closest(train, rows, held)
    assert (found.share, found.strict) == (0.5, 0.0)


def test_nearer_share_of_fresh_rows_is_a_half_and_of_copies_one(real, fresh, unseen):
    train, rows, held = encode(real, fresh, unseen, schema=KINDS)
    honest = closest(train, rows, held)
    assert honest.share is not None
    assert honest.error is not None
    assert 0.005 < honest.error < 0.03
    assert abs(honest.share - 0.5) < 4 * honest.error
    assert honest.nearness == pytest.approx(honest.reference, rel=0.3)
    copied = closest(train, train, held)
    assert copied.share is not None
    assert copied.share > 0.99
    assert copied.nearness == 0.0
    alone = closest(train, rows)
    assert alone.share is None
    assert alone.nearness == pytest.approx(alone.reference, rel=0.3)


def test_the_split_does_not_shift_the_ideal_share(real, fresh, unseen):
    train, rows, held = encode(real, fresh, unseen.head(150), schema=KINDS)
    found = closest(train, rows, held)
    assert found.against == 150
    assert found.share is not None
    assert found.error is not None
    assert abs(found.share - 0.5) < 4 * found.error


def test_copies_are_counted_exactly(real, fresh, unseen):
    mixed = pl.concat([real.head(100), fresh.tail(300)])
    train, rows, held = encode(real, mixed, unseen, schema=KINDS)
    found = exact_copies(train, rows, held)
    assert found.synthetic == pytest.approx(0.25)
    assert found.reference == 0.0
    lost = real.with_columns(pl.lit(None, pl.Float64).alias("seconds"))
    train, rows, _ = encode(lost, lost, schema=KINDS)
    assert exact_copies(train, rows).synthetic == 1.0


def test_missing_shares_and_patterns():
    real = pl.DataFrame({"a": [None, 1.5, None, 2.5], "b": [None, "x", None, "y"]})
    apart = pl.DataFrame({"a": [None, 1.5, None, 2.5], "b": ["x", None, "y", None]})
    kinds = {"a": "number", "b": "category"}
    a, b, _ = encode(real, apart, schema=kinds)
    found = missing(a, b)
    assert found.shares == {"a": (0.5, 0.5), "b": (0.5, 0.5)}
    assert found.error == 0.0
    assert found.patterns == 1.0
    assert missing(a, a).patterns == 0.0


def test_association_map_holds_pearson_and_cramer(real, fresh):
    a, b, _ = encode(real, fresh, schema=KINDS)
    found = associations(a, b)
    one, two = found.real, found.synthetic
    names = list(KINDS)
    i, j = names.index("visits"), names.index("seconds")
    assert one[i, j] == pytest.approx(pearsonr(a.numbers["visits"], a.numbers["seconds"])[0])
    assert (one == one.T).all()
    assert np.abs(one - two).max() < 0.2
    loose, _, _ = encode(shuffled(real), real, schema=KINDS)
    assert associations(loose, loose).real[i, j] == pytest.approx(0.0, abs=0.1)
