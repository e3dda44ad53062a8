"""Sums and differences of columns: `delta = added - deleted`, `total = a + b + c`, `b = a`.

A rule of this sort is a sum or difference of one to three columns. Its text is names joined by `+`
and `-`; a name that is not letters, digits and underscores stands between backticks, a backtick in
it twice:

    rule = ["-"] name { ("+" | "-") name }

The value is exact to the last bit, and missing exactly where one of the columns is. Whole numbers
are added as Int64, anything with a float as Float64 from left to right; a copy may be of anything,
and a sum of times is computed as a formula.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules.formula import Formula

_NAME = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^\W\d]\w*))")
_SIGN = re.compile(r"\s*([+-])")

Term = tuple[int, str]


@dataclass(frozen=True)
class Sum:
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
    def parse(cls, text: str) -> Sum:
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

    def solved(self, name: str, part: str) -> Sum:
        """The rule for one of its columns.

        Args:
            name: the column that this rule gives.
            part: one of `columns`.
        """
        terms = [(-1, name), *self.terms]  # their sum is zero
        sign = next(s for s, n in self.terms if n == part)
        return Sum(tuple((-sign * s, n) for s, n in terms if n != part))

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

    def check(self, types: dict[str, pl.DataType]) -> None:
        """Check that it can be computed for columns of these types.

        Raises:
            SchemaError: a column is missing, or cannot be added.
        """
        if self._of_times(types):
            Formula.parse(str(self)).check(types)
        else:
            self.expression(types)

    def _of_times(self, types: Mapping[str, pl.DataType]) -> bool:
        return len(self.terms) > 1 and any(
            types[n].is_temporal() for n in self.columns if n in types
        )

    def apply(self, frame: pl.DataFrame) -> pl.Series:
        """The column that the rule gives: Int64, Float64, times, or, for a copy, as it is.

        Raises:
            SchemaError: a column is missing, or cannot be added.
        """
        if self._of_times(frame.schema):
            return Formula.parse(str(self)).apply(frame)
        return frame.select(self.expression(dict(frame.schema)).alias("rule")).to_series()


def parse_rule(text: str) -> Sum | Formula:
    """The rule that a text states: a sum if it is one, else a formula.

    Raises:
        SchemaError: it is neither; the message shows where.
    """
    try:
        return Sum.parse(text)
    except SchemaError:
        return Formula.parse(text)
