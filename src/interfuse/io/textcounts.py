"""Counting which values of whole columns of text are in which forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from interfuse.io.forms import Form
from interfuse.io.numbers import MOST_FORMS, NumberForm
from interfuse.io.textvalues import value_of

_ZERO = r"^[+-]?0\d+$"
_LONG = r"^[+-]?\d{19,}$"


class Counted(NamedTuple):
    """How many values of a column are in a form, and what the others are."""

    values: int
    fits: int
    whole: int
    spelled: int
    other: int
    rest: int
    digits: int
    bad: int


def count_forms(
    lazy: pl.LazyFrame, options: Mapping[str, list[Form]]
) -> dict[tuple[str, int], Counted]:
    """How many values of the whole column are in each form, and what the others are."""
    texts, values, counts, keys = [], [], [], []
    for i, (name, forms) in enumerate(options.items()):
        if forms:
            texts.append(value_of(name).alias(f"t{i}"))
        for j, form in enumerate(forms[:MOST_FORMS]):
            at = f"{i}:{j}"
            loose = replace(form, whole=False) if isinstance(form, NumberForm) else form
            values.append(loose.value(pl.col(f"t{i}")).alias("v" + at))
            if isinstance(form, NumberForm) and form.whole:
                values.append(form.value(pl.col(f"t{i}")).alias("w" + at))
                counts += _counts(f"t{i}", at, "w" + at)
            else:
                counts += _counts(f"t{i}", at, "v" + at)
            keys.append((name, j, at))
    if not keys:
        return {}
    # Step by step, so that no value is worked out once for each count.
    seen = lazy.select(texts).with_columns(values).select(counts)
    row = seen.collect(engine="streaming").row(0, named=True)
    fields = Counted._fields
    return {(n, j): Counted(*(int(row[at + f] or 0) for f in fields)) for n, j, at in keys}


def _counts(name: str, at: str, strict: str) -> list[pl.Expr]:
    """What `Counted` has, of a column of texts and their values in one form."""
    text, value = pl.col(name), pl.col("v" + at)
    rest = text.filter(value.is_null())
    long = text.str.contains(_LONG) & text.cast(pl.Int64, strict=False).is_null()
    found = {
        "values": text.count(),
        "fits": value.count(),
        "whole": pl.col(strict).count(),
        "spelled": value.n_unique(),
        "other": rest.drop_nulls().n_unique(),
        "rest": rest.count(),
        "digits": rest.str.contains(r"\d").sum(),
        "bad": (text.str.contains(_ZERO) | long).sum(),
    }
    return [expr.alias(at + fact) for fact, expr in found.items()]
