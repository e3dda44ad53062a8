"""The form that a column's keys have in common, and new keys in that form.

A key is cut at its marks, at all that is neither letter nor digit. Of the keys with the commonest
marks ("." "." "." of an IPv4 address, "-" of an order) the parts between are compared place by
place. A place is

* a number, if all its parts are decimal without a leading zero, perhaps behind letters that they
  share ("host7", "host12"): any whole number from the least seen to the largest;
* characters otherwise: at each position of the commonest length the character that all have there,
  or a class of characters (digits, hexadecimal, letters).

So a form is a number system with a base for each element, and numbers its texts 0 to span - 1.

Where that is not so many that a text chosen at random is new, the keys seen are kept out: the
numbers are cut into blocks, and a block that holds a key seen is closed, all of it. So a form says
of no text that it was a key, only that one of `SMALLEST_BLOCK` or more was.
"""

from __future__ import annotations

import math
import re
import string
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

_CLASSES = (string.digits, "0123456789abcdef", "0123456789ABCDEF", string.ascii_lowercase)
_CLASSES += (string.ascii_uppercase, string.ascii_letters, string.ascii_letters + string.digits)
_PART = re.compile(r"[^\W_]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_OCTET = 255
SMALLEST_BLOCK = 4
_BLOCKS = 64

Element = str | tuple[int, int]
"""A character of several, or a whole number from the first to the second."""


@dataclass(frozen=True)
class KeyForm:
    """A form of keys.

    Attributes:
        elements: from left to right.
        open: the first and the last number of each run of texts that new keys may be; all if empty.
        more: how many digits longer the keys are that no open text is left for; 0 where none are.
    """

    elements: tuple[Element, ...]
    open: tuple[tuple[int, int], ...] = ()
    more: int = 0

    @classmethod
    def of(cls, keys: Sequence[str]) -> KeyForm:
        """The form of some keys, at least one."""
        marks = Counter(tuple(_PART.split(key)) for key in keys).most_common(1)[0][0]
        alike = [_PART.findall(key) for key in keys if tuple(_PART.split(key)) == marks]
        elements: list[Element] = list(marks[0])
        for mark, parts in zip(marks[1:], zip(*alike, strict=True), strict=True):
            elements += [*_place(parts), *mark]
        return cls(tuple(elements))

    @property
    def span(self) -> int:
        """How many texts there are."""
        return math.prod(map(_base, self.elements))

    @cached_property
    def _before(self) -> list[int]:
        """How many open texts are before each run of them, and at last how many there are."""
        return list(accumulate((b - a + 1 for a, b in self.open), initial=0))

    @property
    def room(self) -> int:
        """How many new keys there are."""
        return self._before[-1] if self.open else self.span

    @property
    def is_address(self) -> bool:
        """Whether it is that of IPv4 addresses, of which no number may leave its range."""
        texts = [e if isinstance(e, str) else "number" for e in self.elements]
        numbers = [e for e in self.elements if not isinstance(e, str)]
        inside = all(high <= _OCTET for _, high in numbers)
        return inside and texts == ["number", ".", "number", ".", "number", ".", "number"]

    def roomier(self, wanted: int, keys: Sequence[str]) -> KeyForm:
        """A form of at least `wanted` texts, none of them a key seen.

        The last number goes on behind the largest. Without a number the form stays, without the
        blocks that hold a key, if that leaves twice as many texts as there are keys, be it with the
        zeros before a number as digits; else there are more digits than in any key.

        Args:
            wanted: how many texts, where numbers go on.
            keys: all keys.
        """
        at = max((i for i, e in enumerate(self.elements) if not isinstance(e, str)), default=None)
        elements = list(self.elements)
        if at is None:
            longer = max(map(len, keys)) - len(elements) + 1
            while not (runs := (form := KeyForm(tuple(elements)))._runs(keys)):
                zeros = [i for i in range(1, len(elements)) if elements[i - 1] == "0"]
                zero = next((i for i in zeros if elements[i] in _CLASSES[:3]), None)
                if zero is None:
                    return KeyForm(self.elements, more=longer).longer()
                elements[zero - 1] = elements[zero]
            return KeyForm(form.elements, runs, longer)
        largest = max(int(d) for key in keys for d in re.findall("[0-9]+", key) or ("0",))
        size = -(-wanted * _base(elements[at]) // self.span)
        elements[at] = (largest + 1, largest + size)
        return KeyForm(tuple(elements))

    def longer(self) -> KeyForm:
        """The form of the keys that there is no open text for."""
        return KeyForm((*self.elements, *[string.digits] * self.more), more=1)

    def _runs(self, keys: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Runs of texts without a key, twice as many texts as keys in blocks as wide as can be."""
        used = {n for n in map(self.number, keys) if n is not None}
        width = max(self.span // _BLOCKS, SMALLEST_BLOCK)
        while True:
            closed = sorted({n // width for n in used})
            edges = [-1, *closed, -(-self.span // width)]
            runs = tuple(
                ((a + 1) * width, min(b * width, self.span) - 1)
                for a, b in pairwise(edges)
                if b - a > 1
            )
            if sum(b - a + 1 for a, b in runs) >= 2 * len(keys):
                return runs
            if width == SMALLEST_BLOCK:
                return ()
            width = max(width // 2, SMALLEST_BLOCK)

    def number(self, text: str) -> int | None:
        """The number of a text of single characters; None if it is not in the form."""
        if len(text) != len(self.elements):
            return None
        number = 0
        for sign, element in zip(text, self.elements, strict=True):
            digit = element.find(sign) if isinstance(element, str) else -1
            if digit < 0:
                return None
            number = number * len(element) + digit
        return number

    def text(self, number: int) -> str:
        """The text of this number, 0 to room - 1."""
        if self.open:
            run = bisect_right(self._before, number) - 1
            number += self.open[run][0] - self._before[run]
        out = []
        for element in reversed(self.elements):
            number, digit = divmod(number, _base(element))
            out.append(element[digit] if isinstance(element, str) else str(element[0] + digit))
        return "".join(reversed(out))


def _base(element: Element) -> int:
    return len(element) if isinstance(element, str) else element[1] - element[0] + 1


def _place(parts: Sequence[str]) -> list[Element]:
    shared = _shared(parts).rstrip(string.digits)
    numbers = [part[len(shared) :] for part in parts]
    if all(map(_DECIMAL.fullmatch, numbers)):
        seen = [int(number) for number in numbers]
        return [*shared, (min(seen), max(seen))]
    usual = Counter(map(len, parts)).most_common(1)[0][0]
    same = [part for part in parts if len(part) == usual]
    return [_class_of(set(seen)) for seen in zip(*same, strict=True)]


def _shared(parts: Sequence[str]) -> str:
    """What all begin with."""
    first, last = min(parts), max(parts)
    differ = (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(differ, min(len(first), len(last)))]


def _class_of(seen: set[str]) -> str:
    """The smallest class of characters that holds all those seen at a position."""
    if len(seen) == 1:
        return next(iter(seen))
    return next((c for c in _CLASSES if seen <= set(c)), "".join(sorted(seen)))
