"""The pages of `explain` and `compare` in Chinese: no English is left, the figures are the same."""

import json
import re
import sys
import xml.etree.ElementTree as ET

import polars as pl
import pytest
from known_rows import rows

import interfuse
from interfuse.cli.main import main
from interfuse.errors import OptionError
from interfuse.language import language

LATIN = {"nat", "Shapley", "JSON", "Holm", "logit", "round", "given", "blocks"}
"""Names and units, a rule's formula, and options of the command line."""
DATA = {"kind", "label", "size", "double", "day", "web", "mail", "dns", "fine", "odd"}


@pytest.fixture(scope="module")
def pages(model, fresh):
    """Both answers in Chinese, beside those of the same question in English."""
    other = rows(800, 3, shift=0.4).with_columns(pl.col("label").shuffle(seed=0))
    other[0, "kind"] = None  # a missing value is said, too
    asked = {"target": "label", "rows": 600, "given": ["day > 3"]}
    both = {"target": "label", "given": ["day"], "examples": 1_500, "at_least": 0.001}
    out = {}
    for one in ("en", "zh"):
        out["explain", one] = model.explain(fresh, **asked, language=one)
        out["run", one] = model.compare(other, language=one)
        out["tables", one] = interfuse.compare(rows(800, 2), other, **both, language=one)
    return out


def texts(page):
    root = ET.fromstring(page.removeprefix("<!doctype html>"))
    for element in root.iter():
        if element.tag.endswith("}style"):
            element.text = ""
    return " ".join(text.strip() for text in root.itertext() if text.strip())


ANSWERS = ("explain", "run", "tables")


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_english_is_left_in_the_chinese_page(pages, answer):
    page = pages[answer, "zh"].to_html()
    assert '<html lang="zh-CN"' in page
    left = texts(page)
    assert "nats" not in left
    for name in sorted(LATIN | DATA, key=len, reverse=True):
        left = left.replace(name, " ")
    assert set(re.findall(r"[A-Za-z]{2,}", left)) == set()
    assert not re.search("[\u3400-\u9fff]", texts(pages[answer, "en"].to_html()))


def without_words(data):
    """The JSON without what is said in it: numbers, names, keys."""
    if isinstance(data, dict):
        return {k: without_words(v) for k, v in data.items() if k != "language"}
    if isinstance(data, list):
        return [without_words(v) for v in data]
    return data if not isinstance(data, str) else sorted(re.findall(r"\d+(?:[.,]\d+)*", data))


@pytest.mark.parametrize("answer", ANSWERS)
def test_figures_and_keys_are_the_same(pages, answer):
    one, other = pages[answer, "en"], pages[answer, "zh"]
    assert without_words(one.data) == without_words(other.data)
    if answer != "explain":
        assert [c["by"] for c in one.data["columns"]] == [c["by"] for c in other.data["columns"]]
    assert len(one.sentences) == len(other.sentences) > 1
    assert other.data["language"] == "zh"
    assert language() == "en"


def test_the_commands_write_it(run, tmp_path, monkeypatch, capsys):
    rows(300, 1).write_csv(tmp_path / "fresh.csv")
    for words in ([asked, run, tmp_path / "fresh.csv"] for asked in ("explain", "compare")):
        page = tmp_path / f"{words[0]}.html"
        said = ["interfuse", *map(str, words), "-o", str(page), "--language", "zh"]
        monkeypatch.setattr(sys, "argv", said)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        assert "：" in capsys.readouterr().out
        assert "如何测量" in page.read_text("utf-8")
        assert json.loads(page.with_suffix(".json").read_text("utf-8"))["language"] == "zh"


def test_an_unknown_language_is_refused(model, fresh):
    for ask in (model.explain, model.compare):
        with pytest.raises(OptionError, match=r"'fr' is not known; expected en or zh"):
            ask(fresh, language="fr")
    with pytest.raises(OptionError, match=r"'fr' is not known"):
        interfuse.compare(fresh, fresh, language="fr")
