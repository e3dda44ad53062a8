"""Hardware addresses: the maker of the station as it is, the station itself made anew.

As addresses of hosts (`fields.address`), the maker's 24 bits being the network. Makers are public
and keep theirs from `FEW` rows on; stations of others are locally administered ones, which have no
maker. Groups and broadcast stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from interfuse.internet import MAC
from interfuse.kinds.table.fields.address import MOSTLY, AddressField
from interfuse.kinds.table.fields.cells import TEXTS
from interfuse.kinds.table.fields.limit import Limit
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts


@register_field
class MacField(AddressField):
    """A column of hardware addresses as maker, rank of the station, and form."""

    kind = "mac"
    words = "hardware addresses: the maker as it is, the station made anew"
    families = (48,)
    options: ClassVar[Mapping[str, str]] = {
        "space": AddressField.options["space"],
        "recognise": AddressField.options["recognise"],
    }

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Text."""
        return dtype in TEXTS

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """How many values are hardware addresses with marks between their digits."""
        if dtype != pl.String:
            return {}
        return {
            "like": column.str.contains(MAC).mean(),
            "marks": column.str.contains("[:.-]").mean(),
        }

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Nearly all values; twelve digits without marks only if the name says so."""
        like, marks = facts.values.get("like") or 0, facts.values.get("marks") or 0
        named = pl.Series([facts.name]).str.contains(r"(?i)(^|_|\b)(mac|ether|bssid)")[0]
        if like < MOSTLY or not (marks >= MOSTLY or named):
            return None
        return Claim(0.95, f"{like:.1%} are hardware addresses: stations are made anew")

    def word(self, text: str) -> Limit | None:
        """Nothing: makers have no name here."""
        return None
