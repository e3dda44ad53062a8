"""Figures: one from outside the package is in the whole report; what is forgotten is an error."""

import xml.etree.ElementTree as ET

import numpy as np
import polars as pl
import pytest
from shop_sessions import KINDS, sessions

from interfuse.cli.evaluate import Check, print_report
from interfuse.errors import OptionError
from interfuse.evaluate import (
    Compared,
    Figure,
    Limits,
    Measurement,
    Words,
    evaluate,
    register,
    unregister,
)
from interfuse.evaluate.figures import FIGURES, interval, shown
from interfuse.evaluate.findings import Fault

LIMITS = Limits(draws=2, support=100, most_targets=0, attacked=50)
LINE = "By how much the medians of number columns differ, in real ranges."


class Medians(Compared):
    key = "fidelity.medians"
    words = Words("Median error", LINE, unit="%", asks="medians")
    bounds = (0.0, 100.0)

    def of(self, pair):
        a, b = pair.few
        gaps = [
            abs(np.nanmedian(a.numbers[n]) - np.nanmedian(b.numbers[n])) / np.ptp(a.numbers[n])
            for n in a.numbers
        ]
        return 100 * min(1.0, float(np.mean(gaps)))

    def questions(self, study):
        return 1

    def faults(self, study):
        value = study.values["synthetic"][self.key]
        return [Fault("median", (), "The medians are off.", value)] if value > 20 else []


@pytest.fixture
def medians():
    register(Medians)
    yield
    unregister(Medians.key)


def judged(real, synthetic, **options):
    return evaluate(real, synthetic, schema=KINDS, limits=LIMITS, threads=1, **options)


def test_a_figure_from_outside_is_in_json_page_terminal_and_checks(medians, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    real, fresh = sessions(300, 0), sessions(300, 1)
    report = judged(real, fresh)
    row = next(row for row in report.table() if row["key"] == Medians.key)
    assert row["low"] <= row["value"] <= row["high"]
    assert row["low"] < row["high"]
    assert row["floor"] >= 0
    assert row["floor_sd"] is not None
    assert row["independent"] is not None
    assert row["copula"] is not None
    keys = [row["key"] for row in report.table()]
    assert keys.index(Medians.key) < keys.index("detection.logistic")
    page = ET.fromstring(report.to_html().removeprefix("<!doctype html>"))
    text = " ".join(page.itertext())
    for said in ("Median error", LINE, shown(row["value"], "%"), interval(row)):
        assert said in text
    print_report(report)
    out = capsys.readouterr().out
    assert "Median error" in out
    assert interval(row) in out
    assert Check.parse("fidelity.medians < 5").value(report) == row["value"]
    assert "medians" in report.nothing_found
    assert report.nothing_found in out


def test_its_findings_are_asked_and_told(medians):
    real = sessions(300, 0)
    with_it = judged(real, sessions(300, 1)).data["level"]["questions"]
    far = real.with_columns(pl.col("seconds", "rate", "visits") + 10_000)
    assert "The medians are off." in judged(real, far).findings
    unregister(Medians.key)
    assert judged(real, sessions(300, 1)).data["level"]["questions"] == with_it - 1
    register(Medians)


def spoilt(**changes):
    return type("Spoilt", (Medians,), {"key": "fidelity.spoilt"} | changes)


class Bare(Compared):
    def of(self, pair):
        return 0.0


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        (Bare, "does not say its key"),
        (spoilt(key="spoilt"), "expected a key such as"),
        (spoilt(key="fidelity.shape"), "one of this key already"),
        (spoilt(words=Words("", "A line.", asks="x")), "needs a name"),
        (spoilt(words=Words("Name", "a line", asks="x")), "ends with a full stop"),
        (spoilt(words=Words("Name", "A line.", better="more", asks="x")), "expected better"),  # pyright: ignore[reportArgumentType]
        (spoilt(bounds=(1.0, 0.0)), "lower bound below"),
        (spoilt(words=Words("Name", "A line.")), "all of faults, questions and"),
        (spoilt(questions=Figure.questions), "all of faults, questions and"),
    ],
)
def test_what_is_forgotten_is_an_error(figure, message):
    known = list(FIGURES)
    with pytest.raises(OptionError, match=message):
        register(figure)
    assert list(FIGURES) == known


def test_a_figure_without_a_measure_or_an_interval_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        type("Empty", (Figure,), {})()
    with pytest.raises(TypeError, match="error"):
        Measurement(value=1.0, floor=None, others={})  # pyright: ignore[reportCallIssue]


def test_a_value_outside_of_its_bounds_is_an_error():
    register(spoilt(of=lambda self, pair: 101.0))
    try:
        with pytest.raises(OptionError, match="outside of its bounds"):
            judged(sessions(60, 0), sessions(60, 1))
    finally:
        unregister("fidelity.spoilt")


def test_independent_columns_that_are_exact_get_their_word(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    report = judged(sessions(200, 0), sessions(200, 1))
    row = report.table()[0]
    assert row["independent"] == pytest.approx(0.0, abs=1e-9)
    assert row["independent_is"] in report.to_html()
    print_report(report)
    out = capsys.readouterr().out
    assert "0.00% *" in out
    assert row["independent_is"] in out
