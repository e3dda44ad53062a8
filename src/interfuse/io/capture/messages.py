"""Small valid messages of a given number of bytes, for those who look inside packets.

Each function takes how many bytes, whether it is the answer, and a random generator; it gives the
bytes, or None where no message of this protocol is that short. Names are those that are reserved
for examples (RFC 2606).
"""

from __future__ import annotations

import struct
from random import Random

from interfuse.io.capture.frames import checksum

HOST = b"example.com"
_LONGEST = 65_000
"""Bytes of one message whose length is of two bytes."""
_SEVERAL = 4_000
"""Bytes of one of several messages in a stream."""
_LETTERS = bytes(97 + i % 26 for i in range(256))


def letters(size: int, random: Random) -> bytes:
    """Lower-case letters."""
    return random.randbytes(size).translate(_LETTERS)


def zeros(size: int, back: bool, random: Random) -> bytes | None:
    """Nothing but zeros: a head of many protocols that says that nothing follows."""
    return bytes(size)


def anything(size: int, random: Random) -> bytes:
    """Random bytes behind some letters, by which they are taken for no protocol they are not."""
    first = min(size, 4)
    return letters(first, random) + random.randbytes(size - first)


def dns(size: int, back: bool, random: Random) -> bytes | None:
    """A query, or an answer with a TXT record (RFC 1035); long queries are padded (RFC 7830)."""
    head = struct.pack("!HHHHHH", random.getrandbits(16), 0x8180 if back else 0x0100, 1, 0, 0, 0)
    room = size - 16  # of the name, its last zero included
    if room == 1 or 3 <= room <= 64:
        return head + _name(room, random) + b"\0\x10\0\1"
    question = b"\7example\3com\0" + b"\0\x10\0\1"
    left = size - 12 - len(question)
    if back and left >= 13:
        answer = b"\xc0\x0c\0\x10\0\1" + struct.pack("!IH", 300, left - 12)
        counts = head[:6] + struct.pack("!H", 1) + head[8:]
        return counts + question + answer + _strings(left - 12, random)
    if left >= 15:
        option = struct.pack("!BHHIHHH", 0, 41, 4096, 0, left - 11, 12, left - 15)
        return head[:10] + b"\0\1" + question + option + bytes(left - 15)
    # A head that says that nothing follows it.
    return head[:4] + bytes(size - 4) if size >= 12 else None


def _name(room: int, random: Random) -> bytes:
    if room == 1:
        return b"\0"
    return bytes([room - 2]) + letters(room - 2, random) + b"\0"


def _strings(size: int, random: Random) -> bytes:
    """Character strings of at most 255 bytes, each behind its length."""
    out = b""
    while size > 0:
        part = min(size - 1, 255)
        if size - 1 - part == 0 or size > 256:
            out += bytes([part]) + letters(part, random)
        size -= part + 1
    return out


def dns_stream(size: int, back: bool, random: Random) -> bytes | None:
    """Messages behind their lengths, as over TCP."""
    out = []
    while size > 0:
        part = size if size <= 2 * _SEVERAL else _SEVERAL
        inner = dns(part - 2, back, random) if part > 2 else None
        if inner is None:
            return None
        out.append(struct.pack("!H", len(inner)) + inner)
        size -= part
    return b"".join(out)


def http(size: int, back: bool, random: Random) -> bytes | None:
    """A request, with a body if it is long, or an answer with one."""
    if not back and size <= 400:
        line = b"GET /%b HTTP/1.1\r\nHost: " + HOST + b"\r\n\r\n"
        left = size - len(line) + 2
        if left >= 0:
            return line % letters(left, random)
        line = b"GET /%b HTTP/1.0\r\n\r\n"
        left = size - len(line) + 2
        return line % letters(left, random) if left >= 0 else None
    first = b"HTTP/1.1 200 OK\r\n" if back else b"POST / HTTP/1.1\r\nHost: " + HOST + b"\r\n"
    first += b"Content-Type: text/plain\r\n" if size > 120 else b""
    for digits in range(1, 10):
        left = size - len(first) - len(b"Content-Length: \r\n\r\n") - digits
        if left >= 0 and len(b"%d" % left) <= digits:
            length = b"%0*d" % (digits, left)
            return first + b"Content-Length: " + length + b"\r\n\r\n" + letters(left, random)
    line = b"HTTP/1.1 204 %b\r\n\r\n"
    left = size - len(line) + 2
    return line % letters(left, random) if back and left > 0 else None


