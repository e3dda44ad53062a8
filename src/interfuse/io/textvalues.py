"""What a field of text holds before it is typed: a value, or a word for a missing one."""

from __future__ import annotations

from functools import lru_cache

import polars as pl

MISSING = (
    "", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "-", "n/a", "na", "none", "Null",
    "nil", "<NA>", "<na>", "#N/A", "#NA", "#N/A N/A", "NaT", "-nan", "-NaN", "1.#IND", "-1.#IND",
    "1.#QNAN", "-1.#QNAN", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?", "#NULL!", r"\N",
    "--", "---", "–", "—", ".", "..", "...", "(null)", "(empty)", "(none)", "(blank)", "n.a.",
    "N.A.", "n/d", "N/D", "<null>", "<NULL>", "[null]", "missing", "Missing", "MISSING",
)  # fmt: skip
"""Among numbers, booleans and times these stand for nothing; among words they may be words."""


@lru_cache(1 << 14)
def value_of(name: str) -> pl.Expr:
    """The column without blanks around its values, and missing where it holds a token."""
    text = pl.col(name).str.strip_chars()
    return pl.when(text.is_in(list(MISSING)).not_()).then(text)


def escaped(text: str) -> str:
    """The text as a regular expression, for Python and polars; a blank stands for several."""
    plain = (c if c.isalnum() or ord(c) > 127 else f"\\x{ord(c):02x}" for c in text)
    return "".join(plain).replace(r"\x20", r"\s+")
