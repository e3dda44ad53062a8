"""Exact rules between columns: `delta = added - deleted`, `total = a + b + c`, `b = a`.

A rule is a sum or difference of one to three columns. Its text is names joined by `+` and `-`; a
name that is not letters, digits and underscores stands between backticks, a backtick in it twice:

    rule = ["-"] name { ("+" | "-") name }

A column is *derived* only if its rule gives back every row: the value to the last bit, and missing
exactly where one of the rule's columns is missing. Whole numbers are added as Int64, anything with
a float as Float64 from left to right; a copy may also be of times. A rule must say something: no
constant columns, `rulesearch.MIN_ROWS` rows where each of its columns is not zero, and three values
or more to explain. And it must be safe: sums of values within the ranges seen fit the derived
column's type, and are not negative where the column never is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from interfuse.errors import SchemaError

_NAME = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^\W\d]\w*))")
_SIGN = re.compile(r"\s*([+-])")

Term = tuple[int, str]


@dataclass(frozen=True)
class Rule:
    """A sum and difference of columns.

    Attributes:
        terms: sign (1 or -1) and name of each column.
    """

    terms: tuple[Term, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is computed from."""
        return tuple(name for _, name in self.terms)

    @classmethod
    def parse(cls, text: str) -> Rule:
        """The rule that a text states.

        Raises:
            SchemaError: the text does not follow the grammar; the message shows where.
        """
        terms: list[Term] = []
        at = 0
        while True:
            sign = _SIGN.match(text, at)
            if sign:
                at = sign.end()
            name = _NAME.match(text, at)
            if name is None or (terms and sign is None):
                wanted = "a column's name" if name is None else "+ or -"
                raise SchemaError(
                    f"rule {text!r}: expected {wanted} at {text[at:].strip()[:20]!r}. Write for "
                    "example: added - deleted, with `odd names` between backticks."
                )
            at = name.end()
            quoted = name[1].replace("``", "`") if name[1] else name[2]
            terms.append((-1 if sign and sign[1] == "-" else 1, quoted))
            if not text[at:].strip():
                return cls(tuple(terms))

    def __str__(self) -> str:
        out = ""
        for i, (sign, name) in enumerate(self.terms):
            plain = re.fullmatch(r"[^\W\d]\w*", name)
            shown = name if plain else "`" + name.replace("`", "``") + "`"
            joint = (" + ", " - ")[sign < 0] if i else ("", "-")[sign < 0]
            out += joint + shown
        return out

    def solved(self, name: str, part: str) -> Rule:
        """The rule for one of its columns.

        Args:
            name: the column that this rule gives.
            part: one of `columns`.
        """
        terms = [(-1, name), *self.terms]  # their sum is zero
        sign = next(s for s, n in self.terms if n == part)
        return Rule(tuple((-sign * s, n) for s, n in terms if n != part))

    def expression(self, types: dict[str, pl.DataType]) -> pl.Expr:
        """The rule as a polars expression for columns of these types.

        Raises:
            SchemaError: a column is missing, or cannot be added.
        """
        for name in self.columns:
            if name not in types:
                raise SchemaError(f"rule '{self}': there is no column {name!r}. Mend the rule.")
            if not types[name].is_numeric() and self.terms != ((1, name),):
                raise SchemaError(
                    f"rule '{self}': column {name!r} holds {types[name]}; expected numbers."
                )
        if len(self.terms) == 1 and self.terms[0][0] > 0:
            return pl.col(self.terms[0][1])
        whole = all(types[name].is_integer() for name in self.columns)
        work = pl.Int64() if whole else pl.Float64()
        total = None
        for sign, name in self.terms:
            value = pl.col(name).cast(work)
            if total is None:
                total = value if sign > 0 else -value
            else:
                total = total + value if sign > 0 else total - value
        assert total is not None
        return total

    def apply(self, frame: pl.DataFrame) -> pl.Series:
        """The column that the rule gives, as Int64, Float64 or, for a copy, as it is.

        Raises:
            SchemaError: a column is missing, or cannot be added.
        """
        return frame.select(self.expression(dict(frame.schema)).alias("rule")).to_series()
