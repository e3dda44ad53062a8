"""Numbers as people write them: 1.234,50, 12 %, $3, 5 ms, (7).

A column writes its numbers in one form, `NumberForm`: the decimal mark, what stands between
thousands, what stands before and behind, how many decimals. `form.value` reads texts and
`form.text` writes numbers in it. A number with another unit, or none, is not in the form. What can
be read in two ways is settled by the whole file, see `Ranked.forms`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import polars as pl

from interfuse.io.textvalues import escaped

_CURRENCY = r"[$€£¥₹₽₩₺฿]|(?:US|CA|A|C|R|NZ|HK)\$|[A-Z]{3}(?=[\s\d-])|Rs\.?|kr\.?|Fr\.?"
_UNITS = (
    "% ‰ ° °C °F C F K ns us µs μs ms s sec secs min mins h hr hrs d day days B kB KB MB GB TB "
    "PB KiB MiB GiB TiB b kb Kb Mb Gb kbit Mbit Gbit bps kbps Mbps Gbps Kbps B/s kB/s KB/s MB/s "
    "GB/s Hz kHz MHz GHz mm cm m km mi ft in yd nm µm mg g kg t lb lbs oz ml mL cl l L W kW MW "
    "GW Wh kWh MWh V mV kV A mA Ω Pa hPa kPa MPa bar mbar psi dB dBm px pt em rpm mph kmh km/h "
    "m/s kn cal kcal J kJ mmHg bpm x k M Mio Mrd bn p.a. ppm ppb mol mmol mmol/l mg/dl g/l m² "
    "m2 m³ m3 km² ha µg/m³ µg ug yrs years year"
)
"""Units that may stand right behind a number; behind a blank any short word may."""
_KNOWN = frozenset(_UNITS.split())
_SHAPE = re.compile(
    r"(?P<open>\(?)(?P<a>[-+−]?)(?P<prefix>(?:" + _CURRENCY + r")?)(?P<gap>\s?)(?P<b>[-+−]?)"
    r"(?P<body>\d[\d.,'’\s\u00a0\u202f]*?\d|\d|[.,]\d+)(?P<e>[eE][+-]?\d+)?"
    r"(?P<suffix>\s?[^\d\s.,'’()+-][^\d()]{0,15}|\s*[²³])?(?P<c>-?)(?P<close>\)?)"
)
# Decimal mark and mark of thousands, the likelier first.
_STYLES = ((".", ""), (",", ""), (".", ","), (",", "."), (".", "'"), (".", "’"), (",", "'"),
           (",", " "), (".", " "))  # fmt: skip
_BLANKS = frozenset({" ", "\u00a0", "\u202f"})
_OPEN = {(",", ""): (".", ","), (".", ""): (",", "."), (".", ","): (",", ""), (",", "."): (".", "")}
_LOOK = 400
_BARE = r"^[+-]?(\d+(\.\d+)?|\.\d+)$"
_ODD = r"[()]|[-+−].*[-+−]"
MOST_FORMS = 3
"""So many forms of a column are counted on all its values."""
ONE_UNIT = 0.95
"""A column of numbers with one unit has it in this share of them; else units are mixed."""


@dataclass(frozen=True)
class NumberForm:
    """How a column writes its numbers.

    Attributes:
        decimal: the mark before decimals.
        group: the mark between thousands; empty if there is none.
        prefix: what stands before a number, a currency.
        suffix: what stands behind it, a unit, with the blank between.
        decimals: how many; -1 where they differ.
        whole: whether all are whole.
        brackets: whether a negative number stands in brackets.
        width: of whole numbers with leading zeros, how many digits; 0 if they have none.
        open: the marks of another form that reads all values as well.
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
        types: dict[str, type] = {"decimals": int, "width": int, "whole": bool, "brackets": bool}
        fields = cls.__dataclass_fields__
        if not isinstance(said, dict):
            raise ValueError(f"{said!r} is no form of numbers")
        for key, value in said.items():
            if key not in fields or not isinstance(value, types.get(key, str)):
                raise ValueError(f"{key!r} is {value!r}")
        form = cls(**said)
        group = " " if form.group in _BLANKS else form.group
        if (form.decimal, group) not in _STYLES or not -1 <= form.decimals <= 30:
            raise ValueError(f"{said!r} is no form of numbers")
        return form

    @property
    def dtype(self) -> pl.DataType:
        """Of the values."""
        return pl.Int64() if self.whole else pl.Float64()

    @property
    def plain(self) -> bool:
        """Whether numbers are written as programs write them."""
        return (self.decimal, self.group, self.prefix, self.suffix) == (".", "", "", "")

    @property
    def expression(self) -> str:
        """A regular expression of groups: bracket, signs, number, power of ten, sign, bracket."""
        mark, whole = escaped(self.decimal), self._whole()
        number = rf"(?:{whole}(?:{mark}\d*)?|{mark}\d+)"
        power = r"((?:[eE][+-]?\d+)?)" if not self.group else "()"
        gap = r"\s?" if self.prefix else ""
        before = escaped(self.prefix.strip()) if self.prefix else ""
        return (
            rf"^(\(?)([-+−]?){before}{gap}([-+−]?)({number}){power}"
            rf"{_behind(self.suffix)}(-?)(\)?)$"
        )

    def _whole(self) -> str:
        """A regular expression of what stands before the decimals."""
        if self.group:
            group = r"[ \x{a0}\x{202f}]" if self.group in _BLANKS else escaped(self.group)
            return rf"(?:0|[1-9]\d{{0,2}}(?:{group}\d{{3}})*)"
        return r"\d+" if self.width else r"(?:0|[1-9]\d*)"

    def value(self, text: pl.Expr) -> pl.Expr:
        """Numbers of texts without blanks around them; missing where one is not in this form."""
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
        if self.group in _BLANKS:
            number = number.str.replace_all(r"[ \x{a0}\x{202f}]", "")
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
        minus = (bracket == "(") | pl.any_horizontal(s.is_in(["-", "−"]) for s in signs)
        signed = pl.when(minus).then(pl.lit("-")).otherwise(pl.lit("")) + digits + power
        # Both ends of a bracket, and one sign alone.
        many = pl.sum_horizontal((s != "").cast(pl.Int8) for s in (bracket, *signs))
        fine = ((bracket == "(") == (end == ")")) & (many <= 1)
        return pl.when(fine).then(signed).cast(self.dtype, strict=False)

    def text(self, column: pl.Series) -> pl.Series:
        """Numbers written in this form."""
        return pl.Series(column.name, [self._one(v) for v in column.to_list()], dtype=pl.String)

    def _one(self, value: float | int | None) -> str | None:
        if value is None or value != value:
            return None
        if value in (float("inf"), float("-inf")):
            return "inf" if value > 0 else "-inf"
        size = abs(value)
        if self.decimals >= 0 and not isinstance(value, int):
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
            whole = f"{int(whole):,}".replace(",", self.group)
        body = whole + (self.decimal + rest if point else "")
        negative = value < 0 and body.strip("0.,") != ""
        if negative and self.brackets:
            return f"({self.prefix}{body}{self.suffix})"
        return f"{'-' * negative}{self.prefix}{body}{self.suffix}"


