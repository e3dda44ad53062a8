"""What the codes of a column stand for: a number for each, some levels of them, words of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.kinds.table.ask.know.view import View
from interfuse.kinds.table.fields.expected import text_of
from interfuse.language import t

LEVELS = 10


@dataclass(frozen=True)
class Levels:
    """A few levels of a column, for curves.

    Attributes:
        of: (k,) the level of each code; -1 for none.
        code: (levels,) the code that stands for each level: that of its middle row.
        words: (levels,) what people call it.
        value: (levels,) the number that it stands for; NaN for categories.
        ordered: whether levels are in order; those that are not have the commonest first.
    """

    of: np.ndarray
    code: np.ndarray
    words: list[str]
    value: np.ndarray
    ordered: bool


def values_of_codes(view: View, column: int) -> np.ndarray:
    """(k,) a number for each code: the middle of a bin; NaN for what is no number."""
    field = view.fields[column]
    out = np.full(view.ask.sizes[view.ask.cells[column][0]], np.nan)
    if field.bins:
        made = _middles(view, column)
        physical = made.to_physical() if made.dtype.is_temporal() else made
        number = physical.cast(pl.Float64, strict=False).fill_null(np.nan)
        out[: field.bins] = number.to_numpy()
    return out


def words_of_codes(view: View, column: int) -> list[str]:
    """(k,) what each code stands for, as text."""
    field = view.fields[column]
    size = view.ask.sizes[view.ask.cells[column][0]]
    if field.bins:
        labels = text_of(_middles(view, column)).fill_null(t("missing")).to_list()
        others = [t("as {name}", name=name) for name in field.links]
        labels += others + [t("missing")] * (size - len(labels) - len(others))
    else:
        labels = field.labels().to_list() if len(field.cells) == 1 else []
    return [*labels, *(t("value {code}", code=c) for c in range(len(labels), size))][:size]


def _middles(view: View, column: int) -> pl.Series:
    """The value in the middle of each bin of a number."""
    field, k = view.fields[column], view.fields[column].bins
    categories = sum(cell.size > 0 for cell in field.cells)
    codes = np.zeros((k, categories), np.int64)
    codes[:, 0] = np.arange(k)
    z = np.zeros((k, len(field.cells) - categories))
    return field.decode(codes, z, np.zeros(k, np.int64), 0)


def levels_of(view: View, column: int, codes: np.ndarray, most: int = LEVELS) -> Levels:
    """Levels of about equal many rows; of categories the commonest values.

    Args:
        view: the columns.
        column: which.
        codes: (n,) its codes in some rows.
        most: levels at most.
    """
    field = view.fields[column]
    size = view.ask.sizes[view.ask.cells[column][0]]
    count = np.bincount(codes[codes >= 0], minlength=size)
    words, value = words_of_codes(view, column), values_of_codes(view, column)
    of = np.full(size, -1)
    ordered = field.bins > 0
    if ordered:
        inner = count[: field.bins]
        before = (inner.cumsum() - inner / 2) / max(inner.sum(), 1)
        seen = np.flatnonzero(inner)
        # A value that many rows have is a level of its own, and cuts are between values.
        raw = np.minimum((before * most).astype(int), most - 1)
        heavy = inner >= inner.sum() / most
        key = raw[seen] * 2.0
        for i, c in enumerate(seen):
            if heavy[c]:
                key[i:] += 1000.0
                key[i + 1 :] += 1000.0
        of[seen] = np.unique(key, return_inverse=True)[1]
        rest = np.flatnonzero(count[field.bins :]) + field.bins
        of[rest] = of.max(initial=-1) + 1 + np.arange(len(rest))
    else:
        common = np.argsort(-count, kind="stable")[:most]
        common = common[count[common] > 0]
        of[common] = np.arange(len(common))
    code, said, number = [], [], []
    for level in range(of.max(initial=-1) + 1):
        own = np.flatnonzero(of == level)
        middle = own[np.searchsorted(count[own].cumsum(), count[own].sum() / 2)]
        code.append(int(middle))
        said.append(words[middle])
        number.append(value[middle])
    return Levels(of, np.array(code, int), said, np.array(number, float), ordered)
