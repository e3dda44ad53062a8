"""Users that a model is asked about: their touches, by the columns of its schema."""

from __future__ import annotations

from typing import Any

import polars as pl

from interfuse.errors import DataError
from interfuse.io.origin import Origin
from interfuse.kinds.interactions.data.baskets import Baskets, build
from interfuse.kinds.interactions.data.beside import coded
from interfuse.kinds.interactions.data.files import read
from interfuse.kinds.interactions.fitted import Fitted


def asked(
    model: Fitted, data: Any, where: str = "the data"
) -> tuple[Baskets, pl.DataFrame, Origin]:
    """Baskets of the model's items, the frame, and where it came from.

    A user whose row has no item, or no known item, has an empty basket. Attributes that the frame
    has of its users are known too.

    Raises:
        DataError: it cannot be read, or has no user.
    """
    where = str(data) if isinstance(data, str) else where
    frame, origin = read(data)
    schema = model.schema
    if schema.user not in frame.columns:
        raise DataError(
            f"{where}: there is no column {schema.user!r}; expected the columns of the fit, "
            f"{schema.user!r} and {schema.item!r}. Rename the columns."
        )
    frame = frame.with_columns(as_names(frame, schema.item, model.names.dtype))
    baskets, _ = build(frame, schema, model.names, where)
    if not len(baskets):
        raise DataError(f"{where}: column {schema.user!r} is empty; expected a user in each row.")
    return coded(baskets, frame, schema.user, model.user_attributes), frame, origin


def as_names(frame: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Series:
    """The items of a frame in the type of the model's; all missing without such a column."""
    if name not in frame.columns:
        return pl.Series(name, [None] * frame.height, dtype=dtype)
    column = frame[name]
    if column.dtype.is_float() and dtype.is_integer():
        # A column of whole numbers with a gap is read as floats.
        whole = column.fill_nan(None)
        return whole.cast(dtype, strict=False) if (whole.drop_nulls() % 1 == 0).all() else column
    return column if column.dtype == dtype else column.cast(dtype, strict=False)
