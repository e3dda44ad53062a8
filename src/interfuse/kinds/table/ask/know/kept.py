"""Rows that another run keeps, to compare a run with: two runs, and no data beside them."""

from __future__ import annotations

import polars as pl

from interfuse.errors import DataError, note
from interfuse.kinds.table.ask.know.view import listed
from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.fitted import Fitted


def rows_kept_by(model: Fitted) -> pl.DataFrame:
    """Up to 12,288 rows that a run was fitted to or held out, as they were in its data.

    Columns whose values come back as others of their sort (addresses, texts, keys), which no other
    run has seen, are left out with a note.

    Raises:
        DataError: the run keeps no rows.
    """
    if model.reference is None:
        raise DataError(
            "the rows: the other run keeps none of its own (--no-reference, or they were removed). "
            "Give the table that it was fitted to."
        )
    frame = pl.concat(model.reference.frames(model.codec), how="vertical")
    fields = model.codec.fields
    made = [n for n in frame.columns if n in fields and not _faithful(fields[n])]
    if made:
        note(f"the rows: {listed(made)} of the other run is made anew, and not compared.", 5)
    return frame.drop(made)


def _faithful(field: Field) -> bool:
    return field.reads and not (field.remade or field.invented)
