"""Addresses of a column as numbers and forms."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import polars as pl

from interfuse.internet import Addresses, none_of, parse, written
from interfuse.kinds.table.fields.tags import FEW
from interfuse.kinds.table.fields.tally import plain

SINGLE, GROWTH = 16, 1.25
_FORMS = 64
PLAIN = {4: "{}", 48: "##:##:##:##:##:##"}


class Parts(NamedTuple):
    """Distinct values as addresses.

    Attributes:
        found: (m,) addresses.
        forms: (m,) their forms.
        texts: (m,) the values as text.
        place: (n,) which of them each row has; -1 where missing.
    """

    found: Addresses
    forms: pl.Series
    texts: pl.Series
    place: np.ndarray


def parts_of(column: pl.Series, families: tuple[int, ...]) -> Parts:
    """Distinct values as addresses of these families, and which of them each row has."""
    values = plain(column)
    distinct = values.drop_nulls().unique().sort()
    known = pl.DataFrame({"value": distinct}).with_row_index("at")
    place = pl.DataFrame({"value": values}).join(
        known, on="value", how="left", maintain_order="left"
    )["at"]
    texts = distinct.cast(pl.String)
    if distinct.dtype.is_integer():
        low = distinct.cast(pl.Int128)
        fits = low.is_between(0, 2**32 - 1).to_numpy()
        found = none_of(len(distinct))
        found.family[fits] = 4
        found.low[fits] = low.filter(pl.Series(fits)).cast(pl.UInt64).to_numpy()
        forms = pl.Series(["{}"] * len(distinct), dtype=pl.String)
    else:
        found, forms = parse(texts)
        found.family[~np.isin(found.family, families)] = 0
    return Parts(found, forms, texts, place.cast(pl.Int64).fill_null(-1).to_numpy())


def edges_of(most: int) -> np.ndarray:
    """First ranks of bins, and the end behind the last of `most` hosts."""
    edges = list(range(min(SINGLE, most)))
    at = SINGLE
    while at < most:
        edges.append(at)
        at = max(at + 1, math.floor(at * GROWTH))
    return np.array([*edges, most], np.int64)


def forms_of(
    parts: Parts, rows: np.ndarray, families: tuple[int, ...]
) -> list[tuple[str, tuple[int, ...]]]:
    """Forms of `FEW` rows or more, the commonest first; the plain one where there are none."""
    frame = pl.DataFrame({"form": parts.forms, "family": parts.found.family, "rows": rows})
    found = (
        frame.filter(pl.col("family") > 0)
        .group_by("form")
        .agg(pl.col("rows").sum(), pl.col("family").unique().sort())
        .sort("rows", "form", descending=[True, False])
        .filter(pl.col("rows") >= FEW)
        .head(_FORMS)
    )
    out = [(f, tuple(s)) for f, s in zip(found["form"], found["family"].to_list(), strict=True)]
    return out or [(PLAIN[families[0]], families)]


def formed(
    found: Addresses, form: np.ndarray, forms: list[tuple[str, tuple[int, ...]]]
) -> pl.Series:
    """The forms of these codes; one that is of another family is the first of its own."""
    form = np.minimum(form, len(forms) - 1)
    for family in np.unique(found.family).tolist():
        fits = np.array([family in families for _, families in forms])
        first = int(np.flatnonzero(fits)[0]) if fits.any() else 0
        form = np.where((found.family == family) & ~fits[form], first, form)
    return pl.Series([f for f, _ in forms], dtype=pl.String).gather(form)


def texts_of(found: Addresses, forms: pl.Series, whole: bool) -> pl.Series:
    """Addresses as texts in these forms, or as whole numbers; missing where there is none."""
    if not whole:
        return written(found, forms)
    there = pl.Series(found.family > 0)
    return pl.select(pl.when(there).then(pl.Series(found.low.astype(np.int64)))).to_series()
