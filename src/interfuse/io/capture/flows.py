"""The columns of a table of flows, and what follows from what.

| column | what it is |
|---|---|
| start, duration | time of the first packet; seconds to the last |
| src_ip, dst_ip, src_port, dst_port, protocol | of the first packet; a protocol by its keyword |
| icmp | type/code of the first message, such as 8/0 |
| fwd_packets | what the source sent |
| fwd_bytes, fwd_payload | bytes from the IP header on; those behind the transport header |
| fwd_size_min, fwd_size_mean, fwd_size_max | bytes of a packet |
| fwd_flags | of TCP, all that were seen, as nfdump writes them: CEUAPRSF, dots for others |
| bwd_... | the same of what the source got |
| iat_mean, iat_max | seconds between two packets, of either way |
| state | of TCP, how it ended, in the words of Zeek |

These follow from others, exactly, in every row: `fwd_size_mean = fwd_bytes / fwd_packets`,
`iat_mean = duration / (packets - 1)`, `state` from the flags (`state_of`).
"""

from __future__ import annotations

import ipaddress

import numpy as np
import polars as pl

from interfuse.io.capture.meter import ACK, FIN, RST, SYN, Flows, Ways
from interfuse.io.capture.network import NONE, TCP, Decoded
from interfuse.io.capture.octets import Ints

PROTOCOLS = {
    1: "icmp", 2: "igmp", 4: "ipencap", 6: "tcp", 17: "udp", 33: "dccp", 41: "ipv6", 46: "rsvp",
    47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp", 88: "eigrp", 89: "ospf", 97: "etherip",
    103: "pim", 112: "vrrp", 115: "l2tp", 132: "sctp", 136: "udplite", 137: "mpls-in-ip",
}  # fmt: skip
"""IANA's keywords, as in /etc/protocols; others are their number."""
NUMBERS = {name: number for number, name in PROTOCOLS.items()}
HEADERS = {"tcp": 20, "udp": 8, "icmp": 8, "ipv6-icmp": 8, "udplite": 8, "sctp": 12, "dccp": 12}
"""Bytes of the shortest transport header; of other protocols all behind IP is payload."""
LETTERS = "CEUAPRSF"
"""Flags of TCP from the highest bit down."""
WAYS = ("fwd", "bwd")
STATES = {
    "S0": (SYN, 0),
    "S1": (SYN | ACK, SYN | ACK),
    "SF": (SYN | ACK | FIN, SYN | ACK | FIN),
    "S2": (SYN | ACK | FIN, SYN | ACK),
    "S3": (SYN | ACK, SYN | ACK | FIN),
    "REJ": (SYN, RST | ACK),
    "RSTO": (SYN | ACK | RST, SYN | ACK),
    "RSTR": (SYN | ACK, SYN | ACK | RST),
    "RSTOS0": (SYN | RST, 0),
    "RSTRH": (0, SYN | ACK | RST),
    "SH": (SYN | FIN, 0),
    "SHR": (0, SYN | ACK | FIN),
    "OTH": (ACK, ACK),
}
"""States of Zeek's conn.log, and the fewest flags of both ways that mean it."""


def flag_text(bits: int) -> str:
    """Flags as nfdump writes them."""
    return "".join(letter if bits >> (7 - i) & 1 else "." for i, letter in enumerate(LETTERS))


def flag_bits(text: str) -> int:
    """The inverse; letters may stand in any order, others count for nothing."""
    return sum(1 << (7 - i) for i, letter in enumerate(LETTERS) if letter in text.upper())


FLAG_TEXTS = tuple(flag_text(bits) for bits in range(256))


def state_of(forward: Ints, backward: Ints) -> np.ndarray:
    """How TCP ended, in the words of Zeek, by the flags that were seen each way.

    The order of flags is not known: where both sides reset, the source did.
    """
    asked, answered = forward & SYN > 0, backward & SYN > 0
    both, only_asked, only_answered = asked & answered, asked & ~answered, ~asked & answered
    fins = forward & FIN > 0, backward & FIN > 0
    resets = forward & RST > 0, backward & RST > 0
    cases = [
        ("RSTO", both & resets[0]),
        ("RSTR", both & resets[1]),
        ("SF", both & fins[0] & fins[1]),
        ("S2", both & fins[0]),
        ("S3", both & fins[1]),
        ("S1", both),
        ("REJ", only_asked & resets[1]),
        ("RSTOS0", only_asked & resets[0]),
        ("SH", only_asked & fins[0]),
        ("S0", only_asked & (backward == 0)),
        ("RSTRH", only_answered & resets[1]),
        ("SHR", only_answered & fins[1]),
    ]
    return np.select([where for _, where in cases], [name for name, _ in cases], "OTH")


