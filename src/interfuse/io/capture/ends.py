"""Addresses of ends and messages of ICMP, as text."""

from __future__ import annotations

import ipaddress


def mapped(address: str) -> str:
    """An address of IPv4 as one of IPv6; what is none stays."""
    try:
        return str(ipaddress.IPv6Address(f"::ffff:{address}"))
    except ValueError:
        return address


def is_group(address: str) -> bool:
    """Whether an address is of several hosts, so that nobody has it as a source."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return known.is_multicast or address == "255.255.255.255"


def is_message(text: str) -> bool:
    """Whether it is type/code."""
    kind, _, code = text.partition("/")
    return kind.isdecimal() and code.isdecimal() and int(kind) < 256 and int(code) < 256


def as_host(address: str) -> str:
    """A private address of IPv4, or a local one of IPv6, with the rest of that of a group."""
    if ":" in address:
        return "fe80::" + ipaddress.ip_address(address).exploded.rpartition(":")[2].lstrip("0")
    return "10." + address.partition(".")[2]