def _behind(suffix: str) -> str:
    bare = suffix.strip()
    if not bare:
        return ""
    return (r"\s?" if suffix == bare else r"\s+") + escaped(bare)


class Ranked:
    """The forms that most of some texts may be in, those that read most of them first.

    Args:
        texts: of one column, without blanks around them and without words for missing values.
    """

    def __init__(self, texts: pl.Series) -> None:
        self.texts = texts
        self._styled: dict[NumberForm, NumberForm] = {}
        self._fits: dict[NumberForm, pl.Series] = {}
        self._found: list[tuple[int, NumberForm]] = []
        around = _around(texts)
        if around is None:
            return
        odd = bool(texts.str.contains(_ODD).any())
        for decimal, group in _STYLES:
            form = NumberForm(decimal, group, *around)
            fits = _in_form(form, texts, odd)
            if fits is not None:
                self._fits[form] = fits
                self._found.append((int(fits.sum()), form))
        self._found.sort(key=lambda found: -found[0])

    def forms(
        self, comma: bool | None = None, known: bool = False, most: int = MOST_FORMS
    ) -> list[NumberForm]:
        """The likeliest forms, best first.

        Of two that read all values, as 1,234 is read with a decimal comma and with one of
        thousands, the first is that of the file's other columns; else what is not decimals, unless
        the file parts its columns with semicolons.

        Args:
            comma: whether a decimal comma is likely; None if nothing says so.
            known: whether the file's other columns leave no doubt about it.
            most: how many to say.
        """
        if not self._found:
            return []
        forms = [form for _, form in self._found]
        fits, first = self._found[0]
        marks = _OPEN.get((first.decimal, first.group))
        other = next(
            (f for n, f in self._found if n == fits and (f.decimal, f.group) == marks), None
        )
        if other is None or self._style(first).decimals == 0:
            return [self._style(form) for form in forms[:most]]
        single, grouped = sorted((first, other), key=lambda f: f.group)
        if self._thousands:
            chosen = grouped
        elif known:
            chosen = next(f for f in (single, grouped) if f.decimal == ("," if comma else "."))
        else:
            chosen = single if single.decimal == "." or comma else grouped
        left = grouped if chosen is single else single
        best = self._style(chosen)
        if not (chosen.plain and known):
            best = replace(best, open=left.decimal + left.group)
        rest = [f for f in forms if f not in (first, other)]
        return [best, *[self._style(f) for f in rest[: most - 1]]]

    def _style(self, form: NumberForm) -> NumberForm:
        if form not in self._styled:
            self._styled[form] = _styled(form, self.texts.filter(self._fits[form]))
        return self._styled[form]

    @cached_property
    def _thousands(self) -> bool:
        """Whether a mark is one of thousands: decimals are not left out now and then, like 0."""
        texts = self.texts
        bare = texts.str.contains(r"^\D*\d{1,3}\D*$") & ~texts.str.contains(r"\d[.,]\d")
        zero = texts.str.contains(r"\d[.,]\d\d0\D*$").any()
        return bool(bare.any() and zero)


