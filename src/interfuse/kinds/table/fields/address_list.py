"""Lists of addresses in one text: the answers of a name server, those a request was forwarded for.

See `fields.template`. What a row has is how many addresses of which sort, in which order, with what
stands between them; the addresses are made anew whoever has them, in their class: private ones in
the same private range, others in public space. They are not the pseudonyms of `fields.address`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.category import CategoryField
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts
from interfuse.kinds.table.fields.template import CLOSE, OPEN, Maker, TemplateField

LEAST, SEVERAL, SOME, SHORT = 0.95, 0.02, 0.05, 3.0
"""Of the values so many are lists of addresses and names; so many name two or more; so many hold an
address among other things, if they have so few words."""
_FOUR = r"(?:\d{1,3}\.){3}\d{1,3}"
_PART = r"[0-9a-fA-F]{1,4}"
_SHORT = rf"(?:{_PART}(?::{_PART}){{0,6}})?"
_SIX = rf"(?:(?:{_PART}:){{7}}{_PART}|{_SHORT}::{_SHORT})"
_NAME = r"(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*\.?"
_ITEM = rf"(?:{_FOUR}(?::\d+)?|\[?{_SIX}\]?(?::\d+)?|{_NAME}|unknown|-)"
_LIST = rf"^{_ITEM}(?:[,;\s]+{_ITEM})*$"
_SEVERAL = rf"^{_ITEM}(?:[,;\s]+{_ITEM})+$"
ADDRESS_WORD = rf"(?<![\w.:]){_FOUR}(?![\w.])|(?<![\w:.]){_SIX}(?![\w:.])"
"""An address that stands for itself."""
HAS_ADDRESS = rf"(?:^|[,;\s\[])(?:{_FOUR}|{_SIX})(?:[,;:\s\]]|$)"
_VERSIONS = re.compile(r"(?i)version|release|build|firmware")
_FIVE, _PORT = f"{OPEN}d5-5{CLOSE}", f"{OPEN}N1-1{CLOSE}"
_FIRST = np.array([n for n in range(1, 224) if n not in (10, 100, 127, 169, 172, 192, 198, 203)])
"""First numbers of public addresses, without those of which a part is not."""


def _octets(draws: np.ndarray, start: int) -> list[str]:
    """The rest of addresses from draws, hosts from 1 to 254."""
    middle = (draws[:, start:3] * 256).astype(int)
    last = 1 + (draws[:, 3] * 254).astype(int)
    return [
        ".".join(map(str, [*m, n])) for m, n in zip(middle.tolist(), last.tolist(), strict=True)
    ]


def _four(prefix: str, start: int) -> Maker:
    return lambda draws: [prefix + rest for rest in _octets(draws, start)]


def _public(draws: np.ndarray) -> list[str]:
    first = _FIRST[(draws[:, 0] * len(_FIRST)).astype(int)].tolist()
    return [f"{a}.{rest}" for a, rest in zip(first, _octets(draws, 1), strict=True)]


def _middle(draws: np.ndarray) -> list[str]:
    second = (16 + draws[:, 1] * 16).astype(int).tolist()
    return [f"172.{b}.{rest}" for b, rest in zip(second, _octets(draws, 2), strict=True)]


def _six(first: str) -> Maker:
    def made(draws: np.ndarray) -> list[str]:
        parts = (draws[:, :7] * 65_536).astype(int)
        return [first + ":" + ":".join(f"{p:x}" for p in row) for row in parts.tolist()]

    return made


_RANGES = {"P": "10.0.0.0/8", "Q": "172.16.0.0/12", "R": "192.168.0.0/16", "L": "fc00::/7"}
_NETWORKS = {sort: ipaddress.ip_network(text) for sort, text in _RANGES.items()}


@register_field
class AddressListField(TemplateField):
    """A column of lists of addresses."""

    kind = "address_list"
    words = "lists of addresses and names in one text; the addresses are made anew"
    options: ClassVar[Mapping[str, str]] = CategoryField.options
    word_pattern: ClassVar[re.Pattern[str]] = re.compile(rf"({ADDRESS_WORD}|[^\W_]+)")
    blank = f"{OPEN}G1-1{CLOSE}"
    made: ClassVar[Mapping[str, Maker]] = {
        "P": _four("10.", 1),
        "Q": _middle,
        "R": _four("192.168.", 2),
        "G": _public,
        "L": _six("fd00"),
        "S": _six("2600"),
        "N": lambda draws: (10_000 + draws[:, 0] * 55_536).astype(int).astype(str).tolist(),
    }

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """How many values are such lists, name two or more, and have an address at all."""
        if dtype != pl.String:
            return {}
        return {
            "like": column.str.contains(_LIST).mean(),
            "several": column.str.contains(_SEVERAL).mean(),
            "has": column.str.contains(HAS_ADDRESS).mean(),
            "words": (column.str.count_matches(r"\S\s+\S") + 1).mean(),
        }

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Nearly all values are lists, some of two or more, and half have addresses."""
        like, several, has = (facts.values.get(key) or 0 for key in ("like", "several", "has"))
        if like < LEAST or several < SEVERAL or has < 0.5:
            few = (facts.values.get("words") or 0) <= SHORT
            if has < SOME or not few or _VERSIONS.search(facts.name):
                return None
            return Claim(0.6, f"{has:.1%} hold an address; these are made anew")
        return Claim(0.95, f"{like:.1%} are lists of addresses, which are made anew")

    @classmethod
    def _steps(
        cls, common: frozenset[str], steady: frozenset[str]
    ) -> tuple[Callable[[Sequence[str]], str], ...]:
        """As of all templates, but that five digits are a number of 16 bits: ports and the like."""

        def ported(step: Callable[[Sequence[str]], str]) -> Callable[[Sequence[str]], str]:
            return lambda pieces: step(pieces).replace(_FIVE, _PORT)

        return tuple(ported(step) for step in super()._steps(common, steady))

    @classmethod
    def _own_gap(cls, word: str) -> str | None:
        """The class of an address; those that stand for a purpose, as loopback, are words."""
        if "." not in word and ":" not in word:
            return None
        try:
            address = ipaddress.ip_address(word)
        except ValueError:
            return None
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            return None
        inside = (s for s, net in _NETWORKS.items() if address in net)
        sort = next(inside, "G" if address.version == 4 else "S")
        return f"{OPEN}{sort}1-1{CLOSE}"
