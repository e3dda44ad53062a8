"""Formulas solved for one of their columns.

The tree is walked from the root to the column, and each step is undone: of `x if test else y` that
branch is taken which has the column, a rounding is left as it is. What comes out is put on the
column's grid and then into the formula: rows that it does not give back are left open, so that
nothing is filled that breaks the rule.
"""

from __future__ import annotations

import ast

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.formula import Formula
from interfuse.kinds.table.rules.leftover import alike
from interfuse.kinds.table.rules.values import UNITS, Value, arithmetic, named

_UNDONE = ("round", "round_even", "floor", "ceil", "digits", "float32")


def solved(
    rule: Formula,
    part: str,
    frame: pl.DataFrame,
    result: pl.Series,
    grid: tuple[int, int] | None,
    only: bool = False,
) -> pl.Series:
    """The column that a formula is computed from, given what it gives; missing where unknown.

    Args:
        rule: the formula.
        part: one of its columns.
        frame: rows with the others.
        result: what the formula gives.
        grid: of the column's field.
        only: leave rows open where the next value on the grid would do as well.
    """
    dtype = frame.schema[part]
    nothing = pl.Series(part, [None] * frame.height, dtype=dtype)
    if _count(rule.tree, part, rule) != 1 or not (dtype.is_numeric() or dtype.is_temporal()):
        return nothing
    try:
        with np.errstate(all="ignore"):
            goal = named(pl.DataFrame([result.alias("goal")]), "goal")
            value = _undo(rule, rule.tree, part, frame, goal)
    except (TypeError, pl.exceptions.PolarsError):
        return nothing
    if value is None:
        return nothing
    out = value.series(part)
    if out.dtype.is_float():
        fine = out.is_finite()
        out = out.zip_with(fine.fill_null(False), pl.Series(part, [None], dtype=pl.Float64))
        if dtype.is_integer() or (grid is not None and dtype.is_float()):
            out = out.round(0 if dtype.is_integer() or grid is None else grid[1])
    out = out.cast(dtype, strict=False)
    out = _guarded(rule, part, result, out)
    fine = _gives(rule, frame, out, result)
    step = 1 if dtype.is_integer() else 10.0 ** -grid[1] if grid and dtype.is_float() else None
    if only and step is not None:
        for by in (-step, step):
            fine &= ~_gives(rule, frame, (out + by).cast(dtype, strict=False), result)
    return out.zip_with(fine, nothing)


def _gives(rule: Formula, frame: pl.DataFrame, part: pl.Series, result: pl.Series) -> pl.Series:
    """(n,) whether a formula gives a result for a column."""
    again = rule.apply(frame.with_columns(part)).cast(result.dtype, strict=False)
    return pl.Series(alike(result, again)) & result.is_not_null()


def _guarded(rule: Formula, part: str, result: pl.Series, out: pl.Series) -> pl.Series:
    """The column with a where the formula is `y if column == a else ...` and gives y."""
    match rule.tree:
        case ast.IfExp(
            test=ast.Compare(left=ast.Name(id=word), ops=[ast.Eq()], comparators=[ast.Constant(a)]),
            body=ast.Constant(y),
        ) if rule.names.get(word, word) == part and result.dtype.is_numeric():
            if out.dtype.is_numeric() and not isinstance(a, str):
                value = pl.Series(out.name, [a]).cast(out.dtype).new_from_index(0, len(out))
                return value.zip_with((result == y).fill_null(False), out)
    return out


def _count(node: ast.expr, part: str, rule: Formula) -> int:
    """How often a column stands in a tree, tests of conditions apart."""
    if isinstance(node, ast.IfExp):
        return _count(node.body, part, rule) + _count(node.orelse, part, rule)
    if isinstance(node, ast.Call):
        return sum(_count(child, part, rule) for child in node.args)
    if isinstance(node, ast.Name):
        return int(rule.names.get(node.id, node.id) == part)
    return sum(
        _count(child, part, rule)
        for child in ast.iter_child_nodes(node)
        if isinstance(child, ast.expr)
    )


def _undo(
    rule: Formula, node: ast.expr, part: str, frame: pl.DataFrame, goal: Value
) -> Value | None:
    """What the column must be for a node to be the goal."""
    match node:
        case ast.Name():
            return goal
        case ast.IfExp(body=body, orelse=other):
            return _undo(rule, body if _count(body, part, rule) else other, part, frame, goal)
        case ast.Call(func=ast.Name(id=word), args=[inner, *_]) if word in _UNDONE:
            return _undo(rule, inner, part, frame, goal)
        case ast.Call(func=ast.Name(id=word), args=[inner]) if word in UNITS:
            if goal.sort != "duration":
                return None
            ticks = {"us": 1e6, "ns": 1e9}[goal.unit] * UNITS[word]
            return _undo(rule, inner, part, frame, Value("number", goal.data / ticks, goal.gone))
        case ast.BinOp(left=left, op=op, right=right):
            first = bool(_count(left, part, rule))
            other = rule.value(right if first else left, frame)
            sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(op)]
            if sign == "+":
                new = arithmetic("-", goal, other)
            elif sign == "*":
                new = arithmetic("/", goal, other)
            elif first:  # x - other, x / other
                new = arithmetic("+" if sign == "-" else "*", goal, other)
            else:  # other - x, other / x
                new = arithmetic(sign, other, goal)
            return _undo(rule, left if first else right, part, frame, new)
    return None
