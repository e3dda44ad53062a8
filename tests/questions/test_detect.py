"""`detect` against known truth, and on bad input."""

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from known_truth import rows
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

import interfuse
from interfuse.errors import DataError, InterfuseError, OptionError
from interfuse.kinds.table.ask.detect import Detection, judge_of
from interfuse.kinds.table.ask.odd.cells import oddest
from interfuse.kinds.table.ask.odd.detector import Scales
from interfuse.kinds.table.ask.odd.features import Features
from interfuse.kinds.table.ask.odd.views import (
    Histogram,
    Mahalanobis,
    Near,
    Neighbours,
    Surprise,
    Tails,
)
from interfuse.pyod import DiffusionDetector

CORRELATION = np.array([[1.0, 0.8, 0.3], [0.8, 1.0, 0.5], [0.3, 0.5, 1.0]])


def rank_correlation(x, y) -> float:
    """Of Spearman; scipy's own type of the answer has no fields."""
    found: Any = spearmanr(x, y)
    return found.statistic


def gaussian(n, seed):
    x = np.random.default_rng(seed).multivariate_normal(np.zeros(3), CORRELATION, n)
    return pl.DataFrame({"a": x[:, 0], "b": 100 * x[:, 1], "c": x[:, 2] - 7})


def surprise(frame):
    """The closed form: -log density up to a constant."""
    x = frame.to_numpy() / [1, 100, 1] + [0, 0, 7]
    return (x @ np.linalg.inv(CORRELATION) * x).sum(1)


@pytest.fixture(scope="module")
def normal():
    return interfuse.fit(gaussian(3000, 0), examples=10_000, seed=0)


@pytest.fixture(scope="module")
def mixed_model():
    return interfuse.fit(rows(2000, 0), examples=15_000, seed=0)


def test_gaussian_scores_rank_as_the_density_does(normal):
    # Attainable without knowing the family is what distances to neighbours give (r = .72 for 5 of
    # 2,850 rows, .94 for 20; the Gaussian view alone .98). The mean over views must lose nothing
    # against the best of these; the s.e. of a rank correlation of 2,000 rows is (1 - r^2) / sqrt n.
    test = gaussian(2000, 1)
    truth = surprise(test)
    for clean in (True, False):
        views = judge_of(normal, clean, None).detector.views(test)
        best = max(rank_correlation(v, truth) for k, v in views.items() if "near" in k)
        r = rank_correlation(normal.detect(test, clean=clean).score, truth)
        assert r > best - 3 * (1 - best**2) / np.sqrt(2000), clean


def test_the_gaussian_view_is_the_density():
    # Relative error of n = 4,000 rows' covariance is about sqrt(2 / n) = 2 %.
    train, test = (
        f.to_numpy() / [1, 100, 1] + [0, 0, 7] for f in (gaussian(4000, 2), gaussian(500, 3))
    )
    truth = (test @ np.linalg.inv(CORRELATION) * test).sum(1)
    assert rank_correlation(Mahalanobis(train, 1e-9).score(test), truth) > 0.995


def test_p_values_of_normal_rows_are_valid(normal):
    # Conformal: P(p <= a) <= a + 1 / (held + 1), over the draw of held-back rows (s.e. from both).
    test = gaussian(3000, 4)
    p = normal.detect(test).p_value
    held = len(normal.reference.held_codes)
    assert held == 150
    for a in (0.05, 0.2, 0.5):
        error = np.sqrt(a * (1 - a) * (1 / len(p) + 1 / held))
        assert abs((p <= a).mean() - a) < 3 * error + 1 / held


@pytest.mark.parametrize("clean", [True, False])
def test_finds_a_broken_dependence(normal, clean):
    # b takes another row's place: each column is as it was, the pairs are not. Random: 0.5.
    test = gaussian(1000, 5)
    broken = test.with_columns(b=test["b"].shuffle(seed=0))
    score = normal.detect(pl.concat([test, broken]), clean=clean).score
    truth = surprise(pl.concat([test, broken]))
    label = np.repeat([0, 1], 1000)
    best = roc_auc_score(label, truth)
    assert roc_auc_score(label, score) > 0.5 + 0.7 * (best - 0.5)


