"""The roles of columns in data for a model that is fitted already."""

from __future__ import annotations

import polars as pl

from interfuse.errors import DataError
from interfuse.kinds.series.data.roles import Roles, is_number, no_column
from interfuse.kinds.series.data.schema import SeriesSchema
from interfuse.kinds.series.data.stamps import form_of, is_calendar


def match_roles(frame: pl.DataFrame, schema: SeriesSchema, where: str) -> Roles:
    """The roles that a schema gives to the columns.

    Raises:
        DataError: a column of the schema is missing, one is unknown, or one is of another sort.
    """
    if schema.layout == "array":
        return _unnamed(frame, schema, where)
    channels = schema.names
    statics, covariates = ([p.name for p in ps] for ps in (schema.statics, schema.covariates))
    needed = [n for n in (schema.time, schema.series) if n is not None]
    needed += [*channels, *statics, *covariates]
    for name in needed:
        if name not in frame.columns:
            raise DataError(
                no_column(name, frame.columns, where) + " The model was fitted to data with it."
            )
    unknown = [n for n in frame.columns if n not in (*needed, *schema.ignored)]
    if unknown:
        raise DataError(
            f"{where}: has a column {unknown[0]!r} that the model was not fitted to; it knows "
            f"{', '.join(map(repr, needed[:8]))}. Leave it out."
        )
    states = [channels[j] for j in schema.states]
    for name in channels:
        dtype = frame[name].dtype
        if name in states:
            continue
        if not is_number(dtype) and frame[name].null_count() < frame.height:
            raise DataError(
                f"{where}: column {name!r} holds {dtype}; expected numbers, as in the data the "
                "model was fitted to."
            )
    form = "rows"
    if schema.time is not None:
        found = form_of(frame[schema.time])
        if found is None or is_calendar(found) != schema.calendar:
            raise DataError(
                f"{where}: column {schema.time!r} holds {frame[schema.time].dtype}; expected "
                f"{'dates' if schema.calendar else 'numbers'} as time, like "
                f"{schema.time_dtype} in the data the model was fitted to."
            )
        form = found
    return Roles(schema.time, form, schema.series, channels, statics, covariates)


def _unnamed(frame: pl.DataFrame, schema: SeriesSchema, where: str) -> Roles:
    """A frame for a model of arrays: its columns in order."""
    width = len(schema.channels)
    good = len(frame.columns) == width and all(map(is_number, frame.dtypes))
    if not good or frame.columns != schema.names:
        raise DataError(
            f"{where}: is a frame; the model was fitted to arrays of {width} "
            f"channel{'s' * (width > 1)}. Pass an array, such as frame.to_numpy()."
        )
    return Roles(None, "rows", None, frame.columns)
