"""The bytes of packets: Ethernet, IPv4 and IPv6, TCP, UDP, ICMP, with checksums (RFC 1071).

The checksum is the ones' complement of the sum of 16-bit words in ones' complement. That sum is the
whole message, as one number, modulo 65,535: 2^16 is 1 there. So it is one division, not a loop.
"""

from __future__ import annotations

import ipaddress
import struct
import zlib
from typing import NamedTuple

ETHERNET = 14
_TYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}
WINDOW = 64_240


class Ends(NamedTuple):
    """Both ends of a flow.

    Attributes:
        version: 4 or 6.
        addresses: of source and target, in bytes.
        ports: of both; 0 where there are none.
        protocol: its number.
    """

    version: int
    addresses: tuple[bytes, bytes]
    ports: tuple[int, int]
    protocol: int

    @classmethod
    def of(cls, source: str, target: str, ports: tuple[int, int], protocol: int) -> Ends:
        """From text; zones of addresses (%eth0) are dropped.

        Raises:
            ValueError: an address is none, or they are of two versions.
        """
        one, other = (ipaddress.ip_address(a.partition("%")[0]) for a in (source, target))
        if one.version != other.version:
            raise ValueError(f"{source} and {target} are of two versions")
        return cls(one.version, (one.packed, other.packed), ports, protocol)

    @property
    def head(self) -> int:
        """Bytes of the IP header."""
        return 20 if self.version == 4 else 40


def checksum(*parts: bytes) -> int:
    """The Internet checksum of some bytes, one after the other; all but the last of even length.

    Examples:
        >>> hex(checksum(bytes.fromhex("00010203")))
        '0xfdfb'
    """
    data = b"".join(parts)
    if len(data) % 2:
        data += b"\0"
    total = int.from_bytes(data, "big")
    return 0xFFFF - (total % 0xFFFF or (0xFFFF if total else 0))


def hardware(address: bytes) -> bytes:
    """A locally administered MAC address, the same for the same host."""
    return b"\x02\x00" + struct.pack("!I", zlib.crc32(address))


def ethernet(ends: Ends, back: bool, packet: bytes) -> bytes:
    """A frame."""
    here, there = ends.addresses[back], ends.addresses[not back]
    return hardware(there) + hardware(here) + _TYPES[ends.version] + packet


def packet(ends: Ends, back: bool, body: bytes, ident: int) -> bytes:
    """An IP packet; `ident` is that of IPv4."""
    here, there = ends.addresses[back], ends.addresses[not back]
    ttl = 255 if ends.protocol in (58,) else 64
    if ends.version == 6:
        head = struct.pack("!IHBB", 6 << 28, len(body), ends.protocol, ttl)
        return head + here + there + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), ident, 0x4000, ttl, ends.protocol, 0)
    total = checksum(head, here, there)
    return head[:10] + struct.pack("!H", total) + here + there + body


def pseudo(ends: Ends, size: int) -> bytes:
    """What checksums of transport cover besides their own bytes; the same both ways."""
    kind = "!HH" if ends.version == 4 else "!II"
    return b"".join(ends.addresses) + struct.pack(kind, ends.protocol, size)


def _summed(ends: Ends, body: bytes, at: int, zero: int = 0) -> bytes:
    total = checksum(pseudo(ends, len(body)), body) or zero
    return body[:at] + struct.pack("!H", total) + body[at + 2 :]


class Segment(NamedTuple):
    """What a segment of TCP says besides its payload."""

    sequence: int
    acknowledged: int
    flags: int
    window: int
    options: bytes = b""


def tcp(ends: Ends, back: bool, said: Segment, payload: bytes) -> bytes:
    """A segment of TCP."""
    here, there = ends.ports[back], ends.ports[not back]
    words = 5 + len(said.options) // 4
    urgent = len(payload) if said.flags & 32 else 0
    numbers = (said.sequence, said.acknowledged, words << 4, said.flags, said.window, 0, urgent)
    head = struct.pack("!HHIIBBHHH", here, there, *numbers)
    return _summed(ends, head + said.options + payload, 16)


def udp(ends: Ends, back: bool, payload: bytes) -> bytes:
    """A datagram of UDP; a sum of zero is written as 65,535."""
    here, there = ends.ports[back], ends.ports[not back]
    head = struct.pack("!HHHH", here, there, 8 + len(payload), 0)
    return _summed(ends, head + payload, 6, 0xFFFF)


def sctp(ends: Ends, back: bool, size: int) -> bytes:
    """A packet of SCTP whose one chunk is padding (RFC 4820), of `size` bytes."""
    head = struct.pack("!HHI", ends.ports[back], ends.ports[not back], 1)
    chunk = struct.pack("!BBH", 0x84, 0, size) if size >= 4 else b""
    rest = chunk + bytes(size - len(chunk))
    return head + struct.pack("<I", crc32c(head + bytes(4) + rest)) + rest


def _castagnoli() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


_CRC = _castagnoli()


def crc32c(data: bytes) -> int:
    """The cyclic redundancy check of SCTP (RFC 9260, Castagnoli's polynomial).

    Examples:
        >>> hex(crc32c(b"123456789"))
        '0xe3069283'
    """
    out = 0xFFFFFFFF
    for byte in data:
        out = out >> 8 ^ _CRC[(out ^ byte) & 0xFF]
    return out ^ 0xFFFFFFFF


def icmp(ends: Ends, kind: int, code: int, rest: bytes) -> bytes:
    """A message of ICMP or ICMPv6; `rest` is what follows the checksum."""
    body = struct.pack("!BBH", kind, code, 0) + rest
    if ends.version == 6:
        return _summed(ends, body, 2)
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def options(size: int, opens: bool, mss: int, clock: tuple[int, int]) -> bytes:
    """Options of TCP of a number of bytes that four divides.

    Args:
        size: bytes.
        opens: whether this is a SYN.
        mss: the largest segment that it announces.
        clock: time stamps: one's own, and the last of the other side.
    """
    out = b""
    stamp = b"\x08\x0a" + struct.pack("!II", *clock)
    if opens:
        if size >= 4:
            out += b"\x02\x04" + struct.pack("!H", mss)
        if size >= 20:
            out += b"\x04\x02" + stamp + b"\x01\x03\x03\x07"
        elif size >= 12:
            out += b"\x01\x03\x03\x08\x01\x01\x04\x02"
        elif size >= 8:
            out += b"\x01\x01\x04\x02"
    elif size >= 12:
        out = b"\x01\x01" + stamp
    return out + b"\x01" * (size - len(out))
