"""The form that a column's keys have in common, and new keys in that form.

A key is cut at its marks, at all that is neither letter nor digit. Of the keys with the commonest
marks ("." "." "." of an IPv4 address, "-" of an order) the parts between are compared place by
place. A place is

* a number, if all its parts are decimal without a leading zero, perhaps behind letters that they
  share ("host7", "host12"): any whole number from the least seen to the largest;
* characters otherwise: at each position of the commonest length the character that all have there,
  or a class of characters (digits, hexadecimal, letters).

So a form is a number system with a base for each element, and numbers its texts 0 to span - 1.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_CLASSES = (string.digits, "0123456789abcdef", "0123456789ABCDEF", string.ascii_lowercase)
_CLASSES += (string.ascii_uppercase, string.ascii_letters, string.ascii_letters + string.digits)
_PART = re.compile(r"[^\W_]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_OCTET = 255

Element = str | tuple[int, int]
"""A character of several, or a whole number from the first to the second."""


@dataclass(frozen=True)
class KeyForm:
    """A form of keys.

    Attributes:
        elements: from left to right.
    """

    elements: tuple[Element, ...]

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

    @property
    def is_address(self) -> bool:
        """Whether it is that of IPv4 addresses, of which no number may leave its range."""
        texts = [e if isinstance(e, str) else "number" for e in self.elements]
        numbers = [e for e in self.elements if not isinstance(e, str)]
        inside = all(high <= _OCTET for _, high in numbers)
        return inside and texts == ["number", ".", "number", ".", "number", ".", "number"]

    def roomier(self, wanted: int, keys: Sequence[str]) -> KeyForm:
        """A form of at least `wanted` texts, none of them a key seen.

        The last number goes on behind the largest; without a number there are more digits than in
        any key.

        Args:
            wanted: how many texts.
            keys: all keys.
        """
        at = max((i for i, e in enumerate(self.elements) if not isinstance(e, str)), default=None)
        elements = list(self.elements)
        if at is None:
            digits = math.ceil(math.log10(max(wanted / self.span, 1)))
            longer = max(map(len, keys)) - len(elements) + 1
            return KeyForm((*elements, *[string.digits] * max(longer, digits)))
        largest = max(int(d) for key in keys for d in re.findall("[0-9]+", key) or ("0",))
        size = -(-wanted * _base(elements[at]) // self.span)
        elements[at] = (largest + 1, largest + size)
        return KeyForm(tuple(elements))

    def text(self, number: int) -> str:
        """The text of this number, 0 to span - 1."""
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
