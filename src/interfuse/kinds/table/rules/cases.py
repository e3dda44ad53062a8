"""Cases: what a column is where others have a value: `seconds == 0 if packets == 1`.

A case says nothing of rows where its test fails or something in it is missing:

    case = column "==" value "if" column "==" value { "and" column "==" value }
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules.formula import Formula, quoted

Constant = int | float | str | bool


@dataclass(frozen=True)
class Is:
    """That a column has a value."""

    name: str
    value: Constant

    def __str__(self) -> str:
        return f"{quoted(self.name)} == {self.value!r}"


@dataclass(frozen=True)
class Case:
    """That a column has a value where others have theirs.

    Attributes:
        said: what holds.
        given: where.
    """

    said: Is
    given: tuple[Is, ...]

    def __str__(self) -> str:
        return f"{self.said} if {' and '.join(map(str, self.given))}"

    @classmethod
    def parse(cls, text: str) -> Case:
        """The case that a text states.

        Raises:
            SchemaError: the text is no case.
        """
        try:
            formula = Formula.parse(f"{text} else 0 == 1")
            said, given = _parts(formula)
            names = [one.name for one in (said, *given)]
            if len(set(names)) < len(names):
                raise SchemaError("a column is named twice")
        except (SchemaError, ValueError):
            raise SchemaError(
                f"schema: the case {text[:200]!r} cannot be read. Write for example: "
                "seconds == 0 if packets == 1 and answers == 0, each column once, with `odd "
                "names` between backticks."
            ) from None
        return cls(said, given)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, the one that it is about first."""
        return tuple(one.name for one in (self.said, *self.given))

    def broken_in(self, frame: pl.DataFrame) -> np.ndarray:
        """(n,) whether rows break it.

        Raises:
            SchemaError: a column is not there, or holds what cannot be compared.
        """
        # "Not the value", so that a missing one breaks nothing, and neither does a missing test.
        test = " and ".join(map(str, self.given))
        said = f"{quoted(self.said.name)} != {self.said.value!r}"
        wrong = Formula.parse(f"({said}) and {test}").apply(frame.select(self.columns))
        return wrong.fill_null(False).to_numpy()

    def check(self, types: Mapping[str, pl.DataType]) -> None:
        """Check that it can be asked of columns of these types.

        Raises:
            SchemaError: a column is missing, or cannot be compared with the value.
        """
        for name in self.columns:
            if name not in types:
                raise SchemaError(
                    f"schema: the case '{self}' names {name!r}, which is no column. Mend or "
                    "remove it."
                )
        self.broken_in(pl.DataFrame({n: pl.Series(n, [], dtype=types[n]) for n in self.columns}))


def cases_of(texts: Iterable[str], types: Mapping[str, pl.DataType]) -> tuple[Case, ...]:
    """The cases of a schema.

    Raises:
        SchemaError: one is none, or names a column that is not there.
    """
    cases = tuple(Case.parse(text) for text in texts)
    for case in cases:
        case.check(types)
    return cases


def _parts(formula: Formula) -> tuple[Is, tuple[Is, ...]]:
    tree = formula.tree
    if not isinstance(tree, ast.IfExp):
        raise SchemaError("it has no test")
    tests = tree.test.values if isinstance(tree.test, ast.BoolOp) else [tree.test]
    if isinstance(tree.test, ast.BoolOp) and not isinstance(tree.test.op, ast.And):
        raise SchemaError("tests are joined by 'and' alone")
    return _is(tree.body, formula), tuple(_is(test, formula) for test in tests)


def _is(node: ast.expr, formula: Formula) -> Is:
    match node:
        case ast.Compare(left=ast.Name(id=word), ops=[ast.Eq()], comparators=[value]):
            constant = ast.literal_eval(value)
            if isinstance(constant, int | float | str):
                return Is(formula.names.get(word, word), constant)
    raise SchemaError("it is no comparison of a column with a value")
