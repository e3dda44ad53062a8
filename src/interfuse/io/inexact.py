"""What texts of numbers lose as float64: digits, what is beyond its range, and zeros at the end.

* A number beyond the range of float64 (`1e400`, `1e-400`) counts as infinite or as 0; one of more
  than `DIGITS` significant digits, and a whole one that no float64 is, as the nearest. All are
  counted, with examples.
* `2.9` beside `2.10` and `2.1` are versions: as numbers, two would be the same and a third would
  come before the first. Programs write decimals with zeros at the end to a fixed number of decimals
  or of digits, else without. Where all values have a point and no sign, of few different ones some
  end in a zero that others leave out, and neither number is fixed, the column stays text if each
  that ends so stands beside its neighbour: amounts typed by people, `2.5`, `1.50`, `1.5`, do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from interfuse.io.textvalues import value_of
from interfuse.io.wide import facts_of

DIGITS = 17
"""Significant digits that tell any two numbers of float64 apart."""
VERSIONS = 50
"""Different texts at most of a column of versions."""
_RANGE = 300
"""Without a power of ten a number beyond float64 has so many digits."""
_EXACT = 16
"""Whole numbers of fewer digits are float64."""
_EXAMPLES = 3
_VERSION = r"^\d{1,4}\.\d{1,4}$"
_CODE, _CODED = r"^\d+[eE]\d+$", r"^[1-9]\d+[eE]"
_WHOLE = r"^[+-]?\d{16,18}$"
_POWER = r"[eEdD].*$"

Place = Callable[[int], str]
"""The words for where a row stands."""


class Inexact(NamedTuple):
    """Values that a column of numbers does not hold as they are written.

    Attributes:
        column: whose they are.
        why: what becomes of them: a key of `_BECOME`.
        many: how many.
        examples: rows and values.
    """

    column: str
    why: str
    many: int
    examples: tuple[tuple[int, str], ...]


_BECOME = {
    "large": "beyond the range of float64 and count{s} as infinite",
    "small": "too near 0 for float64 and count{s} as 0",
    "long": "written with more digits than float64 holds and count{s} as the nearest one it has",
}


def words_of_inexact(found: Inexact, place: Place) -> str:
    """One of them for people."""
    some = ", ".join(f"{value!r} in {place(row)}" for row, value in found.examples)
    some += ", ..." if found.many > len(found.examples) else ""
    many = "1 number is" if found.many == 1 else f"{found.many:,} numbers are"
    become = _BECOME[found.why].format(s="s" * (found.many == 1))
    return f"column {found.column!r}: {many} {become} ({some})"


def inexact(lazy: pl.LazyFrame, values: Mapping[str, pl.Expr]) -> tuple[Inexact, ...]:
    """What columns of numbers do not hold as it is written, over all rows.

    Args:
        lazy: the texts.
        values: by column of float64 the expression that reads it.
    """
    some = _may_lose(lazy, list(values))
    asked = {}
    for i, name in enumerate(some):
        for why, where in _conditions(value_of(name), values[name]).items():
            row = pl.int_range(pl.len()).filter(where).head(_EXAMPLES).implode()
            value = pl.col(name).filter(where).head(_EXAMPLES).implode()
            key = f"{i}:{why}"
            asked.setdefault(name, []).extend(
                [where.sum().alias(key), row.alias(key + ":row"), value.alias(key + ":value")]
            )
    found = facts_of(lazy, asked)
    return tuple(
        Inexact(name, why, int(many), _examples(found, f"{i}:{why}"))
        for i, name in enumerate(some)
        for why in _BECOME
        if (many := found[f"{i}:{why}"])
    )


def _may_lose(lazy: pl.LazyFrame, names: Sequence[str]) -> list[str]:
    """The columns with texts that are long or have a power of ten: others lose nothing."""
    looks = {}
    for i, name in enumerate(names):
        text = pl.col(name)
        long = text.str.len_bytes().max() >= _EXACT
        power = text.str.contains("[eEdD]").any()
        looks[name] = [long.alias(f"{i}:long"), power.alias(f"{i}:power")]
    found = facts_of(lazy, looks)
    looks = {}
    for i, name in enumerate(names):
        if found[f"{i}:long"] and not found[f"{i}:power"]:
            text = pl.col(name)
            digits = text.str.strip_chars(" +-0.").str.len_bytes().max() > DIGITS + 1
            whole = text.filter(~text.str.contains(".", literal=True)).str.len_bytes().max()
            odd = (
                digits | (text.str.len_bytes().max() > _RANGE) | (whole >= _EXACT).fill_null(False)
            )
            looks[name] = [odd.alias(f"{i}:odd")]
    found |= facts_of(lazy, looks)
    return [n for i, n in enumerate(names) if found[f"{i}:power"] or found.get(f"{i}:odd")]


def _examples(found: Mapping[str, list], key: str) -> tuple[tuple[int, str], ...]:
    pairs = zip(found[key + ":row"], found[key + ":value"], strict=True)
    return tuple((int(row), str(value)) for row, value in pairs)


def infinite(frame: pl.DataFrame) -> tuple[Inexact, ...]:
    """The infinite numbers of a frame whose file has no word for them."""
    out = []
    for column in (c for c in frame.iter_columns() if c.dtype.is_float()):
        rows = column.is_infinite().arg_true()
        if len(rows):
            some = tuple((int(row), str(column[row])) for row in rows[:_EXAMPLES])
            out.append(Inexact(column.name, "large", len(rows), some))
    return tuple(out)


def _conditions(text: pl.Expr, value: pl.Expr) -> dict[str, pl.Expr]:
    """Where a value is not what its text says, by what becomes of it."""
    digits = text.str.replace(_POWER, "").str.replace_all(r"\D", "").str.strip_chars("0")
    some = digits.str.len_chars() > 0
    large, small = value.is_infinite() & some, (value == 0) & some
    plain = pl.when(text.str.contains(_WHOLE)).then(text.str.strip_prefix("+"))
    other = plain.cast(pl.Int64, strict=False) != value.cast(pl.Int64, strict=False)
    long = ((digits.str.len_chars() > DIGITS) | other.fill_null(False)) & ~large & ~small
    return {k: e.fill_null(False) for k, e in (("large", large), ("small", small), ("long", long))}


def versions(
    lazy: pl.LazyFrame, sample: Mapping[str, pl.Series], names: Sequence[str]
) -> dict[str, str]:
    """The columns of versions and codes, each with a text that as a number would be another.

    Args:
        lazy: the texts.
        sample: some values of each column.
        names: the columns that would be numbers.
    """
    asked = {}
    for name in (n for n in names if _may_be_versions(sample[n])):
        text = value_of(name).drop_nulls()
        facts = {
            "all": text.str.contains(_VERSION).all(),
            "few": text.n_unique() <= VERSIONS,
            "zero": text.filter(text.str.contains(r"\.\d+0$")).first(),
        }
        asked[name] = [expr.alias(f"{len(asked)}:{fact}") for fact, expr in facts.items()]
    codes = [n for n in names if len(sample[n]) and sample[n].str.contains(_CODE).all()]
    for name in codes:
        text = value_of(name).drop_nulls()
        code = text.filter(text.str.contains(_CODED)).first()
        facts = {"all": text.str.contains(_CODE).all(), "few": pl.lit(True), "zero": code}
        asked[name] = [expr.alias(f"{len(asked)}:{fact}") for fact, expr in facts.items()]
    found = facts_of(lazy, asked)
    return {
        name: found[f"{i}:zero"]
        for i, name in enumerate(asked)
        if found[f"{i}:all"] and found[f"{i}:few"] and found[f"{i}:zero"] is not None
    }


def _may_be_versions(texts: pl.Series) -> bool:
    """Whether some end in a zero that others leave out, to no fixed number of digits."""
    if not len(texts) or not texts.str.contains(_VERSION).all():
        return False
    decimals = texts.str.extract(r"\.(\d+)$")
    ends, short = decimals.str.contains(r"\d0$"), decimals.str.len_chars() == 1
    digits = texts.str.replace(".", "", literal=True).str.strip_chars_start("0").str.len_chars()
    if not (ends.any() and short.any() and digits.n_unique() > 1):
        return False
    there = set(texts)
    return all(_runs_on(text, there) for text in set(texts.filter(ends)))


def _runs_on(text: str, there: set[str]) -> bool:
    """Whether a text that ends in a zero, `2.10`, stands beside `2.9` or `2.11`."""
    major, minor = text.split(".")
    return any(f"{major}.{int(minor) + step}" in there for step in (-1, 1))
