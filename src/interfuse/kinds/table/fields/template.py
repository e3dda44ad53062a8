r"""Texts of a form: what many rows share comes back, the rest is filled in anew.

A text is cut into words, runs of letters and digits, and the marks between them. A word is
*common* if it is in `FEW` rows or more. What a row has is the first of these that `FEW` rows have:

1. the text itself;
2. its words where they are common, and the sort and length of the others:
   "/user/8412/photo" is "/user/<4 digits>/photo";
3. the same with the sort and length of all words that have a digit;
4. the same with lengths in four classes;
5. the marks, and words that many rows have; the marks alone;
6. nothing but that it is such a text.

These are the values of a category (`fields.category`), and all that is kept: no text, and no word,
that fewer rows have. A drawn text has each gap filled with random letters or digits of that sort
and length, so that it is a real one only by chance.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import polars as pl

from interfuse.kinds.table.fields.base import Field
from interfuse.kinds.table.fields.category import CategoryField
from interfuse.kinds.table.fields.cells import (
    TEXTS,
    Arrays,
    Encoded,
    array_to_series,
    series_to_array,
)
from interfuse.kinds.table.fields.limit import Limit
from interfuse.kinds.table.fields.pseudonyms import uniform
from interfuse.kinds.table.fields.spec import Spec
from interfuse.kinds.table.fields.tags import FEW
from interfuse.kinds.table.fields.tally import plain

OPEN, CLOSE = "\x01", "\x02"
"""Around a gap in what is kept; in a text that is read they count as marks, and are left out."""
LONGEST = 2_000
MOST_WORDS = 20_000
Maker = Callable[[np.ndarray], list[str]]
_LENGTHS = ((1, 3), (4, 7), (8, 15), (16, 40))
_DIGITS, _LOWER = "0123456789", "abcdefghijklmnopqrstuvwxyz"
_LETTERS = {
    "d": _DIGITS,
    "x": _DIGITS + "abcdef",
    "X": _DIGITS + "ABCDEF",
    "l": _LOWER,
    "U": _LOWER.upper(),
    "C": _LOWER,
    "m": _DIGITS + _LOWER + _LOWER.upper(),
}
_VOWELS = "aaaeeeeiiooou"
_OTHERS = "bcccdddffgghhjklllmmmnnnnpprrrrrssssstttttvwyz"
"""As often as words of many languages have them, about: letters drawn alike make no such names."""
_DIGIT = re.compile("[0-9]")
_SHORT, _FEW = f"{OPEN}m1-3{CLOSE}", f"{OPEN}d1-3{CLOSE}"
_GAP = re.compile(f"{OPEN}(.)(\\d+)-(\\d+){CLOSE}")


class TemplateField(CategoryField):
    """A column of texts of a form as one or two codes.

    Args:
        name: the column.
        dtype: its type.
        values: what rows have; gaps stand between `OPEN` and `CLOSE`.
        frequent: as of categories.
        group: as of categories.
        words_kept: the common words, in order.
        steady: those that many rows have.
    """

    role = "identifier"
    remade = True
    options: ClassVar[Mapping[str, str]] = CategoryField.options
    word_pattern: ClassVar[re.Pattern[str]] = re.compile(r"([^\W_]+)")
    blank: ClassVar[str] = f"{OPEN}l8-15{CLOSE}"
    steady_share: ClassVar[float] = 2.0
    """Of the rows; words that so many have stay in steps 3 and 4, digits or not, and first in 5."""
    made: ClassVar[Mapping[str, Maker]] = {}
    """By sort of a gap that a kind has for itself what fills it, from uniform draws (n, 8)."""

    def __init__(
        self,
        name: str,
        dtype: pl.DataType,
        values: pl.Series,
        frequent: int,
        group: int,
        words_kept: pl.Series | None = None,
        steady: pl.Series | None = None,
    ) -> None:
        super().__init__(name, dtype, values, frequent, group)
        self.words_kept = words_kept if words_kept is not None else pl.Series([], dtype=pl.String)
        self.steady = steady if steady is not None else pl.Series([], dtype=pl.String)

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Text."""
        return dtype in TEXTS

    @classmethod
    def finish(cls, sketch: pl.DataFrame | None, spec: Spec) -> TemplateField:
        """What rows have, and the common words."""
        tally = cls.tallied(sketch, spec).cast({"value": pl.String})
        texts, rows = tally["value"].to_list(), tally["len"].to_list()
        seen: Counter[str] = Counter()
        for text, count in zip(texts, rows, strict=True):
            for word in set(cls._pieces(text or "")[1::2]):
                seen[word] += count * (cls._own_gap(word) is None)
        common = sorted(word for word, count in seen.most_common(MOST_WORDS) if count >= FEW)
        least = max(FEW, cls.steady_share * sum(rows))
        steady = [w for w in common if seen[w] >= least]
        own = [
            t if t is None or (count >= FEW and cls._whole(t)) else None
            for t, count in zip(texts, rows, strict=True)
        ]
        open_ = [i for i, t in enumerate(texts) if t is not None and own[i] is None]
        for step in cls._steps(frozenset(common), frozenset(steady)):
            made = {i: step(cls._pieces(texts[i])) for i in open_}
            mass: Counter[str] = Counter()
            for i, one in made.items():
                mass[one] += rows[i]
            for i, one in made.items():
                own[i] = one if mass[one] >= FEW else None
            open_ = [i for i in open_ if own[i] is None]
        for i in open_:
            own[i] = cls.blank
        have = pl.DataFrame({"value": pl.Series(own, dtype=pl.String), "len": tally["len"]})
        made_of = super().finish(have.group_by("value").agg(pl.col("len").sum()), spec)
        assert isinstance(made_of, TemplateField)
        made_of.words_kept, made_of.steady = (
            pl.Series(w, dtype=pl.String) for w in (common, steady)
        )
        return made_of

    @classmethod
    def _steps(
        cls, common: frozenset[str], steady: frozenset[str]
    ) -> tuple[Callable[[Sequence[str]], str], ...]:
        """From the pieces of a text to what is kept of it, in steps 2 to 5."""
        stays = steady | {word for word in common if not _DIGIT.search(word)}
        steps: tuple[Callable[[str], str], ...] = (
            lambda word: word if word in common else _gap(word),
            lambda word: word if word in stays else _gap(word),
            lambda word: word if word in stays else _rough(_gap(word)),
            lambda word: word if word in steady else _FEW if word.isdecimal() else _SHORT,
            lambda word: _SHORT,
        )

        def table(step: Callable[[str], str]) -> _Words:
            return _Words(lambda word: cls._own_gap(word) or step(word))

        return tuple(table(step).join for step in steps)

    @classmethod
    def _own_gap(cls, word: str) -> str | None:
        """The gap of a word that never comes back, however many rows have it; None of others."""
        return None

    @classmethod
    def _whole(cls, text: str) -> bool:
        """Whether a text may come back as it is where many rows have it."""
        return not cls.made or all(cls._own_gap(w) is None for w in cls._pieces(text)[1::2])

    @classmethod
    def _pieces(cls, text: str) -> list[str]:
        """Marks and words in turn."""
        return cls.word_pattern.split(_clean(text))

    def _kept(self, column: pl.Series) -> pl.Series:
        """What each value has: the first step that is among the values."""
        texts = plain(column).cast(pl.String)
        distinct = texts.unique()
        values = frozenset(self.values.to_list())
        steps = self._steps(*(frozenset(w.to_list()) for w in (self.words_kept, self.steady)))
        own = [
            text
            if text is None or (text in values and OPEN not in text)
            else self._first(self._pieces(text), steps, values)
            for text in distinct.to_list()
        ]
        known = pl.DataFrame({"value": distinct, "own": pl.Series(own, dtype=pl.String)})
        pairs = pl.DataFrame({"value": texts}).join(
            known, on="value", how="left", nulls_equal=True, maintain_order="left"
        )
        return pairs["own"]

    def _first(
        self, pieces: Sequence[str], steps: Sequence[Callable[..., str]], values: frozenset[str]
    ) -> str:
        return next((t for t in (step(pieces) for step in steps) if t in values), self.blank)

    def encode(self, column: pl.Series) -> Encoded:
        """Codes of what the values have; -1 for a text of a sort never seen."""
        return super().encode(self._kept(column))

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """Texts, their gaps filled as the row and the seed say."""
        own = super().decode(codes, z, rows, seed).cast(pl.String)
        gapped = own.str.contains(OPEN, literal=True).fill_null(False)
        if not gapped.any():
            return own.cast(self.dtype)
        stream = zlib.crc32(self.name.encode())
        out = own.to_list()
        at = gapped.arg_true().to_numpy()
        for (template,), places in pl.DataFrame({"t": own.gather(at), "at": at}).group_by("t"):
            where = places["at"].to_numpy()
            filled = _filled(template, rows[where], seed, stream, self.made)
            for i, text in zip(where, filled, strict=True):
                out[i] = text
        return pl.Series(self.name, out, dtype=pl.String).cast(self.dtype)

    def limit_except(self, values: pl.Series) -> Limit:
        """What the others have; texts that are filled anew may be any but these."""
        return Field.limit_except(self, values)

    def labels(self) -> pl.Series:
        """Texts, gaps shown as their sort."""
        return super().labels().str.replace_all(f"{OPEN}.\\d+-\\d+{CLOSE}", "…")

    def alike(self, column: pl.Series) -> pl.Series:
        """What the values have."""
        return self._kept(column).alias(column.name)

    def arrays(self) -> Arrays:
        """What rows have, and the common words."""
        out = {**super().arrays(), "words": series_to_array(self.words_kept)}
        return out | ({"steady": series_to_array(self.steady)} if len(self.steady) else {})

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> TemplateField:
        """The inverse of `to_json` and `arrays`."""
        made = super().from_json(name, dtype, d, arrays)
        assert isinstance(made, TemplateField)
        made.words_kept = array_to_series(arrays["words"]).cast(pl.String)
        if "steady" in arrays:
            made.steady = array_to_series(arrays["steady"]).cast(pl.String)
        return made


