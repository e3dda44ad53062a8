"""User agents: those of many rows as they are, others as a template filled anew.

See `fields.template`: products and systems that many rows have stay, rare versions and devices are
drawn.
"""

from __future__ import annotations

import re

import polars as pl

from interfuse.internet import AGENT
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts
from interfuse.kinds.table.fields.template import CLOSE, OPEN, TemplateField

_NAMED = re.compile(r"(?i)(user[_\-. ]?agent|(^|_)ua|agent)(string)?s?$")


@register_field
class AgentField(TemplateField):
    """A column of user agents."""

    kind = "user_agent"
    words = "user agents: those of many rows as they are, others filled in anew"
    blank = f"{OPEN}C4-7{CLOSE}/{OPEN}d1-1{CLOSE}.0"

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """How many values begin with a product and its version, and with Mozilla's."""
        if dtype != pl.String:
            return {}
        mozilla = column.str.starts_with("Mozilla/").mean()
        return {"like": column.str.contains(AGENT).mean(), "mozilla": mozilla}

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Half of the values claim to be Mozilla, or look so and are named so."""
        like, mozilla = facts.values.get("like") or 0, facts.values.get("mozilla") or 0
        named = bool(_NAMED.search(facts.name)) and like >= 0.5
        if not named and mozilla < 0.5:
            return None
        return Claim(0.9, f"{like:.0%} are user agents: those of few rows are made anew")
