"""What each column is, by rules that look at every value.

A column takes the first kind whose condition it meets; `note` says which one it was.

0. `drop`: lists, structs and bytes, and times beyond the years 1 to 9999; a fit says so.
1. `empty`: no value at all.
2. `constant`: one value and nothing missing.
3. `category`: booleans; Categorical and Enum, and what pandas calls a category; numbers of at most
   two values.
4. `datetime`: dates, times, durations.
5. `key`, for whole numbers without missing values in a table of `FEW_ROWS` rows or more: all
   different and either without a gap (1, 2, 3 in any order), or in rising order with few gaps and
   not within the range of Unix times, or named like an identifier.
6. `number`: all other numbers. Codes of a nominal sort are numbers too: their frequent values are
   kept as they are, but new values appear between them; say `category` where they must not.
7. `category`: numbers with a currency, a unit, a per cent sign or thousands apart, "$1,234.50"; the
   note says that without these marks the column would be learned as a number. (Of a file, text in
   one such form is read as numbers: `interfuse.io.textforms`.) And text of which most values are
   numbers or times but not all: no values are made anew for it.
8. `text`: strings of many words, or very long, of which more than half are different; and strings
   almost all different that are not keys.
9. `key`: strings almost all different, none missing, without blanks, alike in length or short.
10. `category`: all other strings, however many values: pages and user names repeat.
11. `derived`: numbers, times and categories that a rule computes from others (`rules.search`).

Of numbers and times that are left it is noted what they equal in a share of the rows, or follow
closely (`linksearch`).

A field may claim a column first, by what it measures of the values (`Field.recognise`): the
strongest claim above `fields.spec.RULES` wins. So are addresses, ports, URLs, user agents and the
like, by their values and, where these could be anything, their names.

Strings are `text` or `key` only with more than `MANY` different values. The columns are described
by aggregates, so that a lazy frame is scanned and never held in memory.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from interfuse.errors import note
from interfuse.io.dtypes import can_be_a_column
from interfuse.io.forms import form_from_json
from interfuse.io.frames import to_polars
from interfuse.io.origin import Origin
from interfuse.io.wide import facts_of
from interfuse.kinds.table.asked import advice
from interfuse.kinds.table.fields.physical import BEYOND, outside_calendar
from interfuse.kinds.table.fields.registry import all_fields
from interfuse.kinds.table.fields.spec import RULES, Facts
from interfuse.kinds.table.linksearch import with_links
from interfuse.kinds.table.rules.exact import find_rules
from interfuse.kinds.table.rules.search import find
from interfuse.kinds.table.schema import ColumnSpec, Schema
from interfuse.kinds.table.timeorder import order_of

FEW_ROWS = 20
MANY = 50
MOSTLY = 0.5
ALMOST_ALL = 0.95
SHORT, LONG, WORDS = 32, 100, 4
_MARKED = (
    r"^[-+(]?\s*[$€£¥₹￥]?\s*[-+]?(0|[1-9]\d{0,2}(,\d{3})+|[1-9]\d*)(\.\d+)?\s*"
    r"([%％‰$€£¥₹元円원]|°[CF]?|[kKMGTP]?i?B(/s)?|[kKMGT]?bps|[kMGT]?Hz|[num]?s|µs|sec|min|h|[kKMGT])?"
    r"\)?$"
)
_NUMBERISH = (
    r"^[-+(]?\s*[$€£¥₹]?\s*[-+]?(\d+([.,]\d*)?|[.,]\d+|\d{1,3}(,\d{2,3})+(\.\d*)?|"
    r"\d{1,3}(\.\d{3})+(,\d*)?|\d{1,3}(['\s_]\d{3})+([.,]\d*)?)([eEdD][-+]?\d+)?\s*[%)]?$"
)
_DECIMAL = r"^[^\w\s]{0,3}\s?\d+[.,٫·](\d+\D{0,12}|[-–]+)$"
"""A number with decimals and anything around it: not read as one, but no name either."""
_DAY = r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2}))"
_MONTHS = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TIMEISH = (
    rf"^\[?(({_DAY}|\d{{1,2}}:\d\d)([T ,:]|$)|\d{{4}}-\d\d-\d\d[-_Z+]|\d{{4}}:\d\d:\d\d |"
    rf"\d{{1,2}}(st|nd|rd|th)?[-. /]?{_MONTHS}[-. /,]*\d{{2}}|\d{{4}}年|/Date\(\d|@\d{{9}}|"
    rf"T\d\d:\d\d|\d{{1,2}}h\d\d$|\d{{1,2}}([.:]\d\d)?\s?[AaPp]\.?[Mm]\.?$)"
)
_ADDRESS = r"^(\d{1,3}(\.\d{1,3}){3}|\+\d{7,})$"  # or a telephone
_BEGINS = r"^\s*([^\w\s]{0,3}\s?\d|T\d|/Date)"
_MARK = r"[^\d.+\-\s]"
_UNIX = [(946_684_800 * unit, 4_102_444_800 * unit) for unit in (1, 10**3, 10**6, 10**9)]
RISING = "all different, rising from row to row"
_IDENTIFIER = re.compile(r"(?i:(^|[_\-. ])(id|uuid|guid|key|hash|serial)$)|[a-z]I[Dd]$")


def infer_schema(data: str | Path | Any) -> Schema:
    """The schema of a table.

    Args:
        data: a path, or a pandas, polars or Arrow frame.

    Returns:
        One `ColumnSpec` a column, in order, each with a note that gives the reason for its kind.

    Raises:
        DataError: the data cannot be read, or is not a table (`interfuse.io.frames`).

    Examples:
        >>> import polars as pl
        >>> frame = pl.DataFrame({"port": [80, 443, 53] * 20, "proto": ["tcp", "udp"] * 30})
        >>> [(c.name, c.kind) for c in infer_schema(frame).columns]
        [('port', 'number'), ('proto', 'category')]
    """
    return schema_of(*to_polars(data, nested=True, advice=advice))


def schema_of(frame: pl.DataFrame | pl.LazyFrame, origin: Origin) -> Schema:
    """The schema of a frame that `interfuse.io.frames.to_polars` gave."""
    return with_rules(frame, kinds_of(frame, origin))


def with_rules(
    frame: pl.DataFrame | pl.LazyFrame,
    schema: Schema,
    learned: Collection[str] = (),
    until: float = math.inf,
) -> Schema:
    """The schema with the rules that are found between its columns.

    Args:
        frame: the table.
        schema: what each column is.
        learned: columns that are to be learned whatever is found.
        until: when to stop looking, by `time.monotonic`; what was not looked for is said.
    """
    lazy, columns = frame.lazy(), schema.columns
    found = find(lazy, {c.name: c.kind for c in columns}, learned, until)
    note(f"the search for rules left out {skipped}." for skipped in found.skipped)
    said = {n: (rule.note, rule.options) for n, rule in found.rules.items()}
    # Keys are made anew, so that sums of them mean nothing; but a copy of a key is that key.
    copies = find_rules(lazy.select(_of_kind(columns, "key")).select(pl.exclude(pl.String)))
    said |= {
        n: (f"is {rule} in every row", {"rule": str(rule)})
        for n, rule in copies.items()
        if len(rule.terms) == 1 and n not in learned
    }
    derived = [
        replace(c, kind="derived", note=said[c.name][0], options=said[c.name][1])
        if c.name in said
        else c
        for c in columns
    ]
    bounds, cases = tuple(map(str, found.bounds)), tuple(map(str, found.cases))
    return with_links(replace(schema, columns=tuple(derived), bounds=bounds, cases=cases), lazy)


def kinds_of(frame: pl.DataFrame | pl.LazyFrame, origin: Origin) -> Schema:
    """The same without rules between columns."""
    lazy = frame.lazy()
    types = dict(lazy.collect_schema())
    facts = facts_of(lazy, _aggregates(types))
    rows = facts["rows"]
    facts |= facts_of(lazy, _likeness(types, facts))
    by_column: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for key, value in facts.items():
        i, _, fact = key.partition(":")
        if fact:
            by_column[int(i)][fact] = value
    columns = []
    for i, (name, dtype) in enumerate(types.items()):
        own = by_column[i]
        declared = _declared(origin, name)
        kind, note = _kind(name, dtype, rows, own, declared)
        if kind not in ("empty", "constant", "drop"):
            kind, note = _claimed(name, dtype, rows, own, declared) or (kind, note)
        columns.append(ColumnSpec(name, kind, dtype, note + _written(origin, name, kind)))
    order = order_of(columns, facts) if origin.library == "file" else ""
    return Schema(tuple(columns), rows, origin.without_rows(), order=order)


def _of_kind(columns: Sequence[ColumnSpec], *kinds: str) -> list[str]:
    return [c.name for c in columns if c.kind in kinds]


def _written(origin: Origin, name: str, kind: str) -> str:
    """How a column of a file is written, where that says how it was read."""
    form = form_from_json(name, origin.columns.get(name))
    said = getattr(form, "pattern", "") if kind == "datetime" else getattr(form, "suffix", "")
    return f", written {said.strip()}" if said.strip() else ""


def _declared(origin: Origin, name: str) -> bool:
    kind = origin.columns.get(name)
    return isinstance(kind, dict) and kind.get("type") == "category"


def _aggregates(types: dict[str, pl.DataType]) -> dict[str, list[pl.Expr]]:
    """By column, expressions named `i:fact`, i being the number of the column."""
    out = {}
    for i, (name, dtype) in enumerate(types.items()):
        column = pl.col(name)
        facts = {"missing": column.null_count()}
        if not can_be_a_column(dtype):
            out[name] = [e.alias(f"{i}:{fact}") for fact, e in facts.items()]
            continue
        if dtype.is_temporal():
            facts["outside"] = outside_calendar(column, dtype)
            facts["in_order"] = (column >= column.shift(1)).mean()
        if dtype.is_float():
            few = (column == column.min()) | (column == column.max())
            facts |= {"low": column.min(), "high": column.max(), "nan": column.is_nan().sum()}
            facts |= {"few": few.all()}
        elif dtype.is_numeric():
            facts |= {"distinct": column.drop_nulls().n_unique()}
            facts |= {"low": column.min(), "high": column.max()}
            if dtype.is_integer():
                facts["rising"] = (column > column.shift(1)).all()
        elif dtype == pl.String:
            length = column.str.len_chars()
            facts |= {"distinct": column.drop_nulls().n_unique()}
            facts |= {"length": length.mean(), "spread": length.std(), "longest": length.max()}
            facts |= {"blank": column.str.contains(r"\s").mean()}
            facts |= {"words": (column.str.count_matches(r"\s+") + 1).mean()}
            facts |= {"numberish": column.str.contains(_BEGINS).mean()}
            facts |= {"marked": column.str.contains(_MARKED).all()}
            facts |= {"mark": column.filter(column.str.contains(_MARK)).first()}
            marks = column.str.replace_all(r"[\d.,+()\s-]", "").drop_nulls()
            facts |= {"units": marks.n_unique()}
        elif dtype != pl.Null:
            facts["distinct"] = column.drop_nulls().n_unique()
        for field in all_fields():
            own = field.measure(column, dtype) if dtype != pl.Null else {}
            facts |= {f"{field.kind}:{fact}": e for fact, e in own.items()}
        out[name] = [e.alias(f"{i}:{fact}") for fact, e in facts.items()]
    next(iter(out.values())).append(pl.len().alias("rows"))
    return out


def _likeness(types: dict[str, pl.DataType], facts: dict[str, Any]) -> dict[str, list[pl.Expr]]:
    """The same of text most of which begins as numbers or times do."""
    out = {}
    for i, name in enumerate(types):
        if (facts.get(f"{i}:numberish") or 0) > MOSTLY:
            text = pl.col(name).str.strip_chars()
            forms = (_NUMBERISH, _DECIMAL, _TIMEISH)
            like = pl.any_horizontal(text.str.contains(form) for form in forms)
            like = like & ~text.str.contains(_ADDRESS)
            found = {"numberish": like.mean(), "digits": text.str.contains(r"^\d*$").mean()}
            found |= {"other": pl.col(name).filter(~like).first()}
            out[name] = [e.alias(f"{i}:{fact}") for fact, e in found.items()]
    return out


def _claimed(
    name: str, dtype: pl.DataType, rows: int, facts: dict[str, Any], declared: bool
) -> tuple[str, str] | None:
    """Kind and note by the strongest claim of a field; None where the rules stand."""
    best, found = RULES, None
    for field in all_fields():
        own = {k.partition(":")[2]: v for k, v in facts.items() if k.startswith(f"{field.kind}:")}
        claim = field.recognise(Facts(name, dtype, rows, facts["missing"], declared, own))
        if claim is not None and claim.strength > best:
            best, found = claim.strength, (field.kind, claim.why)
    return found


def _kind(
    name: str, dtype: pl.DataType, rows: int, facts: dict[str, Any], declared: bool
) -> tuple[str, str]:
    """Kind and note of a column."""
    missing = facts["missing"]
    if not can_be_a_column(dtype):
        return "drop", f"holds {dtype}, which cannot be learned"
    if facts.get("outside"):
        return "drop", f"{facts['outside']:,} {BEYOND}, which no calendar has"
    if missing == rows:
        return "empty", "no values"
    if dtype.is_float():
        one = facts["low"] == facts["high"] and not facts["nan"]
        distinct = 1 if one else 2 if facts["few"] and not facts["nan"] else rows
    else:
        distinct = facts["distinct"]
    gaps = f", {missing / rows:.1%} missing" if missing else ""
    if distinct == 1 and not missing:
        return "constant", "one value"
    if dtype == pl.Boolean:
        return "category", "true or false" + gaps
    if declared or dtype in (pl.Categorical, pl.Enum):
        values = f"{distinct:,} values, " if not dtype.is_float() else ""
        return "category", f"{values}a category in the data" + gaps
    if dtype.is_temporal():
        return "datetime", f"{distinct:,} different" + gaps
    if dtype.is_numeric():
        return _kind_of_number(name, dtype, rows, facts, distinct, gaps)
    return _kind_of_text(rows - missing, facts, gaps)


def _kind_of_number(
    name: str, dtype: pl.DataType, rows: int, facts: dict[str, Any], distinct: int, gaps: str
) -> tuple[str, str]:
    low, high = facts["low"], facts["high"]
    if distinct <= 2:
        return "category", f"numbers of {distinct} value{'s' * (distinct > 1)}" + gaps
    if dtype.is_integer() and distinct == rows and rows >= FEW_ROWS:
        if high - low + 1 == rows:
            return "key", f"all different, {low:,} to {high:,} without a gap"
        if facts["rising"] and counts_rows(low, high, rows):
            return "key", RISING
        if _IDENTIFIER.search(name) and not _unix(low, high):
            return "key", "all different, and named like an identifier"
    if not dtype.is_integer():
        return "number", f"real numbers, {low:.6g} to {high:.6g}" + gaps
    return "number", f"whole numbers, {low:,} to {high:,}" + gaps


def counts_rows(low: int, high: int, rows: int) -> bool:
    """Whether whole numbers that rise from row to row are keys: few gaps, and no Unix times."""
    return high - low + 1 <= 10 * rows and not _unix(low, high)


def _unix(low: int, high: int) -> bool:
    return any(a <= low and high <= b for a, b in _UNIX)


def _kind_of_text(count: int, facts: dict[str, Any], gaps: str) -> tuple[str, str]:
    distinct, length = facts["distinct"], facts["length"]
    share = distinct / count
    values = f"{distinct:,} value{'s' * (distinct > 1)}"
    if facts["marked"] and facts["mark"] is not None:
        like = f"{values} like {facts['mark']!r}"
        if facts["units"] > 1:
            like += f" in {facts['units']} units or none: in one unit"
        else:
            like += ": without the marks"
        return "category", f"{like} it would be learned as a number" + gaps
    if facts["numberish"] > MOSTLY and facts["digits"] < 1:
        other = "" if facts["other"] is None else f", others are not, such as {facts['other']!r}"
        like = f"{facts['numberish']:.0%} look like numbers or times" + other
        return "category", f"{values}: {like}; kind number or datetime makes them so" + gaps
    if distinct > MANY and share > MOSTLY:
        if facts["words"] >= WORDS or length > LONG:
            return "text", f"{share:.0%} different, {facts['words']:.0f} words each" + gaps
        if share >= ALMOST_ALL:
            alike = facts["spread"] <= 0.25 * length or facts["longest"] <= SHORT
            if alike and not facts["blank"] and not facts["missing"]:
                return "key", f"{share:.0%} different, no blanks, about {length:.0f} characters"
            return "text", f"{share:.0%} different" + gaps
    return "category", values + gaps
