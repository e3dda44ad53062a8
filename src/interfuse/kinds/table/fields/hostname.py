"""Names of hosts and domains: those of many rows as they are, others with new labels.

See `fields.template`, a label being a word: "d31qbv1cthcecs.cloudfront.net" of few rows is learned
as a random label under a domain that many rows have. No list of public suffixes is needed: which
labels stay is a matter of how many rows have them.
"""

from __future__ import annotations

import re

import polars as pl

from interfuse.internet import HOSTNAME
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts
from interfuse.kinds.table.fields.template import CLOSE, OPEN, TemplateField

_NAMED = re.compile(
    r"(?i)(^|[_\-. ])(v?host|host_?name|domain|domain_?name|query|qname|sni|server_?name|fqdn|dns|"
    r"rrname|authority)s?$|hostname$"
)
_USUAL = r"\.(com|net|org|edu|gov|io|de|uk|fr|cn|jp|ru|nl|eu|info|local|arpa|localdomain)\.?$"


@register_field
class HostnameField(TemplateField):
    """A column of names of hosts."""

    kind = "hostname"
    words = "names of hosts and domains: those of many rows as they are, others with new labels"
    word_pattern = re.compile(r"([^.]+)")
    blank = f"{OPEN}l8-15{CLOSE}.example"

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """How many values are dotted names, and end as most names do."""
        if dtype != pl.String:
            return {}
        usual = column.str.contains(_USUAL).mean()
        return {"like": column.str.contains(HOSTNAME).mean(), "usual": usual}

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Dotted names that are named so, or nearly all of them ending as most names do."""
        like, usual = facts.values.get("like") or 0, facts.values.get("usual") or 0
        named = bool(_NAMED.search(facts.name)) and like >= 0.9 and usual >= 0.2
        if not named and not (like >= 0.99 and usual >= 0.5):
            return None
        return Claim(0.85, f"{like:.1%} are names of hosts: those of few rows are made anew")