@pytest.mark.parametrize("clean", [True, False])
def test_farther_out_is_odder_without_end(mixed_model, clean):
    one = rows(1, 9)
    far = pl.concat([one.with_columns(delay=pl.lit(v)) for v in (12.0, 20.0, 1e3, 1e9, 1e300)])
    score = mixed_model.detect(far, clean=clean).score
    assert np.isfinite(score).all()
    assert (np.diff(score[:4]) > 0).all()
    assert (mixed_model.detect(far).worst["cell"] == "delay").all()


def test_names_the_cell_and_what_was_expected(mixed_model):
    odd = rows(200, 6).with_columns(service=pl.lit("ftp"))
    scores = mixed_model.detect(odd)
    assert (scores.worst["cell"] == "service").mean() > 0.9
    assert (scores.worst["found"] == "ftp").mean() > 0.9
    assert scores.worst["expected"].str.contains("web|mail|dns|ssh").mean() > 0.9
    assert np.allclose(scores.shares.to_numpy().sum(1), 1)
    assert np.median(scores.p_value) < 0.05


def test_expected_ranges_hold_what_they_say():
    # y given x = 0 is N(0, .36): the middle 80 % is +-.77, and .14 is the width of a bin at -1.1.
    # Without x it would be +-1.28.
    model = interfuse.fit(rows(3000, 0).select("x", "y"), examples=30_000, seed=0)
    at = pl.DataFrame({"x": [0.0] * 3, "y": [0.0, 3.0, -3.0]})
    low, high = (float(v) for v in model.detect(at).expected["y"][1].split(" to "))
    assert -1.2 < low < -0.5
    assert 0.5 < high < 1.2


def test_missing_cells_are_scored(mixed_model):
    blank = rows(50, 7).with_columns(
        pl.lit(None).cast(t).alias(n) for n, t in rows(1, 0).schema.items()
    )
    half = rows(50, 7).with_columns(x=pl.lit(None).cast(pl.Float64))
    scores = mixed_model.detect(pl.concat([blank, half, rows(50, 7)]))
    assert np.isfinite(scores.score).all()
    means = scores.score.reshape(3, 50).mean(1)
    assert means[0] > means[1] > means[2]


def test_a_row_scores_the_same_whatever_stands_beside_it(mixed_model):
    many = rows(60, 8)
    together = mixed_model.detect(many)
    alone = np.concatenate([mixed_model.detect(many[i]).score for i in range(3)])
    assert np.allclose(alone, together.score[:3], rtol=1e-4, atol=1e-4)


def test_saved_model_and_batches_give_the_same(mixed_model, tmp_path):
    test = rows(5000, 10)
    again = interfuse.load(mixed_model.save(tmp_path / "run"), kind="table")
    whole = mixed_model.detect(test)
    assert np.array_equal(again.detect(test).score, whole.score)
    batches = list(Detection(again.fitted, test).batches())
    assert [len(b) for b in batches] == [4096, 904]
    assert np.allclose(np.concatenate([b.score for b in batches]), whole.score, atol=1e-4)


def test_no_row_is_kept_if_so_wished(tmp_path):
    # The same rows are trained on, so everything but the rows kept is the same.
    folder = tmp_path / "run"
    interfuse.fit(rows(300, 0), examples=300, keep_rows=False, folder=folder)
    assert not (folder / "reference.safetensors").exists()
    without = interfuse.load(folder, kind="table")
    kept = interfuse.fit(rows(300, 0), examples=300)
    assert without.reference is None
    assert kept.reference is not None
    assert len(kept.reference.codes) + len(kept.reference.held_codes) == 300
    assert without.generate(20, seed=1).equals(kept.generate(20, seed=1))
    images = np.zeros((4, 8, 8), np.uint8)
    with pytest.raises(OptionError, match="keep_rows"):
        interfuse.fit(images, keep_rows=False)  # pyright: ignore[reportCallIssue, reportArgumentType]


def test_rows_need_not_be_kept(mixed_model, tmp_path):
    # Drawn rows stand in for them. A delay of 12 is 4 to 12 s.d. out: every view sees it.
    without = dataclasses.replace(mixed_model, reference=None)
    folder = without.save(tmp_path / "run")
    assert not (folder / "reference.safetensors").exists()
    test = rows(200, 11)
    odd = pl.concat([test, test.with_columns(delay=pl.lit(14.0))])
    score = interfuse.load(folder, kind="table").detect(odd).score
    assert roc_auc_score(np.repeat([0, 1], 200), score) > 0.99


