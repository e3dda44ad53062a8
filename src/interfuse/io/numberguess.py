"""Finding the form in which a column of text writes its numbers.

What can be read in two ways is settled by the whole file, see `Ranked.forms`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cached_property

import polars as pl

from interfuse.io.numbers import STYLES, NumberForm
from interfuse.io.scripts import read_digits, script_of
from interfuse.io.textvalues import escaped

_CURRENCY = r"[$€£¥₹₽₩₺฿￥＄￡￦]|(?:US|CA|A|C|R|NZ|HK)\$|[A-Z]{3}(?=[\s\d-])|Rs\.?|kr\.?|Fr\.?"
_UNITS = (
    "% ‰ ° °C °F C F K ns us µs μs ms s sec secs min mins h hr hrs d day days B kB KB MB GB TB "
    "PB KiB MiB GiB TiB b kb Kb Mb Gb kbit Mbit Gbit bps kbps Mbps Gbps Kbps B/s kB/s KB/s MB/s "
    "GB/s Hz kHz MHz GHz mm cm m km mi ft in yd nm µm mg g kg t lb lbs oz ml mL cl l L W kW MW "
    "GW Wh kWh MWh V mV kV A mA Ω Pa hPa kPa MPa bar mbar psi dB dBm px pt em rpm mph kmh km/h "
    "m/s kn cal kcal J kJ mmHg bpm x k M Mio Mrd bn p.a. ppm ppb mol mmol mmol/l mg/dl g/l m² "
    "m2 m³ m3 km² ha µg/m³ µg ug N S E yrs years year ％ 元 円 원 ,- .- ,-- ,– .–"
)
"""Units that may stand right behind a number; behind a blank any short word may."""
_KNOWN = frozenset(_UNITS.split())
_SHAPE = re.compile(
    r"(?P<open>\(?)(?P<a>[-+−–]?)\s?(?P<prefix>(?:" + _CURRENCY + r")?)(?P<gap>\s?)"
    r"(?P<b>[-+−–(]?)\s?(?P<body>\d[\d.,'’_\s]*?\d|\d|[.,]\d+)(?P<e>[eE][+-]?\d+|[dD][+-]\d+)?"
    r"(?P<suffix>\s?[^\d\s.,'’()+-][^\d()]{0,15}|\s*[²³]|[.,](?:--?|–))?(?P<c>-?)(?P<close>\)?)"
)
_OPEN = {(",", ""): (".", ","), (".", ""): (",", "."), (".", ","): (",", ""), (",", "."): (".", "")}
_LOOK = 400
_BARE = r"^[+-]?(\d+(\.\d+)?|\.\d+)$"
_ODD = r"[()]|[-+−–].*[-+−–]"
_POWER = r"^(.*\d[.,]?)([eEdD])([+-]?)(\d+)\D*$"
_LAKH = r"\d,\d\d,\d{3}"
_ZERO = r"^[+-]?0\d+$"
MOST_FORMS = 3
"""So many forms of a column are counted on all its values."""
ONE_UNIT = 0.95
"""A column of numbers with one unit has it in this share of them; else units are mixed."""


class Ranked:
    """The forms that most of some texts may be in, those that read most of them first.

    Args:
        texts: of one column, without blanks around them and without words for missing values.
    """

    def __init__(self, texts: pl.Series) -> None:
        self._script = script_of(texts)
        if self._script:
            texts = texts.alias("t").to_frame().select(read_digits(pl.col("t"), self._script))["t"]
        self.texts = texts
        self._styled: dict[NumberForm, NumberForm] = {}
        self._fits: dict[NumberForm, pl.Series] = {}
        self._found: list[tuple[int, NumberForm]] = []
        around = _around(texts)
        if around is None or (self._script and texts.str.contains(_ZERO).any()):
            return
        odd = bool(texts.str.contains(_ODD).any())
        lakh = bool(texts.str.contains(_LAKH).any())
        for decimal, group in STYLES:
            form = NumberForm(decimal, group, *around, lakh=lakh and group == ",")
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
            styled = _styled(form, self.texts.filter(self._fits[form]))
            self._styled[form] = replace(styled, script=self._script)
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


def decimals_of(texts: pl.Series) -> int:
    """How many decimals all numbers have that are written as programs write; -1 if they differ."""
    places = {len(t.partition(".")[2]) if "e" not in t.lower() else -1 for t in texts.to_list()}
    return places.pop() if len(places) == 1 else -1


def plain_form(texts: pl.Series) -> NumberForm:
    """The form of numbers that are written as programs write them."""
    power, places = _power(texts)
    return NumberForm(decimals=places if power else decimals_of(texts), power=power)


def _power(texts: pl.Series, decimal: str = ".") -> tuple[str, int]:
    """How powers of ten are written if all numbers have one, and how many decimals before it."""
    found = texts.str.extract_groups(_POWER).struct.unnest()
    if not len(texts) or found["2"].null_count():
        return "", -1
    places = found["1"].str.extract(rf"{escaped(decimal)}(\d*)$").fill_null("").str.len_chars()
    letter, plus = found["2"].mode().sort()[0], bool((found["3"] == "+").any())
    width = min(3, int(found["4"].str.len_chars().min() or 1))  # type: ignore[arg-type]
    return f"{letter}{'+' * plus}{width}", int(places.max() or 0)  # type: ignore[arg-type]


def digits_form(texts: pl.Series) -> NumberForm:
    """The form of whole numbers that may have leading zeros."""
    zeros = bool(texts.str.contains(r"^0\d").any())
    width = int(texts.str.len_chars().max() or 0)  # type: ignore[arg-type]
    return NumberForm(decimals=0, whole=width <= 18, width=width if zeros else 0)


def maybe_thousands(texts: pl.Series) -> bool:
    """Whether all numbers are as thousands with a mark are written."""
    numbers = texts.filter(texts.str.contains(r"^[+-]?\d[\d.,]*$"))
    return bool(numbers.str.contains(r"^[+-]?\d{1,3}([.,]\d{3})*$").all())


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
    # A mark behind some numbers, as of a footnote, is no unit: these are remarks.
    units = sum(n for (_, behind), n in around.items() if _is_unit(behind, prefix))
    if not _is_unit(suffix, prefix) or many < ONE_UNIT * units:
        return None
    return prefix, suffix


def _in_form(form: NumberForm, texts: pl.Series, odd: bool) -> pl.Series | None:
    """Which texts are in a form; None if no more than half of them are.

    Args:
        form: the form.
        texts: the texts.
        odd: whether some have brackets or two signs, of which the expression allows too much.
    """
    if form.group == "_" and not texts.str.contains(r"_\d{3}\.\d").any():
        return None  # codes have such marks as well
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
    written, before = _power(texts, form.decimal) if power.min() else ("", -1)
    if written:
        decimals = before
    if whole and rest.str.replace_all(r"\D", "").str.len_chars().max() > 18:  # type: ignore[operator]
        whole = False
    inside = bool(form.prefix) and groups["3"].is_in(["-", "−", "–", "("]).any()
    sign = "inside" if inside else "behind" if (groups["6"] == "-").any() else ""
    brackets = bool((groups["1"] == "(").any() or (groups["3"] == "(").any())
    if form.group == " ":
        marks = rest.str.extract(r"(\s)").drop_nulls()
        form = replace(form, group=marks.mode().sort()[0] if len(marks) else " ")
    signs = pl.concat([groups["2"], groups["3"], groups["6"]]).unique()
    signs = sorted(set(signs.drop_nulls()) & {"-", "−", "–"})
    if len(signs) == 1:
        form = replace(form, minus=signs[0])
    own = {"decimals": decimals, "whole": whole, "brackets": brackets, "sign": sign}
    return replace(form, **own, power=written)
