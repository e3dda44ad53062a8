"""Categories of the internet: what they are is said, and a condition may name a class of them.

They are learned as any category is (`fields.category`); what is their own is how they are found.

* `status`: codes of HTTP answers (RFC 9110), whole numbers or text; "4xx" stands for a class.
* `tcp_flags`: sets of TCP's flags in any way of writing, "S", "··AP·SF", "0x12", "FSPA".
* `asn`: numbers of autonomous systems, "AS64500" or whole numbers named so.
* `country`: two letters of ISO 3166-1.
"""

from __future__ import annotations

import re
from typing import ClassVar

import polars as pl

from interfuse.errors import ConditionError
from interfuse.kinds.table.fields.category import CategoryField
from interfuse.kinds.table.fields.cells import TEXTS
from interfuse.kinds.table.fields.limit import Limit
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts

_MOSTLY = 0.99
_COUNTRIES = (
    "AD|AE|AF|AG|AI|AL|AM|AO|AQ|AR|AS|AT|AU|AW|AX|AZ|BA|BB|BD|BE|BF|BG|BH|BI|BJ|BL|BM|"
    "BN|BO|BQ|BR|BS|BT|BV|BW|BY|BZ|CA|CC|CD|CF|CG|CH|CI|CK|CL|CM|CN|CO|CR|CU|CV|CW|CX|"
    "CY|CZ|DE|DJ|DK|DM|DO|DZ|EC|EE|EG|EH|ER|ES|ET|FI|FJ|FK|FM|FO|FR|GA|GB|GD|GE|GF|GG|"
    "GH|GI|GL|GM|GN|GP|GQ|GR|GS|GT|GU|GW|GY|HK|HM|HN|HR|HT|HU|ID|IE|IL|IM|IN|IO|IQ|IR|"
    "IS|IT|JE|JM|JO|JP|KE|KG|KH|KI|KM|KN|KP|KR|KW|KY|KZ|LA|LB|LC|LI|LK|LR|LS|LT|LU|LV|"
    "LY|MA|MC|MD|ME|MF|MG|MH|MK|ML|MM|MN|MO|MP|MQ|MR|MS|MT|MU|MV|MW|MX|MY|MZ|NA|NC|NE|"
    "NF|NG|NI|NL|NO|NP|NR|NU|NZ|OM|PA|PE|PF|PG|PH|PK|PL|PM|PN|PR|PS|PT|PW|PY|QA|RE|RO|"
    "RS|RU|RW|SA|SB|SC|SD|SE|SG|SH|SI|SJ|SK|SL|SM|SN|SO|SR|SS|ST|SV|SX|SY|SZ|TC|TD|TF|"
    "TG|TH|TJ|TK|TL|TM|TN|TO|TR|TT|TV|TW|TZ|UA|UG|UM|US|UY|UZ|VA|VC|VE|VG|VI|VN|VU|WF|"
    "WS|YE|YT|ZA|ZM|ZW|EU|UK|XK"
)
"""ISO 3166-1 alpha-2, and EU, UK and XK, which registries use too."""


class _Named(CategoryField):
    """A category that is known by its name and what its values look like."""

    stored = "category"
    named: ClassVar[str]
    pattern: ClassVar[str]
    why: ClassVar[str]

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """The share of values that look so."""
        if dtype != pl.String:
            return {}
        return {"like": column.str.contains(cls.pattern).mean()}

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Nearly all values look so, and the name says so."""
        like = facts.values.get("like") or 0
        if like < _MOSTLY or not re.search(cls.named, facts.name):
            return None
        return Claim(0.8, f"{cls.why}, by name and values")


@register_field
class StatusField(_Named):
    """Codes of HTTP answers."""

    kind = "status"
    words = "codes of HTTP answers, each a category; 4xx stands for a class in conditions"
    named = r"(?i)(^|[_\-. ])(status(_?code)?|http_?status|response_?code|sc-status)$"
    pattern = r"^[1-5]\d\d$"
    why = "codes of HTTP answers"

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Text and whole numbers."""
        return dtype in TEXTS or dtype.is_integer()

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """The share of values from 100 to 599."""
        if dtype.is_integer():
            return {"like": column.is_between(100, 599).mean()}
        return super().measure(column, dtype)

    def word(self, text: str) -> Limit | None:
        """The codes of a class."""
        found = self._of_class(text)
        return None if found is None else self.limit_to(found)

    def word_except(self, text: str) -> Limit | None:
        """The codes of the other classes."""
        found = self._of_class(text)
        return None if found is None else self.limit_except(found)

    def _of_class(self, text: str) -> pl.Series | None:
        if not re.fullmatch(r"[1-5][xX]{2}", text):
            return None
        wanted = self.values.cast(pl.String).str.contains(f"^{text[0]}\\d\\d$").fill_null(False)
        if not wanted.any():
            raise ConditionError(f"column {self.name!r}: no code of {text} was seen.")
        return self.values.filter(wanted).cast(self.dtype)


@register_field
class FlagsField(_Named):
    """Sets of TCP's flags."""

    kind = "tcp_flags"
    words = "sets of TCP's flags, each a category"
    named = r"(?i)(flags?|flg)$"
    pattern = r"^(0x[0-9a-fA-F]{1,4}|[FSRPAUECWNX.·* -]{1,12})$"
    why = "sets of TCP's flags"

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Text and whole numbers."""
        return dtype in TEXTS or dtype.is_integer()

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """The share of values that are such sets; whole numbers below 512."""
        if dtype.is_integer():
            return {"like": column.is_between(0, 511).mean(), "whole": column.max()}
        return super().measure(column, dtype)

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Whole numbers only if the name says whose flags they are."""
        if "whole" in facts.values and not re.search(r"(?i)tcp_?flags?$", facts.name):
            return None
        return super().recognise(facts)


@register_field
class AsnField(_Named):
    """Numbers of autonomous systems."""

    kind = "asn"
    words = "numbers of autonomous systems, each a category"
    named = r"(?i)(^|[_\-. ])(asn?|as_?(num(ber)?|n)|autonomous_?system)$|(^|[a-z])ASN?$"
    pattern = r"(?i)^(AS)?\d{1,10}$"
    why = "numbers of autonomous systems: no new ones appear"

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Text and whole numbers."""
        return dtype in TEXTS or dtype.is_integer()

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """The share of values that are 32-bit numbers."""
        if dtype.is_integer():
            return {"like": column.is_between(0, 2**32 - 1).mean()}
        return super().measure(column, dtype)


@register_field
class CountryField(_Named):
    """Codes of countries."""

    kind = "country"
    words = "codes of countries, each a category"
    named = r"(?i)country|(^|[_\-. ])(cc|geo|iso)$"
    pattern = f"^({_COUNTRIES}|{_COUNTRIES.lower()})$"
    why = "codes of countries (ISO 3166-1)"

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Text."""
        return dtype in TEXTS
