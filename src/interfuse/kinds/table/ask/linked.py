"""Conditions on columns that are another's value in a share of the rows (`links`).

That `paid` is 1,000 leaves open whether it is `billed`, which then is 1,000 as well. So such a
condition is a limit: the column's code is drawn among the value's own bin and the links that can
give it, and where a link is drawn, its reference is held in the same set or range (`restrict`).
A link whose columns are all given is decided by them. Links that are sums of columns that are not
given are left out: rows are right without them, if somewhat too few of them are such sums.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
import polars as pl

from interfuse.errors import ConditionError
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields.limit import Limit, Range

Beyond = Callable[[pl.Series], np.ndarray]


def hold_links(
    codec: TableCodec,
    given: pl.DataFrame,
    codes: np.ndarray,
    z: np.ndarray,
    limits: list[Limit],
) -> list[Limit]:
    """The limits with what links leave open.

    Args:
        codec: of the model.
        given: one row with the columns that are held at a value.
        codes: (q,) their codes; changed in place.
        z: (p,) their scores; changed in place.
        limits: of columns that are held in sets and ranges.
    """
    if not codec.links:
        return limits
    codec.links.mark(given, codes[None], z[None])
    taken = {*given.columns, *(limit.name for limit in limits)}
    out = [_opened(codec, limit, given, taken) for limit in limits]
    for name in codec.links.rules:
        place = codec.places[name]
        if name not in given.columns or not 0 <= codes[place.codes.start] < codec.links.first(name):
            continue
        limit = codec.fields[name].limit_to(given[name].cast(codec.fields[name].dtype))
        limit = _opened(codec, limit.placed(place.codes.start, place.numbers.start), given, taken)
        if limit.through:
            codes[place.codes], z[place.numbers] = -1, np.nan
            out.append(limit)
    return out


def _opened(codec: TableCodec, limit: Limit, given: pl.DataFrame, taken: set[str]) -> Limit:
    """The limit of a column with its links open, as far as they can satisfy it."""
    weight, through = limit.weight.copy(), {}
    for k, rule in enumerate(codec.links.rules.get(limit.name, ())):
        code = codec.links.code(limit.name, k)
        if set(rule.columns) <= set(given.columns):
            weight[code] = _satisfies(limit, codec.links.value(limit.name, rule, given))
        elif len(rule.columns) == 1 and rule.columns[0] not in taken:
            other = _of_reference(codec, limit, rule.columns[0])
            if other is not None:
                taken.add(other.name)
                weight[code], through[code] = 1.0, _opened(codec, other, given, taken)
    return replace(limit, weight=weight, through=through)


def _satisfies(limit: Limit, value: pl.Series) -> bool:
    if value.null_count():
        return False
    if limit.ends is not None:
        return bool(limit.hold(value)[0] == value[0])
    return limit.values is not None and value[0] in limit.values.to_list()


def _of_reference(codec: TableCodec, limit: Limit, name: str) -> Limit | None:
    """The same limit for the column that a link names; None if it cannot satisfy it."""
    field, place = codec.fields[name], codec.places[name]
    own = codec.fields[limit.name].dtype
    if isinstance(own, pl.Decimal) and own != field.dtype:
        return None
    try:
        if limit.ends is not None:
            low, high = limit.ends
            found, _ = field.limit_between(Range(low, high), low, high)
        else:
            assert limit.values is not None
            found = field.limit_to(_possible(limit.values, field.dtype, field.beyond))
    except ConditionError:
        return None
    if found is None or not found.weight.any():
        return None
    return found.placed(place.codes.start, place.numbers.start)


def _possible(values: pl.Series, dtype: pl.DataType, beyond: Beyond) -> pl.Series:
    """The values that a column of this type can have, within the range seen."""
    cast = values.cast(dtype, strict=False)
    same = cast.is_not_null() & (cast.cast(values.dtype, strict=False) == values).fill_null(False)
    kept = cast.filter(same)
    kept = kept.filter(pl.Series(~beyond(kept), dtype=pl.Boolean))
    if not len(kept):
        raise ConditionError("no value that the reference can have")
    return kept


def through(limits: Collection[Limit]) -> int:
    """How many limits are drawn through others."""
    return sum(len(limit.through) + through(limit.through.values()) for limit in limits)
