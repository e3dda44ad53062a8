"""Files and functions stay short enough to be read at once."""

import ast
from pathlib import Path

import interfuse

SOURCE = Path(interfuse.__file__).parent
FILE, FUNCTION = 350, 80


def test_no_file_is_longer_than_a_reader_can_hold():
    lines = {p.relative_to(SOURCE): len(p.read_text().splitlines()) for p in SOURCE.rglob("*.py")}
    assert {path: n for path, n in lines.items() if n > FILE} == {}


def test_no_function_does_more_than_a_reader_can_hold():
    """What is counted is what it does: neither its signature nor its docstring."""
    long = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                said = ast.get_docstring(node) is not None
                body = node.body[1:] if said else node.body
                end = body[-1].end_lineno if body else 0
                assert end is not None
                lines = end - body[0].lineno + 1 if body else 0
                if lines > FUNCTION:
                    long[f"{path.relative_to(SOURCE)}: {node.name}"] = lines
    assert long == {}
