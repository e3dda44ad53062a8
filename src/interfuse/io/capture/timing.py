"""When the packets of a flow are sent: gaps of a sum, the longest of them as the flow says."""

from __future__ import annotations

from random import Random


def moments(packets: int, duration: int, longest: int, random: Random) -> list[int]:
    """Ticks after the first packet at which each is sent, in order.

    The gaps are the largest, at a random place, and others that share what is left: exponential, as
    those of arrivals at random, none above the largest.

    Args:
        packets: how many, at least one.
        duration: ticks from the first to the last.
        longest: ticks of the largest gap; where no gaps of that sum have it, the nearest one.
        random: of the draw.

    Examples:
        >>> moments(3, 100, 70, Random(0))
        [0, 30, 100]
    """
    gaps = packets - 1
    if gaps <= 0:
        return [0] * packets
    longest = min(max(longest, -(-duration // gaps)), duration)
    others = shared(duration - longest, gaps - 1, longest, random)
    others.insert(random.randrange(gaps), longest)
    out, at = [0], 0
    for gap in others:
        at += gap
        out.append(at)
    return out


def shared(total: int, parts: int, most: int, random: Random) -> list[int]:
    """Whole numbers of a sum at most `parts * most`, none above `most`."""
    out = [0] * parts
    free, left = list(range(parts)), total
    while free and left > 0:
        weights = [random.expovariate(1.0) for _ in free]
        scale, given = left / sum(weights), 0
        for i, weight in zip(free, weights, strict=True):
            more = min(int(weight * scale), most - out[i])
            out[i] += more
            given += more
        left -= given
        free = [i for i in free if out[i] < most]
        if given < len(free) or left <= len(free):  # what rounding left
            for i in free[:left]:
                out[i] += 1
            left -= min(left, len(free))
            free = [i for i in free if out[i] < most]
    return out
