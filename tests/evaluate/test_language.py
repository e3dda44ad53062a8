"""The report in Chinese: each sentence of the catalogue, and the same figures."""

import ast
import json
import re
import xml.etree.ElementTree as ET

import catalogue as book
import polars as pl
import pytest
from catalogue import fields, literals, of_figures
from shop_sessions import KINDS, sessions, shuffled

from interfuse.cli.evaluate import print_report
from interfuse.errors import OptionError
from interfuse.evaluate import (
    Compared,
    Limits,
    Report,
    Words,
    evaluate,
    flow_rules,
    identifiers,
    register,
    study,
    unregister,
)
from interfuse.evaluate.columns import _EMPTIED, _PLAIN
from interfuse.evaluate.figures.copying import _OTHERS
from interfuse.evaluate.html import _BETTER
from interfuse.evaluate.knowledge import changed
from interfuse.evaluate.limits import _limited
from interfuse.language import add, catalogue, lacking, language, speaking, t

LIMITS = Limits(draws=2, support=200, targets=200, most_targets=2, attacked=200)
LATIN = {
    "AUC", "AUC (macro OvR)", "RMSE", "R²", "KSComplement", "TVComplement",
    "ContingencySimilarity", "CorrelationSimilarity", "JSON", "scikit-learn", "sdmetrics",
    "copula", "Copula", "TCP", "UDP", "ICMP", "URL",
}  # fmt: skip
"""Names of measures, libraries and protocols, which are the same in Chinese."""


@pytest.fixture(scope="module")
def pages():
    """The report of a spoiled table in both languages."""
    real, unseen = (sessions(500, seed, missing=True) for seed in (0, 2))
    spoiled = shuffled(sessions(500, 1), "start").with_columns(
        pl.col("month").replace({"May": "Mai"})
    )
    curve = [(1.0, 2.0, 2.1), (2.0, 1.0, 1.5), (3.0, 0.9, 1.2)]
    rules = [("a = b", 1.0, 0.9), ("fwd: flags are of TCP alone", 1.0, 0.9)]
    return {
        one: evaluate(
            real, spoiled, unseen, schema=KINDS | {"browser": "key"}, limits=LIMITS, threads=1,
            rules=rules, secrets=("weekend",), training_curve=curve, training_unit="examples",
            names=("sessions.csv", "drawn.csv"), language=one,
        )
        for one in ("en", "zh")
    }  # fmt: skip


def dynamic():
    """What is said by a name that the code keeps elsewhere."""
    yield from (sort for sort, *_ in identifiers._SORTS)
    yield from ("names", "pairs of addresses", "the correlation", "Cramér's V")
    yield from (item.metadata["note"] for item in _limited)
    yield from study._BASELINES.values()
    yield from ("reading", "rules", "synthetic table", "sampling floor", "distance", "density")
    yield from ("examples", "seconds", "independent", "copula", "lower", "higher", "0.5")
    yield from (*_PLAIN.values(), _EMPTIED, *_BETTER.values(), _OTHERS)
    yield from (rule.text.split(": ")[-1] for rule in flow_rules.RULES)
    yield from (*changed.BY, *changed.PARTS)


def test_each_sentence_has_a_chinese_one_with_the_same_fields():
    said = dict(literals())
    assert {said[one]: one for one in lacking(map(str, said))} == {}
    assert lacking(of_figures()) == []
    assert lacking(dynamic()) == []
    known = catalogue("zh")
    assert [one for one, other in known.items() if fields(one) != fields(other)] == []
    spoken = {*said, *of_figures(), *dynamic(), *template_sentences()}
    named = {"empty", "ignored", "key"}  # what columns are that a schema says are not compared
    assert set(known) - spoken - named == set()


def template():
    return (book.SOURCE / "evaluate" / "report.html.jinja").read_text("utf-8")


def template_sentences():
    return re.findall(r"\bt\(\"([^\"]+)\"", template())


def test_the_template_says_nothing_but_what_the_catalogue_has():
    body = re.sub(r"<style>.*?</style>|\{[%{].*?[%}]\}", " ", template(), flags=re.DOTALL)
    body = re.sub(r"<[^>]*>", " ", body)
    assert re.findall(r"[A-Za-z]{2,}", body) == []
    assert lacking(template_sentences()) == []


def texts(report):
    page = report.to_html().removeprefix("<!doctype html>")
    root = ET.fromstring(page)
    for element in root.iter():
        if element.tag.endswith("}style"):
            element.text = ""
    return [text.strip() for text in root.itertext() if text.strip()]


def test_no_english_is_left_in_the_chinese_page(pages):
    report = pages["zh"]
    assert '<html lang="zh-CN"' in report.to_html()
    own = {*KINDS, "sessions.csv", "drawn.csv", "Mai", "fwd", "yes", "no", "true", "false"}
    months = sessions(500, 0)["month"].unique().to_list()
    left = " ".join(texts(report))
    for name in sorted({*own, *months, *LATIN}, key=len, reverse=True):
        left = left.replace(name, " ")
    assert set(re.findall(r"[A-Za-z]{2,}", left)) == set()


