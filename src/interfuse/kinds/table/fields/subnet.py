"""Networks as values: an address with the length of its prefix, "192.0.2.0/24".

As addresses of hosts (`fields.address`), the length being the form; where all networks that were
seen have zeros behind their length, so have those drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from interfuse.internet import BITS, Addresses
from interfuse.kinds.table.fields.address import MOSTLY, NEW, AddressField
from interfuse.kinds.table.fields.cells import TEXTS, Arrays
from interfuse.kinds.table.fields.hosttext import parts_of
from interfuse.kinds.table.fields.limit import Limit
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts, Spec

_LENGTH = r"/(\d{1,3})$"


@register_field
class SubnetField(AddressField):
    """A column of networks as address and length.

    Attributes:
        zeroed: whether nothing is set behind the length.
    """

    kind = "subnet"
    words = "networks with the length of their prefix, 192.0.2.0/24; made anew"
    zeroed = True

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Text."""
        return dtype in TEXTS

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Text of which nearly all is an address with a length."""
        length = facts.values.get("length") or 0
        if length < MOSTLY:
            return None
        return Claim(0.92, f"{length:.1%} are networks with the length of their prefix{NEW}")

    @classmethod
    def finish(cls, sketch: pl.DataFrame | None, spec: Spec) -> SubnetField:
        """As of addresses, and whether bits are set behind the length."""
        made = super().finish(sketch, spec)
        assert isinstance(made, SubnetField)
        parts = parts_of(cls.tallied(sketch, spec)["value"], cls.families)
        zeroed = _zeroed(parts.found, parts.forms)
        there = parts.found.family > 0
        made.zeroed = bool(
            ((zeroed.high == parts.found.high) & (zeroed.low == parts.found.low))[there].all()
        )
        return made

    def _shown(self, found: Addresses, forms: pl.Series) -> Addresses:
        return _zeroed(found, forms) if self.zeroed else found

    def word(self, text: str) -> Limit | None:
        """Nothing: a prefix is a value here."""
        return None

    def to_json(self) -> dict[str, Any]:
        """As of addresses, and whether bits are set behind the length."""
        return {**super().to_json(), "zeroed": self.zeroed}

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> SubnetField:
        """The inverse of `to_json` and `arrays`."""
        made = super().from_json(name, dtype, d, arrays)
        assert isinstance(made, SubnetField)
        made.zeroed = bool(d["zeroed"])
        return made


def _zeroed(found: Addresses, forms: pl.Series) -> Addresses:
    """Addresses with zeros behind the length that their form has."""
    length = forms.str.extract(_LENGTH).cast(pl.Int64).fill_null(128).to_numpy()
    bits = np.array([BITS.get(int(f), 128) for f in found.family], np.int64)
    free = np.maximum(bits - length, 0)
    low = _cleared(found.low, np.minimum(free, 64))
    return Addresses(found.family, _cleared(found.high, np.maximum(free - 64, 0)), low)


def _cleared(part: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Numbers with their last bits zero."""
    shift = np.minimum(free, 63).astype(np.uint64)
    return np.where(free >= 64, np.uint64(0), part >> shift << shift)
