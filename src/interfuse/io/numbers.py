"""Numbers as people write them: 1.234,50, 12 %, $3, 5 ms, (7), １２.

A column writes its numbers in one form, `NumberForm`: the decimal mark, what stands between
thousands, what stands before and behind, how many decimals, whose digits. `form.value` reads texts
and `form.text` writes numbers in it; `interfuse.io.numberguess` finds it. A number with another
unit, or none, is not in the form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import polars as pl

from interfuse.io.scripts import is_script, read_digits, write_digits
from interfuse.io.textvalues import escaped

# Decimal mark and mark of thousands, the likelier first.
STYLES = ((".", ""), (",", ""), (".", ","), (",", "."), (".", "'"), (".", "’"), (",", "'"),
          (",", " "), (".", " "), (".", "_"))  # fmt: skip
BLANKS = frozenset({" ", "\u00a0", "\u202f", "\u2009", "\u2007"})
_BLANK = r"[ \x{a0}\x{202f}\x{2009}\x{2007}]"
_MINUS = ("-", "−", "–")
_INFINITE = r"(?i)^[-+−–]?(inf|infinity|∞)$"


@dataclass(frozen=True)
class NumberForm:
    """How a column writes its numbers.

    Attributes:
        decimal: the mark before decimals.
        group: the mark between thousands; empty if there is none.
        lakh: whether it stands between hundreds above the thousands, as in India: 12,34,567.
        prefix: what stands before a number, a currency.
        suffix: what stands behind it, a unit, with the blank between.
        decimals: how many; -1 where they differ.
        whole: whether all are whole.
        brackets: whether a negative number stands in brackets.
        width: of whole numbers with leading zeros, how many digits; 0 if they have none.
        open: the marks of another form that reads all values as well.
        sign: where a minus or a bracket stands if not first: "inside", behind the prefix, or
            "behind" the number.
        power: how powers of ten are written where every number has one: the letter, a plus if it
            is, and how many digits at least, as "E+2" of 8.10E+07; `decimals` are those before it.
        minus: what all negative numbers have for a minus, such as the longer one of Unicode.
        script: digits that are not those of ASCII, see `interfuse.io.scripts.script_of`.
    """

    decimal: str = "."
    group: str = ""
    prefix: str = ""
    suffix: str = ""
    decimals: int = -1
    whole: bool = False
    brackets: bool = False
    width: int = 0
    open: str = ""
    sign: str = ""
    script: str = ""
    lakh: bool = False
    power: str = ""
    minus: str = "-"

    def to_json(self) -> dict[str, Any]:
        """A JSON object of what differs from the default."""
        blank = NumberForm()
        return {"number": {k: v for k, v in vars(self).items() if v != getattr(blank, k)}}

    @classmethod
    def from_json(cls, said: Any) -> NumberForm:
        """The inverse of `to_json`.

        Raises:
            ValueError: malformed.
        """
        types: dict[str, type] = {"decimals": int, "width": int, "whole": bool, "brackets": bool,
                                  "lakh": bool}  # fmt: skip
        fields = cls.__dataclass_fields__
        if not isinstance(said, dict):
            raise ValueError(f"{said!r} is no form of numbers")
        for key, value in said.items():
            if key not in fields or not isinstance(value, types.get(key, str)):
                raise ValueError(f"{key!r} is {value!r}")
        form = cls(**said)
        group = " " if form.group in BLANKS else form.group
        fine = form.sign in ("", "inside", "behind") and is_script(form.script)
        fine = fine and form.minus in _MINUS
        style = (form.decimal, group) in STYLES and not (form.lakh and group != ",")
        style = style and re.fullmatch(r"(?:[eEdD]\+?[1-3])?", form.power) is not None
        if not style or not -1 <= form.decimals <= 30 or not fine:
            raise ValueError(f"{said!r} is no form of numbers")
        return form

    @property
    def dtype(self) -> pl.DataType:
        """Of the values."""
        return pl.Int64() if self.whole else pl.Float64()

    @property
    def plain(self) -> bool:
        """Whether numbers are written as programs write them."""
        return (self.decimal, self.group, self.prefix, self.suffix, self.script) == (
            ".", "", "", "", ""
        )  # fmt: skip

    @property
    def expression(self) -> str:
        """A regular expression of groups: bracket, signs, number, power of ten, sign, bracket.

        The second sign may be the bracket, behind a prefix.
        """
        mark, whole = escaped(self.decimal), self._whole()
        number = rf"(?:{whole}(?:{mark}\d*)?|{mark}\d+)"
        # A D before a power is that of Fortran, which writes its sign as well.
        power = r"((?:[eE][+-]?\d+|[dD][+-]\d+)?)" if not self.group else "()"
        gap = r"\s?" if self.prefix else ""
        before = escaped(self.prefix.strip()) if self.prefix else ""
        return (
            rf"^(\(?)([-+−–]?)\s?{before}{gap}([-+−–(]?)\s?({number}){power}"
            rf"{_behind(self.suffix)}(-?)(\)?)$"
        )

    def _whole(self) -> str:
        """A regular expression of what stands before the decimals."""
        if self.group:
            group = _BLANK if self.group in BLANKS else escaped(self.group)
            if self.lakh:
                return rf"(?:0|[1-9]\d{{0,2}}|[1-9]\d?(?:{group}\d\d)*{group}\d{{3}})"
            return rf"(?:0|[1-9]\d{{0,2}}(?:{group}\d{{3}})*)"
        return r"\d+" if self.width else r"(?:0|[1-9]\d*)"

    def value(self, text: pl.Expr) -> pl.Expr:
        """Numbers of texts without blanks around them; missing where one is not in this form.

        Words for infinity are in every form but that of whole numbers.
        """
        finite = self._finite(read_digits(text, self.script))
        return finite if self.whole else pl.coalesce(finite, _infinite(text))

    def _finite(self, text: pl.Expr) -> pl.Expr:
        if self.prefix or self.suffix:
            return self._by_groups(text)
        # Most are digits and marks alone, which needs no groups: that takes a third of the time.
        usual = text.str.contains(rf"^-?{self._whole()}(?:{escaped(self.decimal)}\d+)?$")
        number = self._as_programs_write(pl.when(usual).then(text))
        rest = self._by_groups(pl.when(~usual).then(text))
        return pl.coalesce(number.cast(self.dtype, strict=False), rest)

    def _by_groups(self, text: pl.Expr) -> pl.Expr:
        # The groups are worked out once, for all that is asked of them.
        groups = text.str.extract_groups(self.expression)
        return groups.struct.with_fields(self._number().alias("value")).struct.field("value")

    def _as_programs_write(self, number: pl.Expr) -> pl.Expr:
        """Digits without marks between thousands, and a point before decimals."""
        if self.group in BLANKS:
            number = number.str.replace_all(_BLANK, "")
        elif self.group:
            number = number.str.replace_all(self.group, "", literal=True)
        if self.decimal != ".":
            number = number.str.replace(self.decimal, ".", literal=True)
        return number

    def _number(self) -> pl.Expr:
        """The number that the groups of `expression` say."""
        bracket, first, second, number, power, last, end = (pl.field(str(i)) for i in range(1, 8))
        digits = self._as_programs_write(number).str.strip_chars_end(".")
        signs = (first, second, last)
        opened = (bracket == "(") | (second == "(")
        minus = opened | pl.any_horizontal(s.is_in(_MINUS) for s in signs)
        power = power.str.replace("[dD]", "e")
        signed = pl.when(minus).then(pl.lit("-")).otherwise(pl.lit("")) + digits + power
        # Both ends of a bracket, and one sign alone.
        many = pl.sum_horizontal((s != "").cast(pl.Int8) for s in (bracket, *signs))
        fine = (opened == (end == ")")) & (many <= 1)
        return pl.when(fine).then(signed).cast(self.dtype, strict=False)

    def text(self, column: pl.Series) -> pl.Series:
        """Numbers written in this form."""
        texts = [self._one(v) for v in column.to_list()]
        if self.script:
            texts = [None if t is None else write_digits(t, self.script) for t in texts]
        return pl.Series(column.name, texts, dtype=pl.String)

    def _one(self, value: float | int | None) -> str | None:
        if value is None or value != value:
            return None
        if value in (float("inf"), float("-inf")):
            return "inf" if value > 0 else "-inf"
        size = abs(value)
        if self.power:
            body = _with_power(size, max(self.decimals, 0), self.power)
        elif self.decimals >= 0 and not isinstance(value, int):
            body = f"{size:.{self.decimals}f}"
        elif isinstance(value, int) or (size == int(size) and size < 1e15):
            body = (
                str(int(size)) + "." + "0" * self.decimals if self.decimals > 0 else str(int(size))
            )
        else:
            body = repr(float(size))
        whole, point, rest = body.partition(".")
        whole = whole.zfill(self.width)
        if self.group and whole.isdigit():
            whole = _grouped(whole, self.group, 2 if self.lakh else 3)
        body = whole + (self.decimal + rest if point else "")
        negative = value < 0 and body.strip("0.,") != ""
        if not negative:
            return f"{self.prefix}{body}{self.suffix}"
        start, end = ("(", ")") if self.brackets else (self.minus, "")
        if self.sign == "behind":
            start, end = "", self.minus
        if self.sign == "inside":
            return f"{self.prefix}{start}{body}{self.suffix}{end}"
        return f"{start}{self.prefix}{body}{self.suffix}{end}"


def _grouped(digits: str, mark: str, step: int) -> str:
    """Digits with a mark before the last three, and before each `step` above them."""
    above, last = digits[:-3], digits[-3:]
    while above:
        above, last = above[:-step], above[-step:] + mark + last
    return last


def _with_power(size: float, decimals: int, power: str) -> str:
    body, _, exponent = f"{size:.{decimals}e}".partition("e")
    sign = "-" if exponent[0] == "-" else "+" * ("+" in power)
    return f"{body}{power[0]}{sign}{abs(int(exponent)):0{power[-1]}d}"


def _infinite(text: pl.Expr) -> pl.Expr:
    """Infinity where a text is a word for it, else missing."""
    size = pl.when(text.str.contains(_INFINITE)).then(pl.lit(float("inf")))
    return pl.when(text.str.contains(r"^[-−–]")).then(-size).otherwise(size)


def _behind(suffix: str) -> str:
    bare = suffix.strip()
    if not bare:
        return ""
    return (r"\s?" if suffix == bare else r"\s+") + escaped(bare)
