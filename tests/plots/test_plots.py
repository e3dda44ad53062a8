"""What is drawn is what was given: heights, bands and marks against their own computation."""

import builtins
import subprocess
import sys
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse import plots
from interfuse.errors import DataError, OptionError
from interfuse.kinds.table.answer import Draws, Empirical, Filled
from interfuse.kinds.table.answer.scores import Scores


@pytest.fixture(autouse=True)
def closed():
    """Every picture can be rendered; then it is closed."""
    yield
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
    plt.close("all")


def labelled(ax) -> dict[str, Any]:
    """Lines and patches by their label."""
    handles, labels = ax.get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


def test_training_curve_holds_both_losses_and_marks_the_best():
    curve = [(100 * k, 1.0 * k, 3 / k, 3.1 / k) for k in range(1, 9)]
    ax = plots.training(curve, best=700)
    lines = labelled(ax)
    np.testing.assert_allclose(lines["training"].get_xydata()[:, 1], [p[2] for p in curve])
    np.testing.assert_allclose(lines["held out"].get_xydata()[:, 1], [p[3] for p in curve])
    assert lines["kept, after 700"].get_xdata()[0] == 700


def test_a_model_draws_its_own_curve():
    rng = np.random.default_rng(4)
    model = interfuse.fit(pl.DataFrame({"x": rng.normal(size=300)}), examples=2_000)
    curve = model.record["training"]["curve"]
    lines = labelled(model.plot_training())
    np.testing.assert_allclose(lines["training"].get_xydata()[:, 0], [p[0] for p in curve])
    assert f"kept, after {model.record['training']['best_examples']:,}" in lines


def test_training_curve_without_held_out_rows_has_one_line():
    ax = plots.training([(1, 1.0, 2.0, None), (2, 2.0, 1.0, None)])
    assert list(labelled(ax)) == ["training"]
    with pytest.raises(DataError, match="is empty"):
        plots.training([])


def test_marginals_are_shares_of_all_rows():
    rng = np.random.default_rng(0)
    real = pl.DataFrame({"port": [80, 80, 443, None] * 50, "kind": ["a", "b", "b", None] * 50})
    real = real.with_columns(size=pl.Series(rng.normal(size=200)))
    schema = {"port": "number", "kind": "category", "size": "number"}
    one, two, three = plots.marginals(real, real, schema=schema)
    for ax in (one, three):
        drawn: list[Any] = [*(labelled(ax).values() or ax.patches)]
        for steps in drawn:
            assert steps.get_data().values.sum() == pytest.approx(100)
    bars: list[Any] = [*two.patches]
    widths = [bar.get_width() for bar in bars]
    # b half, a and missing a quarter each, for both tables
    assert widths == pytest.approx([50, 25, 25] * 2)
    names = [label.get_text() for label in two.get_yticklabels()]
    assert names[0] == "b"
    assert "missing" in names


def test_marginals_of_unknown_columns_and_too_few_axes_are_refused():
    real = pl.DataFrame({"x": np.arange(50.0), "y": np.arange(50.0)})
    with pytest.raises(OptionError, match="'z' cannot be drawn"):
        plots.marginals(real, real, ["z"])
    with pytest.raises(OptionError, match="holds 1 axes"):
        plots.marginals(real, real, ax=plots.fan(None, [0, 1], [0], [[1]]))


def test_correlation_maps_hold_the_correlations():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 2))
    real = pl.DataFrame({"a": x[:, 0], "b": 0.8 * x[:, 0] + 0.6 * x[:, 1]})
    other = real.with_columns(b=pl.Series(x[:, 1]))
    maps = [np.ma.asarray(ax.images[0].get_array()) for ax in plots.correlations(real, other)]
    r, s = (np.corrcoef(f["a"], f["b"])[0, 1] for f in (real, other))
    assert [m[0, 1] for m in maps] == pytest.approx([r, s, s - r])


def test_a_fan_holds_the_stated_shares():
    rng = np.random.default_rng(2)
    draws, history = rng.normal(size=(199, 5)), np.array([0.0, 1.0, 2.0])
    ax = plots.fan(None, np.arange(8), history, draws, truth=draws[0], coverages=(0.9,))
    band = labelled(ax)["90 %"].get_paths()[0].vertices
    # The 10th smallest and largest of 199 draws are their quantiles 0.05 and 0.95, by Weibull.
    ordered = np.sort(draws, axis=0)
    for step in range(5):
        at = band[np.isclose(band[:, 0], 3 + step), 1]
        assert at.min() == pytest.approx(ordered[9, step])
        assert at.max() == pytest.approx(ordered[-10, step])
    median = labelled(ax)["median"].get_xydata()
    assert tuple(median[0]) == (2, 2.0)  # it starts where history ends
    np.testing.assert_allclose(median[1:, 1], np.median(draws, axis=0))
    np.testing.assert_allclose(labelled(ax)["truth"].get_ydata(), draws[0])


