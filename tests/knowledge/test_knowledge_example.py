"""The worked example and the page of documentation are true: they run, and name what there is."""

import importlib.util
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_worked_example_runs_and_finds_the_change(tmp_path, capsys):
    path = ROOT / "examples" / "what_changed.py"
    spec = importlib.util.spec_from_file_location("what_changed", path)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    words = ["--examples", "2000", "--sessions", "3000", "--rows", "250"]
    example.main([str(tmp_path), *words])
    assert "A and B differ" in capsys.readouterr().out
    changed = json.loads((tmp_path / "change.html").with_suffix(".json").read_text())
    assert changed["p_value"] <= 0.01
    assert {c["part"] for c in changed["conditional"]} == {"covariate", "concept", "label", "rest"}
    assert (tmp_path / "explain.html").exists()


def test_each_formula_names_a_test_and_a_function_that_exist():
    source = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py"))
    pages = [ROOT / "docs" / name for name in ("knowledge.md", "knowledge.zh-CN.md")]
    named = []
    for page in pages:
        rows = re.findall(r"^\| .*tests/.*$", page.read_text(encoding="utf-8"), re.MULTILINE)
        found = [re.findall(r"`([\w/.]+::test_\w+)`", row) for row in rows]
        assert len(rows) > 10
        assert all(found)
        named.append(found)
        for path, _, test in (n.partition("::") for names in found for n in names):
            assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), test
        for row in rows:
            for name in re.findall(r"`(\w+)`", row.split("|")[2]):
                assert re.search(rf"(def|class) {name}\b", source), name
    assert named[0] == named[1]
