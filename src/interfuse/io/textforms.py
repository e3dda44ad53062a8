"""Columns of text in the forms that people write: what most of a column is, it is.

`interfuse.io.texttypes` types a column whose every value is written as programs write it. Of the
other columns this module asks in which form (`interfuse.io.forms`) most values are;
`interfuse.io.textcounts` has the rules. What is lost is counted (`Typed.losses`) with examples, and
so is what keeps a column text that is more than half numbers or times (`Typed.doubts`).

Whole columns are counted, not samples; a sample of `SAMPLE` rows from all parts of the file only
says which forms are worth counting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import polars as pl

from interfuse.io.durations import DurationForm, forms_of_durations
from interfuse.io.forms import BooleanForm, Form, booleans, form_from_json
from interfuse.io.inexact import Inexact, inexact, versions
from interfuse.io.numberguess import Ranked, digits_form, maybe_thousands, plain_form
from interfuse.io.numbers import NumberForm
from interfuse.io.textcounts import Counted, count_forms, is_most, may_be_meant
from interfuse.io.texttypes import casts
from interfuse.io.textvalues import value_of
from interfuse.io.timeguess import forms_of_texts
from interfuse.io.times import TimeForm
from interfuse.io.wide import facts_of

SAMPLE = 2000
_EXAMPLES = 3
_NEAR = 1 << 12
"""Rows at the top of a file in which most examples are found."""
_SORTS = {
    TimeForm: "time", NumberForm: "number", BooleanForm: "truth value", DurationForm: "duration",
}  # fmt: skip


class Said(NamedTuple):
    """What is known of a column before it is read.

    Attributes:
        sort: "number", "time", "text", "plain" for what `texttypes` alone makes of it, or nothing.
        form: how it is written.
        pattern: of times, as a person wrote it.
        sure: whether a person said so: then a single value of that sort is enough.
    """

    sort: str = ""
    form: Form | None = None
    pattern: str = ""
    sure: bool = False


class Loss(NamedTuple):
    """Values that are not what the others of their column are.

    Attributes:
        column: whose they are.
        many: how many.
        of: of how many that are no words for missing.
        sort: what they are not, for people.
        examples: rows and values.
        settled: whether it was known before how the column is read.
    """

    column: str
    many: int
    of: int
    sort: str
    examples: tuple[tuple[int, str], ...]
    settled: bool = False


@dataclass(frozen=True)
class Typed:
    """Columns of text as values.

    Attributes:
        frame: the frame.
        forms: by column, how it is written, where that is not as programs write.
        losses: values that count as missing.
        doubts: values that keep a column text.
        open: by column, a form that reads all its values too, otherwise.
        inexact: numbers that float64 does not hold as they are written.
        versions: columns that stay text because zeros at the end tell values apart, each with one.
        unread: the texts that `losses` counts, in columns of these names; else missing.
    """

    frame: pl.LazyFrame
    forms: dict[str, Form] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    doubts: tuple[Loss, ...] = ()
    open: dict[str, str] = field(default_factory=dict)
    inexact: tuple[Inexact, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    unread: pl.LazyFrame | None = None


def read_text(
    lazy: pl.LazyFrame,
    names: Sequence[str],
    *,
    said: Mapping[str, Said] | None = None,
    comma: bool | None = None,
    only_times: bool = False,
    times: bool = True,
) -> Typed:
    """The frame with its columns of text typed.

    Args:
        lazy: the frame.
        names: its columns of text.
        said: by column what is known of it.
        comma: whether a comma is likely to be the mark before decimals.
        only_times: look for times alone.
        times: whether texts that `texttypes` does not take for times may be times.
    """
    said = dict(said or {})
    names = [n for n in names if said.get(n, Said()).sort != "text"]
    if not names:
        return Typed(lazy)
    plain = casts(lazy, names, only_times=only_times)
    types = dict(lazy.with_columns(plain.values()).collect_schema())
    ask = [n for n in names if said.get(n, Said()).sort != "plain"]
    sample = _sample(lazy, names)
    options: dict[str, list[Form]] = {}
    looks: dict[str, Form] = {}
    for name in ask:
        one = said.get(name, Said())
        found = _options(sample[name], name, types[name], one, only_times, times)
        if one.form is not None:
            options[name] = [one.form, *found]
        elif types[name] == pl.String or one.sort or _other_sort(types[name], found[:1]):
            options[name] = found
        elif found:
            looks[name] = found[0]
    kept = dict[str, str]()
    if not only_times:
        free = [n for n in names if said.get(n, Said()).sort in ("", "plain")]
        kept = versions(lazy, sample, [n for n in free if types[n].is_float()])
        asked = {n: sample[n] for n in ask if n not in kept}
        _with_marks(options, looks, asked, types, said, comma)
        plain = {n: e for n, e in plain.items() if n not in kept}
    counts = count_forms(lazy, options)
    typed = _chosen(lazy, plain, options, looks, counts, said)
    return replace(typed, versions=kept)


def _other_sort(dtype: pl.DataType, found: Sequence[Form]) -> bool:
    """Whether the best form makes something else of a column that is typed already."""
    return any(f.dtype.is_numeric() != dtype.is_numeric() for f in found) and dtype != pl.Boolean


def _sample(lazy: pl.LazyFrame, names: Sequence[str]) -> dict[str, pl.Series]:
    """Some values of each column, of all parts of the frame."""
    if not names:
        return {}
    rows = lazy.select(pl.len()).collect(engine="streaming").item()
    part = lazy.select(names)
    if rows >= 2 * SAMPLE:
        part = part.gather_every(rows // SAMPLE).head(2 * SAMPLE)
    some = part.collect(engine="streaming").select(value_of(n).alias(n) for n in names)
    out = {n: some[n].drop_nulls() for n in names}
    few = [n for n in names if len(out[n]) < min(SAMPLE, rows) / 100 and rows > SAMPLE]
    late = {n: [value_of(n).drop_nulls().head(SAMPLE).implode().alias(n)] for n in few}
    found = facts_of(lazy, late)
    return out | {n: pl.Series(n, found[n], dtype=pl.String) for n in few}


def _options(
    texts: pl.Series, name: str, dtype: pl.DataType, said: Said, only_times: bool, times: bool
) -> list[Form]:
    """The forms of a column, best first, without those of numbers that other columns settle."""
    if said.sort == "number":
        return []
    sure = said.sort == "time"
    if not times and not sure:
        return list(booleans(texts)) if dtype in (pl.String, pl.Boolean) else []
    if dtype == pl.Boolean and not sure:
        return list(booleans(texts))
    if dtype == pl.Date and said == Said():
        return []  # as programs write them
    if dtype.is_float() and not sure and not texts.str.contains(r"^\d{9,}").all():
        return []
    found: list[Form] = list(forms_of_texts(texts, name, said=said.pattern, sure=sure))
    if dtype == pl.String and not said.pattern:
        # Behind the likeliest time of day, which they are if none is of a day or more.
        found[1:1] = forms_of_durations(texts)
    if not found and dtype == pl.String and not only_times and not sure:
        found = list(booleans(texts))
    return found


def _with_marks(
    options: dict[str, list[Form]],
    looks: dict[str, Form],
    sample: dict[str, pl.Series],
    types: Mapping[str, pl.DataType],
    said: Mapping[str, Said],
    comma: bool | None,
) -> None:
    """Add the forms of numbers; what columns leave no doubt about settles the others."""
    asked = [
        n
        for n in sample
        if not options.get(n)
        and n not in looks
        and (types[n] == pl.String or types[n].is_float() or said.get(n, Said()).sort == "number")
    ]
    for name in [n for n in asked if types[n] != pl.String and not said.get(n, Said()).sort]:
        if not maybe_thousands(sample[name]):
            # Written as programs write; only how many decimals is left to see.
            looks[name] = plain_form(sample[name])
            asked.remove(name)
    decimal = any(isinstance(looks.get(n), NumberForm) and types[n].is_float() for n in types)
    ranked = {n: Ranked(sample[n]) for n in asked}
    settled = {n: ranked[n].forms(most=1) for n in asked}
    sure = [f[0] for f in settled.values() if f and not f[0].open and not f[0].plain]
    marks = {f.decimal for f in sure if f.decimals or f.group}
    plain = decimal or any(f and f[0].plain and f[0].decimals for n, f in settled.items()
                if not maybe_thousands(sample[n]))  # fmt: skip
    known = len(marks | ({"."} if plain else set())) == 1
    if known:
        comma = marks == {","}
    for name in asked:
        digits = sample[name].str.contains(r"^\d+$")
        if said.get(name, Said()).sure and 2 * digits.sum() > len(digits):
            options[name] = [digits_form(sample[name].filter(digits))]
            continue
        forms = ranked[name].forms(comma, known)
        if not forms:
            continue
        plainly = types[name] != pl.String and forms[0].plain and not forms[0].open
        if plainly and not said.get(name, Said()).sort:
            looks[name] = forms[0]
        else:
            options[name] = list(forms)


def _chosen(
    lazy: pl.LazyFrame,
    plain: dict[str, pl.Expr],
    options: Mapping[str, list[Form]],
    looks: Mapping[str, Form],
    counts: Mapping[tuple[str, int], Counted],
    said: Mapping[str, Said],
) -> Typed:
    forms = {n: f for n, f in looks.items() if not _usual(f)}
    exprs, open_ = dict(plain), {}
    lost, doubts = dict[str, tuple[Form, Counted]](), dict[str, tuple[Form, Counted]]()
    for name, found in options.items():
        if not found:
            continue
        one = said.get(name, Said())
        seen_of = [counts[name, j] for j in range(len(found)) if (name, j) in counts]
        best = max(range(len(seen_of)), key=lambda j: (seen_of[j].fits, -j))
        known = one.form is not None and 2 * seen_of[0].fits > seen_of[0].values
        best = 0 if known else best
        form, seen = found[best], seen_of[best]
        if isinstance(form, NumberForm) and not known:
            whole = form.whole and seen.whole == seen.fits and (form.width or not seen.bad)
            form = replace(form, whole=bool(whole))
        if name in plain and seen.fits < seen.values and not known:
            continue  # the plain type takes all of them
        if not known and not (one.sure and seen.fits) and not is_most(form, seen):
            if may_be_meant(form, seen):
                doubts[name] = form, seen
            continue
        exprs[name] = form.value(value_of(name)).alias(name)
        if not _usual(form):
            forms[name] = form
        if seen.rest:
            lost[name] = form, seen
        if getattr(form, "open", ""):
            open_[name] = form.open  # type: ignore[union-attr]
    losses = tuple(
        loss._replace(settled=said.get(loss.column, Said()).form is not None)
        for loss in _losses(lazy, lost)
    )
    frame = lazy.with_columns(exprs.values())
    floats = {n: exprs[n] for n, t in frame.collect_schema().items() if t.is_float() and n in exprs}
    typed = Typed(frame, forms, losses, _losses(lazy, doubts), open_, inexact(lazy, floats))
    if not lost:
        return typed
    rest = ((n, _rest(n, form)) for n, (form, _) in lost.items())
    return replace(typed, unread=lazy.select(pl.when(r).then(pl.col(n)).alias(n) for n, r in rest))


def _rest(name: str, form: Form) -> pl.Expr:
    """Where a column holds something that is not in its form."""
    text = value_of(name)
    return text.is_not_null() & form.value(text).is_null()


def _usual(form: Form) -> bool:
    """Whether a column needs no word on how it is written: `interfuse.io.write` writes it so."""
    if isinstance(form, NumberForm):
        bare = not (form.width or form.power) and form.minus == "-"
        return form.plain and form.decimals <= 0 and bare
    usual = (TimeForm("%Y-%m-%d"), BooleanForm())
    return form in usual


def _losses(lazy: pl.LazyFrame, lost: Mapping[str, tuple[Form, Counted]]) -> tuple[Loss, ...]:
    """What columns hold that is not in their form, with examples."""
    asked = {}
    for i, (name, (form, _)) in enumerate(lost.items()):
        rest = _rest(name, form)
        row = pl.int_range(pl.len()).filter(rest).head(_EXAMPLES).implode()
        value = pl.col(name).filter(rest).head(_EXAMPLES).implode()
        asked[name] = [row.alias(f"{i}:row"), value.alias(f"{i}:value")]
    found = facts_of(lazy.head(_NEAR), asked)
    many = {n: min(_EXAMPLES, seen.rest) for n, (_, seen) in lost.items()}
    far = {n: e for i, (n, e) in enumerate(asked.items()) if len(found[f"{i}:row"]) < many[n]}
    found |= facts_of(lazy, far)
    out = []
    for i, (name, (form, seen)) in enumerate(lost.items()):
        sort = next((word for sort, word in _SORTS.items() if isinstance(form, sort)), "value")
        some = zip(found[f"{i}:row"], found[f"{i}:value"], strict=True)
        out.append(
            Loss(name, seen.rest, seen.values, sort, tuple((int(r), str(v)) for r, v in some))
        )
    return tuple(out)


def said_of(types: Mapping[str, pl.DataType], columns: Mapping[str, Any]) -> dict[str, Said]:
    """What is known of columns that were read before, so that others are read alike.

    Args:
        types: by column.
        columns: of an `Origin`.
    """
    out = {}
    for name, dtype in types.items():
        form = form_from_json(name, columns.get(name))
        if form is not None:
            out[name] = Said(form=form)
        elif dtype in (pl.String, pl.Categorical, pl.Enum):
            out[name] = Said("text")
        elif dtype.is_numeric():
            out[name] = Said("number")
        elif dtype.is_temporal():
            out[name] = Said("time")
    return out
