"""The recipes of docs/pipelines.md, run as they stand there."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

from interfuse.cli.main import execute

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH, CHINESE = DOCS / "pipelines.md", DOCS / "pipelines.zh-CN.md"


def blocks(page: Path, language: str) -> list[str]:
    """Code of a language on a page."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def here(tmp_path_factory, table):
    """A folder with flows.csv, and with what the commands of the page leave there."""
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "flows.csv").write_bytes(table.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in blocks(ENGLISH, "sh"):
            for line in block.splitlines():
                name, *words = shlex.split(line)
                assert name == "interfuse"
                assert execute(words) == 0, line
    return folder


@pytest.mark.parametrize("number", range(4))
def test_python_recipes_run(here, monkeypatch, tmp_path, number):
    monkeypatch.chdir(here)
    code = blocks(ENGLISH, "python")[number]
    if "duckdb" in code:
        pytest.importorskip("duckdb")
    recipe = tmp_path / "recipe.py"
    recipe.write_text(code, encoding="utf-8")
    runpy.run_path(str(recipe))


def test_both_languages_have_the_same_code():
    assert len(blocks(ENGLISH, "python")) == 4
    for language in ("sh", "python", "text"):
        assert blocks(ENGLISH, language) == blocks(CHINESE, language)
