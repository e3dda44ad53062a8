"""Missing attributes of users and of items, from what was touched and from the other attributes."""

from __future__ import annotations

import numpy as np
import polars as pl

from interfuse.errors import note
from interfuse.kinds.interactions.ask.reading import as_names
from interfuse.kinds.interactions.data.attributes import Attribute, each_once
from interfuse.kinds.interactions.data.baskets import build
from interfuse.kinds.interactions.data.beside import coded
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.learn.traits import Values

_PLACE = "\0place"  # no column has such a name


def attributes_in(model: Fitted, frame: pl.DataFrame) -> dict[str, list[Attribute]]:
    """By "user" and "item", the attributes that a frame has columns of; tags are not filled."""
    found = {}
    for of, traits in model.traits.items():
        if getattr(model.schema, of) in frame.columns:
            own = traits.attributes.columns
            there = [a for a in own if a.name in frame.columns and a.form != "tags"]
            if there:
                found[of] = there
    return found


def filled(model: Fitted, frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """The frame with missing attributes filled; what is there stays.

    A category takes the code that goes best with what is known. For a number that regression of its
    groups' codes is one of their means, sum_c s_c m_c, within the smallest and the largest.
    """
    for of, attributes in attributes_in(model, frame).items():
        key = getattr(model.schema, of)
        names, scores = (_users if of == "user" else _items)(model, frame, where)
        place = pl.DataFrame({key: names, _PLACE: np.arange(len(names))})
        rows = frame.select(pl.col(key).cast(names.dtype, strict=False))
        at = rows.join(place, on=key, how="left", maintain_order="left")[_PLACE]
        traits = model.traits[of]
        starts = dict(zip((a.name for a in traits.attributes.columns), traits.attributes.starts,
                          strict=False))  # fmt: skip
        for a in attributes:
            own = scores[:, starts[a.name] : starts[a.name] + a.size]
            value = _values(a, own)
            column = frame[a.name]
            told = value[at].alias(a.name)
            if column.dtype.is_float():
                column = column.fill_nan(None)
            if not column.null_count():
                continue
            told = told.cast(column.dtype, strict=False)
            frame = frame.with_columns(column.fill_null(told).alias(a.name))
    return frame


def _users(model: Fitted, frame: pl.DataFrame, where: str) -> tuple[pl.Series, Values]:
    schema = model.schema
    rows = frame.with_columns(as_names(frame, schema.item, model.names.dtype))
    baskets, _ = build(rows, schema, model.names, where)
    baskets = coded(baskets, frame, schema.user, model.user_attributes)
    return baskets.users, model.traits["user"].users(baskets.touched, baskets.codes)


def _items(model: Fitted, frame: pl.DataFrame, where: str) -> tuple[pl.Series, Values]:
    names, traits = model.catalogue, model.traits["item"]
    key = model.schema.item
    kept = [key, *[a.name for a in traits.attributes.columns if a.name in frame.columns]]
    notes: list[str] = []
    table = each_once(frame.select(kept), key, names, where, notes)
    for line in notes:
        note(f"{line}.", stacklevel=5)
    counts = np.zeros(len(names))
    counts[: model.panel.size] = model.panel.popularity
    return names, traits.items(counts, traits.attributes.matrix(table))


def _values(a: Attribute, scores: Values) -> pl.Series:
    """A cell for each row of scores of an attribute's codes."""
    if a.form == "number":
        groups = np.searchsorted(a.edges, a.means, side="right")
        sums = np.bincount(groups, a.means, minlength=a.size)
        centers = sums / np.maximum(np.bincount(groups, minlength=a.size), 1)
        middle = float(np.mean(a.means))
        value = middle + scores @ (centers - middle)
        return a.of_numbers(np.clip(value, a.means[0], a.means[-1]))
    best = scores[:, : len(a.values)].argmax(1) if len(scores) else np.zeros(0, np.int64)
    return a.column(best, np.zeros(len(best)))
