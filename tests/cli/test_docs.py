"""The words around the program are true: the tests, files and options that they name exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from interfuse.cli.main import app
from processes import ran

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")]
THEORY = [page for page in PAGES if page.name.startswith("theory")]
ARTICLE = "tests/diffusion/test_article.py"


def page_id(page: Path) -> str:
    return page.name


@pytest.mark.parametrize("page", THEORY, ids=page_id)
def test_every_test_that_the_theory_names_exists(page):
    text = page.read_text(encoding="utf-8")
    named = [
        n if "::" in n else f"{ARTICLE}::{n}" for n in re.findall(r"`([\w/.:]*test_\w+)`", text)
    ]
    assert len(named) > 40
    for name in named:
        path, _, test = name.partition("::")
        assert re.search(rf"def {test}\b", (ROOT / path).read_text(encoding="utf-8")), name


@pytest.mark.parametrize("page", THEORY, ids=page_id)
def test_every_function_that_the_theory_names_exists(page):
    source = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py"))
    rows = [r for r in page.read_text(encoding="utf-8").splitlines() if r.startswith("|")]
    tables = [r.split("|")[2] for r in rows if r.count("|") == 4 and "tests/" in r]
    names = [n for cell in tables for n in re.findall(r"`([A-Za-z_.0-9]+)`", cell)]
    assert len(names) > 25
    for name in names:
        for part in name.split("."):
            assert re.search(rf"(def|class) {part}\b", source), name


def test_both_languages_have_the_same_formulas_and_tests():
    english, chinese = ((ROOT / "docs" / n).read_text(encoding="utf-8") for n in
                        ("theory.md", "theory.zh-CN.md"))  # fmt: skip
    assert re.findall(r"test_\w+", english) == re.findall(r"test_\w+", chinese)
    # Displayed formulas are the same but for one word.
    shown = [re.findall(r"\$\$(.+?)\$\$", t, re.DOTALL) for t in (english, chinese)]
    assert [f for f in shown[0] if "text{ at }" not in f] == [
        f for f in shown[1] if "text{ 时 }" not in f
    ]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            file = (page.parent / target).resolve()
            assert file.exists(), f"{page.name}: {target}"
            # The site is made of docs/ alone: a link out of it fails the strict build.
            if page.parent.name == "docs":
                assert file.is_relative_to(page.parent), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_commands_have_the_options_that_are_shown(page):
    group = typer.main.get_command(app)
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"(?:^|`)interfuse ([a-z]+ [^\n`]*)", text, re.MULTILINE):
        name, *words = line.split("#")[0].split()
        command = group.commands[name]  # type: ignore[attr-defined]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        for word in words:
            if word.startswith("-") and word != "-":
                assert word in known, f"interfuse {line}"


@pytest.mark.parametrize("name", ["README.md", "docs/guide.md"])
def test_the_python_that_is_shown_runs(name, table, tmp_path):
    text = (ROOT / name).read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.+?)```", text, re.DOTALL)
    for long, short in (("seconds=120", "examples=2_000"), ("50_000", "500"), ("10_000", "300")):
        code = code.replace(long, short)
    (tmp_path / "flows.csv").write_bytes(table.read_bytes())
    done = ran(code, cwd=tmp_path)
    assert done.code == 0, done.err


def test_both_readmes_have_the_same_commands_code_and_links():
    pages = [(ROOT / n).read_text(encoding="utf-8") for n in ("README.md", "README.zh-CN.md")]
    blocks = [re.findall(r"```\w*\n(.+?)```", page, re.DOTALL) for page in pages]
    bare = [[re.sub(r" *# .*", "", block) for block in page] for page in blocks]
    assert bare[0] == bare[1]
    headings = [len(re.findall(r"^#+ ", page, re.MULTILINE)) for page in pages]
    assert headings[0] == headings[1]


@pytest.mark.parametrize(
    "name",
    [
        "article",
        "captures",
        "evaluate",
        "following",
        "guide",
        "images",
        "interactions",
        "pipelines",
        "questions",
        "series",
        "sources",
    ],
)
def test_both_languages_have_the_same_headings_code_and_tables(name):
    english, chinese = (
        (ROOT / "docs" / f"{name}{end}").read_text(encoding="utf-8") for end in (".md", ".zh-CN.md")
    )
    block = re.compile(r"```.*?```", re.DOTALL)
    assert block.findall(english) == block.findall(chinese)
    plain = [block.sub("", text) for text in (english, chinese)]
    levels = [re.findall(r"^(#+) ", text, re.MULTILINE) for text in plain]
    assert levels[0] == levels[1]
    rows = [re.findall(r"^\|", text, re.MULTILINE) for text in plain]
    assert len(rows[0]) == len(rows[1])
    # What is typed is the same in the text too.
    typed = [set(re.findall(r"`(--?[a-z][^`]*)`", text)) for text in plain]
    assert typed[0] <= typed[1]
    pictures = [re.findall(r"\((assets/[^)]+)\)", text) for text in plain]
    assert pictures[0] == pictures[1]


def test_each_chinese_page_is_in_the_navigation():
    shown = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.zh-CN.md"):
        assert f": {page.name}" in shown


def test_chinese_pages_of_the_site_say_so():
    spec = importlib.util.spec_from_file_location("tongue", ROOT / "docs" / "tongue.py")
    assert spec is not None
    assert spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    site = '<!doctype html>\n<html lang="en" class="no-js">'
    for name, tongue in (("guide.md", "en"), ("guide.zh-CN.md", "zh-CN")):
        page = SimpleNamespace(file=SimpleNamespace(src_uri=name))
        assert f'<html lang="{tongue}"' in hook.on_post_page(site, page=page, config={})
