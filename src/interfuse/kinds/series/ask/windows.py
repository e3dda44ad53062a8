"""Where to put windows so that every unknown cell of a series is filled once.

A window has a *core*: the cells it fills. Around the core lies what it looks at. Walking from the
first unknown time to the last:

    core     begins at the next unknown time and takes all unknown times for half a window, or for
             three quarters where nothing is known after them (a forecast)
    cut      it ends where most is known, so that what follows hardly depends on what was drawn
    window   the core in its middle; at the right end of the window where nothing is known after

A core whose first time was cut out of the gap before it *depends* on the window before: that one is
drawn first, and the other sees one draw of it at a time. Windows of the same `round` depend on none
of each other and are computed together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_KNOWN = 0.25
"""Of a window lies before a forecast, where there is that much."""
GAP_CORE, END_CORE = 0.5, 0.75


@dataclass(frozen=True)
class Place:
    """A window: it begins at `start` (perhaps before the series) and fills `first` ... `last`."""

    start: int
    first: int
    last: int  # one beyond
    round: int


def places(unknown: np.ndarray, length: int) -> list[Place]:
    """Windows for one series.

    Args:
        unknown: (T,) share of the channels to be filled at each time; 0 where nothing is.
        length: steps of a window.
    """
    total = len(unknown)
    asked = np.flatnonzero(unknown > 0)
    if not len(asked):
        return []
    known_after = np.flatnonzero(unknown < 1)
    last_known = int(known_after[-1]) if len(known_after) else -1
    out: list[Place] = []
    at, depends = int(asked[0]), False
    while True:
        open_end = last_known < at
        most = max(int((END_CORE if open_end else GAP_CORE) * length), 1)
        end = min(at + most, int(asked[-1]) + 1)
        cut = False
        if end <= asked[-1]:
            # The latest of the best places to cut, in the second half of the core.
            low = at + (end - at) // 2
            best = unknown[low : end + 1].min()
            end = low + int(np.flatnonzero(unknown[low : end + 1] == best)[-1])
            end = max(end, at + 1)
            cut = best > 0.5
        if open_end or last_known < end:
            start = max(end, min(total, at + length)) - length
            start = min(start, at - int(LEAST_KNOWN * length)) if end - at < length else start
            start = max(start, end - length)
        else:
            start = at - (length - (end - at)) // 2
        number = (out[-1].round + 1) if depends else 0
        out.append(Place(start, at, end, number))
        later = asked[asked >= end]
        if not len(later):
            return out
        depends = cut and int(later[0]) == end
        at = int(later[0])
