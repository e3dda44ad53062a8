"""Messages of programs: what they say stays, names, numbers and addresses in them are made anew.

"Failed password for root from 192.0.2.7 port 4711" is "Failed password for root from <address>
port <4 digits>" of many rows. See `fields.template`: words that many rows have stay, others are
drawn; an address is made anew whoever has it, in its class, as in `fields.address_list`. A column
is known by its name or by addresses in it, and by values of several words that are mostly different
and of few forms once words with digits are blotted out.
"""

from __future__ import annotations

import re
from typing import ClassVar

import polars as pl

from interfuse.kinds.table.fields.address_list import ADDRESS_WORD, HAS_ADDRESS, AddressListField
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts
from interfuse.kinds.table.fields.template import CLOSE, OPEN

LEAST_WORDS, FEWER, MANY = 2.0, 0.5, 50
"""Words of a value; so much fewer are different when blotted out; with fewer it is a category."""
_VARIABLE = r"\S*\d\S*|\"[^\"]*\"|'[^']*'|<[^>]*>"
_NAMED = re.compile(r"(?i)(^|[._\-])(message|msg|info|event|log(_?line)?|request|reason)$")
SOME = 0.02
"""Of the values so many hold an address, where the name says nothing."""


@register_field
class MessageField(AddressListField):
    """A column of messages."""

    kind = "message"
    words = "messages of programs: what many say stays, the rest is filled in anew"
    word_pattern: ClassVar[re.Pattern[str]] = re.compile(rf"({ADDRESS_WORD}|[^\W_]+)")
    steady_share = 0.3
    blank = f"{OPEN}C4-7{CLOSE} {OPEN}l4-7{CLOSE}"

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """Words of a value, and how many values differ as they are and blotted out."""
        if dtype != pl.String:
            return {}
        text = column.drop_nulls()
        blotted = text.str.replace_all(_VARIABLE, "#")
        return {
            "words": (column.str.count_matches(r"\S\s+\S") + 1).mean(),
            "distinct": text.n_unique(),
            "forms": blotted.n_unique(),
            "has": column.str.contains(HAS_ADDRESS).mean(),
        }

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Several words each, and few forms beside many values."""
        words, distinct, forms = (facts.values.get(k) or 0 for k in ("words", "distinct", "forms"))
        there = facts.rows - facts.missing
        named, few = bool(_NAMED.search(facts.name)), forms <= FEWER * distinct
        if not named and (not few or (facts.values.get("has") or 0) < SOME):
            return None
        if words < LEAST_WORDS or distinct < MANY or 3 * forms > there:
            return None
        why = f"messages: {distinct:,} values of {forms:,} forms; what few rows say is made anew"
        return Claim(0.7, why)
