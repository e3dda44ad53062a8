"""Rows of flows of which hardly any could be one, and what packets are by their bytes."""

import struct

import numpy as np
import polars as pl

from interfuse.io.capture.flows import FLAG_TEXTS

PORTS = [53, 80, 443, 123, 161, 67, 22, 25, 8080, 40000, 5353, 137]
PROTOCOLS = ["tcp", "udp", "icmp", "ipv6-icmp", "sctp", "gre", "igmp", "ipv6", "253"]


def odd_flows(n, seed):
    r = np.random.default_rng(seed)

    def whole(most):
        return np.round(10 ** r.uniform(-1, most, n)).astype(int)

    def some(values, missing=0.2):
        return [None if r.random() < missing else int(v) for v in values]

    def addresses():
        hosts = r.integers(1, 250, (n, 2))
        four = r.random(n) < 0.8
        return [f"10.0.{a}.{b}" if v else f"2001:db8::{a:x}:{b:x}"
                for (a, b), v in zip(hosts, four, strict=True)]  # fmt: skip

    start = np.sort(r.integers(0, 10**9, n)) + 10**15
    columns = {
        "start": pl.Series(start).cast(pl.Datetime("us", "UTC")),
        "duration": 10 ** r.uniform(-6, 4, n) * (r.random(n) < 0.8),
        "src_ip": addresses(),
        "dst_ip": addresses(),
        "src_port": some(r.integers(0, 70_000, n)),
        "dst_port": some(r.choice(PORTS, n)),
        "protocol": r.choice(PROTOCOLS, n, p=[0.5, 0.2, 0.08, 0.05, 0.03, 0.04, 0.04, 0.03, 0.03]),
        "icmp": [None if r.random() < 0.5 else f"{t}/0" for t in r.integers(0, 150, n)],
    }
    for way in ("fwd", "bwd"):
        columns |= {
            f"{way}_packets": whole(1.3),
            f"{way}_bytes": whole(4.3),
            f"{way}_payload": some(whole(4.3)),
            f"{way}_size_min": some(whole(4)),
            f"{way}_size_mean": 10 ** r.uniform(0, 5, n),
            f"{way}_size_max": some(whole(5)),
            f"{way}_flags": [None if f < 0 else FLAG_TEXTS[f] for f in r.integers(-60, 256, n)],
        }
    columns |= {
        "iat_mean": r.random(n),
        "iat_max": 10 ** r.uniform(-6, 3, n),
        "state": r.choice(["SF", "S0", "REJ", "OTH"], n),
    }
    return pl.DataFrame(columns)


def records(content):
    """The frames of a classic capture: (microseconds, bytes)."""
    at, out = 24, []
    while at < len(content):
        second, micro, kept, _ = struct.unpack_from("<IIII", content, at)
        out.append((second * 10**6 + micro, content[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return out


def ones_complement(data):
    """The sum that a right checksum makes 65,535, word after word (RFC 1071)."""
    total = 0
    for i in range(0, len(data), 2):
        total += int.from_bytes(data[i : i + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


def sums(frame):
    """All sums of a frame of Ethernet that carries IP, UDP, TCP or ICMP: each has to be 65,535."""
    packet = frame[14:]
    if packet[0] >> 4 == 4:
        head, protocol, ends = 20, packet[9], packet[12:20]
        out = [ones_complement(packet[:20])]
    else:
        head, protocol, ends, out = 40, packet[6], packet[8:40], []
    body = packet[head:]
    pseudo = ends + struct.pack("!II", len(body), protocol)
    if protocol in (6, 17, 58):
        out.append(ones_complement(pseudo + body))
    elif protocol == 1:
        out.append(ones_complement(body))
    return out
