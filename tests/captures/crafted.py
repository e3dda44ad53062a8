"""Captures made byte by byte, without the code under test."""

import struct

A4, B4 = bytes((10, 0, 0, 1)), bytes((192, 0, 2, 7))
A6, B6 = (bytes.fromhex("20010db8") + bytes(11) + bytes((i,)) for i in (1, 2))
ETHERNET = bytes(6) + b"\2\0\0\0\0\1"


def udp(size=12, sport=40000, dport=53):
    return struct.pack("!HHHH", sport, dport, 8 + size, 0) + bytes(size)


def tcp(flags, size=0, sport=40000, dport=80, options=0):
    words = 5 + options // 4
    head = struct.pack("!HHIIBBHHH", sport, dport, 1, 2, words << 4, flags, 9, 0, 0)
    return head + bytes(options) + bytes(size)


def ip4(body, protocol=17, ends=(A4, B4), fragment=0, ident=7, total=None):
    total = 20 + len(body) if total is None else total
    head = struct.pack("!BBHHHBBH", 0x45, 0, total, ident, fragment, 64, protocol, 0)
    return head + ends[0] + ends[1] + body


def ip6(body, protocol=17, ends=(A6, B6)):
    return struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + ends[0] + ends[1] + body


def ethernet(packet, kind=None):
    kind = kind or (b"\x08\0" if packet[0] >> 4 == 4 else b"\x86\xdd")
    return ETHERNET + kind + packet


def pcap(frames, link=1, order="<", fine=False, snap=65535, times=None):
    """Frames a millisecond apart, or at `times` in ticks of the file."""
    unit = 10**9 if fine else 10**6
    magic = 0xA1B23C4D if fine else 0xA1B2C3D4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link)
    for i, frame in enumerate(frames):
        at = times[i] if times else 1_700_000_000 * unit + i * unit // 1000
        kept = frame[:snap]
        out += struct.pack(order + "IIII", at // unit, at % unit, len(kept), len(frame)) + kept
    return out


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    return (
        struct.pack(order + "II", kind, len(body) + 12)
        + body
        + struct.pack(order + "I", len(body) + 12)
    )


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link, options=b"", order="<"):
    return block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)


def enhanced(which, clock, frame, order="<"):
    head = struct.pack(
        order + "IIIII", which, clock >> 32, clock & 0xFFFFFFFF, len(frame), len(frame)
    )
    return block(6, head + frame, order)
