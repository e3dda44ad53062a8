"""The packets of one flow: which way each goes, its flags, options and payload.

The numbers of packets, bytes and bytes of payload are those of the flow, exactly, and the union of
the flags is its flags. TCP goes through its states: a SYN, its answer, an acknowledgement; data and
acknowledgements in turn; a FIN of each side that has one, or a reset. What a flow lacks is left
out, so that a flow that began before the capture, a refused one and a scan come back as they were.

Of the bytes that are neither headers nor payload, options of TCP are made: some on the SYN and as
many on each other packet as fit, which are the 12 bytes of a time stamp as a rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from interfuse.io.capture.meter import ACK, FIN, PSH, RST, SYN

URG, ECE, CWR = 32, 64, 128
LARGEST = 65_535
"""Bytes of a packet."""
_SYN_OPTIONS = (20, 24, 12, 4, 8, 16, 28, 32, 36, 40, 0)
"""Bytes, the commonest first: Linux and macOS send 20 and 24, Windows 12 (MSS, scale, SACK)."""


class Way(NamedTuple):
    """What goes one way.

    Attributes:
        packets, size, payload: how many, and their bytes from the IP header on and of payload.
        least, most: bytes of the smallest and largest packet.
        flags: of TCP.
    """

    packets: int
    size: int
    payload: int
    least: int
    most: int
    flags: int


@dataclass
class Step:
    """One packet.

    Attributes:
        back: whether the target sends it.
        flags: of TCP.
        options: bytes of options in its TCP header.
        payload: bytes.
        again: whether it is sent once more, so that it moves no sequence number.
    """

    back: bool
    flags: int = 0
    options: int = 0
    payload: int = 0
    again: bool = False


def spread(
    total: int, floors: Sequence[int], caps: Sequence[int], most: Sequence[int] = ()
) -> list[int]:
    """Whole numbers of a sum, each between its bounds: as many as fit at the upper one, first.

    Where the sum cannot be had so, lower bounds count for nothing, or upper ones are passed.

    Args:
        total: the sum.
        floors: lower bounds.
        caps: upper bounds.
        most: what is never passed while there is room elsewhere.

    Examples:
        >>> spread(3000, [0, 0, 0], [1460, 1460, 1460])
        [1460, 1460, 80]
    """
    out = list(floors) if sum(floors) <= total else [0] * len(floors)
    left = total - sum(out)
    for bounds in (caps, most):
        for i, bound in enumerate(bounds if left else ()):
            more = min(max(bound - out[i], 0), left)
            out[i] += more
            left -= more
    if left and out:
        out[-1] += left
    return out


def turns(forward: Sequence[Step], backward: Sequence[Step]) -> list[Step]:
    """Both ways in turn, in proportion, the source first."""
    out, i, j = [], 0, 0
    while i < len(forward) or j < len(backward):
        behind = i * max(len(backward), 1) <= j * max(len(forward), 1)
        if i < len(forward) and (j >= len(backward) or behind):
            out.append(forward[i])
            i += 1
        else:
            out.append(backward[j])
            j += 1
    return out


def messages(ways: Sequence[Way], header: int) -> list[Step]:
    """The packets of a flow without states: of UDP, ICMP and others.

    Args:
        ways: of the source, of the target.
        header: bytes of the headers of each packet.
    """
    both = []
    for back, way in enumerate(ways):
        floor, cap = max(way.least - header, 0), max(way.most - header, 0)
        many = way.packets
        sizes = spread(way.payload, [floor] * many, [cap] * many, [LARGEST - header] * many)
        both.append([Step(bool(back), payload=size) for size in sizes])
    return turns(*both)


def connection(ways: Sequence[Way], header: int, random: Random) -> list[Step]:
    """The packets of a flow of TCP.

    Args:
        ways: of the source, of the target.
        header: bytes of the shortest headers of each packet.
        random: for which of the two closes first.
    """
    first, second = (_parts(bool(back), way) for back, way in enumerate(ways))
    shakes = bool(first.opening and second.opening)
    _fill(first, ways[0], header, shakes)
    _fill(second, ways[1], header, False)
    lead = []
    if shakes and len(first.middle) > 1 and not first.middle[0].payload:
        lead = [first.middle.pop(0)]  # so that who connected speaks first
    if not first.opening:  # a flow is its first sender's
        rest = first.middle or first.closing
        first.opening = [rest.pop(0)]
    closers = [first, second]
    resets = any(step.flags & RST for part in closers for step in part.closing)
    if first.closing and second.closing and not resets and random.random() < 0.5:
        closers.reverse()
    last = _last_word(closers[0]) if closers[0].closing and closers[1].closing else []
    return [
        *first.opening,
        *second.opening,
        *lead,
        *turns(first.middle, second.middle),
        *turns(closers[0].closing, closers[1].closing),
        *last,
    ]


@dataclass
class _Parts:
    """The packets of one way by their place."""

    opening: list[Step]
    middle: list[Step]
    closing: list[Step]

    def all(self) -> list[Step]:
        return [*self.opening, *self.middle, *self.closing]


def _parts(back: bool, way: Way) -> _Parts:
    """Which packets there are, and the flags of each."""
    if not way.packets:
        return _Parts([], [], [])
    ack = way.flags & ACK
    special = [bit for bit in (SYN, FIN, RST) if way.flags & bit]
    # Fewer packets than flags: the last of them has several.
    while len(special) > way.packets:
        last = special.pop()
        special[-1] |= last
    opening, closing = [], []
    for bits in special:
        # A first SYN acknowledges nothing; that of the other side does.
        bare = bits == SYN and not back and way.packets > 1
        step = Step(back, bits if bare else bits | ack)
        (opening if bits & SYN else closing).append(step)
    rest = way.packets - len(special)
    between = ack or (special[0] if special else way.flags & (PSH | URG | ECE | CWR))
    middle = [Step(back, between) for _ in range(rest)]
    if between & SYN:  # sent again and again, without an answer
        for step in middle:
            step.again = True
        return _Parts([*opening, *middle], [], closing)
    if between & (FIN | RST):
        for step in middle:
            step.again = True
        return _Parts(opening, [], [*closing, *middle])
    return _Parts(opening, middle, closing)


def _fill(parts: _Parts, way: Way, header: int, shakes: bool) -> None:
    """Give options and payload to the packets of one way, and the flags that are left.

    Args:
        parts: the packets.
        way: what they sum up to.
        header: bytes of the shortest headers.
        shakes: whether the first packet behind the SYN ends a handshake, and so is empty if it can.
    """
    steps = parts.all()
    if not steps:
        return
    _options(steps, way.size - way.payload - header * way.packets)
    carriers = parts.middle or [s for s in steps if not s.flags & SYN] or steps
    room = sum(max(way.most - header - step.options, 0) for step in carriers[1:])
    if shakes and carriers is parts.middle and way.payload <= room:
        carriers = carriers[1:]
    if not carriers or way.payload > sum(LARGEST - header - s.options for s in carriers):
        carriers = steps
    bases = [header + step.options for step in carriers]
    floors = [max(way.least - base, 0) for base in bases]
    caps = [max(way.most - base, 0) for base in bases]
    most = [LARGEST - base for base in bases]
    for step, size in zip(carriers, spread(way.payload, floors, caps, most), strict=True):
        step.payload = size
    full = [step for step in carriers if step.payload]
    if way.flags & PSH:
        ends = [s for s in full if s.payload < max(caps)] or full[-1:] or carriers[-1:]
        for step in ends:
            step.flags |= PSH
    if way.flags & (ECE | CWR):
        steps[0].flags |= way.flags & (ECE | CWR)
    if way.flags & URG:
        (full or steps)[0].flags |= URG
    missing = way.flags & ~_union(steps)
    steps[-1].flags |= missing


def _union(steps: Sequence[Step]) -> int:
    out = 0
    for step in steps:
        out |= step.flags
    return out


def _options(steps: Sequence[Step], total: int) -> None:
    """Share bytes of options among packets: whole words, at most ten each."""
    words = total // 4
    if steps[0].flags & SYN:
        others = max(len(steps) - 1, 1)
        fits = [o // 4 for o in _SYN_OPTIONS if words - 10 * (len(steps) - 1) <= o // 4 <= words]
        even = [w for w in fits if (words - w) % others == 0 and (len(steps) > 1 or w == words)]
        first = (even or fits or [10])[0]
        steps[0].options = 4 * first
        words, steps = words - first, steps[1:]
    for i, step in enumerate(steps):
        each, more = divmod(words, len(steps))
        step.options = 4 * min(each + (i < more), 10)


def _last_word(parts: _Parts) -> list[Step]:
    """The acknowledgement of the other side's FIN, which is an empty packet if there is one."""
    if len(parts.middle) > 1 and not parts.middle[-1].payload:
        return [parts.middle.pop()]
    return []
