"""The least that packets of a flow must hold behind their headers, so that anybody can read them.

An error of ICMP holds the head of the packet that it is about (RFC 792, RFC 4443), neighbour
discovery an address and options of whole words of eight bytes (RFC 4861), a tunnel a packet, a
message of DNS twelve bytes (RFC 1035).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from interfuse.io.capture.octets import Ints

UNIT = 8
"""Bytes that options of neighbour discovery are a multiple of."""
_MESSAGES = {
    4: dict.fromkeys((3, 4, 5, 11, 12), 28),
    6: {
        **dict.fromkeys((1, 2, 3, 4), 48),
        **dict.fromkeys((130, 131, 132, 135, 136), 16),
        134: 8, 137: 32, 143: 20,
    },
}  # fmt: skip
_DISCOVERY = (133, 134, 135, 136, 137)
_TUNNELS = {"ipencap": 20, "ipv6": 40, "gre": 4}
_NAMES, _HEAD = (53, 137, 5353, 5355), 12


def least_content(version: Ints, columns: Mapping[str, np.ndarray]) -> tuple[Ints, np.ndarray]:
    """Bytes behind the headers of each packet at least, and where they are of whole units.

    Args:
        version: (n,) of IP.
        columns: protocols, and messages of ICMP and ports where there are any.
    """
    none = np.full(len(version), -1, np.int64)
    ports = [columns.get(name, none) for name in ("dst_port", "src_port")]
    message = columns.get("icmp", np.full(len(version), "", object))
    protocol = columns["protocol"]
    kinds = [m.partition("/")[0] for m in message.tolist()]
    kind = np.array([int(k) if k.isdecimal() else -1 for k in kinds], np.int64)
    least = np.zeros(len(kind), np.int64)
    for name, size in _TUNNELS.items():
        least[protocol == name] = size
    for six, sizes in _MESSAGES.items():
        for one, size in sizes.items():
            least[(version == six) & (kind == one)] = size
    named = np.zeros(len(kind), bool)
    for port in ports:
        named |= np.isin(port, _NAMES)
    least[(protocol == "udp") & named] = _HEAD
    return least, (version == 6) & np.isin(kind, _DISCOVERY)