def flow_table(decoded: Decoded, flows: Flows, nanoseconds: bool = False) -> pl.DataFrame:
    """Flows as a table.

    Args:
        decoded: the packets that were metered.
        flows: what the meter gave.
        nanoseconds: whether times are finer than a microsecond.
    """
    packets, first = decoded.packets, flows.first
    tcp = packets.protocol[first] == TCP
    unit = "ns" if nanoseconds else "us"
    start = flows.start if nanoseconds else flows.start // 1000
    texts = _texts(decoded)
    count = flows.forward.packets + flows.backward.packets
    columns = [
        pl.Series("start", start).cast(pl.Datetime(unit, "UTC")),
        pl.Series("duration", _seconds(flows.duration, nanoseconds)),
        pl.Series("src_ip", texts[packets.source[first]], pl.String),
        pl.Series("dst_ip", texts[packets.target[first]], pl.String),
        _whole("src_port", packets.source_port[first]),
        _whole("dst_port", packets.target_port[first]),
        _names("protocol", packets.protocol[first]),
        _messages(packets.message[first]),
        *(s for name, way in zip(WAYS, flows[4:], strict=True) for s in _way(name, way, tcp)),
        pl.Series("iat_max", _seconds(flows.longest, nanoseconds)).set(pl.Series(count < 2), None),
    ]
    frame = pl.DataFrame(columns)
    states = state_of(flows.forward.flags, flows.backward.flags)
    frame = frame.with_columns(pl.Series("state", np.where(tcp, states, ""), pl.String))
    return with_means(frame).with_columns(pl.col("state").replace("", None))


def with_means(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with the columns that are quotients of others, each in its place."""
    count = pl.col("fwd_packets") + pl.col("bwd_packets")
    means = {
        **{
            f"{way}_size_mean": pl.when(pl.col(f"{way}_packets") > 0).then(
                pl.col(f"{way}_bytes") / pl.col(f"{way}_packets")
            )
            for way in WAYS
        },
        "iat_mean": pl.when(count > 1).then(pl.col("duration") / (count - 1)),
    }
    frame = frame.with_columns(expr.alias(name) for name, expr in means.items())
    return frame.select(n for n in COLUMNS if n in frame.columns)


def _columns() -> tuple[str, ...]:
    ways = ("packets", "bytes", "payload", "size_min", "size_mean", "size_max", "flags")
    return (
        *("start", "duration", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "icmp"),
        *(f"{way}_{what}" for way in WAYS for what in ways),
        *("iat_mean", "iat_max", "state"),
    )


COLUMNS = _columns()


def _seconds(nanoseconds: Ints, fine: bool) -> np.ndarray:
    return np.round(nanoseconds / 1e9, 9 if fine else 6)


def _whole(name: str, values: Ints) -> pl.Series:
    return pl.Series(name, values).set(pl.Series(values == NONE), None)


def _names(name: str, numbers: Ints) -> pl.Series:
    table = np.array([PROTOCOLS.get(i, str(i)) for i in range(256)], object)
    return pl.Series(name, table[numbers], pl.String)


def _messages(messages: Ints) -> pl.Series:
    found = {m: f"{m >> 8}/{m & 255}" for m in np.unique(messages).tolist() if m != NONE}
    return pl.Series("icmp", [found.get(m) for m in messages.tolist()], pl.String)


def _way(name: str, way: Ways, tcp: np.ndarray) -> list[pl.Series]:
    flags = np.where(tcp, np.array(FLAG_TEXTS)[way.flags], "")
    return [
        pl.Series(f"{name}_packets", way.packets),
        pl.Series(f"{name}_bytes", way.size),
        pl.Series(f"{name}_payload", way.payload),
        _whole(f"{name}_size_min", way.least),
        _whole(f"{name}_size_max", way.most),
        pl.Series(f"{name}_flags", flags, pl.String).set(pl.Series(~tcp), None),
    ]


def _texts(decoded: Decoded) -> np.ndarray:
    """Addresses as text, by their rows."""
    version = np.zeros(len(decoded.addresses), np.int64)
    version[decoded.packets.source] = decoded.packets.version
    version[decoded.packets.target] = decoded.packets.version
    return np.array(
        [
            str(ipaddress.IPv6Address(raw.tobytes()))
            if v == 6
            else str(ipaddress.IPv4Address(raw[:4].tobytes()))
            for raw, v in zip(decoded.addresses, version.tolist(), strict=True)
        ],
        object,
    )
