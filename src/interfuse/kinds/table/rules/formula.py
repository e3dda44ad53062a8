"""Rules that are more than sums: products, ratios, roundings, conditions, times, codes and names.

A formula is an expression in the syntax of Python, of which these parts are known:

    a + b   a - b   a * b   a / b   -a   (a)          whole numbers as int64, else float64
    a < b   <=  >  >=  ==  !=   and   or   not        truth values
    x if test else y                                  only the branch that is taken must be known
    round(x, d)   round_even   floor   ceil           at d decimals (0); halves up, or to even
    digits(x, d)   float32(x)   abs(x)                d significant digits; in single precision
    min(x, y)   max(x, y)
    match(x, v1, y1, v2, y2, ..., other)              y1 where x is v1, ...; `other`, or missing
    seconds(x)   milliseconds   microseconds   minutes   hours   days
                                                      a duration of so many
    in_seconds(t)   in_milliseconds   ...             a duration as a number
    year(t)  month(t)  day(t)  weekday(t)  hour(t)  minute(t)  date(t)
                                                      parts of a time; Monday is 1

A name that is no plain word stands between backticks; 1e999 is infinity. What is divided by
zero, or computed of a missing value, is missing. Nothing is executed: the text is parsed, and the
tree is walked.
"""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules.functions import FUNCTIONS
from interfuse.kinds.table.rules.values import Value, arithmetic, compared, literal, named