def tls(size: int, back: bool, random: Random) -> bytes | None:
    """A hello, and records that are encrypted (RFC 8446)."""
    hello = _server_hello(random) if back else _client_hello(min(size, 517), random)
    if hello is None or size < len(hello):
        return _records(size, random)
    left = size - len(hello)
    if 0 < left < 22:
        grown = None if back else _client_hello(size, random)
        return grown if grown is not None else _records(size, random)
    return hello + (_records(left, random) or b"")


def _records(size: int, random: Random) -> bytes | None:
    """Records of application data."""
    out, most = [], 16_384 + 5
    while size > 0:
        part = min(size, most)
        if 0 < size - part < 22:
            part -= 22
        if part < 6:
            return None
        out.append(b"\x17\3\3" + struct.pack("!H", part - 5) + random.randbytes(part - 5))
        size -= part
    return b"".join(out)


def _client_hello(size: int, random: Random) -> bytes | None:
    name = b"\0\0" + struct.pack("!HHBH", len(HOST) + 5, len(HOST) + 3, 0, len(HOST)) + HOST
    others = b"\0\x2b\0\3\2\3\4" + b"\0\x0a\0\4\0\2\0\x1d" + b"\0\x0d\0\4\0\2\4\3"
    body = b"\3\3" + random.randbytes(32) + b"\x20" + random.randbytes(32) + b"\0\2\x13\1\1\0"
    pad = size - 5 - 4 - len(body) - 2 - len(name) - len(others) - 4
    if pad < 0:
        return None
    extensions = name + others + struct.pack("!HH", 21, pad) + bytes(pad)
    body += struct.pack("!H", len(extensions)) + extensions
    handshake = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\1" + struct.pack("!H", len(handshake)) + handshake


def _server_hello(random: Random) -> bytes:
    extensions = b"\0\x2b\0\2\3\4"
    body = b"\3\3" + random.randbytes(32) + b"\x20" + random.randbytes(32) + b"\x13\1\0"
    body += struct.pack("!H", len(extensions)) + extensions
    handshake = b"\2" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\3" + struct.pack("!H", len(handshake)) + handshake


def dhcp(size: int, back: bool, random: Random) -> bytes | None:
    """Discover, or offer (RFC 2131)."""
    if size < 244:
        return None
    head = struct.pack("!BBBBIHH", 2 if back else 1, 1, 6, 0, random.getrandbits(32), 0, 0)
    client = b"\2\0" + random.randbytes(4)
    fixed = head + bytes(16) + client + bytes(10 + 192) + b"\x63\x82\x53\x63"
    return fixed + bytes([53, 1, 2 if back else 1, 255]) + bytes(size - 244)


def ntp(size: int, back: bool, random: Random) -> bytes | None:
    """Version 4 (RFC 5905); of other lengths a message of mode 7 without items."""
    mode = 4 if back else 3
    stamp = struct.pack("!II", 0xE0000000 + random.getrandbits(24), random.getrandbits(32))
    if size == 48:
        return struct.pack("!BBbb", 4 << 3 | mode, 2, 6, -20) + bytes(12) + stamp * 4
    if size < 8:
        return None
    return bytes((2 << 3 | 7 | back << 7, 0, 0, 0)) + bytes(size - 4)


