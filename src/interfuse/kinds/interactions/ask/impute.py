"""Ratings of touches that have none, and attributes that are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtri

from interfuse.errors import DataError, RunError, note
from interfuse.io.frames import from_polars
from interfuse.io.origin import Origin
from interfuse.kinds.interactions.ask.missing import attributes_in, filled
from interfuse.kinds.interactions.ask.reading import as_names
from interfuse.kinds.interactions.data.baskets import Baskets, build
from interfuse.kinds.interactions.data.files import read
from interfuse.kinds.interactions.fitted import Fitted

_USER, _ITEM, _ROW = "\0user", "\0item", "\0row"  # no column has such a name


def impute(
    model: Fitted, data: Any, *, interval: float | None = None, where: str = "the data"
) -> Any:
    """The frame with missing ratings of known items and missing attributes filled.

    What is there stays as it was. Rows may be touches, users alone, or items alone.

    Args:
        model: what is asked.
        data: touches of users, some with ratings.
        interval: add NAME_low and NAME_high between which a rating lies with this probability.
        where: how messages call the data.

    Raises:
        RunError: the model was fitted without ratings and attributes.
        DataError: the data cannot be read, or lacks a column.
    """
    schema = model.schema
    if (model.ratings is None or schema.rating is None) and not model.traits:
        raise RunError(
            "the model: was fitted without ratings and attributes, so that nothing can be imputed. "
            "Fit data that has them, and name their column, rating=... or --rating COLUMN, or "
            "tables of attributes, users=... or --users FILE."
        )
    frame, origin = read(data)
    described = attributes_in(model, frame)
    if described:
        frame = filled(model, frame, where)
        left = {a.name: frame[a.name].null_count() for each in described.values() for a in each}
        for name, count in left.items():
            if count:
                note(f"{where}: {count:,} cells of {name!r} stay missing: nothing is known of "
                     "whose they are.", stacklevel=4)  # fmt: skip
    if model.ratings is None or schema.rating is None or (
        described and schema.rating not in frame.columns
    ):  # fmt: skip
        if not described:
            there = ", ".join(repr(a.name) for t in model.traits.values()
                              for a in t.attributes.columns)  # fmt: skip
            raise DataError(f"{where}: has nothing to fill; expected a column of {there}.")
        return from_polars(frame, origin)
    return _rated(model, frame, origin, interval, where)


def _rated(
    model: Fitted, frame: pl.DataFrame, origin: Origin, interval: float | None, where: str
) -> Any:
    """The frame with every missing rating of a known item filled."""
    schema = model.schema
    assert model.ratings is not None
    assert schema.rating is not None
    for name in (schema.user, schema.item, schema.rating):
        if name not in frame.columns:
            raise DataError(f"{where}: there is no column {name!r}; expected that of the fit.")
    rows = frame.with_columns(as_names(frame, schema.item, model.names.dtype))
    known, _ = build(rows, schema, model.names, where)
    asked, place = _asked(model, rows, known)
    expected = model.ratings.predict(known, asked)
    low, high = schema.lowest, schema.highest
    expected = np.clip(expected, low, high)
    number = frame[schema.rating].dtype
    filled = _put(frame[schema.rating], place, model.ratings.nearest(expected), number)
    out = frame.with_columns(filled.alias(schema.rating))
    if interval is not None:
        wide = model.ratings.spread * float(ndtri(0.5 + interval / 2))
        for end, sign in (("low", -1), ("high", 1)):
            bound = np.clip(expected + sign * wide, low, high)
            given = frame[schema.rating].cast(pl.Float64)
            out = out.with_columns(_put(given, place, bound, pl.Float64()).alias(
                f"{schema.rating}_{end}"))  # fmt: skip
    left = int(filled.is_null().sum())
    if left:
        note(f"{where}: {left:,} ratings of items that are not known stay missing.", stacklevel=4)
    return from_polars(out, origin)


def _asked(model: Fitted, rows: pl.DataFrame, known: Baskets) -> tuple[Baskets, np.ndarray]:
    """Touches without a rating as baskets of the users of `known`, and their rows."""
    schema = model.schema
    users = pl.DataFrame({schema.user: known.users, _USER: np.arange(len(known))})
    items = pl.DataFrame({schema.item: model.names, _ITEM: np.arange(len(model.names))})
    rating = rows[str(schema.rating)].cast(pl.Float64).fill_nan(None)
    wanted = (
        rows.select(schema.user, schema.item)
        .with_row_index(_ROW)
        .filter(rating.is_null())
        .join(users, on=schema.user, how="inner")
        .join(items, on=schema.item, how="inner")
        .sort(_USER, _ROW)
    )
    counts = np.bincount(wanted[_USER].to_numpy(), minlength=len(known))
    asked = Baskets(np.concatenate([[0], np.cumsum(counts)]),
                    wanted[_ITEM].to_numpy().astype(np.int32), known.size)  # fmt: skip
    return asked, wanted[_ROW].to_numpy()


def _put(column: pl.Series, place: np.ndarray, values: np.ndarray, dtype: pl.DataType) -> pl.Series:
    """The column with values at places that were missing."""
    if dtype.is_integer() and not (values % 1 == 0).all():
        dtype = pl.Float64()
    new = np.full(len(column), np.nan)
    new[place] = values
    filled = pl.Series(new).fill_nan(None).cast(dtype)
    column = column.cast(dtype)
    return column.fill_nan(None).fill_null(filled) if dtype.is_float() else column.fill_null(filled)