_QUOTED = re.compile(r"`((?:[^`]|``)+)`")
_TEXT = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_RESERVED = frozenset(keyword.kwlist)
_ARITHMETIC: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE: dict[type, str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
MOST_CHARACTERS = 200_000
INFINITE = "1e999"
"""Infinity, as a number that no float64 holds: `inf` may be a column."""


def quoted(name: str) -> str:
    """A column's name as formulas have it."""
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True)
class Formula:
    """A column computed from others; compared by its text.

    Attributes:
        text: as it was written.
        tree: the same, parsed.
        columns: the columns it is computed from, in the order they are named.
    """

    text: str
    tree: ast.expr = field(repr=False, compare=False)
    names: dict[str, str] = field(repr=False, compare=False)
    columns: tuple[str, ...] = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> Formula:
        """The formula that a text states.

        Raises:
            SchemaError: the text is no formula; the message says what is wrong.
        """
        if len(text) > MOST_CHARACTERS:
            raise _error(text, f"it has {len(text):,} characters; {MOST_CHARACTERS:,} are the most")
        plain, names = _unquoted(text.strip())
        try:
            tree = ast.parse(plain, mode="eval").body
            columns: dict[str, None] = {}
            _check(tree, text, names, columns)
        except SyntaxError as error:
            at = plain[max((error.offset or 1) - 1, 0) :][:20]
            raise _error(text, f"it cannot be read at {at!r}") from None
        except (RecursionError, MemoryError, ValueError):
            raise _error(text, "it cannot be read") from None
        if not columns:
            raise _error(text, "it names no column")
        return cls(text.strip(), tree, names, tuple(columns))

    def __str__(self) -> str:
        return self.text

    def check(self, types: dict[str, pl.DataType]) -> None:
        """Check that it can be computed for columns of these types.

        Raises:
            SchemaError: a column is missing, or cannot be computed with.
        """
        for name in self.columns:
            if name not in types:
                raise SchemaError(f"rule '{self}': there is no column {name!r}. Mend the rule.")
        self.apply(pl.DataFrame({n: pl.Series(n, [], dtype=types[n]) for n in self.columns}))

    def apply(self, frame: pl.DataFrame) -> pl.Series:
        """The column that the formula gives, in the type that comes of it.

        Raises:
            SchemaError: a column is missing, or cannot be computed with.
        """
        for name in self.columns:
            if name not in frame.columns:
                raise SchemaError(f"rule '{self}': there is no column {name!r}. Mend the rule.")
        seen: dict[str, Value] = {}
        try:
            with np.errstate(all="ignore"):
                return self._value(self.tree, frame, seen).series("rule")
        except (TypeError, pl.exceptions.PolarsError) as error:
            raise SchemaError(f"rule '{self}': {error}. Mend the rule.") from None

    def value(self, node: ast.expr, frame: pl.DataFrame) -> Value:
        """What a part of the tree is."""
        return self._value(node, frame, {})

    def _value(self, node: ast.expr, frame: pl.DataFrame, seen: dict[str, Value]) -> Value:
        def of(part: ast.expr) -> Value:
            return self._value(part, frame, seen)

        match node:
            case ast.Name(id=word):
                name = self.names.get(word, word)
                if name not in seen:
                    seen[name] = named(frame, name, self.columns)
                return seen[name]
            case ast.Constant(value=value):
                return literal(value, frame.height)
            case ast.UnaryOp(op=ast.USub(), operand=part):
                return arithmetic("-", literal(0, frame.height), of(part))
            case ast.UnaryOp(operand=part):
                return of(part).negated()
            case ast.BinOp(left=left, op=op, right=right):
                return arithmetic(_ARITHMETIC[type(op)], of(left), of(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return compared(_COMPARE[type(op)], of(left), of(right))
            case ast.BoolOp(op=op, values=parts):
                first, *rest = [of(part) for part in parts]
                for other in rest:
                    first = first.joined(other, isinstance(op, ast.And))
                return first
            case ast.IfExp(test=test, body=body, orelse=other):
                return of(test).chosen(of(body), of(other))
            case ast.Call(func=ast.Name(id=word), args=args):
                return FUNCTIONS[word].call(*(of(part) for part in args))
        raise TypeError("it cannot be computed")


def _unquoted(text: str) -> tuple[str, dict[str, str]]:
    """The text with names between backticks replaced by plain ones, and what these stand for."""
    names: dict[str, str] = {}
    out, at = [], 0
    while at < len(text):
        if found := _TEXT.match(text, at):
            out.append(found[0])
        elif found := _QUOTED.match(text, at):
            word = f"_column_{len(names)}_"
            while word in text:
                word += "_"
            names[word] = found[1].replace("``", "`")
            out.append(word)
        else:
            out.append(text[at])
            at += 1
            continue
        at = found.end()
    return "".join(out), names


def _check(node: ast.expr, text: str, names: dict[str, str], columns: dict[str, None]) -> None:
    """Raise unless all of a tree is known; collect the columns."""
    match node:
        case ast.Name(id=word):
            columns[names.get(word, word)] = None
        case ast.Constant(value=value) if isinstance(value, bool | int | float | str):
            pass
        case ast.UnaryOp(op=op) if isinstance(op, ast.USub | ast.Not):
            _check(node.operand, text, names, columns)
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
            _check(node.left, text, names, columns)
            _check(node.right, text, names, columns)
        case ast.Compare(ops=[op], comparators=[right]) if type(op) in _COMPARE:
            _check(node.left, text, names, columns)
            _check(right, text, names, columns)
        case ast.BoolOp(values=parts):
            for part in parts:
                _check(part, text, names, columns)
        case ast.IfExp(test=test, body=body, orelse=other):
            for part in (test, body, other):
                _check(part, text, names, columns)
        case ast.Call(func=ast.Name(id=word), args=args, keywords=[]) if word in FUNCTIONS:
            if not FUNCTIONS[word].takes(len(args)):
                raise _error(text, f"{word} takes {FUNCTIONS[word].words}, not {len(args)}")
            if word == "match" and any(not isinstance(a, ast.Constant) for a in args[1:]):
                raise _error(text, "match takes values behind its first argument")
            for part in args:
                _check(part, text, names, columns)
        case _:
            raise _error(text, f"{ast.unparse(node)[:40]!r} is no part of a formula")


def _error(text: str, what: str) -> SchemaError:
    return SchemaError(
        f"rule {text[:200]!r}: {what}. Write for example: added - deleted, with `odd names` "
        "between backticks, or: round(bytes / packets, 2) if packets > 0 else 0. Functions: "
        f"{', '.join(FUNCTIONS)}."
    )
