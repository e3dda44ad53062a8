"""The internet's own values as text: addresses of hosts, their classes, and what texts look like.

An address is two unsigned 64-bit numbers, `high` and `low`, and a family: 4 (RFC 791), 6
(RFC 4291) or 48 (IEEE 802 hardware addresses). What stands around it in a text is its *form*, a
pattern: "{}" alone, "{}/24" with the length of a prefix, "{}%eth0" with a zone (RFC 4007),
"::ffff:{}" for an IPv4 address mapped into IPv6, "{:X}" in capitals, "{:f}" with all zeros.

A class is a range with a meaning of its own (RFC 6890 and the IANA registries of special-purpose
addresses). `OPEN` classes number hosts, which may be renumbered inside their class; the others say
what an address is for.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

import numpy as np
import polars as pl

_OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
ADDRESS = (
    rf"^(::ffff:)?{_OCTET}(\.{_OCTET}){{3}}(/(3[0-2]|[12]?\d))?$"
    r"|^\[?[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}(:\d+(\.\d+){3})?(%[\w.-]+)?\]?(/\d{1,3})?$"
)
"""Texts that are addresses of hosts or networks; `parse` is stricter about version 6."""
MAC = r"^([0-9a-fA-F]{2}([:-])?){5}[0-9a-fA-F]{2}$|^([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}$"
URL = r"^([a-zA-Z][a-zA-Z0-9+.-]*://[^\s]+|/[^\s]*)$"
FULL_URL = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^\s]+$"
AGENT = r"^[A-Za-z][\w .+!-]*/v?\d[\w.+-]*"
HOSTNAME = (
    r"^(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z][A-Za-z0-9-]{1,62}\.?$"
)

V4 = (
    ("this network", "0.0.0.0/8", False),
    ("private 10.0.0.0/8", "10.0.0.0/8", True),
    ("shared 100.64.0.0/10", "100.64.0.0/10", True),
    ("loopback", "127.0.0.0/8", False),
    ("link-local", "169.254.0.0/16", False),
    ("private 172.16.0.0/12", "172.16.0.0/12", True),
    ("protocols 192.0.0.0/24", "192.0.0.0/24", False),
    ("documentation 192.0.2.0/24", "192.0.2.0/24", False),
    ("private 192.168.0.0/16", "192.168.0.0/16", True),
    ("benchmarks 198.18.0.0/15", "198.18.0.0/15", True),
    ("documentation 198.51.100.0/24", "198.51.100.0/24", False),
    ("documentation 203.0.113.0/24", "203.0.113.0/24", False),
    ("multicast 224.0.0.0/24", "224.0.0.0/24", False),
    ("multicast", "224.0.0.0/4", False),
    ("reserved", "240.0.0.0/4", True),
    ("broadcast", "255.255.255.255/32", False),
    ("public", "0.0.0.0/0", True),
)
V6 = (
    ("unspecified", "::/128", False),
    ("loopback", "::1/128", False),
    ("NAT64", "64:ff9b::/96", True),
    ("Teredo", "2001::/32", True),
    ("documentation", "2001:db8::/32", False),
    ("6to4", "2002::/16", True),
    ("unique local", "fc00::/7", True),
    ("link-local", "fe80::/10", False),
    ("multicast ff02::/16", "ff02::/16", False),
    ("multicast", "ff00::/8", False),
    ("public", "2000::/3", True),
    ("reserved", "::/0", True),
)
_MACS = (
    ("broadcast", 0xFFFFFFFFFFFF, 48, False),
    ("IPv4 multicast", 0x01005E000000, 25, False),
    ("bridges", 0x0180C2000000, 24, False),
    ("IPv6 multicast", 0x333300000000, 16, False),
    ("station", 0, 0, True),
)


class Class(NamedTuple):
    """A range of addresses.

    Attributes:
        family: 4, 6 or 48.
        name: for people.
        high, low: its first address.
        length: bits that all its addresses begin with.
        open: whether hosts may be renumbered inside it.
    """

    family: int
    name: str
    high: int
    low: int
    length: int
    open: bool


BITS = {4: 32, 6: 128, 48: 48}


def _classes() -> tuple[Class, ...]:
    out = []
    for family, table in ((4, V4), (6, V6)):
        for name, text, free in table:
            net = ipaddress.ip_network(text)
            first = int(net.network_address)
            out.append(Class(family, name, first >> 64, first & (2**64 - 1), net.prefixlen, free))
    out += [Class(48, name, 0, first, length, free) for name, first, length, free in _MACS]
    return tuple(sorted(out, key=lambda c: (c.family, c.length)))


CLASSES = _classes()
"""Of each family the wide ones first, so that the last that fits is the narrowest."""


class Addresses(NamedTuple):
    """Addresses as numbers.

    Attributes:
        family: (n,) uint8; 0 where a text is no address.
        high, low: (n,) uint64.
    """

    family: np.ndarray
    high: np.ndarray
    low: np.ndarray

    def take(self, at: np.ndarray) -> Addresses:
        """Those at these places."""
        return Addresses(*(part[at] for part in self))

    def prefix(self, length: int) -> np.ndarray:
        """(n,) uint64 the first `length` bits, at most 64, as a number; of a family's own width."""
        out = np.zeros(len(self.low), np.uint64)
        for family, bits in BITS.items():
            rows = self.family == family
            if not rows.any() or not length:
                continue
            part, width = (self.high, 64) if family == 6 else (self.low, bits)
            out[rows] = part[rows] >> np.uint64(max(width - length, 0))
        return out

    def within(self, family: int, high: int, low: int, length: int) -> np.ndarray:
        """(n,) whether each lies in a range."""
        rows = self.family == family
        bits = BITS[family]
        for part, first, width in ((self.high, high, bits - 64), (self.low, low, min(bits, 64))):
            used = min(length, width) if width > 0 else 0
            if part is self.low and bits > 64:
                used = max(length - 64, 0)
            if used > 0:
                shift = np.uint64(width - used)
                rows = rows & ((part >> shift) == (np.uint64(first) >> shift))
        return rows

    def classes(self) -> np.ndarray:
        """(n,) index into `CLASSES`; -1 where there is no address."""
        out = np.full(len(self.low), -1, np.int64)
        for i, c in enumerate(CLASSES):
            out[self.within(c.family, c.high, c.low, c.length)] = i
        return out