def snmp(size: int, back: bool, random: Random) -> bytes | None:
    """A get request of version 2c, or its response; the community fills it (RFC 3416)."""
    if size > _LONGEST:
        return None
    value = b"\4\2ok" if back else b"\5\0"
    bound = _ber(0x30, _ber(6, b"\x2b\6\1\2\1\1\1\0") + value)
    numbers = _ber(2, struct.pack("!I", random.getrandbits(30))) + b"\2\1\0\2\1\0"
    pdu = _ber(0xA2 if back else 0xA0, numbers + _ber(0x30, bound))
    for community in range(max(size - len(pdu) - 20, 0), max(size - len(pdu), 0) + 1):
        message = _ber(0x30, b"\2\1\1" + _ber(4, b"p" * community) + pdu)
        if len(message) == size:
            return message
    return None


def _ber(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    if size < 256:
        return bytes([tag, 0x81, size]) + content
    return bytes([tag, 0x82]) + struct.pack("!H", size) + content


def lines(size: int, back: bool, random: Random) -> bytes | None:
    """Lines of letters, as of protocols that are text."""
    out = b""
    while len(out) < size:
        part = min(size - len(out), 72)
        out += letters(max(part - 2, 0), random) + b"\r\n"[-part:]
    return out[:size]


def tunnelled(size: int, version: int, random: Random) -> bytes | None:
    """A packet of IP in IP, without a protocol of its own."""
    if version == 6 and size >= 40:
        ends = bytes.fromhex("20010db8") + random.randbytes(12)
        return struct.pack("!IHBB", 6 << 28, size - 40, 59, 64) + ends + ends + bytes(size - 40)
    if version == 4 and size >= 20:
        head = struct.pack("!BBHHHBBH", 0x45, 0, size, 0, 0x4000, 64, 253, 0)
        ends = bytes((192, 0, 2, 1, 192, 0, 2, 2))
        return head[:10] + struct.pack("!H", checksum(head, ends)) + ends + bytes(size - 20)
    return None


def membership(size: int, random: Random) -> bytes | None:
    """A report of IGMP: of version 2 where it is of 8 bytes, else of 3 (RFC 3376)."""
    group = bytes((239, 192)) + random.randbytes(2)
    if size == 8:
        body = b"\x16\0\0\0" + group
    elif size == 12:
        body = b"\x11\0\0\0" + group + bytes(4)
    elif size >= 16 and size % 4 == 0 and size <= 16 + 4 * 255:
        words = (size - 16) // 4
        body = b"\x22" + bytes(6) + b"\1" + bytes((4, words, 0, 0)) + group + bytes(4 * words)
    else:
        return None
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def coap(size: int, back: bool, random: Random) -> bytes | None:
    """A request that asks for no confirmation, or its answer, with a payload (RFC 7252)."""
    token = size == 5
    head = bytes((0x50 + token, 0x45 if back else 2)) + random.randbytes(2 + token)
    if size < 6:
        return head if size >= 4 else None
    return head + b"\xff" + letters(size - 5, random)


def gre_datagram(size: int, back: bool, random: Random) -> bytes | None:
    """GRE in UDP (RFC 8086)."""
    return routed(size, random)


def vxlan(size: int, back: bool, random: Random) -> bytes | None:
    """A frame of an EtherType for experiments in a virtual network (RFC 7348)."""
    inner = bytes((2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1)) + b"\x88\xb5"
    return b"\x08" + bytes(7) + inner + bytes(size - 22) if size >= 22 else None


def routed(size: int, random: Random) -> bytes | None:
    """GRE with a payload of an EtherType for experiments (RFC 2784, IEEE 802)."""
    return b"\0\0\x88\xb5" + random.randbytes(size - 4) if size >= 4 else None


def search(size: int, back: bool, random: Random) -> bytes | None:
    """SSDP: a search, or its answer, which have the form of HTTP without a body."""
    first = b"HTTP/1.1 200 OK\r\nUSN: " if back else b"M-SEARCH * HTTP/1.1\r\nST: "
    left = size - len(first) - 4
    return first + letters(left, random) + b"\r\n\r\n" if left >= 0 else None