class _Words(dict[str, str]):
    """What stands for each word, computed once.

    Args:
        of: a word's.
    """

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, word: str) -> str:
        self[word] = found = self._of(word)
        return found

    def join(self, pieces: Sequence[str]) -> str:
        """A text of marks and words in turn, with what stands for the words."""
        return "".join(self[p] if i % 2 else p for i, p in enumerate(pieces))


def _clean(text: str | None) -> str:
    return (text or "")[:LONGEST].replace(OPEN, "").replace(CLOSE, "")


def _gap(word: str) -> str:
    """The sort and length of a word."""
    n = len(word)
    if word.isascii() and word.isdigit():
        sort = "d"
    elif n > 1 and re.fullmatch("[0-9a-f]*[0-9][0-9a-f]*", word):
        sort = "x"
    elif n > 1 and re.fullmatch("[0-9A-F]*[0-9][0-9A-F]*", word):
        sort = "X"
    elif word.isascii() and word.islower() and word.isalpha():
        sort = "l"
    elif word.isascii() and word.isupper() and word.isalpha():
        sort = "U"
    elif word.isascii() and word.isalpha() and word[1:].islower():
        sort = "C"
    else:
        sort = "m"
    return f"{OPEN}{sort}{min(n, 40)}-{min(n, 40)}{CLOSE}"


