"""The packets of one flow as frames, each with its moment."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from interfuse.io.capture import frames
from interfuse.io.capture.discovery import ERRORS, cause, contents
from interfuse.io.capture.flows import HEADERS, PROTOCOLS
from interfuse.io.capture.frames import ETHERNET, WINDOW, Ends, Segment
from interfuse.io.capture.meter import ACK, FIN, SYN
from interfuse.io.capture.payload import DATAGRAMS, STREAMS, bare, content
from interfuse.io.capture.script import Step, Way, connection, messages
from interfuse.io.capture.timing import moments

_RANGE = 1 << 32
_ANSWERS = {8: 0, 13: 14, 15: 16, 17: 18, 128: 129}


class Flow(NamedTuple):
    """A flow as it is to be sent; times in ticks.

    Attributes:
        start, duration, longest: when it begins, how long it lasts, its longest gap.
        ends: both ends.
        ways: of the source, of the target.
        message: of ICMP, type and code.
        exchange: of ICMP, the identifier.
    """

    start: int
    duration: int
    longest: int
    ends: Ends
    ways: tuple[Way, Way]
    message: tuple[int, int]
    exchange: int


class Sent(NamedTuple):
    """A frame: when, what is kept of it, and how long it was on the wire."""

    time: int
    data: bytes
    length: int


def send(flow: Flow, payload: str, ticks: int, random: Random) -> Iterator[Sent]:
    """The frames of a flow, in order.

    Args:
        flow: as `mend` leaves it.
        payload: one of `PAYLOADS`.
        ticks: in a second.
        random: of all draws.
    """
    ends = flow.ends
    header = ends.head + HEADERS.get(PROTOCOLS.get(ends.protocol, ""), 0)
    if ends.protocol == 6:
        steps = connection(flow.ways, header, random)
    else:
        steps = messages(flow.ways, header)
    times = moments(len(steps), flow.duration, flow.longest, random)
    bodies = _bodies(flow, steps, times, payload, ticks, random)
    ident = [random.getrandbits(16), random.getrandbits(16)]
    for step, after, body in zip(steps, times, bodies, strict=True):
        packet = frames.packet(ends, step.back, body, ident[step.back])
        ident[step.back] = (ident[step.back] + 1) & 0xFFFF
        frame = frames.ethernet(ends, step.back, packet)
        kept = len(frame)
        if payload == "none":
            kept = ETHERNET + header + step.options if ends.protocol in (6, 17) else kept
        yield Sent(flow.start + after, frame[:kept], len(frame))


def _bodies(
    flow: Flow, steps: list[Step], times: list[int], payload: str, ticks: int, random: Random
) -> Iterator[bytes]:
    """What stands behind the IP headers."""
    protocol, ends = flow.ends.protocol, flow.ends
    ports = (ends.ports[1], ends.ports[0])
    if protocol == 6:
        yield from _segments(flow, steps, times, payload, ticks, random)
    elif protocol in (17, 136):
        known = DATAGRAMS if payload == "template" else {}
        key, turn = random.getrandbits(64), [0, 0]
        for step in steps:
            turn[step.back] += 1
            # An answer draws what its question drew first: the number that both have.
            same = Random(key + turn[step.back])
            made = _data(step.payload, ports, known, step.back, payload, same)
            yield frames.udp(ends, step.back, made)
    elif protocol == 132:
        for step in steps:
            yield frames.sctp(ends, step.back, step.payload)
    elif protocol in (1, 58):
        yield from _icmp(flow, steps, random)
    else:
        for step in steps:
            here, there = ends.ports[step.back], ends.ports[not step.back]
            head = struct.pack("!HHQ", here, there, 0) if protocol == 33 else b""
            made = payload == "template"
            rest = bare(step.payload, protocol, random) if made else random.randbytes(step.payload)
            yield head + rest


def _data(
    size: int, ports: tuple[int, int], known: dict, back: bool, payload: str, random: Random
) -> bytes:
    return bytes(size) if payload == "none" else content(size, ports, known, back, random)


def _segments(
    flow: Flow, steps: list[Step], times: list[int], payload: str, ticks: int, random: Random
) -> Iterator[bytes]:
    """Segments of TCP: each side's sequence goes on by what it sent, and it acknowledges all."""
    ends = flow.ends
    ports = (ends.ports[1], ends.ports[0])
    known = STREAMS if payload == "template" else {}
    streams = [
        _data(way.payload, ports, known, bool(b), payload, random)
        for b, way in enumerate(flow.ways)
    ]
    following = [random.getrandbits(32), random.getrandbits(32)]
    done, clocks, mss = [0, 0], [random.getrandbits(31), random.getrandbits(31)], 1460
    seen, window = [0, 0], [WINDOW, WINDOW]
    if ends.version == 6:
        mss = 1440
    for step, after in zip(steps, times, strict=True):
        here, there = step.back, not step.back
        data = streams[here][done[here] : done[here] + step.payload]
        done[here] += step.payload
        moves = len(data) + bool(step.flags & SYN) + bool(step.flags & FIN)
        # What is sent once more has the number that it had.
        sequence = (following[here] - (moves if step.again else 0)) % _RANGE
        acknowledged = following[there] if step.flags & ACK else 0
        clock = (clocks[here] + after * 1000 // ticks) % _RANGE
        options = frames.options(step.options, bool(step.flags & SYN), mss, (clock, seen[there]))
        # Acknowledgements that differ in nothing would read as a sign of loss.
        window[here] = WINDOW - (WINDOW - window[here] + 1) % 512
        yield frames.tcp(
            ends, here, Segment(sequence, acknowledged, step.flags, window[here], options), data
        )
        seen[here] = clock
        if not step.again:
            following[here] = (following[here] + moves) % _RANGE


def _icmp(flow: Flow, steps: list[Step], random: Random) -> Iterator[bytes]:
    """Requests and their answers, or errors with the head of what they are about."""
    ends, (kind, code) = flow.ends, flow.message
    turn = [0, 0]
    for step in steps:
        turn[step.back] += 1
        answer = _ANSWERS.get(kind, kind) if step.back else kind
        if kind in ERRORS[ends.version]:
            rest = bytes(4) + cause(ends, step.back, step.payload)
        else:
            head, body = contents(ends, kind, step.payload, random)
            if kind in _ANSWERS:
                head = struct.pack("!HH", flow.exchange, turn[step.back] & 0xFFFF)
            rest = head + body
        yield frames.icmp(ends, answer, code, rest)
