"""Pictures: every label inside its picture, round ticks, the page's figures those of the JSON."""

import html
import xml.etree.ElementTree as ET
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop_sessions import KINDS

from interfuse.evaluate import Limits, evaluate
from interfuse.evaluate.figures import shown
from interfuse.evaluate.plots import bars, curve, fitted, heat, ticks, width_of

texts = st.text(max_size=40)
XHTML = "{http://www.w3.org/1999/xhtml}"


@given(texts, st.floats(2, 20))
def test_fitted_text_fits(text, width):
    cut = fitted(text, width)
    assert width_of(html.unescape(cut)) <= width + 0.1


def labels_of(svg):
    """(x, text, anchor) of upright labels, and the width of the picture."""
    root = ET.fromstring(svg)
    width = float(root.attrib["viewBox"].split()[2])
    upright = [e for e in root.iter("text") if "transform" not in e.attrib]
    return [
        (float(e.attrib["x"]), e.text or "", e.attrib.get("text-anchor")) for e in upright
    ], width


@given(st.lists(texts.filter(str.isprintable), min_size=1, max_size=8))
def test_no_label_of_bars_or_maps_leaves_its_picture(names):
    shares = [1 / len(names)] * len(names)
    square = [[0.5] * len(names) for _ in names]
    for picture, font in ((bars(names, shares, shares), 10.5), (heat(names, square), 9.5)):
        labels, width = labels_of(picture)
        for x, text, anchor in labels:
            start = x - font * width_of(text) if anchor == "end" else x
            assert start >= -1.1
            assert x <= width


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_are_few_inside_and_evenly_spaced(low, span):
    high = low + span
    found = ticks(low, high)
    step = found[1] - found[0] if len(found) > 1 else 1.0
    assert 1 <= len(found) <= 8
    assert all(low - 1e-6 * span <= tick <= high + 1e-6 * span for tick in found)
    assert all(
        b - a == pytest.approx(step, rel=1e-3, abs=1e-9 * abs(low)) for a, b in pairwise(found)
    )


def test_ticks_of_known_ranges():
    assert ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(0.98, 3.69) == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert ticks(7, 7) == [7]


def test_a_curve_survives_one_point_and_losses_that_are_not_finite():
    assert curve([], "examples") == ""
    assert curve([(1.0, float("nan"), None)], "examples") == ""
    ET.fromstring(curve([(1.0, 2.0, None)], "examples"))
    ET.fromstring(curve([(0.0, 5.0, 6.0), (2e7, 1.0, float("inf")), (3e7, 1.0, 1.5)], "examples"))


def test_the_page_shows_the_figures_of_the_json(tmp_path, real, fresh, unseen):
    report = evaluate(
        real, fresh, unseen, schema=KINDS, limits=Limits(draws=2, most_targets=1), threads=1
    )
    page, data = report.save(tmp_path / "report.html")
    again = type(report).from_json(data.read_text("utf-8"))
    root = ET.fromstring(page.read_text("utf-8").removeprefix("<!doctype html>"))
    grid = next(e for e in root.iter(f"{XHTML}table") if e.attrib["class"] == "figs")
    lines = [["".join(c.itertext()) for c in row] for row in grid.iter(f"{XHTML}tr")][1:]
    assert len(lines) == len(again.table()) >= 10
    for cells, row in zip(lines, again.table(), strict=True):
        assert cells[0].startswith(row["name"])
        assert cells[1].startswith(shown(row["value"], row["unit"]))
        assert cells[2].startswith(shown(row["floor"], row["unit"]))
        loose = cells[3].removesuffix(row["independent_is"])
        assert loose.endswith(shown(row["independent"], row["unit"]))
        assert cells[4].endswith(shown(row["copula"], row["unit"]))


def test_wide_tables_with_long_names_give_a_page_of_bounded_size():
    """60 columns: 40 are mapped, all pairs counted, and the page stays below 2 MB."""
    frame = pl.DataFrame(
        {f"a column with a long name, number {i}": [i % 3, 1, 2, 0] * 30 for i in range(60)}
    )
    page = evaluate(
        frame, frame.reverse(), limits=Limits(draws=0, most_targets=0), threads=1
    ).to_html()
    ET.fromstring(page.removeprefix("<!doctype html>"))
    assert len(page) < 2_000_000
