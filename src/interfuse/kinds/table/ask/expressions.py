"""Conditions as people write them.

    condition = NAME ("=" | "!=") VALUE              label=ddos
              | NAME ["not"] "in" LIST                label in [ddos, scan]
              | NAME ["not"] "in" WORD                src_ip in 10.0.0.0/8
              | NAME ("<" | "<=" | ">" | ">=") VALUE  bytes > 1e6
              | VALUE ("<" | "<=") NAME ("<" | "<=") VALUE, and the same with > and >=

LIST is "[" VALUE {"," VALUE} "]". A WORD is what a kind of column understands (`Field.word`): a
prefix of addresses, a class of ports ("ephemeral") or of HTTP's codes ("4xx"), a part of the day
("22:00..02:00", which may cross midnight). It may stand for a value too. "!=" and "not in" leave
missing values out.

A name may hold spaces and signs itself: the longest name that the model knows wins. What follows
"=" is the value as it stands, without the spaces at its ends if there is one before "=". Nothing is
a missing value, '""' an empty text; in a list, values with commas or brackets stand between double
quotes. Ranges of one column may come in several conditions; all of them hold.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace

from interfuse.errors import ConditionError
from interfuse.kinds.table.ask.values import shown
from interfuse.kinds.table.fields.limit import Except, Range

__all__ = ["Except", "Range", "parse_expressions"]

_IN = r"(?:not\s+)?in(?:\s*(?=\[)|\s+(?=\S))"
_AFTER = re.compile(rf"(\s*)(<=|>=|!=|<|>|=|{_IN})(.*)", re.DOTALL)
_BEFORE = re.compile(r"(.*?)\s*(<=|>=|<|>)\s*$", re.DOTALL)
_ANY = re.compile(rf"\s*(.*?)\s*(<=|>=|!=|<|>|=|\b{_IN})(.*)", re.DOTALL)


def parse_expressions(texts: Sequence[str], names: Sequence[str]) -> dict[str, object]:
    """Read conditions.

    Args:
        texts: as written.
        names: the model's columns.

    Returns:
        For each column a text, None for missing, a list of them, or a `Range` of texts.

    Raises:
        ConditionError: a text that is no condition, or two conditions of a column that are not
            both ranges.
    """
    out: dict[str, object] = {}
    for text in texts:
        name, value = _parse(text, names)
        if name in out:
            old = out[name]
            if not (isinstance(old, Range) and isinstance(value, Range)):
                raise ConditionError(f"--given: column {name!r} is given twice. Give it once.")
            value = _both(name, old, value)
        out[name] = value
    return out


def _parse(text: str, names: Sequence[str]) -> tuple[str, object]:
    for name, written in _spellings(names):
        start = text if text.startswith(written) else text.lstrip()
        match = _AFTER.fullmatch(start[len(written) :]) if start.startswith(written) else None
        if match:
            return name, _value(text, match[2], match[3], bool(match[1]))
    for name, written in _spellings(names):
        for at in (m.start() for m in re.finditer(re.escape(written), text)):
            before = _BEFORE.fullmatch(text[:at])
            if before is None or not before[1].strip() or "=" in before[1]:
                continue
            rest = text[at + len(written) :]
            after = _AFTER.fullmatch(rest)
            if rest.strip() and (after is None or after[2][0] not in "<>"):
                continue
            return name, _between(text, before[1].strip(), before[2], after)
    match = _ANY.fullmatch(text)
    if match is None or not match[1]:
        raise ConditionError(
            f"--given: {shown(text)} has no '=', nor any of !=, in, <, <=, > and >=. Write "
            "COLUMN=VALUE, 'COLUMN in [A, B]' or 'COLUMN > VALUE'."
        )
    return match[1], _value(text, match[2], match[3])


def _spellings(names: Sequence[str]) -> list[tuple[str, str]]:
    """Each name and how it may be written, longest first: as it is, or without blanks around it."""
    exact = [(name, name) for name in names]
    bare = [(name, name.strip()) for name in names if name.strip() not in names]
    return sorted(exact + bare, key=lambda pair: len(pair[1]), reverse=True)


def _value(text: str, sign: str, rest: str, spaced: bool = False) -> object:
    if sign == "=":
        return _single(rest.strip() if spaced else rest)
    if sign == "!=":
        return Except((_single(rest.strip()),))
    if sign.startswith("not"):
        return Except(tuple(_list(text, rest)))
    if sign.startswith("in"):
        return _list(text, rest)
    return _one_sided(text, sign, rest.strip())


def _list(text: str, rest: str) -> list[str | None]:
    if not rest.strip().startswith("["):
        return [_single(rest.strip())]
    rest = rest.strip()
    if not (rest.startswith("[") and rest.endswith("]")) or not rest[1:-1].strip():
        raise ConditionError(f"--given: {shown(text)} is no list. Write COLUMN in [A, B].")
    try:
        values = next(csv.reader([rest[1:-1].strip()], skipinitialspace=True, strict=True))
    except (csv.Error, StopIteration) as error:
        raise ConditionError(
            f"--given: {shown(text)} is no list ({error}). Put values with commas, brackets, "
            'quotes or ends of lines between double quotes, a quote in them as "".'
        ) from None
    return [_single(v.strip()) for v in values]


def _single(text: str) -> str | None:
    return {"": None, '""': ""}.get(text, text)


def _one_sided(text: str, sign: str, value: str) -> Range:
    if not value:
        raise ConditionError(f"--given: {shown(text)} has no value after {sign!r}.")
    if sign[0] == ">":
        return Range(low=value, open_low=sign == ">")
    return Range(high=value, open_high=sign == "<")


def _between(text: str, low: str, sign: str, after: re.Match[str] | None) -> Range:
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[sign]
    first = _one_sided(text, mirrored, low)
    if after is None:
        return first
    if after[2][0] != sign[0]:
        raise ConditionError(f"--given: {shown(text)} goes two ways. Write LOW <= COLUMN < HIGH.")
    second = _one_sided(text, after[2], after[3].strip())
    return _both("", first, second)


def _both(name: str, a: Range, b: Range) -> Range:
    """Both ranges; of two ends on one side the tighter one, if they are numbers."""
    out = a
    if b.low is not None and (a.low is None or _tighter(name, b.low, a.low, 1, b.open_low)):
        out = replace(out, low=b.low, open_low=b.open_low)
    if b.high is not None and (a.high is None or _tighter(name, b.high, a.high, -1, b.open_high)):
        out = replace(out, high=b.high, open_high=b.open_high)
    return out


def _tighter(name: str, new: object, old: object, sign: int, opened: bool) -> bool:
    try:
        x, y = float(str(new)), float(str(old))
    except ValueError:
        raise ConditionError(
            f"--given: column {name!r} has two ends on one side. Give the tighter one alone."
        ) from None
    return sign * (x - y) > 0 or (x == y and opened)
