"""Counting which values of whole columns of text are in which forms, and what a column is then.

* **A time or a number with decimals, a unit or marks**: the column is one, if `MOST` of its values
  are, and a value in no such form is missing. Where more than half are, but not most, the column
  stays text and that is said: the words may mean as much as the numbers.
* **Whole numbers** may be codes that happen to be digits (80, http; A/5 21171, 113803). Other
  values are missing if they are at most `FEW` of all, or a single word; beside more than `CODES`
  different numbers, if they are few words, at most `SOME` of all, or words with hardly a digit;
  beside fewer, if they are one or two words without digits and at most `SOME`. Otherwise the column
  stays text.
* **A leading zero, more digits than 64 bits hold, or a plus before seven digits and no minus** (a
  telephone), in any value: a column of whole numbers stays text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from interfuse.io.forms import Form
from interfuse.io.numberguess import MOST_FORMS
from interfuse.io.numbers import NumberForm
from interfuse.io.textvalues import value_of

MOST = 2 / 3
FEW, SOME = 0.02, 0.1
CODES, WORDS = 20, 5
_GROUP = 48
_ZERO = r"^[+-]?0\d+$"
_LONG = r"^[+-]?\d{19,}$"
_PHONE = r"^\+\d{7,}$"


class Counted(NamedTuple):
    """How many values of a column are in a form, and what the others are.

    What says whether digits are names (`spelled`, `other`, `digits`, `bad`) is counted of forms of
    whole numbers alone, and 0 of all others.
    """

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
    """How many values of the whole column are in each form, and what the others are.

    Of a column whose first form reads all values the others are left out.
    """
    best = _in_groups(lazy, {(n, 0): forms[0] for n, forms in options.items() if forms})
    # No other form reads more than all values.
    rest = {
        (n, j): options[n][j]
        for (n, _), seen in best.items()
        for j in range(1, len(options[n][:MOST_FORMS]))
        if seen.fits < seen.values
    }
    return best | _in_groups(lazy, rest)


def is_most(form: Form, seen: Counted) -> bool:
    """Whether a column is what most of its values are; see the module."""
    if seen.fits < MOST * seen.values:
        return False
    if not _are_codes(form):
        return True
    if seen.bad:
        return False
    share = seen.rest / seen.values
    if share <= FEW or (seen.rest == 1 and not seen.digits):
        return True
    if seen.spelled <= CODES:
        return not seen.digits and seen.other <= 2 and share <= SOME
    return seen.other <= WORDS or share <= SOME or seen.digits <= SOME * seen.rest


def may_be_meant(form: Form, seen: Counted) -> bool:
    """Whether a column that stays text might be meant otherwise."""
    if 2 * seen.fits <= seen.values:
        return False
    return not _are_codes(form) or not (
        seen.bad or seen.spelled <= CODES or seen.digits > SOME * seen.rest
    )


def _are_codes(form: Form) -> bool:
    """Whether they are whole numbers, which may be names."""
    return isinstance(form, NumberForm) and form.plain and form.decimals == 0


def _in_groups(
    lazy: pl.LazyFrame, asked: Mapping[tuple[str, int], Form]
) -> dict[tuple[str, int], Counted]:
    keys = list(asked)
    out: dict[tuple[str, int], Counted] = {}
    for at in range(0, len(keys), _GROUP):
        out |= _counted(lazy, {key: asked[key] for key in keys[at : at + _GROUP]})
    return out


def _counted(
    lazy: pl.LazyFrame, asked: Mapping[tuple[str, int], Form]
) -> dict[tuple[str, int], Counted]:
    number = {n: i for i, n in enumerate(dict.fromkeys(n for n, _ in asked))}
    texts = [value_of(n).alias(f"t{i}") for n, i in number.items()]
    values, counts = [], []
    for (name, j), form in asked.items():
        i = number[name]
        at = f"{i}:{j}"
        loose = replace(form, whole=False) if isinstance(form, NumberForm) else form
        values.append(loose.value(pl.col(f"t{i}")).alias("v" + at))
        if isinstance(form, NumberForm) and form.whole:
            values.append(form.value(pl.col(f"t{i}")).alias("w" + at))
            counts += _counts(f"t{i}", at, "w" + at, codes=True)
        else:
            counts += _counts(f"t{i}", at, "v" + at, codes=_are_codes(form))
    # Step by step, so that no value is worked out once for each count.
    seen = lazy.select(texts).with_columns(values).select(counts)
    row = seen.collect(engine="streaming").row(0, named=True)
    fields = Counted._fields
    return {
        (n, j): Counted(*(int(row.get(f"{number[n]}:{j}{f}") or 0) for f in fields))
        for n, j in asked
    }


def _counts(name: str, at: str, strict: str, codes: bool) -> list[pl.Expr]:
    """What `Counted` has, of a column of texts and their values in one form."""
    text, value = pl.col(name), pl.col("v" + at)
    rest = text.filter(value.is_null())
    found = {
        "values": text.count(),
        "fits": value.count(),
        "whole": pl.col(strict).count(),
        "rest": rest.count(),
    }
    if codes:
        found |= _of_codes(text, value, rest)
    return [expr.alias(at + fact) for fact, expr in found.items()]


def _of_codes(text: pl.Expr, value: pl.Expr, rest: pl.Expr) -> dict[str, pl.Expr]:
    """What is asked of whole numbers alone, which may be names."""
    long = text.str.contains(_LONG) & text.cast(pl.Int64, strict=False).is_null()
    phone = text.str.contains(_PHONE) & ~text.str.starts_with("-").any()
    return {
        "spelled": value.n_unique(),
        "other": rest.drop_nulls().n_unique(),
        "digits": rest.str.contains(r"\d").sum(),
        "bad": (text.str.contains(_ZERO) | long | phone).sum(),
    }
