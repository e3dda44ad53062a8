"""Every sentence that the report and the pages of knowledge can say, found in their code."""

import ast
from pathlib import Path
from string import Formatter

import interfuse
from interfuse.evaluate.figures import FIGURES

SOURCE = Path(interfuse.__file__).parent
SPEAKING = [
    *sorted((SOURCE / "evaluate").rglob("*.py")),
    *sorted((SOURCE / "kinds" / "table").rglob("*.py")),
    *(SOURCE / "cli" / f"{name}.py" for name in ("evaluate", "compare")),
]


def literals():
    """The first argument of each `t(...)` and the arguments of `heads(...)`, with their place."""
    for path in SPEAKING:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            said = {"t": node.args[:1], "heads": node.args}.get(node.func.id, [])
            for one in said:
                if isinstance(one, ast.Constant):
                    yield one.value, f"{path.relative_to(SOURCE)}:{node.lineno}"


def of_figures(figures=None):
    """What the words of figures say."""
    for figure in (FIGURES if figures is None else figures).values():
        words = figure.words
        yield from (words.name, words.line, words.floor, words.independent, words.asks)


def fields(sentence):
    """The fields of a sentence with their formats, sorted."""
    return sorted(
        (name, spec, conversion)
        for _, name, spec, conversion in Formatter().parse(sentence)
        if name is not None
    )
