"""Identifiers that come again, and lists of them: connections, files, certificates, hashes.

A column in which each row has its own is a key; one in which a connection has several rows, or a
file several certificates, was a category, whose values came back. See `fields.template`: an
identifier of few rows is learned as letters and digits of that sort and length, and made anew; how
many there are in a list is learned too. Which rows share one is not.
"""

from __future__ import annotations

import re
from typing import ClassVar

import polars as pl

from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts
from interfuse.kinds.table.fields.template import CLOSE, OPEN, TemplateField

LEAST, MANY, ROWS_EACH = 0.95, 50, 20
"""Of the values so many look so; with fewer, or of more rows each, they are categories."""
_ITEM = r"[A-Za-z0-9_-]*"
_LIST = rf"^\[?\"?{_ITEM}(?:\"?,\s?\"?{_ITEM})*\"?\]?$"
_LONG = r"[A-Za-z0-9_-]{12,}"
_MIXED, _TURNS = r"[A-Za-z]\d|\d[A-Za-z]", r"[A-Za-z]\d|\d[A-Za-z]|[a-z][A-Z]"
DIGITS = 0.6
"""Of the values so many have digits among letters; the others may have capitals there."""


@register_field
class IdentifierField(TemplateField):
    """A column of identifiers."""

    kind = "identifier"
    words = "identifiers that come again, and lists of them: those of few rows are made anew"
    blank = f"{OPEN}m16-16{CLOSE}"
    word_pattern: ClassVar[re.Pattern[str]] = re.compile(r"([A-Za-z0-9]+)")

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """How many values are long words of letters and digits, and how many there are."""
        if dtype != pl.String:
            return {}
        like = column.str.contains(_LIST) & column.str.contains(_LONG)
        return {
            "like": (like & column.str.contains(_TURNS)).mean(),
            "digits": column.str.contains(_MIXED).mean(),
            "distinct": column.drop_nulls().n_unique(),
        }

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Nearly all values, many of them, of a few rows each; but not of one, which are keys."""
        like, distinct = facts.values.get("like") or 0, facts.values.get("distinct") or 0
        there = facts.rows - facts.missing
        if (facts.values.get("digits") or 0) < DIGITS:
            return None
        if like < LEAST or distinct < MANY or there > ROWS_EACH * distinct:
            return None
        if distinct == there and not facts.missing:
            return None
        return Claim(0.6, f"{distinct:,} identifiers: those of few rows are made anew")
