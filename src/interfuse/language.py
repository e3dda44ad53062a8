"""Sentences in the language at hand.

English is the key: code says `t("Column {name!r} is off by {off}.", name=name, off=off)`, and
`languages/zh.json` has the same sentence in Chinese, with the same fields. So each sentence stands
in one place of the code and in one line a language. A sentence that the catalogue lacks is said in
English; `lacking` tells which of some are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Any

from interfuse.errors import OptionError

LANGUAGES = ("en", "zh")

_language: ContextVar[str] = ContextVar("language", default="en")
_added: dict[str, dict[str, str]] = {}


def t(sentence: str, **fields: Any) -> str:
    """Say a sentence in the language at hand.

    Args:
        sentence: In English, as `str.format` takes it where there are fields, else as it is.
        fields: What stands in it; texts among them are in the language already.
    """
    spoken = language()
    if spoken != "en":
        sentence = _added.get(spoken, {}).get(sentence) or catalogue(spoken).get(sentence, sentence)
    return sentence.format(**fields) if fields else sentence


def language() -> str:
    """The language at hand: one of `LANGUAGES`."""
    return _language.get()


@contextmanager
def speaking(other: str) -> Iterator[None]:
    """Speak another language within.

    Raises:
        OptionError: There is no such language.
    """
    if other not in LANGUAGES:
        raise OptionError(f"language: {other!r} is not known; expected {' or '.join(LANGUAGES)}.")
    token = _language.set(other)
    try:
        yield
    finally:
        _language.reset(token)


def add(other: str, sentences: Mapping[str, str]) -> None:
    """Add sentences to the catalogue of a language, such as those of a figure of your own.

    Args:
        other: The language.
        sentences: By the English one, with the same fields.
    """
    _added.setdefault(other, {}).update(sentences)


def lacking(sentences: Iterable[str], other: str = "zh") -> list[str]:
    """Which of some English sentences another language has not."""
    known = catalogue(other).keys() | _added.get(other, {}).keys()
    return [one for one in sentences if one and one not in known]


@cache
def catalogue(other: str) -> Mapping[str, str]:
    """The sentences that come with the package, by the English ones."""
    if other == "en":
        return {}
    file = resources.files("interfuse") / "languages" / f"{other}.json"
    return json.loads(file.read_text("utf-8"))