def test_a_changed_reference_is_an_error_and_a_deleted_one_is_not(mixed_model, tmp_path):
    folder = mixed_model.save(tmp_path / "run")
    part = folder / "reference.safetensors"
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(InterfuseError, match=r"reference\.safetensors.*checksum"):
        interfuse.load(folder)
    part.unlink()
    assert interfuse.load(folder, kind="table").reference is None


def test_constants_and_exact_rules_count():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 500, 600), rng.integers(0, 500, 600)
    frame = pl.DataFrame({"a": a, "b": b, "sum": a + b, "one": ["x"] * 600})
    model = interfuse.fit(frame, examples=3000, seed=0)
    wrong = frame[:40].with_columns(sum=pl.col("sum") + 40)
    other = frame[:40].with_columns(one=pl.lit("y"))
    for odd, cell in ((wrong, "sum"), (other, "one")):
        scores = model.detect(odd)
        assert (scores.worst["cell"] == cell).to_numpy().mean() > 0.8
        assert scores.score.mean() > model.detect(frame[:40]).score.mean()


def test_durations_are_found_and_expected_as_text():
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
    took = [dt.timedelta(seconds=i * 37 % 90) for i in range(200)]
    frame = pl.DataFrame({"took": took, "one": [hour] * 200, "port": [80, 443, 53, 22] * 50})
    odd = frame[:1].with_columns(took=pl.lit(3 * day), one=pl.lit(2 * hour))
    cells = interfuse.fit(frame, examples=500, seed=0).detect(odd).cells
    said = {
        name: (found, expected)
        for name, found, expected in cells.select("cell", "found", "expected").iter_rows()
    }
    assert said["one"] == ("PT2H", "PT1H")
    assert said["took"][0] == "P3D"
    assert said["took"][1].startswith("PT")


def test_contaminated_rows_are_found_among_those_fitted():
    # 2 % of the rows form a tight cluster far off, so each has near neighbours: the distance to the
    # nearest row, which clean=True goes by, ranks them as the most normal of all.
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(size=(785, 3)), 6 + 0.05 * rng.normal(size=(15, 3))])
    detector = DiffusionDetector(contamination=0.02, examples=1500).fit(x)
    label = np.repeat([0, 1], [785, 15])
    assert roc_auc_score(label, detector.decision_scores_) > 0.99
    assert detector.labels_.sum() == 16
    assert detector.predict(x[-15:]).mean() > 0.8
    assert np.array_equal(detector.decision_function(x), detector.decision_scores_)
    proba = detector.predict_proba(x)
    assert np.allclose(proba.sum(1), 1)


def test_detector_says_what_is_wrong():
    with pytest.raises(OptionError, match="not fitted"):
        DiffusionDetector().predict(np.zeros((3, 2)))
    with pytest.raises(OptionError, match="contamination"):
        DiffusionDetector(contamination=0.9)
    with pytest.raises(DataError, match="dimensions"):
        DiffusionDetector().fit(np.zeros(5))


def test_bad_input(mixed_model):
    good = rows(5, 0)
    for bad, said in (
        (good.with_columns(extra_column=1), "extra_column"),
        (good.drop("x"), "'x'"),
        (good.with_columns(x=pl.lit("text")), "'x' holds String"),
        (good[:0], "no rows"),
    ):
        with pytest.raises(DataError, match=said):
            mixed_model.detect(bad)


def test_one_row(mixed_model):
    scores = mixed_model.detect(rows(1, 3))
    assert len(scores) == 1
    assert 0 < scores.p_value[0] <= 1


def test_a_table_too_small_to_hold_rows_back():
    model = interfuse.fit(gaussian(60, 0), examples=500, seed=0)
    assert model.reference is not None
    assert len(model.reference.held_codes) == 0
    p = model.detect(gaussian(200, 1)).p_value
    assert p.min() >= 1 / 61
    far = gaussian(5, 2).with_columns(a=pl.lit(50.0))
    assert (model.detect(far).p_value < 0.05).all()


