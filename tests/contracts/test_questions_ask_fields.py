"""No question knows a field by its class, and no two modules import each other."""

import re
from pathlib import Path

import pytest

import interfuse
from interfuse.kinds.table.fields import FIELDS

SOURCE = Path(interfuse.__file__).parent
TABLE = SOURCE / "kinds" / "table"
CLASSES = r"isinstance\(.*\b\w*Field\b"
KINDS = r"\bkind\s*(==|!=|in\b|not in\b)(?P<rest>.*)"
PROPOSES = {"infer.py", "large/told.py"}  # say which kinds columns are of


def knows_a_field(line):
    kinds = re.search(KINDS, line)
    named = set(re.findall(r"""["'](\w+)["']""", kinds["rest"])) if kinds else set()
    return bool(re.search(CLASSES, line) or named & set(FIELDS))


def test_no_question_tests_the_class_or_kind_of_a_field():
    wrong = []
    for path in sorted(TABLE.rglob("*.py")):
        name = path.relative_to(TABLE).as_posix()
        if name.startswith("fields/") or name in PROPOSES:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if knows_a_field(line):
                wrong.append(f"{name}:{number}: {line.strip()}")
    assert not wrong


def test_the_patterns_find_what_they_are_for():
    for line in (
        "if isinstance(field, NumberField) and field.bins:",
        "ordered = isinstance(codec.fields.get(n), NumberField)",
        "isinstance(x, (CategoryField, NumberField))",
    ):
        assert knows_a_field(line), line
    for line in ('if f.kind == "constant"', 'spec.kind in ("key", "text")', "kind != 'number'"):
        assert knows_a_field(line), line
    for line in ('if c.kind != "drop"', "c.kind not in NOT_FIELDS", "isinstance(x, list | tuple)"):
        assert not knows_a_field(line), line


def test_no_circle_of_imports():
    grimp = pytest.importorskip("grimp")
    graph = grimp.build_graph("interfuse", exclude_type_checking_imports=False, cache_dir=None)
    assert circles_of(graph) == []


def circles_of(graph):
    """Strongly connected modules, two or more (Tarjan 1972, doi 10.1137/0201010)."""
    number, low, stack, out = {}, {}, [], []

    def visit(module):
        number[module] = low[module] = len(number)
        stack.append(module)
        for other in graph.find_modules_directly_imported_by(module):
            if other not in number:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], number[other])
        if low[module] == number[module]:
            at = stack.index(module)
            if len(stack) - at > 1:
                out.append(set(stack[at:]))
            del stack[at:]

    for module in sorted(graph.modules):
        if module not in number:
            visit(module)
    return out
