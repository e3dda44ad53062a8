"""What packets carry: messages that dissectors can read, random bytes, or nothing.

Dissectors choose by the port. A `template` is a small valid message for the protocols that
`STREAMS` and `DATAGRAMS` name, of exactly the bytes that the flow has, and random bytes for others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from interfuse.io.capture.messages import (
    dhcp,
    dns,
    dns_stream,
    http,
    lines,
    ntp,
    search,
    snmp,
    tls,
)

PAYLOADS = ("template", "random", "none")
Message = Callable[[int, bool, Random], "bytes | None"]
STREAMS: dict[int, Message] = {
    **dict.fromkeys((53, 5353), dns_stream),
    **dict.fromkeys((80, 591, 3128, 8000, 8008, 8080, 8088, 8888), http),
    **dict.fromkeys((443, 465, 636, 853, 990, 993, 995, 5061, 8443), tls),
    **dict.fromkeys((21, 25, 110, 143, 587, 6667), lines),
}
"""By port of TCP."""
DATAGRAMS: dict[int, Message] = {
    **dict.fromkeys((53, 5353, 5355), dns),
    **dict.fromkeys((67, 68), dhcp),
    **dict.fromkeys((161, 162), snmp),
    123: ntp,
    514: lines,
    1900: search,
}
"""By port of UDP."""


def content(
    size: int, ports: Sequence[int], known: dict[int, Message], back: bool, random: Random
) -> bytes:
    """Bytes of a stream or a datagram.

    Args:
        size: how many.
        ports: of the flow, the target's first: the first that `known` has is asked.
        known: by port who makes messages; none for random bytes.
        back: whether the target sends it.
        random: of all draws.
    """
    for port, turned in zip(ports, (False, True), strict=True):
        make = known.get(port)
        if make is not None and size:
            made = make(size, back != turned, random)
            if made is not None and len(made) == size:
                return made
    return random.randbytes(size)
