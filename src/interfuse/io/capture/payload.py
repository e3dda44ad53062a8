"""What packets carry: messages that dissectors can read, random bytes, or nothing.

Dissectors choose by the port, and report as malformed what does not fit; which of zeros, letters
and random bytes each port bears was measured with tshark 4.0. A `template` is a small valid message
for the protocols that `STREAMS` and `DATAGRAMS` name, of exactly the bytes that the flow has, and
random bytes for others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from interfuse.errors import OptionError
from interfuse.io.capture.messages import (
    anything,
    coap,
    dhcp,
    dns,
    dns_stream,
    gre_datagram,
    http,
    lines,
    membership,
    ntp,
    routed,
    search,
    snmp,
    tls,
    tunnelled,
    vxlan,
    zeros,
)

PAYLOADS = ("template", "random", "none")
Message = Callable[[int, bool, Random], "bytes | None"]
STREAMS: dict[int, Message] = {
    **dict.fromkeys((53, 5353), dns_stream),
    **dict.fromkeys((80, 591, 3128, 8000, 8008, 8080, 8088, 8888), http),
    **dict.fromkeys((443, 465, 636, 853, 990, 993, 995, 5061, 8443), tls),
    **dict.fromkeys((21, 22, 23, 25, 110, 143, 161, 162, 587, 873, 1723, 6667), lines),
    123: ntp,
    **dict.fromkeys((500, 631, 1861, 1883, 2123, 2152, 2404, 5683, 6160, 6668, 9956), zeros),
}
"""By port of TCP."""
DATAGRAMS: dict[int, Message] = {
    **dict.fromkeys((53, 5353, 5355), dns),
    **dict.fromkeys((67, 68), dhcp),
    **dict.fromkeys((161, 162), snmp),
    123: ntp,
    514: lines,
    1900: search,
    4754: gre_datagram,
    4789: vxlan,
    5683: coap,
    **dict.fromkeys((49, 88, 137, 138, 320, 389, 427, 434, 496, 500, 525, 623, 910), zeros),
    **dict.fromkeys((1194, 1628, 1629, 2222, 2345, 3250, 3389, 3452, 3455, 3784), zeros),
    **dict.fromkeys((4500, 5072, 6081, 44_818), zeros),
}
"""By port of UDP."""


def payload_named(text: str) -> str:
    """One of `PAYLOADS`.

    Raises:
        OptionError: it is none.
    """
    if text not in PAYLOADS:
        raise OptionError(f"--payload: {text!r} is unknown; expected one of {', '.join(PAYLOADS)}.")
    return text


def content(
    size: int, ports: Sequence[int], known: dict[int, Message], back: bool, random: Random
) -> bytes:
    """Bytes of a stream or a datagram.

    Args:
        size: how many.
        ports: of the flow, the target's first: the lowest that `known` has is asked.
        known: by port who makes messages; none for random bytes.
        back: whether the target sends it.
        random: of all draws.
    """
    # Dissectors ask for the lower port first.
    for port, turned in sorted(zip(ports, (False, True), strict=True)):
        make = known.get(port)
        if make is not None and size:
            made = make(size, back != turned, random)
            if made is not None and len(made) == size:
                return made
    return anything(size, random) if known else random.randbytes(size)


def bare(size: int, protocol: int, random: Random) -> bytes:
    """Bytes of a packet of a protocol that stands on IP and has no ports.

    Args:
        size: how many.
        protocol: its number.
        random: of all draws.
    """
    made = None
    if protocol in (4, 41):
        made = tunnelled(size, 6 if protocol == 41 else 4, random)
    elif protocol == 2:
        made = membership(size, random)
    elif protocol == 47:
        made = routed(size, random)
    return random.randbytes(size) if made is None else made
