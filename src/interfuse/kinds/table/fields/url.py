"""URLs and paths: those of many rows as they are, others as a template filled anew.

See `fields.template`: "/user/8412/photo" of few rows is learned as "/user/<4 digits>/photo", where
many rows have that, and comes back with another number.
"""

from __future__ import annotations

import re

import polars as pl

from interfuse.internet import FULL_URL, URL
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts
from interfuse.kinds.table.fields.template import CLOSE, OPEN, TemplateField

_NAMED = re.compile(
    r"(?i)(ur[li]|uri[-_ ]?(stem|path)|path|request|referr?er|link|href|page|resource|endpoint|"
    r"(object|file)_?(key|path|name)|key)s?\)?$"
)
_ASKED = rf"{URL}|^[\w.-]+:\d{{1,5}}$|^\*$"
"""What a request line asks for: a CONNECT names a host and a port."""
_FILES = r"^[^\s/:]+(/[^\s]*)+$"


@register_field
class UrlField(TemplateField):
    """A column of URLs or of their paths."""

    kind = "url"
    words = "URLs and paths: those of many rows as they are, others filled in anew"
    blank = f"/{OPEN}l8-15{CLOSE}"
    steady_share = 0.3

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """How many values are URLs, with or without a scheme."""
        if dtype != pl.String:
            return {}
        return {
            "full": column.str.contains(FULL_URL).mean(),
            "like": column.str.contains(_ASKED).mean(),
            "files": column.str.contains(_FILES).mean(),
        }

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Nearly all values; paths only if the name says so."""
        full, like = facts.values.get("full") or 0, facts.values.get("like") or 0
        if (facts.values.get("files") or 0) >= 0.9 and _NAMED.search(facts.name):
            return Claim(0.9, "paths of files, by name and values: those of few rows are made anew")
        if full >= 0.99 or (like >= 0.99 and _NAMED.search(facts.name)):
            what = "URLs" if full >= 0.99 else "paths of URLs, by name and values"
            return Claim(0.9, f"{like:.1%} are {what}: those of few rows are made anew")
        return None