def none_of(n: int) -> Addresses:
    """That many texts which are no address."""
    return Addresses(np.zeros(n, np.uint8), np.zeros(n, np.uint64), np.zeros(n, np.uint64))


def parse(texts: pl.Series) -> tuple[Addresses, pl.Series]:
    """Texts as addresses and their forms; family 0 and no form where a text is none.

    Args:
        texts: of type String; missing values are none.
    """
    parts = texts.str.extract_groups(
        r"^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$"
    ).struct.unnest()
    octets = [parts[c].cast(pl.UInt64, strict=False) for c in parts.columns]
    low = sum((o * 256 ** (3 - i) for i, o in enumerate(octets)), start=pl.Series([0]))
    plain = pl.select(pl.all_horizontal(*(o <= 255 for o in octets))).to_series().fill_null(False)
    tidy = pl.select(
        pl.all_horizontal(*(parts[c].str.contains(r"^(0|[1-9]\d*)$") for c in parts.columns))
    ).to_series()
    plain = (plain & tidy).fill_null(False).to_numpy()
    found = none_of(len(texts))
    found.family[plain] = 4
    found.low[plain] = low.fill_null(0).cast(pl.UInt64).to_numpy()[plain]
    forms: list[str | None] = ["{}" if p else None for p in plain]
    for i in np.flatnonzero(~plain & texts.is_not_null().to_numpy()).tolist():
        read = _one(texts[i])
        if read is not None:
            found.family[i], found.high[i], found.low[i], forms[i] = read
    return found, pl.Series(forms, dtype=pl.String)


_AROUND = re.compile(r"(\[?)([0-9a-fA-F:.]+)(%[\w.-]+)?(\]?)(/\d{1,3})?")


def _one(text: str) -> tuple[int, int, int, str] | None:
    if re.match(MAC, text):
        digits = re.sub("[^0-9a-fA-F]", "", text)
        form = re.sub("[0-9a-fA-F]", "#", text) + ("X" if digits != digits.lower() else "")
        return 48, 0, int(digits, 16), form
    match = _AROUND.fullmatch(text)
    if match is None or bool(match[1]) != bool(match[4]):
        return None
    opened, bare, zone, closed, length = (part or "" for part in match.groups())
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if length and int(length[1:]) > address.max_prefixlen:
        return None
    number, around = int(address), (opened, f"{zone}{closed}{length}")
    if address.version == 4:
        return (4, 0, number, f"{around[0]}{{}}{around[1]}") if not zone else None
    if address.ipv4_mapped is not None and bare.lower().startswith("::ffff:") and "." in bare:
        return 4, 0, int(address.ipv4_mapped), f"{around[0]}{bare[:7]}{{}}{around[1]}"
    style = "{}"
    if bare != address.compressed:
        style = "{:X}" if bare != bare.lower() else "{:f}" if len(bare) == 39 else "{}"
    return 6, number >> 64, number & (2**64 - 1), f"{around[0]}{style}{around[1]}"


def written(addresses: Addresses, forms: pl.Series) -> pl.Series:
    """The texts of addresses in these forms; missing where there is no address."""
    low = pl.Series(addresses.low)
    octets = [((low // 256**shift) % 256).cast(pl.String) for shift in (3, 2, 1, 0)]
    four = octets[0] + "." + octets[1] + "." + octets[2] + "." + octets[3]
    parts = pl.DataFrame({"form": forms, "four": four, "is": addresses.family == 4})
    text = pl.col("form").str.replace("{}", pl.col("four"), literal=True)
    out = parts.select(pl.when("is").then(text)).to_series()
    rest = np.flatnonzero((addresses.family != 4) & (addresses.family != 0))
    if not len(rest):
        return out
    texts = [
        _text(int(f), int(h), int(w), form)
        for f, h, w, form in zip(
            *(part[rest] for part in addresses), forms.gather(rest).to_list(), strict=True
        )
    ]
    return out.scatter(rest, pl.Series(texts, dtype=pl.String))


def _text(family: int, high: int, low: int, form: str) -> str:
    if family == 48:
        digits = f"{low:012x}"
        digits = digits.upper() if form.endswith("X") else digits
        each = iter(digits)
        pattern = form.removesuffix("X") if form.count("#") == 12 else "##:##:##:##:##:##"
        return "".join(next(each) if c == "#" else c for c in pattern)
    address = ipaddress.IPv6Address(high << 64 | low)
    text = address.exploded if "{:f}" in form else address.compressed
    text = text.upper() if "{:X}" in form else text
    style = next((s for s in ("{:f}", "{:X}", "{}") if s in form), None)
    return text if style is None else form.replace(style, text)
