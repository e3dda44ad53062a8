"""What is given: columns held at a value, in a set or in a range.

An equality makes the column's cells known. A set or a range leaves the choice among some codes of
the column's first cell (`fields.limit`, `restrict`), or among some values inside a bin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from torch import Tensor

from interfuse.errors import ConditionError
from interfuse.kinds.table.ask.expressions import Except, Range, parse_expressions
from interfuse.kinds.table.ask.limits import Limit
from interfuse.kinds.table.ask.linked import hold_links
from interfuse.kinds.table.ask.typed import as_column, askable, ends_of
from interfuse.kinds.table.ask.values import shown
from interfuse.kinds.table.ask.wanted import Wanted, decided, wanted_of
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.fields.physical import to_physical
from interfuse.kinds.table.fields.union import joined
from interfuse.kinds.table.layout import Layout

Chosen = tuple[pl.Series, pl.Series | None]


@dataclass(frozen=True)
class Condition:
    """Known cells, the same for every row.

    Attributes:
        values: one row with the given columns, in their own types.
        codes: (q,) codes of known category cells, -1 where unknown.
        z: (p,) scores of known number cells, NaN where unknown.
        codec: of the model; None where nothing is given.
        warnings: what is unusual about the values, for people.
        limits: columns that are held in a set or a range.
        wanted: what is asked of derived columns (`ask.wanted`).
    """

    values: pl.DataFrame
    codes: np.ndarray
    z: np.ndarray
    codec: TableCodec | None = None
    warnings: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    wanted: tuple[Wanted, ...] = ()

    @classmethod
    def none(cls) -> Condition:
        """Nothing is given."""
        return cls(pl.DataFrame(), np.zeros(0, np.int64), np.zeros(0))

    def cells(self, n: int, layout: Layout) -> tuple[Tensor | None, Tensor | None]:
        """Known cells of n rows: codes (n, q) or None, scores (n, p) or None."""
        if self.codec is None:
            return None, None
        codes = torch.from_numpy(self.codes).long().repeat(n, 1)
        z = torch.from_numpy(self.z).float().repeat(n, 1)
        return codes, z if layout.numbers else None

    def write(self, frame: pl.DataFrame, chosen: Sequence[Chosen] = ()) -> pl.DataFrame:
        """The frame with the given columns exactly as they were given.

        Args:
            frame: drawn rows, before any rule is applied.
            chosen: columns with the values drawn from a set, and in which rows; None for all.
        """
        if self.codec is None:
            return frame
        given = (pl.lit(self.values[name]).first().alias(name) for name in self.values.columns)
        held = [limit.hold(frame[limit.name]) for limit in self.limits]
        frame = frame.with_columns(*held).with_columns(*given)
        for values, rows in chosen:
            new = values if rows is None else values.zip_with(rows, frame[values.name])
            frame = frame.with_columns(new)
        return frame

    @property
    def fixed(self) -> frozenset[str]:
        """The columns that no rule may change."""
        return frozenset({*self.values.columns, *(limit.name for limit in self.limits)})


def parse_conditions(
    given: Mapping[str, object] | str | Sequence[str], codec: TableCodec
) -> Condition:
    """Turn columns and values into known cells.

    Args:
        given: for each given column a value, a list or set of values, a `Range` or an `Except`; or
            conditions as text (`ask.expressions`). Text is read as the column's type, None is
            missing, and so are NaN, NaT and NA where the model was fitted to a pandas frame.
        codec: of the fitted model.

    Raises:
        ConditionError: a column or value that is unknown, or of another type, or a range without
            a value in it.
    """
    if not isinstance(given, Mapping):
        given = parse_expressions([given] if isinstance(given, str) else given, codec.schema.names)
    codes = np.full(codec.categories, -1, np.int64)
    z = np.full(codec.numbers, np.nan)
    columns, warnings, limits, wanted = [], [], [], []
    for name, value in given.items():
        word = _word(name, value, codec)
        if word is not None:
            limits.append(_placed(word, codec))
            continue
        if name in codec.derived:
            asked = wanted_of(name, value, codec)
            limit = decided(asked, codec, set(given))
            limits += [] if limit is None else [_placed(limit, codec)]
            wanted += [asked] if limit is None else []
            continue
        if isinstance(value, Except):
            limit = _except(name, value, codec)
            limits += [] if limit is None else [limit]
            continue
        if isinstance(value, Range):
            limit, value, said = _range(name, value, codec)
            warnings += said
            if limit is not None:
                limits.append(limit)
                continue
        elif isinstance(value, list | tuple | set | frozenset):
            limit, said = _set(name, list(value), codec)
            warnings += said
            limits.append(limit)
            continue
        said = _hold(name, value, codec, codes, z, columns)
        warnings += [] if warnings and warnings[-1].startswith(f"column {name!r}") else said
    row = pl.DataFrame(columns)
    warnings += _contradictions(row, codec)
    limits = hold_links(codec, row, codes, z, limits)
    return Condition(row, codes, z, codec, tuple(warnings), tuple(limits), tuple(wanted))


def _contradictions(row: pl.DataFrame, codec: TableCodec) -> list[str]:
    """What is said of values that break a bound or a case of the data together."""
    return [
        f"the condition: breaks {str(law)!r}, which holds in every row that was fitted; the rows "
        "are drawn as asked."
        for law in codec.laws_broken(row)
    ]


def _hold(
    name: str,
    value: object,
    codec: TableCodec,
    codes: np.ndarray,
    z: np.ndarray,
    columns: list[pl.Series],
) -> list[str]:
    """Hold a column at a value; returns warnings."""
    column = as_column(name, value, codec)
    columns.append(column)
    field, place = codec.fields[name], codec.places[name]
    _check_seen(field, column, value)
    found, score = field.known_cells(column)
    codes[place.codes], z[place.numbers] = found[0], score[0]
    return _out_of_range(field, column)


def _check_seen(field: Field, column: pl.Series, value: object) -> None:
    refusal = field.refusal(column, value)
    if refusal is not None:
        raise ConditionError(f"column {field.name!r}: {refusal}")


def _word(name: str, value: object, codec: TableCodec) -> Limit | None:
    """What a text that is no value, or both ends of a range, stand for; None if for nothing."""
    field = codec.fields.get(name)
    if field is None or field.unaskable:
        return None
    if isinstance(value, Range):
        ends = ["" if end is None else end for end in (value.low, value.high)]
        texts = [e.strip() for e in ends if isinstance(e, str)]
        return field.word("..".join(texts)) if len(texts) == 2 else None
    return field.word(value.strip()) if isinstance(value, str) else None


def _except(name: str, asked: Except, codec: TableCodec) -> Limit | None:
    """All values but some; words among them stand for what they stand for elsewhere.

    None where a column has one value alone, which is not among them.
    """
    askable(name, codec)
    field = codec.fields[name]
    if not asked.values:
        raise ConditionError(f"column {name!r}: nothing is left out. Give one value or more.")
    columns = [as_column(name, v, codec) for v in asked.values if not _is_word(name, v, codec)]
    # What was never seen is left out by itself.
    seen = [c for c in columns if c.null_count() == 0 and field.refusal(c, c[0]) is None]
    values = pl.concat(seen).unique(maintain_order=True) if seen else None
    if not field.cells:
        if values is not None:
            raise ConditionError(f"column {name!r}: is always {values[0]!r}, which is left out.")
        return None
    limits = [] if values is None else [field.limit_except(values)]
    for value in asked.values:
        limit = field.word_except(value.strip()) if isinstance(value, str) else None
        limits += [] if limit is None else [limit]
    limits = limits or [field.limit_except(pl.Series(name, [], dtype=field.dtype))]
    if len(limits) > 1:
        raise ConditionError(
            f"column {name!r}: values and words, or several words, cannot be left out at once. "
            "Leave out one word, or values alone."
        )
    return _placed(limits[0], codec)


def _is_word(name: str, value: object, codec: TableCodec) -> bool:
    return isinstance(value, str) and codec.fields[name].word_except(value.strip()) is not None


def _set(name: str, values: list[object], codec: TableCodec) -> tuple[Limit, list[str]]:
    if not values:
        raise ConditionError(f"column {name!r}: the list is empty. Give one value or more.")
    askable(name, codec)
    words = [_word(name, value, codec) for value in values]
    series, warnings = [], []
    limits = [word for word in words if word is not None]
    for value, word in zip(values, words, strict=True):
        if word is not None:
            continue
        if isinstance(value, list | tuple | set | dict):
            raise ConditionError(f"column {name!r}: {shown(value)} cannot be read as one value.")
        column = as_column(name, value, codec)
        _check_seen(codec.fields[name], column, value)
        warnings += _out_of_range(codec.fields[name], column)
        series.append(column)
    field = codec.fields[name]
    if series and limits and field.range is not None:  # beside words a value is a narrow range
        limits += _narrow(field, pl.concat(series))
    elif series:
        limits.append(field.limit_to(pl.concat(series).unique(maintain_order=True)))
    return _placed(joined(name, limits), codec), warnings


def _narrow(field: Field, values: pl.Series) -> list[Limit]:
    """Each value of a number as a range."""
    found, state = to_physical(field.readable(values))
    limits = [field.limit_between(Range(v, v), v, v)[0] for v in found[state < 0].tolist()]
    return [limit for limit in limits if limit is not None]


def _placed(limit: Limit, codec: TableCodec) -> Limit:
    place = codec.places[limit.name]
    return limit.placed(place.codes.start, place.numbers.start)


def _range(name: str, asked: Range, codec: TableCodec) -> tuple[Limit | None, object, list[str]]:
    """The limit, or the value nearest to the data if no value of the range was seen."""
    spec = askable(name, codec)
    field = codec.fields[name]
    if field.range is None:
        raise ConditionError(
            f"column {name!r}: {asked} is a range, and {spec.dtype} values of kind {spec.kind!r} "
            f"are in no order. Give values: {name} in [A, B]."
        )
    limit, nearest = field.limit_between(asked, *ends_of(name, asked, codec))
    if limit is not None:
        return _placed(limit, codec), None, []
    low, high = field.range
    value = nearest[0]
    physical = nearest.to_physical() if nearest.dtype.is_temporal() else nearest
    away = max(low - float(physical[0]), float(physical[0]) - high)
    where = (
        f"lies {away / max(high - low, 1e-300):.3g} times the width of that range beyond it"
        if away > 0
        else "lies in a gap of it"
    )
    said = (
        f"column {name!r}: no value seen has {asked}; the range seen is {field.describe_range()}. "
        f"The nearest value asked for, {value}, {where}; it is used for every row."
    )
    return None, value, [said]


def _out_of_range(field: Field, column: pl.Series) -> list[str]:
    if column.is_null().any() or not field.beyond(column)[0]:
        return []
    seen = field.describe_range()
    return [
        f"column {field.name!r}: {column[0]} lies outside the range seen, {seen}; the other "
        "columns are drawn as if it stood at its edge or just beyond."
    ]
