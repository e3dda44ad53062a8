"""Finding the form in which a column of text writes its times."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from interfuse.io.monthnames import language_of
from interfuse.io.timeparts import minutes_of
from interfuse.io.timepatterns import compact_patterns, patterns_of
from interfuse.io.times import EPOCHS, TimeForm, joins

_LOOK, _PATTERNS = 60, 6
_NAMED = re.compile(
    r"(?i)^(.*[-_. ])?(unix|epoch|timestamp|[a-z]?time|ts|stamp|date|when|start|end|begin|first|"
    r"last|seen|created|modified|updated|expires)([-_. ]?(s|sec|secs|seconds|ms|millis|"
    r"milliseconds|us|micros|microseconds|ns|nanos|nanoseconds|utc|unix|epoch|time|at|on|seen|switched|packet))*$"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DATED = re.compile(r"(?i)(date|datum|time|day|ymd|stamp|zeit|tag|jour|fecha|_at$|^(dt|ts)$)")
_FROM, _TO = 631_152_000, 4_102_444_800  # 1990 and 2100
_FEW = 10
_SEASON, _SEASONS = r"^\d{4}[-/]\d\d$", 3
_MORE = 3
MOSTLY, SHARE = 0.95, 0.05
"""Several ways of writing read this share of a column at least, and each of them this one."""


def forms_of_texts(
    texts: pl.Series, name: str, *, said: str = "", sure: bool = False
) -> list[TimeForm]:
    """The forms that most of some texts may be in, best first.

    Args:
        texts: of one column, without blanks around them and without words for missing values.
        name: the column. Whole numbers are times only if it says so or they are plain dates.
        said: the pattern that a person has given.
        sure: a person says that it is times.
    """
    distinct = texts.unique(maintain_order=True)
    if not len(distinct):
        return []
    if said:
        return [_styled(TimeForm(said), texts)]
    step = max(1, len(distinct) // _LOOK)
    # Not every so many values: two ways of writing may take turns.
    blocks = range(min(len(distinct) // step, _LOOK))
    some = distinct.gather([k * step + k * 7919 % step for k in blocks]).to_list()
    found: Counter[str] = Counter()
    for text in some if not _are_digits(some) else ():
        found.update(dict.fromkeys(patterns_of(text), 1))
    forms = [TimeForm(p) for p, n in found.most_common(_PATTERNS) if 2 * n > len(some) / 2]
    forms = forms or _of_numbers(distinct, name, sure)
    if not sure and _are_seasons(distinct):
        return []
    frame = texts.alias("t").to_frame()
    scored = []
    for i, form in enumerate(_merged(forms)):
        form = _styled(form, texts)
        value = frame.select(form.value(pl.col("t"))).to_series()
        fits = len(value) - value.null_count()
        if 2 * fits > len(texts) and _in_calendar(value):
            scored.append((-fits, _span(value), i, form))
    scored.sort(key=lambda s: s[:3])
    out = [s[3] for s in scored]
    if len(scored) > 1 and scored[0][0] == scored[1][0]:
        out[0] = replace(out[0], open=out[1].pattern)
    if len(found) > 1 and (not scored or -scored[0][0] < MOSTLY * len(texts)):
        out = _several_ways(found, texts) or out
    return out


def _are_seasons(texts: pl.Series) -> bool:
    """Whether all are a year and the next, 2003/04, 2004/05: as months no year would have two."""
    if len(texts) < _SEASONS or not texts.str.contains(_SEASON).all():
        return False
    year = texts.str.slice(0, 4).cast(pl.Int64)
    return bool(((year + 1) % 100 == texts.str.slice(5, 2).cast(pl.Int64)).all())


def _several_ways(found: Counter[str], texts: pl.Series) -> list[TimeForm]:
    """A form of patterns that together read what none does alone, if there is one."""
    frame = texts.alias("t").to_frame()
    fits = {}
    for pattern, _ in found.most_common(2 * _PATTERNS):
        form = _styled(TimeForm(pattern), texts)
        value = frame.select(form.value(pl.col("t"))).to_series()
        if value.null_count() < len(value) and _in_calendar(value):
            fits[pattern] = form, value
    return _two_ways(fits, texts) or _many_ways(fits, texts)


def _two_ways(fits: dict[str, tuple[TimeForm, pl.Series]], texts: pl.Series) -> list[TimeForm]:
    frame = texts.alias("t").to_frame()
    best: tuple[int, float, TimeForm] | None = None
    for pattern, (form, value) in fits.items():
        for other, (second, values) in fits.items():
            if pattern == other or not joins(form, second):
                continue
            joined = replace(form, also=other)
            both = frame.select(joined.value(pl.col("t"))).to_series()
            one, two, covered = (len(v) - v.null_count() for v in (value, values, both))
            first = one >= two or form.dtype != second.dtype
            enough = covered >= MOSTLY * len(texts) and min(one, two) >= SHARE * len(texts)
            if first and enough and (best is None or (-covered, _span(both)) < best[:2]):
                best = -covered, _span(both), joined
    return [best[2]] if best else []


def _many_ways(fits: dict[str, tuple[TimeForm, pl.Series]], texts: pl.Series) -> list[TimeForm]:
    """Pattern by pattern, each the one that reads most of what is left."""
    frame = texts.alias("t").to_frame()
    best: tuple[int, int, float, TimeForm] | None = None
    for pattern, (first, value) in fits.items():
        form, left = first, value.is_null()
        others = [p for p in fits if p != pattern and joins(first, fits[p][0])]
        while others and len(form.more) < _MORE and left.sum() > (1 - MOSTLY) * len(texts):
            gains = {p: int((left & fits[p][1].is_not_null()).sum()) for p in others}
            # Of two orders of day and month that read as many, the one with the shorter span.
            p = min(others, key=lambda p: (-gains[p], _span(fits[p][1])))
            if gains[p] < SHARE * len(texts):
                break
            form = replace(form, also=p) if not form.also else replace(form, more=(*form.more, p))
            left &= fits[p][1].is_null()
            others.remove(p)
        if not form.also or left.sum() > (1 - MOSTLY) * len(texts):
            continue
        span = _span(frame.select(form.value(pl.col("t"))).to_series())
        rank = int(left.sum()), len(form.more), span
        if best is None or rank < best[:3]:
            best = *rank, form
    return [best[3]] if best else []


def _are_digits(texts: Sequence[str]) -> bool:
    return sum(t.isdigit() for t in texts) * 2 > len(texts)


def _merged(forms: list[TimeForm]) -> list[TimeForm]:
    """Without patterns that differ in what one form reads anyway: fractions, names in full."""
    kept: dict[str, TimeForm] = {}
    for form in forms:
        plain = form.pattern.replace("%B", "%b").replace("%A", "%a").replace(",%f", ".%f")
        bare = plain.replace(".%f", "")
        if bare in kept:
            old = kept[bare]
            longer = max(old.pattern, form.pattern, key=lambda p: ("%f" in p, "%B" in p))
            kept[bare] = replace(old, pattern=longer)
        else:
            kept[bare] = form
    return list(kept.values())


def _of_numbers(texts: pl.Series, name: str, sure: bool) -> list[TimeForm]:
    """Forms of whole numbers and decimals: 20210716, and what is counted since 1970."""
    out: list[TimeForm] = []
    whole = texts.filter(texts.str.contains(r"^\d{8,23}$"))
    if 2 * len(whole) > len(texts):
        lengths = Counter(whole.str.len_chars().to_list())
        long = whole.filter(whole.str.len_chars() == lengths.most_common(1)[0][0])
        named = sure or len(long) >= _FEW or _DATED.search(name) is not None
        dates = []
        for pattern in compact_patterns(long[0]) if 20 * len(long) >= 19 * len(texts) else ():
            form = TimeForm(pattern)
            value = long.alias("t").to_frame().select(form.value(pl.col("t"))).to_series()
            inside = int(value.dt.year().is_between(1900, 2100).sum())
            if named and 20 * inside >= 19 * len(long):
                dates.append(form)
        if dates:
            return dates
    numbers = texts.filter(texts.str.contains(r"^\d{9,19}(\.\d+)?$"))
    if 2 * len(numbers) > len(texts) and (sure or _NAMED.match(_HUMP.sub("_", name))):
        value = numbers.str.extract(r"^(\d+)").cast(pl.Float64)
        low, high = float(value.min()), float(value.max())  # type: ignore[arg-type]
        for unit, many in EPOCHS.items():
            if _FROM * many <= low and high <= _TO * many:
                digits = int(numbers.str.extract(r"\.(\d+)").str.len_chars().max() or 0)  # type: ignore
                if many * 10**digits <= 10**9:
                    out.append(TimeForm("%s", digits=digits, epoch=unit))
                break
    return out


def _in_calendar(value: pl.Series) -> bool:
    if value.dtype == pl.Time:
        return True
    years = value.dt.year()
    return bool(years.min() is not None and years.min() >= 1000 and years.max() <= 9999)  # type: ignore[operator]


def _span(value: pl.Series) -> float:
    physical = value.to_physical().drop_nulls().cast(pl.Float64)
    scale = 86_400e9 if value.dtype == pl.Date else {"ms": 1e6, "us": 1e3, "ns": 1.0}.get(
        getattr(value.dtype, "time_unit", "ns"), 1.0)  # fmt: skip
    # Not the whole range: a single slip of the pen must not choose the order.
    high, low = physical.quantile(0.95), physical.quantile(0.05)
    return scale * float((high or 0) - (low or 0))


def _styled(form: TimeForm, texts: pl.Series) -> TimeForm:
    """The form with what its pattern leaves open, as most of the texts have it."""
    if form.epoch:
        return form
    frame = texts.alias("t").to_frame()
    groups = frame.select(pl.col("t").str.extract_groups(form.expression)).unnest("t")
    part: dict[str, pl.Series] = {}
    for i, sign in enumerate(form.signs):
        part[sign] = groups[f"{sign}{i}"].drop_nulls()
    changes: dict[str, object] = {}
    if "f" in part and len(part["f"]):
        changes["digits"] = int(part["f"].str.len_chars().max() or 0)  # type: ignore[arg-type]
    for key, signs in (("padded", "dm"), ("hours", "HI")):
        numbers = [part[s] for s in signs if s in part]
        ones = sum(int((p.str.len_chars() == 1).sum()) for p in numbers)
        zeros = sum(int(p.str.starts_with("0").sum()) for p in numbers)
        if ones > zeros:
            changes[key] = " " if texts.str.contains(r"\s{2,}\d\D").any() else "1"
    if "p" in part and len(part["p"]):
        some = str(part["p"].mode().sort()[0])
        dotted, low = "." in some, some.islower()
        changes["half"] = ("a.m." if low else "A.M.") if dotted else "am" if low else "AM"
    names = [p for s, p in part.items() if s in "bB"]
    if names and len(names[0]):
        cases = Counter(True if n.isupper() else False if n.islower() else None
                        for n in names[0].unique().to_list())  # fmt: skip
        changes["upper"] = cases.most_common(1)[0][0]
        changes["language"] = language_of(names[0].unique().to_list())
    if "z" in part and len(part["z"]):
        seen = Counter(part["z"].to_list())
        changes["zone"] = seen.most_common(1)[0][0]
        changes["varies"] = len({minutes_of(z) for z in seen}) > 1
    return replace(form, **changes)