def test_a_fan_takes_times_and_a_gap_at_the_end():
    times = np.datetime64("2024-01-01") + np.arange(6) * np.timedelta64(1, "D")
    ax = plots.fan(None, times, [1.0, 2.0, np.nan], np.ones((9, 3)))
    assert len(labelled(ax)["median"].get_xdata()) == 3


def test_a_fan_of_wrong_lengths_or_shares_is_refused():
    with pytest.raises(DataError, match="as many times as"):
        plots.fan(None, np.arange(4), [1.0], np.ones((9, 2)))
    with pytest.raises(OptionError, match="between 0 and 1"):
        plots.fan(None, np.arange(3), [1.0], np.ones((9, 2)), coverages=(90,))


def test_anomalies_mark_the_scores_above_the_threshold():
    scores = np.arange(50.0)
    truth = np.isin(np.arange(50), [3, 4, 40])
    ax = plots.anomalies(None, np.arange(50), -scores, scores, threshold=47, truth=truth)
    assert list(labelled(ax)["odd: score ≥ 47"].get_xdata()) == [47, 48, 49]
    marked: list[Any] = [*ax.patches]
    spans = [(p.get_x(), p.get_x() + p.get_width()) for p in marked]
    assert spans == [(3, 4), (40, 40)]
    with pytest.raises(DataError, match="as many of each"):
        plots.anomalies(None, np.arange(3), np.arange(3), np.arange(2))


def test_an_image_grid_shows_every_pixel():
    images = np.random.default_rng(3).integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)
    shown = plots.image_grid(images, columns=3).images[0].get_array()
    assert shown is not None
    assert shown.shape == (9, 20, 3)
    for i, image in enumerate(images):
        y, x = divmod(i, 3)
        np.testing.assert_array_equal(shown[5 * y : 5 * y + 4, 7 * x : 7 * x + 6], image)
    titled = plots.image_grid(images[..., :1], titles=range(5))
    assert [t.get_text() for t in titled.texts] == ["0", "1", "2", "3", "4"]
    for wrong in (images[0, 0], images[..., :2]):
        with pytest.raises(DataError, match="expected"):
            plots.image_grid(wrong)


def drawn_table(m=99):
    """Row 1 and 3 of x, and row 2 of c, were filled by known draws."""
    table = pl.DataFrame({"x": [0.0, None, 2.0, None], "c": ["a", "b", None, "a"]})
    x = [pl.Series([float(k), 100.0 + k]) for k in range(1, m + 1)]
    c = [pl.Series(["a" if k % 4 else "b"]) for k in range(1, m + 1)]
    filled = {
        "x": Filled(np.array([1, 3]), x, Empirical(x, True)),
        "c": Filled(np.array([2]), c, Empirical(c, False)),
    }
    return Draws(table, filled, m)


def test_draws_plot_numbers_with_their_intervals():
    draws = drawn_table()
    ax = draws.plot(coverage=0.9, truth=[0, 50, 0, 60])
    ends = [path.vertices[:, 0].tolist() for path in labelled(ax)["90 % interval"].get_paths()]
    # k of 99 draws 1..99 is the quantile k / 100.
    np.testing.assert_allclose(ends, [[5, 95], [105, 195]])
    assert list(labelled(ax)["truth"].get_xdata()) == [50, 60]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["1", "3"]


def test_draws_plot_categories_with_their_shares():
    ax = drawn_table().plot("c")
    shares = {label: bar[0].get_width() for label, bar in labelled(ax).items()}
    assert shares == pytest.approx({"a": 100 * 75 / 99, "b": 100 * 24 / 99})
    with pytest.raises(OptionError, match="filled columns: 'x', 'c'"):
        drawn_table().plot("y")
    with pytest.raises(OptionError, match="1 or more"):
        drawn_table().plot(rows=0)


def test_scores_plot_the_oddest_rows_and_what_was_found():
    table = pl.DataFrame({"x": [1.0, 2.0, None], "c": ["a", "b$", "c"]})
    shares = pl.DataFrame({"x": [0.9, 0.5, 0.2], "c": [0.1, 0.5, 0.8]})
    scores = Scores(np.array([1.0, 5.0, 3.0]), np.array([0.5, 0.1, 0.2]), table, shares, shares)
    ax = scores.plot(rows=2)
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert labels == ["row 1: 5, p 0.1", "row 2: 3, p 0.2"]
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.5, 0.5], [0.8, 0.2]])
    assert {t.get_text() for t in ax.texts} == {r"b\$", "2", "c", "missing"}
    with pytest.raises(OptionError, match="1 or more"):
        scores.plot(rows=0)


def test_axes_that_are_given_are_drawn_on():
    _, ax = plt.subplots()
    assert plots.training([(1, 1.0, 2.0, 2.0), (2, 1.0, 1.0, 1.5)], ax=ax) is ax
    assert drawn_table().plot("c", ax=ax) is ax


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **options):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(OptionError, match=r'pip install "interfuse\[plots\]"'):
        plots.training([(1, 1.0, 2.0, 2.0)])


def test_matplotlib_is_loaded_only_for_a_picture():
    code = "import sys, interfuse.plots; print('matplotlib' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