def test_nearest_rows_agree_with_a_search_by_hand():
    rng = np.random.default_rng(0)
    for d in (3, 20):
        rows_, x = rng.normal(size=(200, d)), rng.normal(size=(30, d))
        gaps = np.sort(np.linalg.norm(x[:, None] - rows_, axis=2), 1)
        found = Neighbours(rows_)
        assert np.allclose(Near(found.own, 2).score(found.find(x)), gaps[:, :2].mean(1), atol=1e-5)
        own = np.sort(np.linalg.norm(rows_[:, None] - rows_, axis=2), 1)[:, 1:6].mean(1)
        assert np.allclose(Near(found.own, 5).own, own, atol=1e-5)
        alone = Near(found.own, 5).score(found.find(rows_, alone=True))
        assert np.allclose(alone, own, atol=1e-5)


def test_two_numbers_that_are_a_category_are_one_coordinate():
    frame = pl.DataFrame({"flag": [0, 1] * 50, "word": ["a", "b"] * 50, "code": [1, 2, 3, 4] * 25})
    found = interfuse.infer_schema(frame)
    columns = tuple(dataclasses.replace(c, kind="category") for c in found.columns)
    schema = dataclasses.replace(found, columns=columns)
    features = Features.fit(frame, schema)
    assert features.numbers == ("flag",)
    assert list(features.categories) == ["word", "code"]
    points = features.points(frame[:2])
    assert points[:, 0].tolist() == [0, 1]
    assert points.shape == (2, features.width) == (2, 2 + 3 + 5)


def test_infinities_are_far_and_stretch_no_range():
    frame = pl.DataFrame({"x": [*range(99), float("inf")]}, schema={"x": pl.Float64})
    features = Features.fit(frame, interfuse.infer_schema(frame))
    assert (features.low[0], features.high[0]) == (0, 98)
    points = features.points(frame)[:, 0]
    assert 1e4 < points[-1] < 1e12
    assert points[:-1].tolist() == list(range(99))


def test_a_coordinate_that_never_changed_counts_in_full():
    rng = np.random.default_rng(1)
    rows_, x = rng.normal(size=(100, 2)), rng.normal(size=(20, 2))
    still = np.full((100, 1), 4.0)
    off = rng.normal(size=(20, 1))
    near = Neighbours(np.hstack([rows_, still])).find(np.hstack([x, still[:20] + off]))[0]
    gaps = np.sqrt(((x[:, None] - rows_) ** 2).sum(2) + off**2)
    assert np.allclose(near[:, 0], gaps.min(1), atol=1e-5)


def test_two_scalings_in_one_search_are_both_side_by_side():
    # Squared distances add up, each scaling divided by its total standard deviation.
    rng = np.random.default_rng(2)
    x = np.hstack([rng.exponential(size=(300, 3)) * [1, 50, 1e4], rng.integers(0, 2, (300, 2))])
    s = Scales(x, 3)
    side = [a / np.sqrt(a.var(0).sum()) for a in (s.ranged(x), s.standard(x))]
    wanted = np.linalg.norm(np.hstack(side)[:5, None] - np.hstack(side), axis=2)
    found = np.linalg.norm(s.both(x)[:5, None] - s.both(x), axis=2)
    assert np.allclose(found, wanted)


def test_the_oddest_third_of_the_columns():
    nats = np.array([[1.0, 9, 2, 3, 5, 0], [4, 4, 4, 4, 4, 4]])
    assert oddest(nats).tolist() == [7, 4]
    assert oddest(nats[:, :1]).tolist() == [1, 4]


def test_surprise_keeps_the_order_and_matches_the_tail():
    own = np.random.default_rng(0).exponential(size=5000)
    surprise_of = Surprise(own)
    x = np.array([0.1, 1.0, 2.0, 4.0, 50.0, 5e9])
    # -log P(X > x) of the exponential is x; 2 nats are 677 of 5,000 rows, s.e. 4 %.
    assert np.allclose(surprise_of(x)[:3], x[:3], atol=0.15)
    assert (np.diff(surprise_of(x)) > 0).all()


def test_views_of_one_column():
    x = np.arange(1000.0)[:, None]
    tails, histogram = Tails(x), Histogram(x)
    assert tails.score(np.array([[500.0]]))[0] == pytest.approx(np.log(2), abs=0.01)
    assert tails.score(np.array([[-5.0], [500.0]])).argmax() == 0
    assert histogram.score(np.array([[500.0]]))[0] == pytest.approx(np.log(32), abs=0.1)
    out = histogram.score(np.array([[500.0], [1100.0], [9999.0]]))
    assert (np.diff(out) > 0).all()
