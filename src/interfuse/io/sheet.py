"""What was read from a file: its rows, how its columns are written, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl

from interfuse.io.inexact import words_of_inexact
from interfuse.io.textforms import Loss, Said, Typed
from interfuse.io.times import TimeForm, turned

Advice = Callable[[str, str], str]
"""The words for how a person says of a column, by name, that it is of a sort: "category",
"number" or "time"."""


class Reading(NamedTuple):
    """How a file is to be read.

    Attributes:
        said: by column of text what is known of it; another file's `Sheet` may tell.
        times: whether times may be written in other forms than programs do.
        advice: where the reader can be told, how.
        file: what is asked of the file as a whole, or was said under "" of one like it.
    """

    said: Mapping[str, Said] | None = None
    times: bool = True
    advice: Advice | None = None
    file: Mapping[str, Any] = MappingProxyType({})


AS_IT_IS = Reading()
"""Nothing is known of a file."""


@dataclass(frozen=True)
class Sheet:
    """A file.

    Attributes:
        frame: its rows, typed.
        columns: for `Origin.columns`: by column how it is written; under "" the delimiter, or the
            name of the format and what else it needs to write such a file again.
        text: the same rows as they stand in the file, of delimited text and logs alone.
        notes: what was left out or read one of two ways, for people.
        versions: columns that stay text because zeros at the end tell values apart.
        unread: texts that are no value of their column, in columns of its name; else missing.
    """

    frame: pl.LazyFrame
    columns: dict[str, Any] = field(default_factory=dict)
    text: pl.LazyFrame | None = None
    notes: tuple[str, ...] = ()
    versions: frozenset[str] = frozenset()
    unread: pl.LazyFrame | None = None


def words_of(typed: Typed, place: Callable[[int], str], advice: Advice | None = None) -> list[str]:
    """What people should know of columns of text that were typed.

    Args:
        typed: the columns.
        place: the words for where a row stands.
        advice: how a column can be read otherwise; None where it cannot.
    """
    said = [_lost(loss, place, advice) for loss in typed.losses]
    said += [_in_doubt(loss, place, advice) for loss in typed.doubts]
    said += [words_of_inexact(found, place) for found in typed.inexact]
    said += [_version(name, text, advice) for name, text in typed.versions.items()]
    said += [
        f"column {name!r}: can be read in two ways; read as {_shown(typed.forms[name])}, not as "
        f"{_other(typed.forms[name])}"
        for name in typed.open
        if name in typed.forms
    ]
    said += [
        f"column {name!r}: its times have no year; 2000 stands for it"
        for name, form in typed.forms.items()
        if isinstance(form, TimeForm) and form.yearless
    ]
    said += [
        f"column {name!r}: times are written in {_several(form)}; new ones are written in the "
        f"first{_in_utc(form)}{_turned(form)}"
        for name, form in typed.forms.items()
        if isinstance(form, TimeForm) and form.also
    ]
    return said + [
        f"column {name!r}: zones differ from row to row; instants are kept in UTC, new ones are "
        f"written in the commonest zone, {form.zone!r}"
        for name, form in typed.forms.items()
        if isinstance(form, TimeForm) and form.varies
    ]


def _several(form: TimeForm) -> str:
    count = {2: "two", 3: "three"}.get(1 + len(form.others), "several")
    *most, last = map(repr, (form.pattern, *form.others))
    return f"{count} ways, {', '.join(most)} and {last}"


def _turned(form: TimeForm) -> str:
    """What of a day and a month that may change places."""
    if not any(turned(form.pattern, o) for o in form.others):
        return ""
    return ", in which every value counts that can be read in both"


def _in_utc(form: TimeForm) -> str:
    one = "%z" in form.pattern and any("%z" not in o for o in form.others)
    return ", and one without a zone counts as UTC" if one else ""


def _lost(loss: Loss, place: Callable[[int], str], advice: Advice | None) -> str:
    verb = "is" if loss.many == 1 else "are"
    keep = ""
    if advice is not None and not loss.settled:
        keep = f"; to keep the words, {advice(loss.column, 'category')}"
    return (
        f"column {loss.column!r}: {loss.many:,} of {loss.of:,} values {verb} no {loss.sort} and "
        f"count{'s' * (loss.many == 1)} as missing ({_some(loss, place)}){keep}"
    )


def _in_doubt(loss: Loss, place: Callable[[int], str], advice: Advice | None) -> str:
    fits = loss.of - loss.many
    if advice is None:
        how = f"leave these cells empty to have {loss.sort}s"
    else:
        how = f"to have {loss.sort}s and count them as missing, {advice(loss.column, loss.sort)}"
    return (
        f"column {loss.column!r}: stays text: {fits:,} of {loss.of:,} values are {loss.sort}s and "
        f"{loss.many:,} are not ({_some(loss, place)}); {how}"
    )


def _version(name: str, text: str, advice: Advice | None) -> str:
    why = f"other values leave out zeros as that of {text!r}, as versions are written"
    if "." not in text:
        why = f"{text!r} is no power of ten as programs write it, but a code"
    said = f"column {name!r}: stays text: {why}"
    return said + (f"; to have numbers, {advice(name, 'number')}" if advice is not None else "")


def _some(loss: Loss, place: Callable[[int], str]) -> str:
    some = ", ".join(f"{value!r} in {place(row)}" for row, value in loss.examples)
    return some + (", ..." if loss.many > len(loss.examples) else "")


def _shown(form: Any) -> str:
    """A pattern of times, or 1000.5 in the marks of numbers."""
    return repr(getattr(form, "pattern", "") or _marks(form.decimal, form.group))


def _other(form: Any) -> str:
    return repr(form.open if hasattr(form, "pattern") else _marks(form.open[0], form.open[1:]))


def _marks(decimal: str, group: str) -> str:
    return f"1{group}000{decimal}5"