def test_no_english_sentence_of_the_catalogue_is_in_the_chinese_one(pages):
    said = "\n".join([*texts(pages["zh"]), pages["zh"].to_json()])
    same = {one for one, other in catalogue("zh").items() if one == other}
    long = [one for one in catalogue("zh") if " " in one.strip() and "{" not in one]
    assert [one for one in long if one not in same and one in said] == []
    english = "\n".join([*texts(pages["en"]), pages["en"].to_json()])
    assert not re.search("[\u3400-\u9fff]", english)


def numbers(text):
    return sorted(re.findall(r"\d+(?:[.,]\d+)*", text))


def test_the_numbers_are_the_same(pages):
    one, other = pages["en"], pages["zh"]
    words = {"name", "meaning", "floor_is", "independent_is"}
    for a, b in zip(one.table(), other.table(), strict=True):
        assert {k: v for k, v in a.items() if k not in words} == {
            k: v for k, v in b.items() if k not in words
        }
    assert len(one.findings) == len(other.findings) > 5
    for a, b in zip(one.findings, other.findings, strict=True):
        assert numbers(a) == numbers(b)
    for a, b in zip(one.verdict, other.verdict, strict=True):
        assert numbers(a) == numbers(b)
    assert one.data["faults"] == other.data["faults"]
    assert one.data["columns"] == other.data["columns"]
    assert one.data["pictures"]["association"] == other.data["pictures"]["association"]


def test_the_page_is_in_the_language_of_its_report_wherever_it_is_read(pages):
    again = Report.from_json(json.dumps(pages["zh"].data))
    assert again.to_html() == pages["zh"].to_html()
    assert language() == "en"
    clean = Report(pages["zh"].data | {"findings": []})
    assert clean.nothing_found.startswith("没有发现")


def test_the_terminal_speaks_it_too(pages, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "220")
    print_report(pages["zh"])
    out = capsys.readouterr().out
    for said in ("指标", "各列独立", "列形状误差", "有偏差之处", "保真度"):
        assert said in out
    for word in ("Figure", "Synthetic", "What is off", "Better"):
        assert word not in out


def test_a_figure_without_chinese_is_found():
    class Medians(Compared):
        key = "fidelity.medians"
        words = Words("Median error", "By how much the medians differ.", floor="other medians")
        bounds = (0.0, 100.0)

        def of(self, pair):
            return 0.0

    register(Medians)
    try:
        assert lacking(of_figures()) == [
            "Median error", "By how much the medians differ.", "other medians",
        ]  # fmt: skip
        with speaking("zh"):
            assert t("Median error") == "Median error"
            add("zh", {"Median error": "中位数误差"})
            assert t("Median error") == "中位数误差"
        assert "Median error" not in lacking(of_figures())
    finally:
        unregister(Medians.key)


def test_an_unknown_language_is_refused(pages):
    with pytest.raises(OptionError, match=r"'fr' is not known; expected en or zh"):
        evaluate(sessions(60, 0), sessions(60, 1), schema=KINDS, limits=LIMITS, language="fr")
    assert language() == "en"


SPACE = "{http://www.w3.org/1999/xhtml}"


def test_the_head_names_data_and_date_and_the_contents_lead_to_each_section(pages):
    root = ET.fromstring(pages["en"].to_html().removeprefix("<!doctype html>"))
    header, title = next(root.iter(f"{SPACE}header")), next(root.iter(f"{SPACE}title"))
    for said in ("sessions.csv", "drawn.csv", pages["en"].data["date"]):
        assert said in " ".join(header.itertext())
    assert "sessions.csv" in (title.text or "")
    links = {a.get("href"): a.text for a in root.iter(f"{SPACE}a")}
    parts = {
        f"#{one.get('id')}": next(one.iter(f"{SPACE}h2")).text
        for one in root.iter(f"{SPACE}section")
        if one.get("id")
    }
    assert links == parts
    assert len(links) > 8


def test_each_axis_of_each_chart_has_a_name(pages):
    root = ET.fromstring(pages["en"].to_html().removeprefix("<!doctype html>"))
    charts = [e for e in root.iter() if e.tag.endswith("}svg") and e.get("class") != "standing"]
    assert len(charts) > 8
    for chart in charts:
        named = [e for e in chart.iter() if e.get("class") == "axis-name"]
        # Bars name their rows, maps their rows and columns; these have one axis of numbers each.
        bars = any(e.tag.endswith("}g") for e in chart.iter())
        assert len(named) == (1 if bars or chart.get("class") == "heat" else 2)
    scales = [e for e in root.iter() if e.get("class") == "standing"]
    assert [e.text for e in scales[-1].iter() if e.text and e.tag.endswith("}text")] == [
        "floor", "independent", "share of the way",
    ]  # fmt: skip


def test_code_says_no_sentence_to_a_report_beside_the_catalogue():
    """Findings and notes are made by `t`: none is a plain text or an f-string."""
    for path in book.SPEAKING:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Fault":
                assert not isinstance(node.args[2], ast.JoinedStr | ast.Constant), path