def _rough(gap: str) -> str:
    """A gap with its length in a class, of one sort for all that is no number."""
    match = _GAP.fullmatch(gap)
    assert match is not None
    low, high = next((a, b) for a, b in _LENGTHS if a <= int(match[2]) <= b)
    return f"{OPEN}{'d' if match[1] == 'd' and low < 8 else 'm'}{low}-{high}{CLOSE}"


def _filled(
    template: str, rows: np.ndarray, seed: int, stream: int, made: Mapping[str, Maker]
) -> list[str]:
    """The template with its gaps filled, once a row."""
    parts: list[pl.Series | str] = []
    at = 0
    for turn, match in enumerate(_GAP.finditer(template)):
        own = made.get(match[1])
        if own is None:
            new = _random(match, rows, seed, stream + 97 * turn)
        else:
            key = (stream + 97 * turn) * 64
            new = pl.Series(own(np.stack([uniform(seed, key + i, rows) for i in range(8)], 1)))
        parts += [template[at : match.start()], new]
        at = match.end()
    parts.append(template[at:])
    columns = [p if isinstance(p, pl.Series) else pl.lit(p) for p in parts]
    return pl.select(pl.concat_str(columns)).to_series().to_list()


def _random(match: re.Match[str], rows: np.ndarray, seed: int, stream: int) -> pl.Series:
    low, high = int(match[2]), int(match[3])
    letters = np.array(list(_LETTERS[match[1]]))
    draws = np.stack([uniform(seed, stream * 64 + i, rows) for i in range(high + 2)], 1)
    index = (draws[:, :high] * len(letters)).astype(np.int64)
    if match[1] == "d" and high > 1:  # no number begins with a zero
        index[:, 0] = 1 + (draws[:, 0] * 9).astype(np.int64)
    signs = letters[index]
    if match[1] in "lUC" and high > 1:
        signs = _spoken(draws[:, :high], draws[:, high + 1] < 0.3)
    if match[1] == "U":
        signs = np.char.upper(signs)
    if match[1] == "C":
        signs[:, 0] = np.char.upper(signs[:, 0])
    texts = pl.Series(np.ascontiguousarray(signs).view(f"<U{high}")[:, 0].tolist())
    length = low + (draws[:, high] * (high - low + 1)).astype(np.int64)
    return texts.str.head(pl.Series(length))


def _spoken(draws: np.ndarray, vowel: np.ndarray) -> np.ndarray:
    """Letters (n, k) that can be spoken, by draws (n, k); where one begins with a vowel, (n,)."""
    turn = (np.arange(draws.shape[1]) + vowel[:, None]) % 2 == 1
    kinds = [
        np.array(list(some))[(draws * len(some)).astype(np.int64)] for some in (_VOWELS, _OTHERS)
    ]
    return np.where(turn, *kinds)