def forms_of_numbers(
    texts: pl.Series, comma: bool | None = None, known: bool = False
) -> list[NumberForm]:
    """The likeliest forms of some texts; see `Ranked.forms`."""
    return Ranked(texts).forms(comma, known)


def _around(texts: pl.Series) -> tuple[str, str] | None:
    """What stands before and behind most of the numbers; None if most texts are no numbers."""
    if not len(texts):
        return None
    some = texts.gather_every(max(1, len(texts) // _LOOK))
    if some.str.contains(_BARE).all():
        return "", ""
    found = [m for m in map(_SHAPE.fullmatch, some.to_list()) if m is not None]
    if 2 * len(found) <= len(some) / 2:
        return None
    around: Counter[tuple[str, str]] = Counter()
    for m in found:
        prefix = m["prefix"] + (m["gap"] if m["prefix"] else "")
        around[(prefix, (m["suffix"] or "").rstrip())] += 1
    (prefix, suffix), many = around.most_common(1)[0]
    if not _is_unit(suffix, prefix) or many < ONE_UNIT * len(found):
        return None
    return prefix, suffix


def _in_form(form: NumberForm, texts: pl.Series, odd: bool) -> pl.Series | None:
    """Which texts are in a form; None if no more than half of them are.

    Args:
        form: the form.
        texts: the texts.
        odd: whether some have brackets or two signs, of which the expression allows too much.
    """
    like = texts.str.contains(form.expression)
    if odd and 2 * int(like.sum()) > len(texts):
        like = texts.alias("t").to_frame().select(form.value(pl.col("t")).is_not_null()).to_series()
    return like if 2 * int(like.sum()) > len(texts) else None


def _is_unit(suffix: str, prefix: str) -> bool:
    bare = suffix.strip()
    if not bare:
        return True
    if suffix != bare:  # behind a blank
        return (
            len(bare) <= 12
            and re.fullmatch(r"[^\W\d_][\w./²³°µ%-]*|[%‰°€$£¥₹]+\w?", bare) is not None
        )
    return bare in _KNOWN or re.fullmatch(_CURRENCY, bare + " ") is not None or bare in "€$£¥₹₽₩₺฿"


def _styled(form: NumberForm, texts: pl.Series) -> NumberForm:
    """The form with what is alike in all the texts that are in it."""
    frame = texts.alias("t").to_frame()
    groups = frame.select(pl.col("t").str.extract_groups(form.expression)).unnest("t")
    rest, power = groups["4"], groups["5"].str.len_chars()
    places = rest.str.extract(rf"{escaped(form.decimal)}(\d*)$").fill_null("").str.len_chars()
    same = places.min() == places.max() and power.max() == 0
    decimals = int(places.max()) if same else -1  # type: ignore[arg-type]
    whole = decimals == 0
    if whole and rest.str.replace_all(r"\D", "").str.len_chars().max() > 18:  # type: ignore[operator]
        whole = False
    brackets = bool(texts.str.starts_with("(").any())
    if form.group == " ":
        marks = rest.str.extract(r"([ \x{a0}\x{202f}])").drop_nulls()
        form = replace(form, group=marks.mode().sort()[0] if len(marks) else " ")
    return replace(form, decimals=decimals, whole=whole, brackets=brackets)
